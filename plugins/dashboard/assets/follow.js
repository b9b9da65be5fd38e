// Lines that grow: `<ol data-follow="/p/…?level=warn" data-next="123" data-live="host:log" data-max="500">`.
//
// On each event of the topics in `data-live` what came behind `data-next` is fetched (`&since=123`) and put in front; the answer is one element
// with the lines, and with the next number in its own `data-next`. A button with `data-pause="#id"` holds that back.
import { leave } from "./live.js";
import { refresh as refreshTimes } from "./time.js";

const APART_MS = 200;

/// What is known of each list.
const lists = new WeakMap();

export function start() {
  document.addEventListener("topic", (event) => {
    for (const list of document.querySelectorAll("[data-follow]")) {
      if (list.dataset.live?.split(/\s+/).includes(event.detail.topic)) soon(list);
    }
  });
  const all = () => document.querySelectorAll("[data-follow]").forEach(soon);
  document.addEventListener("visibilitychange", () => document.hidden || all());
  // Behind whoever pauses, or goes on.
  document.addEventListener("click", (event) => event.target.closest?.("[data-pause]") && setTimeout(all));
}

/// Fetches, at most each 200 ms.
function soon(list) {
  const known = lists.get(list) ?? { at: 0, waits: false };
  lists.set(list, known);
  if (known.waits) return;
  known.waits = true;
  setTimeout(async () => {
    known.at = Date.now();
    const more = await fetchMore(list);
    known.waits = false;
    if (more) soon(list);
  }, Math.max(0, known.at + APART_MS - Date.now()));
}

/// Whether there is more at once.
async function fetchMore(list) {
  if (document.hidden || list.hasAttribute("data-paused") || !list.isConnected) return false;
  try {
    const address = list.dataset.follow;
    const response = await fetch(`${address}${address.includes("?") ? "&" : "?"}since=${list.dataset.next}`, { credentials: "same-origin" });
    if (response.status === 401) leave();
    if (!response.ok) return false;
    const template = document.createElement("template");
    template.innerHTML = await response.text();
    const lines = template.content.firstElementChild;
    const last = Number(list.dataset.next);
    list.dataset.next = lines.dataset.next;
    const fresh = [...document.importNode(lines, true).children];
    const atTop = list.scrollTop < 40;
    const before = list.scrollHeight;
    list.prepend(...fresh);
    // Whoever reads further below stays where they are.
    if (!atTop) list.scrollTop += list.scrollHeight - before;
    while (list.childElementCount > (Number(list.dataset.max) || 500)) list.lastElementChild.remove();
    for (const line of fresh) refreshTimes(line);
    return fresh.length >= 200 && Number(lines.dataset.next) > last;
  } catch {
    // The bot is away: the page says so, and comes back with the next event.
    return false;
  }
}
