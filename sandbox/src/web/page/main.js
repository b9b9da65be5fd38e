// The page: a Discord one can hold in one's hands. Each part draws itself when what it shows has changed.

import { $, h, icon, iconButton, write } from "./dom.js";
import { askFor } from "./ask.js";
import { startComposer } from "./composer.js";
import { narrow, openDrawer, startDrawers } from "./drawer.js";
import { startIdentity } from "./identity.js";
import { startInspector, toggleInspector } from "./inspector.js";
import { startMembers } from "./members.js";
import { startMessages } from "./messages.js";
import { startModal } from "./modal.js";
import { startSidebar } from "./sidebar.js";
import { channelHere, complain, go, on, start, store } from "./state.js";
import { Clock } from "./timestamp.js";

const KIND = { 2: "voice", 5: "news", 10: "thread", 11: "thread", 12: "thread", 13: "stage", 15: "forum", 16: "media" };

function title() {
  const channel = channelHere(), name = store.channel === "dm" ? store.state?.bot.name : channel?.name;
  const place = $("name"), known = `${store.channel} ${name}`;
  if (place.dataset.known !== known) place.replaceChildren(icon(store.channel === "dm" ? "dm" : (KIND[channel?.type] ?? "hash")), h("span", { class: "cut" }, name ?? ""));
  place.dataset.known = known;
  write($("topic"), channel?.topic ?? (store.channel === "dm" && store.state ? `Between ${store.state.me.display} and ${store.state.bot.name} alone` : ""));
  document.title = name ? `${store.channel === "dm" ? "" : "#"}${name} · Sandbox` : "Sandbox";
}

function toolbar() {
  const members = iconButton("people", "Members", () => {
    const pressed = (shown) => members.setAttribute("aria-pressed", String(shown));
    if (narrow.matches) return openDrawer($("members"), members, pressed);
    const over = innerWidth <= 1020;
    if (over) $("members").classList.toggle("on");
    else store.membersShown = !store.membersShown;
    $("members").classList.toggle("off", !over && !store.membersShown);
    pressed(over ? $("members").classList.contains("on") : store.membersShown);
  }, { "aria-pressed": String(innerWidth > 1020), "aria-controls": "members" });
  const inspector = iconButton("scope", "Inspector (Ctrl+I)", toggleInspector, { id: "toggle-inspector", "aria-pressed": "false", "aria-controls": "inspector" });
  const theme = iconButton("sun", "Light or dark", () => dispatchEvent(new Event("theme")), { id: "theme" });
  const thread = iconButton("thread", "Start a thread", () => startThread(), { id: "start-thread", hidden: true });
  const post = iconButton("plus", "Write a post", writePost, { id: "write-post", hidden: true });
  $("tools").append(thread, post, theme, members, inspector);
}

/** Asks for a thread's name, and goes there. */
function startThread(message) {
  askFor({
    title: message ? "Start a thread from the message" : `Start a thread in #${channelHere()?.name}`, action: "Start it",
    fields: [{ key: "name", label: "Name", max: 100 }], what: ({ name }) => ({ do: "thread", name, message }),
    done: ({ channel }) => go(store.guild, channel),
  });
}

function writePost() {
  askFor({
    title: `Post in #${channelHere()?.name}`, action: "Post it", fields: [{ key: "title", label: "Title", max: 100 }, { key: "text", label: "Text", max: 2000, tall: true }],
    what: ({ title, text }) => ({ do: "post", title, text }), done: ({ channel }) => go(store.guild, channel),
  });
}

/** What can be begun here. */
function beginnings() {
  $("start-thread").hidden = !channelHere()?.may.thread;
  $("write-post").hidden = !channelHere()?.may.post;
}

let gone = null;

/** Says that the sandbox is gone, for as long as it is; a moment without it is not told. */
function showGone() {
  clearTimeout(gone);
  const place = $("gone");
  if (store.online) return (place.hidden = true), write(place, "");
  gone = setTimeout(() => {
    place.hidden = false;
    write(place, "The sandbox does not answer: it has ended, or starts anew. This page goes on by itself when it is there again at this address.");
  }, 700);
}

function showError() {
  const place = $("error"), text = store.error;
  place.hidden = !text;
  place.classList.toggle("note", store.errorIsNote === true);
  place.replaceChildren(...(text ? [h("span", { class: "error" }, text), iconButton("close", "Dismiss", () => complain(null))] : []));
}

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "i" && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    toggleInspector();
  }
});

on("state guildData place", title);
on("guildData place", beginnings);
on("state", showGone);
addEventListener("thread", (event) => startThread(event.detail));
addEventListener("keydown", (event) => {
  // Between a phone's drawer and the column of a wide screen it lies over the messages, and Escape takes it away.
  if (event.key !== "Escape" || event.defaultPrevented || narrow.matches || !$("members").classList.contains("on")) return;
  $("members").classList.remove("on");
});
on("error", showError);
on("place", () => complain(null));
toolbar();
startDrawers();
startSidebar();
startIdentity();
startMessages();
startMembers();
startComposer();
startModal();
startInspector();
Clock.start();
start();
