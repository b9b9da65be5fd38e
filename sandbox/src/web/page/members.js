// Who is here: by rank, with roles, presence and what the bot shows below its name.

import { $, face, h, readable } from "./dom.js";
import { personMenu } from "./menu.js";
import { on, refresh, store } from "./state.js";
import { activity } from "./sidebar.js";

let search = null;

function entry(member) {
  const away = ["offline", "invisible"].includes(member.status);
  const made = h("button", {
    type: "button", class: `member ${away ? "away" : ""}`, "data-user": member.name, title: [member.name, ...member.roles.map((role) => role.name)].join(" · "),
    onclick: () => personMenu(made, { id: member.id, name: member.display }),
    oncontextmenu: (event) => (event.preventDefault(), personMenu(made, { id: member.id, name: member.display }, { x: event.clientX, y: event.clientY })),
  }, h("span", { class: `face ${member.bot ? "bot" : ""}`, style: face(member).getAttribute("style") ? { "--hue": face(member).style.getPropertyValue("--hue") } : {}, "aria-hidden": "true" }, face(member).textContent, h("span", { class: `dot ${member.status}` })),
  h("span", { class: "who" }, h("b", {}, h("span", { class: "cut", style: member.color ? { color: readable(member.color) } : {} }, member.display), member.bot ? h("span", { class: "badge" }, "APP") : null),
    h("small", { class: "cut" }, member.timed_out ? "timed out" : activity({ activities: [member.activity].filter(Boolean) }) || (away ? "offline" : member.owner ? "owner" : ""))));
  return made;
}

function draw() {
  const place = $("members"), data = store.members;
  place.classList.toggle("off", store.channel === "dm" || !store.membersShown);
  if (!data || store.channel === "dm") return;
  const focused = document.activeElement?.closest?.("#members .member")?.dataset.user, typing = document.activeElement === search;
  const groups = new Map();
  for (const member of data.items) {
    const title = member.roles[0]?.name ?? "Members";
    groups.set(title, [...(groups.get(title) ?? []), member]);
  }
  search ??= h("input", { class: "field", type: "search", placeholder: "Find a member", "aria-label": "Find a member", oninput: () => ((store.find.members = search.value), (store.pages.members = 1), refresh()) });
  place.replaceChildren(...[
    data.more || store.find.members ? search : null,
    ...[...groups].map(([title, members]) => h("section", { "aria-label": title }, h("div", { class: "section label" }, h("span", {}, title), h("span", {}, members.length)), members.map(entry))),
    data.more ? h("button", { type: "button", class: "more", onclick: () => (store.pages.members++, refresh()) }, `More of ${data.total.toLocaleString()}`) : null,
    !data.items.length && store.find.members ? h("p", { class: "section quiet" }, "Nobody has that in the name.") : null,
  ].filter(Boolean));
  if (typing) search.focus();
  else if (focused) place.querySelector(`.member[data-user="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

export function startMembers() {
  on("members place state", draw);
}
