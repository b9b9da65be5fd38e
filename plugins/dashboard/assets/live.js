// Live parts: elements whose content is fetched, and fetched anew when something happens.
//
// data-src="/p/…"     the content is that HTML; fetched at first where there is none
// data-live="a b"     fetched anew on events of these topics, at most each 200 ms
// data-every="2"      and each so many seconds, while the page is seen
// data-append="topic" each event of the topic is HTML, put in front (data-append-end: at the end), bounded by data-max
// data-pause="#id"    a button: what is appended there waits meanwhile
import { refilter } from "./filter.js";
import { morph } from "./morph.js";
import { refresh as refreshTimes } from "./time.js";
import { toast } from "./toast.js";

const APART_MS = 200;
const MOST_ROWS = 500;

/// What is known of each element with `data-src`.
const parts = new Map();
let source = null;
let followed = "";
let lost = false;
/// Topics that whoever looks may not follow.
const denied = new Set();

export function start() {
  scan();
  setInterval(tick, 500);
  document.addEventListener("visibilitychange", () => document.hidden || tick());
  // A page that is left closes its stream at once, and gets a new one when it comes back from the browser's cache.
  addEventListener("pagehide", unfollow);
  addEventListener("pageshow", (event) => { if (event.persisted) { follow(); refreshAll(); } });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-pause]");
    if (button) pause(button);
  });
}

/// Fetches an element's content anew: an element, or a selector.
export function refresh(which) {
  const element = typeof which === "string" ? document.querySelector(which) : which;
  if (element?.dataset.src) fetchPart(element);
}

/// Puts HTML into an element, and takes up what is live in it.
export function show(element, text) {
  morph(element, parsed(text));
  refreshTimes(element);
  refilter(element);
  scan();
  element.dispatchEvent(new CustomEvent("shown", { bubbles: true }));
}

/// Finds what is live in the page, and forgets what is gone.
function scan() {
  for (const element of parts.keys()) if (!element.isConnected) parts.delete(element);
  for (const element of document.querySelectorAll("[data-src]")) {
    if (parts.has(element)) continue;
    const empty = element.childElementCount === 0 && !element.textContent.trim();
    parts.set(element, { fetched: empty ? 0 : Date.now(), wanted: empty, busy: false, etag: "" });
    if (empty) fetchPart(element);
  }
  follow();
}

/// Fetches what has waited for its time.
function tick() {
  if (document.hidden) return;
  const now = Date.now();
  for (const [element, part] of parts) {
    if (!element.isConnected) parts.delete(element);
    else if (part.wanted || (element.dataset.every && now - part.fetched >= element.dataset.every * 1_000)) fetchPart(element);
  }
}

async function fetchPart(element) {
  const part = parts.get(element);
  if (!part) return;
  if (part.busy || document.hidden) {
    part.wanted = true;
    return;
  }
  Object.assign(part, { busy: true, wanted: false, fetched: Date.now() });
  const address = element.dataset.src;
  try {
    const response = await fetch(address, { headers: { accept: "text/html" }, credentials: "same-origin" });
    if (response.status === 401) return leave();
    const text = await response.text();
    // Somebody has asked for something else meanwhile.
    if (element.dataset.src !== address) part.wanted = true;
    else if (response.ok) show(element, text);
    else complain(element, text || `The server answers ${response.status}.`);
    if (response.ok && element.hasAttribute("data-scripts")) runScripts(element);
    reach(true);
  } catch {
    reach(false);
  } finally {
    part.busy = false;
  }
}

function refreshAll() {
  for (const element of parts.keys()) if (element.dataset.live || element.dataset.every) fetchPart(element);
}

/// What was shown stays; where there is nothing, the reason is shown.
function complain(element, text) {
  if (element.childElementCount > 0 && !element.querySelector(":scope > .notice")) return;
  const notice = document.createElement("p");
  notice.className = "notice bad";
  notice.textContent = text.replaceAll("`", "");
  element.replaceChildren(notice);
}

/// Another plugin's scripts: parsed HTML does not run them. The page's policy lets through files of this server alone.
function runScripts(element) {
  for (const script of element.querySelectorAll("script[src]:not([data-ran])")) {
    const running = document.createElement("script");
    for (const { name, value } of script.attributes) running.setAttribute(name, value);
    running.setAttribute("data-ran", "");
    script.replaceWith(running);
  }
}

function parsed(text) {
  if (/^\s*<!doctype|^\s*<html/i.test(text)) {
    const page = new DOMParser().parseFromString(text, "text/html");
    return page.querySelector("main") ?? page.body;
  }
  const template = document.createElement("template");
  template.innerHTML = text;
  return document.importNode(template.content, true);
}

