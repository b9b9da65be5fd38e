// One message: who, when, what, and what can be done with it.

import { face, h, icon, iconButton, readable } from "./dom.js";
import { component } from "./components.js";
import { embed, file, poll, sticker } from "./embed.js";
import { emoji, line, markdown } from "./markdown.js";
import { commandItems, copy, openMenu, personMenu } from "./menu.js";
import { openList } from "./listbox.js";
import { attempt, channelHere, go, store } from "./state.js";
import { hour } from "./timestamp.js";

const FIRST_EMOJIS = "👍 ❤️ 😄 🎉 😮 😢 👀 ✅ ❌ 🔥 🙏 🚀 👎 🤔 💯 ⭐".split(" ");
const EPHEMERAL = 1 << 6, LOADING = 1 << 7, CROSSPOSTED = 1 << 0;
const SYSTEM = {
  1: "added somebody", 3: "called", 4: "changed the channel's name", 6: "pinned a message to this channel", 7: "joined the server",
  8: "boosted the server", 9: "boosted the server", 10: "boosted the server", 11: "boosted the server", 12: "follows a channel from here", 18: "started a thread", 21: "started a thread", 24: "auto moderation", 46: "the poll has closed",
};

export const isThinking = (data) => Boolean(data.flags & LOADING);
export const nameOf = (data) => data.page.name ?? data.author?.global_name ?? data.author?.username ?? "somebody";

/** Whether somebody wrote it, and not the system. */
const isWritten = (data) => [0, 19, 20, 23].includes(data.type);

const context = () => ({ names: store.messages?.names ?? {}, open });

function open(node, event) {
  if (node.of === "channel") {
    const there = store.guildData?.channels.find((channel) => channel.id === node.id);
    if (there) go(store.guild, node.id);
  } else if (node.of === "user") personMenu(event.currentTarget, { id: node.id, name: store.messages.names[node.id]?.name });
  else if (node.of === "command") dispatchEvent(new CustomEvent("insert", { detail: `/${node.name} ` }));
}

/** The message; `compact` leaves out who, after another one of the same author. */
export function message(data, compact) {
  const own = data.author?.id === store.state.me.id, bot = data.author?.bot || data.webhook_id;
  const ephemeral = Boolean(data.flags & EPHEMERAL), author = { id: data.author?.id, name: nameOf(data), bot };
  const made = h("li", {
    class: ["msg", compact && "compact", ephemeral && "for-me", data.page.mentions_me && !own && "mentions-me"].filter(Boolean).join(" "), "data-id": data.id, tabindex: "-1",
    oncontextmenu: (event) => {
      if (event.target.closest("a, input, textarea, select") || String(getSelection())) return;
      event.preventDefault();
      messageMenu(made, data, { x: event.clientX, y: event.clientY });
    },
  },
  before(data),
  compact ? h("time", { class: "at", datetime: data.timestamp }, hour(data.timestamp)) : face(author),
  h("div", { class: "body" }, compact ? null : head(data, author, bot), body(data), store.failed.has(data.id) ? h("div", { class: "failed", role: "status" }, icon("clear"), store.failed.get(data.id)) : null,
    ephemeral ? h("div", { class: "only" }, icon("eye"), h("span", {}, "Only you can see this"), h("span", {}, "·"), h("button", { type: "button", class: "link", onclick: () => attempt({ do: "hide", message: data.id }) }, "Dismiss message")) : null),
  acts(data, own, ephemeral));
  return made;
}

function head(data, author, bot) {
  return h("div", { class: "head" },
    h("b", { style: data.page.color ? { color: readable(data.page.color) } : {}, tabindex: "0", role: "button", title: author.name, onclick: (event) => personMenu(event.currentTarget, author), onkeydown: (event) => event.key === "Enter" && personMenu(event.currentTarget, author),
      oncontextmenu: (event) => (event.preventDefault(), event.stopPropagation(), personMenu(event.currentTarget, author, { x: event.clientX, y: event.clientY })) }, author.name),
    bot ? h("span", { class: "badge" }, data.webhook_id && !data.application_id ? "WEBHOOK" : "APP") : null, h("time", { datetime: data.timestamp, title: new Date(data.timestamp).toLocaleString() }, hour(data.timestamp)),
    data.pinned ? h("span", { class: "marks" }, "pinned") : null, data.flags & CROSSPOSTED ? h("span", { class: "marks" }, "published") : null);
}

