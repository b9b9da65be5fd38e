// What crosses the gateway and REST, as it comes.

import { get } from "./api.js";
import { h, icon, iconButton } from "./dom.js";
import { json } from "./json.js";
import { copy } from "./menu.js";
import { on } from "./state.js";

/** Rows that the page keeps; the sandbox keeps 2,000. */
const KEPT = 2000, DRAWN = 300;
const WAYS = { gateway_in: ["in", "GW ↑", "from the bot, gateway"], gateway_out: ["out", "GW ↓", "to the bot, gateway"], rest: ["rest", "REST", "request of the bot"] };

const time = (ms) => `${(ms / 1000).toFixed(3)}`;
const took = (us) => (us == null ? "" : us < 1000 ? `${us} µs` : `${(us / 1000).toFixed(us < 10000 ? 1 : 0)} ms`);
/** Ids and tokens shortened, so that the end of a path is seen. */
const brief = (what) => what.replace(/\/[\w%.-]{24,}/g, "/…").replace(/\d{12,16}(\d{4})(?!\d)/g, "…$1");
const isBad = (row) => row.status >= 400 || row.unknown_route || /^close/.test(row.what);

export function startTraffic({ open }) {
  const rows = [], filter = { kind: "all", text: "" };
  let next = 0, paused = false, chosen = null, asking = false, again = false;
  const list = h("div", { class: "rows", role: "listbox", "aria-label": "Traffic, newest first", tabindex: "-1" });
  const detail = h("div", { class: "detail", "aria-live": "polite" }, h("p", { class: "none" }, "Choose a line to see what was sent and answered. Arrows go up and down."));
  const pause = iconButton("pause", "Pause", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.replaceChildren(icon(paused ? "play" : "pause"));
    pause.title = paused ? "Go on" : "Pause";
    pause.setAttribute("aria-label", pause.title);
    if (!paused) pull();
  }, { "aria-pressed": "false" });
  const kinds = h("div", { class: "seg", role: "group", "aria-label": "Kind" }, [["all", "All"], ["gateway", "Gateway"], ["rest", "REST"], ["bad", "Errors"]].map(([kind, label]) => h("button", {
    type: "button", "aria-pressed": String(kind === "all"), onclick: (event) => {
      filter.kind = kind;
      for (const other of kinds.children) other.setAttribute("aria-pressed", String(other === event.currentTarget));
      draw();
    },
  }, label)));
  const search = h("input", { class: "field", type: "search", placeholder: "Filter: MESSAGE_CREATE, /channels, 404", "aria-label": "Filter the traffic", oninput: () => ((filter.text = search.value.toLowerCase()), draw()) });
  const tools = h("div", { class: "filters" }, kinds, search, pause, iconButton("clear", "Clear the list", () => ((rows.length = 0), draw())));

  const fits = (row) => (filter.kind === "all" || (filter.kind === "bad" ? isBad(row) : filter.kind === "rest" ? row.way === "rest" : row.way !== "rest")) && (!filter.text || `${row.what} ${row.status ?? ""}`.toLowerCase().includes(filter.text));

  function entry(row) {
    const [cls, short, long] = WAYS[row.way];
    return h("button", { type: "button", class: "crossing", role: "option", "aria-selected": String(chosen === row.number), "data-number": row.number, onclick: () => choose(row.number) },
      h("span", { class: "t" }, time(row.at_ms)), h("span", { class: `way ${cls}`, title: long }, short), h("span", { class: "cut", title: row.what }, brief(row.what), row.unknown_route ? h("span", { class: "tag" }, "UNKNOWN ROUTE") : null),
      h("span", { class: isBad(row) ? "bad" : "ok" }, row.status ?? ""), h("span", { class: "took" }, took(row.took_us)));
  }

  function draw() {
    const shown = [];
    for (let at = rows.length - 1; at >= 0 && shown.length < DRAWN; at--) if (fits(rows[at])) shown.push(rows[at]);
    const focused = document.activeElement?.closest?.(".crossing")?.dataset.number;
    const had = new Map([...list.children].map((node) => [node.dataset.number, node]));
    // A list of choices without any is none.
    if (shown.length) list.setAttribute("role", "listbox");
    else list.setAttribute("role", "group");
    list.replaceChildren(...(shown.length ? shown.map((row) => had.get(String(row.number)) ?? entry(row)) : [h("p", { class: "none" }, rows.length ? "Nothing fits the filter." : "Nothing has crossed yet: no bot has connected or asked.")]));
    if (focused) list.querySelector(`[data-number="${focused}"]`)?.focus({ preventScroll: true });
  }

  async function choose(number) {
    chosen = number;
    for (const node of list.children) node.setAttribute("aria-selected", String(node.dataset.number === String(number)));
    const crossing = await get("crossing", { since: number });
    if (chosen !== number) return;
    detail.replaceChildren(...(crossing ? describe(crossing) : [h("p", { class: "none" }, "The sandbox has forgotten this one: it keeps the last 2,000.")]));
  }

  async function pull() {
    if (asking) return (again = true);
    asking = true;
    do {
      again = false;
      const { items } = await get("traffic", { since: next });
      if (paused) break;
      rows.push(...items);
      rows.splice(0, Math.max(0, rows.length - KEPT));
      next = (items.at(-1)?.number ?? next - 1) + 1;
      if (items.length) draw();
      if (items.length === 500) again = true;
    } while (again);
    asking = false;
  }

  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const to = step && document.activeElement?.[step];
    if (!to?.dataset?.number) return;
    event.preventDefault();
    to.focus();
    choose(Number(to.dataset.number));
  });
  on("ring round", () => open() && !paused && pull().catch(() => (asking = false)));
  return { element: h("div", { class: "panel" }, list, detail), tools, show: () => (draw(), pull()) };
}

function section(title, value) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const empty = value == null || (typeof value === "object" && !Object.keys(value).length);
  return [h("h3", {}, h("span", { class: "label" }, title), empty ? null : iconButton("copy", `Copy: ${title}`, () => copy(text))), empty ? h("p", { class: "quiet" }, "nothing") : json(value)];
}

/** One crossing in full. */
function describe(crossing) {
  const [, , way] = WAYS[crossing.way], rest = crossing.way === "rest";
  const at = crossing.at.secs * 1000 + crossing.at.nanos / 1e6;
  const facts = [["number", crossing.number], ["at", `${time(at)} s after the start`], ["way", way]];
  if (rest) facts.push(["status", crossing.status]);
  if (crossing.took) facts.push(["took", took(crossing.took.secs * 1e6 + crossing.took.nanos / 1000 | 0)]);
  facts.push(...(crossing.headers ?? []));
  return [
    h("h2", {}, crossing.what, crossing.unknown_route ? h("span", { class: "tag" }, "UNKNOWN ROUTE") : null),
    crossing.unknown_route ? h("p", { class: "error" }, "The sandbox does not know this route, so it answered 404. Discord may know it.") : null,
    h("dl", {}, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])),
    ...section(rest ? "Request" : "Payload", crossing.body), ...(rest ? section("Answer", crossing.answer) : []),
  ].filter(Boolean);
}
