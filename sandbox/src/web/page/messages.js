// The list of messages: brought up to date one by one, so that what did not change stays, with its focus.

import { $, face, h, icon } from "./dom.js";
import { isThinking, message, nameOf } from "./message.js";
import { oneStop, rove } from "./roving.js";
import { channelHere, emit, on, refresh, store } from "./state.js";
import { day } from "./timestamp.js";

/** What is in the list, by key: what was received, and the element. */
const shown = new Map();
let placeShown = "", atEnd = true, height = 0;

const CLOSE_MS = 7 * 60 * 1000;

/** Whether a message stands below another one of the same author, without saying again who. */
function joins(data, above) {
  return above && above.author?.id === data.author?.id && above.page.name === data.page.name && ![19].includes(data.type) && !data.page.used?.command
    && Date.parse(data.timestamp) - Date.parse(above.timestamp) < CLOSE_MS && day(data.timestamp) === day(above.timestamp) && (data.flags & 64) === (above.flags & 64) && !data.webhook_id;
}

function entries() {
  const { items, names } = store.messages, made = [];
  let above = null;
  for (const data of items) {
    if (!above || day(above.timestamp) !== day(data.timestamp)) made.push({ key: "day " + day(data.timestamp), known: "", make: () => h("li", { class: "day label" }, day(data.timestamp)) });
    const compact = Boolean(joins(data, above));
    const known = JSON.stringify([data, compact, store.failed.get(data.id), store.editing === data.id, channelHere()?.may, mentioned(data, names)]);
    made.push({ key: data.id, known, data, make: () => message(data, compact) });
    above = data;
  }
  for (const local of store.local.filter((one) => one.channel === store.channel)) made.push({ key: "local " + local.id, known: local.state, make: () => under(local) });
  return made;
}

const mentioned = (data, names) => [...JSON.stringify(data).matchAll(/<[@#][!&]?(\d+)>/g)].map(([, id]) => names[id]);

/** A command on its way, or one that got no answer. */
function under({ id, title, state, text }) {
  const me = store.state.me, failed = state === "failed";
  return h("li", { class: "msg for-me" }, h("div", { class: "before" }, h("b", {}, me.display), h("span", { class: "cut" }, "used ", title)), face({ ...store.state.bot, bot: true }),
    h("div", { class: "body" }, h("div", { class: "head" }, h("b", {}, store.state.bot.name), h("span", { class: "badge" }, "APP")),
      failed ? h("div", { class: "failed", role: "status" }, icon("clear"), text) : h("div", { class: "thinking" }, "Sending the command…"),
      failed ? h("div", { class: "only" }, icon("eye"), h("span", {}, "Only you can see this"), h("span", {}, "·"), h("button", { type: "button", class: "link", onclick: () => ((store.local = store.local.filter((one) => one.id !== id)), emit("messages")) }, "Dismiss message")) : null));
}

function draw() {
  if (!store.messages || !store.state) return;
  const list = $("messages"), entered = placeShown !== store.messages.key;
  if (entered) {
    placeShown = store.messages.key;
    atEnd = true;
    shown.clear();
    list.replaceChildren();
  }
  const scroll = $("scroll"), fromEnd = scroll.scrollHeight - scroll.scrollTop;
  const wanted = entries(), keys = new Set(wanted.map(({ key }) => key)), fresh = [];
  const newestBefore = entered ? null : [...shown.keys()].filter((key) => /^\d+$/.test(key)).at(-1);
  for (const [key, { node }] of shown) if (!keys.has(key)) node.remove(), shown.delete(key);
  let next = list.firstElementChild;
  for (const { key, known, data, make } of wanted) {
    const had = shown.get(key);
    let node = had?.node;
    if (had?.known !== known) {
      const made = data || key.startsWith("local") ? oneStop(make()) : make();
      if (node === next && next) next = made;
      if (node) replace(node, made);
      if (data && !entered && newestBefore !== undefined && (!had || had.thinking) && data.author?.id !== store.state.me.id && !isThinking(data)) fresh.push({ made, data });
      node = made;
    }
    shown.set(key, { known, node, thinking: data && isThinking(data) });
    if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
  }
  empty();
  $("older").hidden = !store.messages.more;
  $("newest").hidden = !store.anchor;
  if (atEnd && !store.anchor) toEnd();
  else if (list.dataset.older) scroll.scrollTop = scroll.scrollHeight - fromEnd;
  delete list.dataset.older;
  fresh.filter(({ data }) => !newestBefore || BigInt(data.id) >= BigInt(newestBefore)).slice(-3).forEach(({ made, data }) => announce(made, data));
}

/** Whoever is on the third control of a message stays on it when the message changes. */
function replace(old, made) {
  const controls = (node) => [...node.querySelectorAll("a, button, textarea, [tabindex]")];
  const focused = controls(old).indexOf(document.activeElement), self = document.activeElement === old;
  old.replaceWith(made);
  if (self) made.focus({ preventScroll: true });
  else if (focused >= 0) controls(made)[focused]?.focus({ preventScroll: true });
}

/** Has it read aloud. The list itself is no live region, or each edit and each channel would be read, too. */
function announce(node, data) {
  const heard = $("heard");
  heard.append(h("p", {}, `${nameOf(data)}: ${node.querySelector(".body")?.innerText ?? ""}`));
  while (heard.children.length > 3) heard.firstElementChild.remove();
}

function empty() {
  const box = $("empty"), channel = channelHere();
  const nothing = !store.messages.items.length && !store.local.length;
  box.hidden = !nothing;
  if (!nothing) return;
  const commands = store.commands?.items.filter((command) => command.type === 1).length ?? 0;
  box.replaceChildren(h("strong", {}, store.channel === "dm" ? `Direct messages with ${store.state.bot.name}` : `Nothing was said in #${channel?.name ?? "this channel"} yet`),
    [15, 16].includes(channel?.type) ? "Its posts are threads; they stand below it at the left. The plus above writes one." : channel && !channel.may.write ? `${store.state.me.display} can read here, but not write.` : h("span", {}, "Write something, or type ", h("kbd", {}, "/"), commands ? ` for ${commands === 1 ? "the command" : `${commands} commands`} that ${store.state.me.display} can use here.` : " for commands, once the bot has registered some."));
}

function toEnd() {
  const scroll = $("scroll");
  scroll.scrollTop = scroll.scrollHeight;
}

/** Shows older messages: one part more, and then the window moves. */
function older() {
  const list = $("messages");
  list.dataset.older = "1";
  atEnd = false;
  if (!store.wide) store.wide = true;
  else {
    // The window moves up by one part.
    const { items } = store.messages;
    store.anchor = items[Math.max(0, items.length - 50)]?.id ?? null;
  }
  refresh();
}

export function startMessages() {
  on("messages state guildData local commands", draw);
  on("place", () => ($("messages").dataset.older = ""));
  addEventListener("redraw", draw);
  rove($("messages"));
  $("older").addEventListener("click", older);
  $("newest").addEventListener("click", () => {
    Object.assign(store, { anchor: null, wide: false });
    atEnd = true;
    refresh();
  });
  const scroll = $("scroll");
  scroll.addEventListener("scroll", () => {
    if (scroll.clientHeight === height) atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
  });
  // Pictures that come later, and a box that grows, must not push the newest message out of sight.
  const watch = new ResizeObserver(() => {
    if (atEnd && !store.anchor) toEnd();
    height = scroll.clientHeight;
  });
  watch.observe(scroll);
  watch.observe($("messages"));
}