function before(data) {
  if (data.type === 19 && data.message_reference) {
    const to = data.referenced_message;
    if (!to) return h("div", { class: "before" }, h("span", { class: "cut" }, "the message was deleted"));
    return h("div", { class: "before" }, h("b", {}, store.messages?.items.find((one) => one.id === to.id)?.page.name ?? to.author?.global_name ?? to.author?.username),
      h("button", { type: "button", class: "cut", onclick: () => flash(to.id) }, to.content ? line(to.content.slice(0, 120).split("\n")[0], { names: context().names }) : "see the message"));
  }
  const used = data.page.used;
  if (used?.command) return h("div", { class: "before" }, h("b", {}, used.name), h("span", { class: "cut" }, "used ", h("span", { class: "link-like" }, used.what)));
  return null;
}

function flash(id) {
  const there = document.querySelector(`.msg[data-id="${CSS.escape(id)}"]`);
  there?.scrollIntoView({ block: "center" });
  there?.classList.add("flash");
  setTimeout(() => there?.classList.remove("flash"), 1300);
}

/** The files that are shown by themselves: those that an embed shows are not, as in Discord's app. */
function apart({ attachments, embeds }) {
  const shown = new Set((embeds ?? []).flatMap((one) => [one.image?.url, one.thumbnail?.url, one.footer?.icon_url, one.author?.icon_url]));
  return (attachments ?? []).filter((one) => !shown.has(one.url));
}

function body(data) {
  if (isThinking(data)) return h("div", { class: "thinking" }, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), `${nameOf(data)} is thinking…`);
  const here = context(), parts = [];
  if (store.editing === data.id) parts.push(editor(data));
  else if (SYSTEM[data.type]) parts.push(h("div", { class: "quiet" }, SYSTEM[data.type], data.content ? [": ", line(data.content, here)] : null));
  else if (data.content) {
    const text = markdown(data.content, here);
    if (data.edited_timestamp) (text.lastElementChild?.matches?.("p,ul,ol,pre,blockquote") ? text : text).append(h("span", { class: "marks", title: new Date(data.edited_timestamp).toLocaleString() }, " (edited)"));
    parts.push(text);
  }
  for (const { message: snapshot } of data.message_snapshots ?? []) parts.push(h("blockquote", { class: "box" }, h("span", { class: "label" }, "Forwarded"), markdown(snapshot.content, here), (snapshot.embeds ?? []).map((one) => embed(one, here)), apart(snapshot).map(file)));
  const second = Boolean(data.flags & (1 << 15));
  const files = second ? [] : apart(data);
  if (files.length) parts.push(h("div", { class: "files" }, files.map(file)));
  parts.push(...(data.embeds ?? []).filter(() => !(data.flags & 4)).map((one) => embed(one, here)));
  parts.push(...(data.sticker_items ?? []).map(sticker));
  if (data.poll) parts.push(poll(data.poll, data));
  parts.push(...(data.components ?? []).map((one) => component(one, data, here)));
  if (!data.content && data.edited_timestamp && !SYSTEM[data.type]) parts.push(h("span", { class: "marks" }, "(edited)"));
  if (data.thread) parts.push(h("button", { type: "button", class: "file", onclick: () => go(store.guild, data.thread.id) }, icon("thread"), h("b", { class: "cut" }, data.thread.name)));
  if (data.reactions?.length) parts.push(reactions(data));
  return parts;
}

function reactions(data) {
  const may = channelHere()?.may.react ?? true;
  return h("div", { class: "reactions" }, data.reactions.map(({ emoji: shown, count, me, names }) => {
    const text = shown.id ? `${shown.name}:${shown.id}` : shown.name;
    return h("button", { type: "button", class: "reaction", "aria-pressed": String(me), title: names?.join(", "), "aria-label": `${shown.name}, ${count}${me ? ", yours" : ""}`, onclick: () => attempt({ do: me ? "unreact" : "react", message: data.id, emoji: text }) }, shown.id ? emoji(shown) : shown.name, h("span", {}, count));
  }), may ? h("button", { type: "button", class: "reaction add", "aria-label": "Add a reaction", onclick: (event) => chooseEmoji(event.currentTarget, data) }, icon("plus")) : null);
}

