// Servers with their channels, direct messages, and the bot's state above them.

import { $, face, h, icon } from "./dom.js";
import { closeDrawer, openDrawer } from "./drawer.js";
import { go, holdsMessages, on, refresh, store } from "./state.js";

const ICONS = { 0: "hash", 1: "dm", 2: "voice", 5: "news", 10: "thread", 11: "thread", 12: "thread", 13: "stage", 15: "forum", 16: "media" };
const KINDS = { 2: "voice channel", 5: "announcements", 10: "thread", 11: "thread", 12: "private thread", 13: "stage", 15: "forum", 16: "media" };
const isThread = (channel) => [10, 11, 12].includes(channel.type);
let many = false;
/** The newest message of each channel that was known, by user and channel. */
const seen = new Map();

/** Threads stand below the channel that they hang on, channels below their category. */
function ordered(channels) {
  const by = (one, other) => (one.position ?? 0) - (other.position ?? 0) || Number(BigInt(one.id) - BigInt(other.id) > 0n) - 0.5;
  const below = (parent) => channels.filter((channel) => (channel.parent_id ?? null) === parent && channel.type !== 4 && !isThread(channel)).sort(by);
  const withThreads = (channel) => [channel, ...channels.filter((thread) => isThread(thread) && thread.parent_id === channel.id && !thread.thread_metadata?.archived)];
  const known = new Set(channels.map((channel) => channel.id));
  const orphans = channels.filter((channel) => channel.type !== 4 && !isThread(channel) && channel.parent_id && !known.has(channel.parent_id));
  const voiceLast = (list) => [...list.filter(({ type }) => ![2, 13].includes(type)), ...list.filter(({ type }) => [2, 13].includes(type))];
  return [...voiceLast([...below(null), ...orphans]), ...channels.filter(({ type }) => type === 4).sort(by).flatMap((category) => [category, ...voiceLast(below(category.id))])].flatMap((channel) => (channel.type === 4 ? [channel] : withThreads(channel)));
}

const isNew = (channel) => store.channel !== channel && store.unread.get(`${store.user} ${channel}`) === true;

/** Notes in which channels something was said that this user has not looked at. */
function note() {
  const last = [...(store.guildData?.channels ?? []).map(({ id, last_message_id: last }) => [id, last]), ["dm", store.state?.dm_last]];
  for (const [channel, message] of last) {
    const key = `${store.user} ${channel}`;
    if (seen.has(key) && seen.get(key) !== message && store.channel !== channel) store.unread.set(key, true);
    if (store.channel === channel) store.unread.delete(key);
    seen.set(key, message);
  }
}

function channelEntry(channel) {
  if (channel.type === 4) return h("li", { class: "category label" }, channel.name);
  const here = store.channel === channel.id, unread = isNew(channel.id);
  return h("li", {}, h("button", {
    type: "button", class: ["channel", isThread(channel) && "thread", unread && "unread"].filter(Boolean).join(" "), "aria-current": here ? "page" : null, disabled: !holdsMessages(channel),
    onclick: () => (go(store.guildData.id, channel.id), closeSide()), "data-name": channel.name,
  }, icon(ICONS[channel.type] ?? "hash"), h("span", { class: "cut" }, channel.name), KINDS[channel.type] ? h("span", { class: "unseen" }, ` (${KINDS[channel.type]})`) : null,
  channel.nsfw ? h("span", { class: "label" }, "18+") : null, unread ? h("span", { class: "count", "aria-label": "new" }, "new") : null));
}

function guildEntry(guild) {
  const open = store.guildData?.id === guild.id && store.guild === guild.id;
  return h("div", { class: "guild" },
    h("button", { type: "button", "aria-expanded": String(open), "data-guild": guild.id, onclick: () => !open && go(guild.id, null) }, h("span", { class: "caret" }, icon("caret")), face(guild, "small"), h("span", { class: "cut" }, guild.name)),
    open ? h("ul", {}, ordered(store.guildData.channels).map(channelEntry)) : null);
}

function draw() {
  const { guilds, state } = store;
  note();
  if (!guilds || !state) return;
  const place = $("places"), old = place.querySelector("input"), focused = document.activeElement;
  const mark = focused?.closest?.("#places") && [...place.querySelectorAll("button")].indexOf(focused);
  many ||= guilds.more;
  const open = store.guildData && store.guild && !guilds.items.some((guild) => guild.id === store.guild) ? [store.guildData] : [];
  const search = many ? (old ?? h("input", { class: "field", type: "search", placeholder: "Find a server", "aria-label": "Find a server", oninput: (event) => ((store.find.guilds = event.target.value), (store.pages.guilds = 1), refresh()) })) : null;
  place.replaceChildren(...[
    h("div", { class: "section label" }, "Servers"), search, ...open.map(guildEntry), ...guilds.items.map(guildEntry),
    guilds.more ? h("button", { type: "button", class: "more", onclick: () => (store.pages.guilds++, refresh()) }, "More servers") : null,
    !guilds.items.length && !open.length ? h("p", { class: "section quiet" }, store.find.guilds ? "No server has that in its name." : `${state.me.display} is in no server.`) : null,
    h("div", { class: "section label" }, "Direct messages"),
    h("button", { type: "button", class: "channel", "data-name": "dm", "aria-current": store.channel === "dm" ? "page" : null, onclick: () => (go(store.guild, "dm"), closeSide()) }, icon("dm"), h("span", { class: "cut" }, state.bot.name), isNew("dm") ? h("span", { class: "count", "aria-label": "new" }, "new") : null),
  ].filter(Boolean));
  if (focused === old && old) old.focus();
  else if (mark >= 0 && mark !== null && mark !== undefined) place.querySelectorAll("button")[mark]?.focus({ preventScroll: true });
}

/** What the bot shows below its name. */
export function activity(presence) {
  const shown = presence?.activities?.[0];
  if (!shown) return "";
  const verb = { 0: "Playing ", 1: "Streaming ", 2: "Listening to ", 3: "Watching ", 5: "Competing in " }[shown.type] ?? "";
  return shown.type === 4 ? (shown.state ?? "") : verb + shown.name;
}

function drawBot() {
  if (!store.state) return;
  const { bot } = store.state, status = store.online && bot.online ? (bot.presence?.status ?? "online") : "offline";
  const text = !store.online ? "The sandbox does not answer" : bot.online ? `${bot.name} · ${activity(bot.presence) || "online"}` : `${bot.name} is not connected`;
  const place = $("bot");
  if (place.textContent === text && place.dataset.status === status) return;
  place.dataset.status = status;
  place.title = text;
  place.replaceChildren(h("span", { class: `dot ${status}` }), h("span", { class: "cut" }, text));
}

/** On a narrow screen the places lie over the messages; there this closes them. */
export const closeSide = closeDrawer;

export function startSidebar() {
  on("guilds guildData place state unread", draw);
  on("state", drawBot);
  const opener = $("open-side");
  opener.append(icon("menu"));
  opener.addEventListener("click", () => openDrawer($("side"), opener, (shown) => opener.setAttribute("aria-expanded", String(shown))));
}
