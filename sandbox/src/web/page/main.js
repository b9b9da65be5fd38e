// The page: a Discord one can hold in one's hands. Each part draws itself when what it shows has changed.

import { $, h, icon, iconButton, write } from "./dom.js";
import { startComposer } from "./composer.js";
import { startIdentity } from "./identity.js";
import { startInspector, toggleInspector } from "./inspector.js";
import { startMembers } from "./members.js";
import { startMessages } from "./messages.js";
import { startModal } from "./modal.js";
import { startSidebar } from "./sidebar.js";
import { channelHere, complain, on, start, store } from "./state.js";
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
    const narrow = innerWidth <= 1020;
    if (narrow) $("members").classList.toggle("on");
    else store.membersShown = !store.membersShown;
    $("members").classList.toggle("off", !narrow && !store.membersShown);
    members.setAttribute("aria-pressed", String(narrow ? $("members").classList.contains("on") : store.membersShown));
  }, { "aria-pressed": String(innerWidth > 1020), "aria-controls": "members" });
  const inspector = iconButton("scope", "Inspector (Ctrl+I)", toggleInspector, { id: "toggle-inspector", "aria-pressed": "false", "aria-controls": "inspector" });
  const theme = iconButton("sun", "Light or dark", () => dispatchEvent(new Event("theme")), { id: "theme" });
  $("tools").append(theme, members, inspector);
}

function showError() {
  const place = $("error"), text = store.error;
  place.hidden = !text;
  place.replaceChildren(...(text ? [h("span", { class: "error" }, text), iconButton("close", "Dismiss", () => complain(null))] : []));
}

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "i" && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    toggleInspector();
  }
});

on("state guildData place", title);
on("error", showError);
on("place", () => complain(null));
toolbar();
startSidebar();
startIdentity();
startMessages();
startMembers();
startComposer();
startModal();
startInspector();
Clock.start();
start();