function chooseEmoji(anchor, data) {
  const custom = (store.guildData?.emojis ?? []).map((one) => ({ value: `${one.name}:${one.id}`, label: `:${one.name}:`, lead: emoji(one) }));
  const known = [...custom, ...FIRST_EMOJIS.map((one) => ({ value: one, label: one }))];
  openList(anchor, {
    label: "Emoji", done: ([item]) => attempt({ do: "react", message: data.id, emoji: item.value }),
    load: (text) => {
      const typed = text.trim();
      const fits = known.filter((item) => !typed || item.label.includes(typed));
      return typed && !/^[\x00-\x7f]*$/.test(typed) ? [{ value: typed, label: typed }, ...fits] : fits;
    },
  });
}

const reply = (data) => dispatchEvent(new CustomEvent("reply", { detail: data }));
const edit = (data) => ((store.editing = data.id), dispatchEvent(new CustomEvent("redraw", { detail: data.id })));

function acts(data, own, ephemeral) {
  const manage = channelHere()?.may.manage, may = channelHere()?.may;
  if (isThinking(data)) return null;
  return h("div", { class: "acts", role: "toolbar", "aria-label": `Message of ${nameOf(data)}` },
    !ephemeral && (may?.react ?? true) ? iconButton("smile", "Add a reaction", (event) => chooseEmoji(event.currentTarget, data)) : null,
    !ephemeral && (may?.write ?? true) ? iconButton("reply", "Reply", () => reply(data)) : null,
    own && !data.page.used ? iconButton("edit", "Edit", () => edit(data)) : null,
    !ephemeral && (own || manage) ? iconButton("trash", "Delete", () => attempt({ do: "delete", message: data.id })) : null,
    iconButton("dots", "More", (event) => messageMenu(event.currentTarget, data)));
}

function messageMenu(anchor, data, at) {
  const own = data.author?.id === store.state.me.id, ephemeral = Boolean(data.flags & EPHEMERAL), may = channelHere()?.may;
  openMenu(anchor, [
    !ephemeral && { label: "Reply", icon: "reply", act: () => reply(data) },
    !ephemeral && { label: "Add a reaction…", icon: "smile", act: () => chooseEmoji(anchor, data) },
    own && { label: "Edit", icon: "edit", act: () => edit(data) },
    data.content && { label: "Copy text", icon: "copy", act: () => copy(data.content) },
    { label: "Copy message ID", icon: "copy", act: () => copy(data.id) },
    !ephemeral && may?.thread && !data.thread && isWritten(data) && { label: "Start a thread…", icon: "thread", act: () => dispatchEvent(new CustomEvent("thread", { detail: data.id })) },
    !ephemeral && (may?.pin ?? true) && isWritten(data) && { label: data.pinned ? "Unpin" : "Pin", icon: "pin", act: () => attempt({ do: data.pinned ? "unpin" : "pin", message: data.id }) },
    !ephemeral && (own || may?.manage) && { label: "Delete", icon: "trash", danger: true, act: () => attempt({ do: "delete", message: data.id }) },
    ...(ephemeral ? [] : commandItems(3, (command) => attempt({ do: "message_menu", command, message: data.id }))),
  ].filter((item) => item !== false && item !== ""), at);
}

function editor(data) {
  const text = h("textarea", { class: "field", "aria-label": "Edit the message", value: data.content });
  const end = () => ((store.editing = null), dispatchEvent(new CustomEvent("redraw", { detail: data.id })));
  const save = async () => {
    if (text.value === data.content || (await attempt({ do: "edit", message: data.id, text: text.value }))) end();
  };
  text.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end();
    else if (event.key === "Enter" && !event.shiftKey) (event.preventDefault(), save());
  });
  requestAnimationFrame(() => (text.focus(), text.setSelectionRange(text.value.length, text.value.length)));
  return h("div", { class: "editing" }, text, h("small", { class: "quiet hint" }, h("kbd", {}, "Enter"), " saves, ", h("kbd", {}, "Esc"), " leaves it as it was"));
}
