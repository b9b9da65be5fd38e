// What is to go wrong on request: chosen, given to the sandbox, listed while it is in force, and ended.

import { h, iconButton } from "./dom.js";

/** What becomes of requests. */
const EFFECTS = [
  ["429, the bot's limit, 2 s", { kind: "rate-limit", scope: "user", retry_after_ms: 2000 }], ["429, all routes, 5 s", { kind: "rate-limit", scope: "global", retry_after_ms: 5000 }], ["429 without headers, 3 s", { kind: "rate-limit", scope: "bare", retry_after_ms: 3000 }],
  ["500 with Discord's JSON", { kind: "status", status: 500, body: "json" }], ["502 with Cloudflare's page", { kind: "status", status: 502, body: "html" }], ["503, empty", { kind: "status", status: 503, body: "empty" }],
  ["3 s later", { kind: "delay", ms: 3000 }], ["done, but the answer is lost", { kind: "lose-answer" }], ["done, but answered with 502", { kind: "fail-answer", status: 502, body: "html" }], ["lost on the way", { kind: "lose-request" }],
  ["10062, unknown interaction", { kind: "refuse", code: 10062 }], ["40060: another one thinks already", { kind: "forestall", by: "thinking" }], ["40060: another one has answered", { kind: "forestall", by: "message" }], ["10008, unknown message", { kind: "refuse", code: 10008 }],
];
const ROUTE = { key: "route", label: "Route", value: "POST /channels/*/messages" }, EVENT = { key: "event", label: "Event", value: "MESSAGE_CREATE" };
const KINDS = [
  ["request", "Requests", [ROUTE], true], ["lose-dispatch", "An event is lost", [EVENT]], ["double-dispatch", "An event comes twice", [EVENT]],
  ["ignore-heartbeats", "Heartbeats are not answered", []], ["refuse-connections", "Connections are refused", []], ["refuse-resumes", "Resuming is refused", []],
  ["reconnect-storm", "Op 7 every 30 s", [], false, { every_ms: 30000 }], ["invalidate-storm", "Op 9 every 30 s", [], false, { every_ms: 30000 }],
];

/** A fault in a few words. */
function words({ kind, route, event, effect }) {
  const [, title] = KINDS.find(([known]) => known === kind) ?? [kind, kind];
  if (kind !== "request") return [title, event].filter(Boolean).join(": ");
  const same = EFFECTS.find(([, known]) => known.kind === effect.kind && (known.status ?? 0) === (effect.status ?? 0) && (known.scope ?? "") === (effect.scope ?? "") && (known.code ?? 0) === (effect.code ?? 0) && (known.by ?? "") === (effect.by ?? ""));
  return `${route}: ${same?.[0] ?? effect.kind}`;
}

/** The card that makes faults; `give` does an order. */
export function faultCard(card, give, list) {
  const fields = h("div", { class: "row" });
  const kind = h("select", { class: "field", "aria-label": "What goes wrong", onchange: () => draw() }, KINDS.map(([name, title]) => h("option", { value: name }, title)));
  const times = h("input", { class: "field", type: "number", min: "1", max: "1000", value: "1", "aria-label": "How often; empty: each time" });
  const effect = h("select", { class: "field", "aria-label": "What becomes of them" }, EFFECTS.map(([title], index) => h("option", { value: index }, title)));
  let inputs = [];
  const draw = () => {
    const [, , wanted, requests] = KINDS.find(([name]) => name === kind.value);
    inputs = wanted.map(({ key, label, value }) => [key, h("input", { class: "field", "aria-label": label, value })]);
    fields.replaceChildren(...inputs.map(([, input]) => input), ...(requests ? [effect] : []));
  };
  const inject = () => {
    const [name, , , requests, more] = KINDS.find(([name]) => name === kind.value);
    const fault = { kind: name, ...more, ...Object.fromEntries(inputs.map(([key, input]) => [key, input.value.trim()])) };
    if (requests) fault.effect = EFFECTS[Number(effect.value)][1];
    give({ do: "fault", fault, ...(times.value ? { times: Number(times.value) } : {}) });
  };
  draw();
  return card("Faults", "What goes wrong from now on, so many times, or each time if that is empty.", h("div", { class: "row" }, kind, times), fields,
    h("div", { class: "row" }, h("button", { type: "button", class: "button small", onclick: inject }, "Let it go wrong"), h("button", { type: "button", class: "button small", onclick: () => give({ do: "heal" }) }, "End all")), list);
}

/** Lists what is in force. */
export function drawFaults(list, faults, give) {
  const known = JSON.stringify(faults);
  if (list.dataset.known === known) return;
  list.dataset.known = known;
  list.replaceChildren(...faults.map(({ id, times, fault }) => h("li", {}, h("span", { class: "cut", title: words(fault) }, words(fault)), h("small", { class: "quiet" }, times == null ? "each time" : `${times} left`), iconButton("close", `End: ${words(fault)}`, () => give({ do: "heal", id })))));
}
