// The message box: text, replies, files, mentions as they are typed; and, after a slash, commands.

import { $, bytes, h, icon, iconButton } from "./dom.js";
import { CommandForm } from "./command.js";
import { nameOf } from "./message.js";
import { find } from "./select.js";
import { chosenCommand, isLine, slashItems } from "./slash.js";
import { act, attempt, channelHere, complain, emit, on, refresh, store, upload } from "./state.js";
import { hideSuggestions, suggest } from "./suggest.js";

let text, form = null, replyTo = null, files = [], typed = 0, placeShown = "";

/** Gives the box its height: as many lines as there are, up to a limit that the style sets. */
function grow() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 1}px`;
}

function set(value) {
  text.value = value;
  grow();
  look();
}

/** Puts the box together: text, or a command with its options. */
function draw() {
  const focused = document.activeElement === text;
  const box = $("compose"), channel = channelHere(), may = channel ? channel.may : { write: true, attach: true };
  const name = store.channel === "dm" ? store.state?.bot.name : "#" + (channel?.name ?? "");
  const upload = h("input", { type: "file", multiple: true, hidden: true, onchange: () => (add(upload.files), (upload.value = "")) });
  box.className = [may.write ? "" : "off", files.length ? "stack" : ""].join(" ");
  text.disabled = !may.write;
  const hint = `Message ${name}, or / for a command`;
  text.placeholder = may.write ? hint : `${store.state?.me.display ?? "You"} may not write here`;
  box.replaceChildren(...[
    files.length ? h("div", { class: "chips" }, files.map((file, index) => h("span", { class: "chip" }, h("span", { class: "cut" }, file.name), h("small", { class: "quiet" }, bytes(file.size)), iconButton("close", `Take ${file.name} away`, () => (files.splice(index, 1), draw(), text.focus()))))) : null,
    form ? null : upload, form || !may.attach ? null : iconButton("clip", "Attach files", () => upload.click(), { disabled: !may.write }),
    form ? form.element : text, h("button", { class: "icon send", "aria-label": form ? "Send the command" : "Send", title: "Send", disabled: !may.write && !form }, icon("send")),
  ].filter(Boolean));
  if (focused && !form) text.focus();
  const bar = $("reply-bar");
  bar.hidden = !replyTo;
  if (replyTo) bar.replaceChildren(icon("reply"), h("span", { class: "cut" }, `Replying to ${nameOf(replyTo)}: ${replyTo.content}`), iconButton("close", "Do not reply", () => (reply(null), text.focus())));
}

function add(more) {
  files.push(...[...more].filter((file) => file.size <= 10 * 1024 * 1024 || complain(`${file.name} has ${bytes(file.size)}; Discord takes up to 10 MB`)));
  files = files.slice(0, 10);
  draw();
  text.focus();
}

function reply(message) {
  replyTo = message;
  draw();
}

async function send() {
  if (form) return form.send();
  const value = text.value;
  if (!value.trim() && !files.length) return;
  hideSuggestions();
  if (isLine(value)) {
    set("");
    if (!(await run({ do: "say", text: value }, value.split(/\s/)[0]))) set(value);
    return;
  }
  const sent = { text: value, files, replyTo };
  [files, replyTo] = [[], null];
  set("");
  draw();
  const uploaded = await upload(sent.files);
  const worked = uploaded && await attempt({ do: "say", text: value, reply: sent.replyTo?.id, files: uploaded });
  if (!worked && !text.value) {
    [files, replyTo] = [sent.files, sent.replyTo];
    set(value);
    draw();
  }
}

/** Uses a command, showing that it is on its way, and what came of it if nothing came. */
export async function run(what, title) {
  const id = Math.random().toString(36).slice(2), entry = { id, title, channel: store.channel, state: "sending" };
  const later = setTimeout(() => ((store.local = [...store.local, entry]), emit("local")), 250);
  const answer = await act(what);
  clearTimeout(later);
  store.local = store.local.filter((one) => one.id !== id);
  if (answer.kind === "not_answered") store.local = [...store.local, { ...entry, state: "failed", text: "The application did not respond." }];
  await refresh();
  emit("local");
  complain(answer.kind === "not_answered" ? null : (answer.error ?? answer.note), !answer.error);
  return !answer.error || answer.kind === "not_answered";
}

// ---- what is typed --------------------------------------------------------------------------------------

function look() {
  if (form) return;
  const value = text.value;
  if (value.startsWith("/") && !value.includes("\n")) {
    const chosen = chosenCommand(value);
    if (chosen) return enter(chosen);
    if (isLine(value)) return hideSuggestions();
    return suggest({ label: "Commands", items: slashItems(value), none: store.commands?.items.some((command) => command.type === 1) ? "No command fits" : "No commands are registered here", pick: (item) => item && enter(item.value) });
  }
  const mark = /(^|\s)([@#])([\p{L}\p{N}_.-]*)$/u.exec(value.slice(0, text.selectionStart));
  if (mark) return mention(mark);
  hideSuggestions();
}

async function mention([, , sign, start]) {
  const before = text.value;
  const items = sign === "@" ? [...(await find("mentionable", start)), ...["everyone", "here"].filter((name) => name.startsWith(start) && start).map((name) => ({ value: name, label: "@" + name, plain: true }))] : await find("channel", start);
  if (text.value !== before || form) return;
  if (!items.length) return hideSuggestions();
  suggest({
    label: sign === "@" ? "People and roles" : "Channels", quiet: true, items: items.slice(0, 8),
    pick: (item) => {
      const at = text.selectionStart, from = at - start.length - 1;
      const role = item.lead?.classList?.contains("dot");
      const written = item.plain ? item.label : sign === "#" ? `<#${item.value}>` : role ? `<@&${item.value}>` : `<@${item.value}>`;
      text.setRangeText(written + " ", from, at, "end");
      grow();
      hideSuggestions();
    },
  });
}

