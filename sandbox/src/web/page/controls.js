// What can be done to the sandbox itself: its clock, the gateway's connections, the limits. Tests do the same over HTTP.

import { get, post } from "./api.js";
import { h } from "./dom.js";
import { drawFaults, faultCard } from "./faults.js";
import { complain, on, refresh } from "./state.js";

const JUMPS = [["3 s", 3], ["1 min", 60], ["15 min", 900], ["1 h", 3600], ["1 day", 86400]];
const CLOSES = [[4000, "unknown error"], [4004, "wrong token"], [4007, "wrong sequence"], [4008, "sent too fast"], [4009, "session timed out"], [4014, "disallowed intents"]];

export function startControls({ open }) {
  const time = h("output", { "aria-label": "The sandbox's time" }), run = h("button", { type: "button", class: "button small" });
  const limits = h("div", { class: "seg", role: "group", "aria-label": "Rate limits" });
  const faults = h("ul", { class: "faults", "aria-label": "Faults in force" });
  let at = null;

  async function give(order) {
    const answer = await post("control", order);
    complain(answer.error);
    if (!answer.error) show(answer);
    refresh();
  }
  const button = (label, order, more = "") => h("button", { type: "button", class: `button small ${more}`, onclick: () => give(order) }, label);

  function show(settings) {
    const { now_ms: now, paused } = settings.clock;
    at = { now, paused, here: performance.now() };
    run.textContent = paused ? "Go on" : "Pause";
    run.classList.toggle("primary", paused);
    limits.replaceChildren(...["generous", "discord", "strict"].map((name) => h("button", { type: "button", "aria-pressed": String(settings.rate_limits === name), onclick: () => give({ do: "rate-limits", limits: name }) }, name)));
    drawFaults(faults, settings.faults, give);
    tick();
  }
  function tick() {
    if (!at) return;
    const now = new Date(at.now + (at.paused ? 0 : performance.now() - at.here));
    time.textContent = Number.isNaN(now.getTime()) ? "" : `${now.toISOString().slice(0, 19).replace("T", " ")} UTC${at.paused ? ", paused" : ""}`;
  }
  async function pull() {
    show(await get("control"));
  }

  run.addEventListener("click", () => give({ do: at?.paused ? "resume" : "pause" }));
  const code = h("select", { class: "field", "aria-label": "Close code" }, CLOSES.map(([number, why]) => h("option", { value: number }, `${number} ${why}`)));
  const card = (title, about, ...inside) => h("section", { class: "control", "aria-label": title }, h("h2", {}, title), h("p", {}, about), inside);
  const element = h("div", { class: "panel" }, h("div", { class: "controls" },
    card("Clock", "All time in the sandbox goes by it: tokens, timeouts, polls, cooldowns.", time, h("div", { class: "row" }, run, JUMPS.map(([label, seconds]) => button(`+ ${label}`, { do: "advance", seconds })))),
    card("Connections", "What Discord does to a bot's gateway connections on a bad day.", h("div", { class: "row" }, button("Ask to reconnect", { do: "reconnect" }), button("Cut, no close frame", { do: "drop" }), button("Invalidate sessions", { do: "invalidate" }), button("Ask for heartbeats", { do: "ask-for-heartbeats" })),
      h("div", { class: "row" }, code, h("button", { type: "button", class: "button small", onclick: () => give({ do: "close", code: Number(code.value) }) }, "Close with it"))),
    faultCard(card, give, faults),
    card("Rate limits", "How many requests each bucket takes before it answers 429.", limits)));
  setInterval(() => open() && tick(), 250);
  on("ring", () => open() && pull().catch(() => {}));
  return { element, tools: h("div"), show: () => pull().catch((error) => complain(error.message)) };
}
