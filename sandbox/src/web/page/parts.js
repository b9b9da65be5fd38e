// What the bot tells of its parts: plugins as they load, reload and fail.

import { ask } from "./api.js";
import { h, iconButton } from "./dom.js";
import { copy } from "./menu.js";
import { on } from "./state.js";

const time = (at) => (at.secs + at.nanos / 1e9).toFixed(3);

function part({ name, state, detail, generation, at }) {
  const failed = state === "failed";
  const note = failed && generation != null ? `generation ${generation} still serves` : generation != null ? `generation ${generation}` : "";
  return h("div", { class: `part ${state}`, "data-part": name },
    h("div", { class: "top" }, h("b", {}, name), h("span", { class: "state" }, state), h("span", { class: "label gen" }, note), h("span", { class: "label" }, `${time(at)} s`), failed ? iconButton("copy", `Copy what ${name} says`, () => copy(detail)) : null),
    failed ? h("pre", { tabindex: "0" }, detail) : detail ? h("p", {}, detail) : null);
}

export function startParts({ flag, open }) {
  const left = h("div"), right = h("div"), element = h("div", { class: "panel" }, h("div", { class: "parts" }, left, right));
  let known = "";
  async function pull() {
    const text = await ask("reports");
    if (text === known) return;
    known = text;
    const { parts, newest } = JSON.parse(text), failed = parts.filter((one) => one.state === "failed").length;
    flag.hidden = !failed;
    flag.textContent = failed;
    flag.title = `${failed} failed`;
    const first = parts.toSorted((one, other) => Number(other.state === "failed") - Number(one.state === "failed"));
    left.replaceChildren(h("h2", { class: "label" }, "Now"), ...(first.length ? first.map(part) : [h("p", { class: "none" }, "The bot has told nothing of its parts. A bot of any kind can: POST /sandbox/report with name, state, detail and generation.")]));
    right.replaceChildren(h("h2", { class: "label" }, "What happened"), h("ol", { class: "log" }, newest.map((one) => h("li", {}, h("span", { class: "t" }, time(one.at)), h("span", { class: one.state }, one.state), h("span", {}, one.name, one.generation != null ? ` #${one.generation}` : "")))));
  }
  // Failures are flagged at the tab and at the drawer's button, also while the drawer is closed.
  on("ring round", () => pull().catch(() => {}));
  return { element, tools: h("div"), show: pull, open };
}