/** Begins a command: what was typed gives way to its options. */
function enter(chosen) {
  form = new CommandForm(chosen, { send: run, leave: (kept = "") => ((form = null), draw(), set(kept), text.focus()) });
  text.value = "";
  draw();
  form.focus();
}

function keys(event) {
  if (event.isComposing || form) return;
  const list = suggest.open;
  if (list) {
    const wants = list.quiet ? event.key === "Tab" || (event.key === "Enter" && list.touched) : event.key === "Tab" || event.key === "Enter";
    if (["ArrowDown", "ArrowUp"].includes(event.key)) list.move(event.key === "ArrowDown" ? 1 : -1);
    else if (wants && list.active && !event.shiftKey) list.pick(list.active);
    else if (event.key === "Escape") hideSuggestions();
    else if (event.key !== "Enter") return;
    else return submit(event);
    return event.preventDefault();
  }
  if (event.key === "Escape" && replyTo) reply(null);
  else if (event.key === "ArrowUp" && !text.value) editLast(event);
  else if (event.key === "Enter" && !event.shiftKey) submit(event);
}

function submit(event) {
  event.preventDefault();
  send();
}

/** Arrow up in an empty box changes one's last message. */
function editLast(event) {
  const mine = store.messages?.items.findLast((one) => one.author?.id === store.state.me.id && !one.page.used);
  if (!mine) return;
  event.preventDefault();
  store.editing = mine.id;
  dispatchEvent(new CustomEvent("redraw"));
}

function typing() {
  if (!text.value || text.value.startsWith("/") || Date.now() - typed < 8000) return;
  typed = Date.now();
  act({ do: "type" });
}

function showTyping() {
  const names = store.messages?.typing ?? [];
  const line = names.length > 3 ? "Several people are typing…" : names.length ? `${new Intl.ListFormat("en").format(names)} ${names.length > 1 ? "are" : "is"} typing…` : "";
  if ($("typing").textContent !== line) $("typing").textContent = line;
}

export function startComposer() {
  const box = $("compose");
  text = h("textarea", { id: "text", rows: 1, "aria-label": "Message", "aria-autocomplete": "list", "aria-controls": "suggest-list", "aria-haspopup": "listbox", oninput: () => (grow(), look(), typing()), onkeydown: keys });
  box.addEventListener("submit", (event) => (event.preventDefault(), send()));
  box.addEventListener("paste", (event) => event.clipboardData?.files.length && !form && add(event.clipboardData.files));
  $("main").addEventListener("dragover", (event) => event.preventDefault());
  $("main").addEventListener("drop", (event) => (event.preventDefault(), !form && add(event.dataTransfer.files)));
  addEventListener("reply", (event) => (reply(event.detail), text.focus()));
  addEventListener("insert", (event) => {
    if (form) return;
    const value = event.detail;
    if (value.startsWith("/")) set(value);
    else text.setRangeText(value, text.selectionStart, text.selectionEnd, "end"), grow();
    text.focus();
  });
  on("state guildData place", () => {
    const place = `${store.user} ${store.channel}`;
    if (place !== placeShown && form) form.leave();
    if (place !== placeShown && replyTo) reply(null);
    const changed = place !== placeShown || JSON.stringify(channelHere()?.may) !== text.dataset.may || store.state?.bot.name !== text.dataset.bot;
    [placeShown, text.dataset.may, text.dataset.bot] = [place, JSON.stringify(channelHere()?.may), store.state?.bot.name];
    if (!changed) return;
    draw();
  });
  on("commands", look);
  on("messages", showTyping);
  draw();
}