export function leave() {
  unfollow();
  location.assign("/login");
}

function reach(there) {
  document.body.classList.toggle("lost", !there);
  if (!there && !lost) toast("The bot does not answer. This page tries again by itself.", "error");
  if (there && lost) toast("The bot answers again.");
  lost = !there;
}

// ---- events -------------------------------------------------------------------------------------------

function topics() {
  const named = new Set();
  for (const element of document.querySelectorAll("[data-live]")) {
    for (const topic of element.dataset.live.split(/\s+/)) if (topic) named.add(topic);
  }
  for (const element of document.querySelectorAll("[data-append]")) named.add(element.dataset.append);
  return [...named].filter((topic) => !denied.has(topic)).sort();
}

function follow() {
  const all = topics();
  const wanted = all.map(encodeURIComponent).join(",");
  if (wanted === followed) return;
  unfollow();
  followed = wanted;
  if (!wanted) return;
  source = new EventSource(`/events?topics=${wanted}`);
  let opened = false;
  source.addEventListener("open", () => {
    // What happened meanwhile was not heard.
    if (opened) refreshAll();
    opened = true;
  });
  source.addEventListener("error", () => {
    // Refused, which browsers don't try again.
    if (source?.readyState === EventSource.CLOSED) learn(wanted);
  });
  for (const topic of all) source.addEventListener(topic, (event) => heard(topic, event.data));
}

/// Finds out why a stream was refused: a session that has ended, a topic that this role may not follow (the others go on without it), or a bot
/// that restarts.
async function learn(wanted) {
  const stopped = new AbortController();
  try {
    const response = await fetch(`/events?topics=${wanted}`, { credentials: "same-origin", signal: stopped.signal });
    if (response.status === 401) return leave();
    if (response.status === 403) {
      const topic = (await response.text()).match(/`([^`]+)`/)?.[1];
      if (topic && wanted.includes(encodeURIComponent(topic))) {
        denied.add(topic);
        followed = "";
        return follow();
      }
      // Whoever looks has no role any more: what is shown is not for them, and the server says so.
      return location.reload();
    }
  } catch {
    // Nobody answers.
  } finally {
    stopped.abort();
  }
  setTimeout(() => {
    followed = "";
    follow();
  }, 3_000);
}

function unfollow() {
  source?.close();
  source = null;
  followed = "";
}

function heard(topic, data) {
  document.dispatchEvent(new CustomEvent("topic", { detail: { topic, data } }));
  const now = Date.now();
  for (const [element, part] of parts) {
    if (!element.dataset.live?.split(/\s+/).includes(topic)) continue;
    if (part.waits) continue;
    const wait = Math.max(0, part.fetched + APART_MS - now);
    part.waits = true;
    setTimeout(() => {
      part.waits = false;
      fetchPart(element);
    }, wait);
  }
  for (const element of document.querySelectorAll("[data-append]")) {
    if (element.dataset.append === topic) append(element, data);
  }
}

// ---- rows that come ----------------------------------------------------------------------------------

const held = new WeakMap();

function append(element, text) {
  const most = Number(element.dataset.max) || MOST_ROWS;
  if (element.hasAttribute("data-paused")) {
    const waiting = held.get(element) ?? [];
    waiting.push(text);
    if (waiting.length > most) waiting.shift();
    held.set(element, waiting);
    return;
  }
  const rows = [...parsed(text).children];
  if (element.hasAttribute("data-append-end")) {
    const frame = element.closest(".scroll, .follow") ?? element;
    const atEnd = frame.scrollHeight - frame.scrollTop - frame.clientHeight < 40;
    element.append(...rows);
    while (element.childElementCount > most) element.firstElementChild.remove();
    if (atEnd) frame.scrollTop = frame.scrollHeight;
  } else {
    element.prepend(...rows);
  }
  for (const row of rows) refreshTimes(row);
  refilter(element);
  // What somebody has filtered for outlives what they don't see.
  const hidden = element.querySelectorAll(":scope > [hidden]");
  for (let at = hidden.length - 1; at >= 0 && element.childElementCount > most; at--) hidden[at].remove();
  while (element.childElementCount > most) element.lastElementChild.remove();
}

function pause(button) {
  const element = document.querySelector(button.dataset.pause);
  if (!element) return;
  const paused = element.toggleAttribute("data-paused");
  button.setAttribute("aria-pressed", String(paused));
  if (paused) return;
  const waiting = held.get(element) ?? [];
  held.delete(element);
  for (const text of waiting) append(element, text);
}
