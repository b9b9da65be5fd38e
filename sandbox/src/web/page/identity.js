// Who one is: three people at one click, all others by name.

import { get } from "./api.js";
import { $, face, h } from "./dom.js";
import { openList } from "./listbox.js";
import { become, on, store } from "./state.js";

// What is shown. A button that is put in the place of its like between the press and the release of a mouse is not clicked.
let drawn;

function draw() {
  const { me, people, more_people: more } = store.state;
  const shown = people.some((person) => person.id === me.id) ? people : [me, ...people.slice(0, 2)];
  const now = JSON.stringify([me.id, shown, Boolean(more)]);
  if (now === drawn) return;
  drawn = now;
  const place = $("identity"), focused = place.contains(document.activeElement) && document.activeElement.dataset.user;
  place.replaceChildren(
    h("div", { class: "row" }, h("span", { class: "label" }, "You are"), more ? h("button", { type: "button", class: "label link", id: "others", "aria-haspopup": "listbox", onclick: (event) => others(event.currentTarget) }, "Somebody else…") : null),
    h("div", { class: "seg", role: "group", "aria-label": "You are" }, shown.map((person) => h("button", {
      type: "button", "aria-pressed": String(person.id === me.id), "data-user": person.name, title: `${person.display} (${person.id})`, onclick: () => become(person.id),
    }, h("span", { class: "cut" }, person.display), person.title && person.title !== person.name ? h("small", { class: "cut" }, person.title) : h("small", { class: "cut" }, person.title || "—")))));
  if (focused) place.querySelector(`[data-user="${CSS.escape(focused)}"]`)?.focus();
}

function others(anchor) {
  openList(anchor, {
    label: "Who you are",
    load: async (find) => (await get("users", { find })).items.map((person) => ({ value: person.id, label: person.display, hint: person.title, lead: face(person, "small") })),
    done: ([item]) => become(item.value),
  });
}

export function startIdentity() {
  on("state", draw);
  addEventListener("become", (event) => become(event.detail));
}
