"use strict";
// The sandbox's page. All text of messages goes into the document as text, never as HTML.

const $ = (id) => document.getElementById(id);
const view = {
  user: "owner", channel: null, state: null, busy: false, stale: false,
  /** The messages in the list, by id: what was received and the element. */
  shown: new Map(),
  /** Whose list of which channel that is. */
  place: "",
  /** Whether the newest message is in sight, and is to stay so. */
  atEnd: true, top: 0,
  /** The interaction whose modal is open; those of closed modals. */
  modal: null, closed: new Set(),
  /** What the hints offer, and which of them Enter would take. */
  hints: [], chosen: -1,
};

// ---- small helpers -------------------------------------------------------------------------------------

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child != null && child !== false && child !== ""));
  return made;
}

async function fetchJson(path, parameters) {
  const answer = await fetch(path + "?" + new URLSearchParams(parameters));
  return answer.json();
}

/** Does it; gives the error, if any. */
async function deed(what) {
  const body = JSON.stringify({ user: view.user, channel: view.channel, ...what });
  const answer = await fetch("/sandbox/act", { method: "POST", headers: { "content-type": "application/json" }, body });
  const { error } = answer.ok ? await answer.json() : { error: await answer.text() };
  return error;
}

function complain(place, error) {
  place.hidden = !error;
  place.replaceChildren(...inline(error ?? ""));
}

async function act(what) {
  const error = await deed(what);
  complain($("error"), error);
  return !error;
}

/** Sets a text only if it is another: what is read aloud is not to be repeated. */
function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

// ---- markdown: bold, italic, underline, strike, code, quotes, links, mentions --------------------------

const INLINE = /(`[^`\n]+`)|\*\*([^]+?)\*\*|__([^]+?)__|~~([^]+?)~~|\*([^*\n]+)\*|\b_([^_\n]+)_\b|<(@[!&]?|#)(\d+)>|<t:(\d+)(?::\w)?>|<\/([^:>]+):\d+>|(https?:\/\/[^\s<>]+)/;

function inline(text) {
  const parts = [];
  let rest = text;
  for (let match; (match = INLINE.exec(rest)); ) {
    if (match.index) parts.push(rest.slice(0, match.index));
    const [all, code, bold, under, strike, star, slant, , id, time, command, link] = match;
    if (code) parts.push(element("code", {}, code.slice(1, -1)));
    else if (bold) parts.push(element("strong", {}, inline(bold)));
    else if (under) parts.push(element("u", {}, inline(under)));
    else if (strike) parts.push(element("s", {}, inline(strike)));
    else if (star || slant) parts.push(element("em", {}, inline(star || slant)));
    else if (id) parts.push(element("span", { class: "mention" }, view.state?.names[id]?.name ?? all));
    else if (time) parts.push(element("time", {}, new Date(time * 1000).toLocaleString()));
    else if (command) parts.push(element("span", { class: "mention" }, "/" + command));
    else parts.push(element("a", { href: link, target: "_blank", rel: "noreferrer" }, link));
    rest = rest.slice(match.index + all.length);
  }
  if (rest) parts.push(rest);
  return parts;
}

function markdown(text) {
  return text.split(/(```[^]*?```)/).flatMap((part, index) => {
    if (index % 2) {
      const code = part.slice(3, -3).replace(/^[\w+-]*\n/, "");
      return [element("pre", {}, element("code", {}, code))];
    }
    return part.split(/((?:^|\n)> [^\n]*)/).flatMap((piece, odd) =>
      odd % 2 ? [element("blockquote", {}, inline(piece.replace(/^\n?> /, "")))] : inline(piece));
  });
}

// ---- messages ------------------------------------------------------------------------------------------

function embed(data) {
  const fields = (data.fields ?? []).map((field) =>
    element("div", { class: field.inline ? "inline" : "" }, element("strong", {}, inline(field.name)), element("div", { class: "content" }, markdown(field.value))));
  const box = element("div", { class: "embed" },
    data.author && element("div", { class: "by" }, data.author.name),
    data.title && element("strong", {}, inline(data.title)),
    data.description && element("div", { class: "content" }, markdown(data.description)),
    fields.length ? element("div", { class: "fields-grid" }, fields) : null,
    data.image && element("img", { src: local(data.image.url), alt: "" }),
    data.footer && element("div", { class: "foot" }, data.footer.text));
  if (data.color != null) box.style.borderLeftColor = "#" + data.color.toString(16).padStart(6, "0");
  return box;
}

function options(menu) {
  if (menu.type === 3) return menu.options.map((option) => element("option", { value: option.value, selected: option.default }, option.label));
  const kinds = { 5: ["user"], 6: ["role"], 7: ["user", "role"], 8: ["channel"] }[menu.type] ?? [];
  return Object.entries(view.state.names).filter(([, named]) => kinds.includes(named.kind))
    .map(([id, named]) => element("option", { value: id }, named.name));
}

function component(data, message) {
  switch (data.type) {
    case 1: return element("div", { class: "row" }, data.components.map((inner) => component(inner, message)));
    case 2: {
      const label = [data.emoji?.name, data.label].filter(Boolean).join(" ");
      if (data.style === 5) return element("a", { href: data.url, target: "_blank", rel: "noreferrer" }, label + " ↗");
      return element("button", { class: "s" + data.style, disabled: data.disabled, onclick: () => act({ do: "click", message: message.id, custom_id: data.custom_id }) }, label);
    }
    case 3: case 5: case 6: case 7: case 8: {
      const many = (data.max_values ?? 1) > 1;
      const menu = element("select", { multiple: many, disabled: data.disabled, "aria-label": data.placeholder },
        many ? null : element("option", { value: "", selected: true, disabled: true }, data.placeholder ?? "Choose…"), options(data));
      const pick = () => act({ do: "pick", custom_id: data.custom_id, values: [...menu.selectedOptions].map((option) => option.value) });
      if (many) return element("span", { class: "row" }, menu, element("button", { onclick: pick }, "Pick"));
      menu.addEventListener("change", pick);
      return menu;
    }
    case 9: return element("div", { class: "row" }, element("div", {}, data.components.map((inner) => component(inner, message))), component(data.accessory, message));
    case 10: return element("div", { class: "content" }, markdown(data.content));
    case 14: return element("hr");
    case 17: {
      const box = element("div", { class: "box" }, data.components.map((inner) => component(inner, message)));
      if (data.accent_color != null) box.style.borderLeft = "4px solid #" + data.accent_color.toString(16).padStart(6, "0");
      return box;
    }
    default: return element("span", { class: "context" }, `[component ${data.type}]`);
  }
}

// The page may be open under another name of the same machine.
const local = (url) => url.replace(/^http:\/\/127\.0\.0\.1:\d+\//, "/");

function file(data) {
  const image = (data.content_type ?? "").startsWith("image/");
  const inside = image ? element("img", { src: local(data.url), alt: data.filename, height: 160 }) : `📎 ${data.filename} (${data.size} bytes)`;
  return element("div", {}, element("a", { href: local(data.url), target: "_blank" }, inside));
}

function message(data) {
  const marks = [data.ephemeral && "only you can see this", data.edited && "edited", data.pinned && "pinned"].filter(Boolean);
  return element("li", { class: data.ephemeral ? "ephemeral" : "" },
    data.replied && element("div", { class: "context" }, `↪ ${data.replied.author}: ${data.replied.content.slice(0, 80)}`),
    !data.replied && data.asked && element("div", { class: "context" }, `↪ ${data.asked.user} used ${data.asked.what}`),
    element("div", { class: "head" }, element("b", {}, data.author), data.bot && element("span", { class: "badge" }, "APP"),
      element("time", {}, new Date(data.time).toLocaleTimeString()), marks.length ? element("span", { class: "mark" }, ` (${marks.join(", ")})`) : null),
    data.loading ? element("div", { class: "loading" }, "is thinking…") : element("div", { class: "content" }, markdown(data.content)),
    data.embeds.map(embed), data.files.map(file), data.components.map((inner) => component(inner, data)),
    data.reactions.length ? element("div", { class: "reactions" }, data.reactions.map(([name, count]) => element("span", {}, `${name} ${count}`))) : null);
}

/** Brings the list up to date, message by message: what did not change stays, with its focus. */
function showMessages(messages) {
  const list = $("messages"), place = view.user + " " + view.channel;
  const entered = view.place !== place;
  if (entered) {
    view.place = place, view.atEnd = true;
    view.shown.clear();
    list.replaceChildren();
  }
  const ids = new Set(messages.map((data) => data.id));
  for (const [id, { node }] of view.shown) if (!ids.has(id)) node.remove(), view.shown.delete(id);
  const fresh = [];
  let next = list.firstElementChild;
  for (const data of messages) {
    const before = view.shown.get(data.id), known = JSON.stringify(data);
    let node = before?.node;
    if (before?.known !== known) {
      const made = message(data);
      if (node === next && next) next = made;
      if (node) replace(node, made);
      if (!entered && data.author !== view.user && !data.loading && (!before || before.loading)) fresh.push(made);
      view.shown.set(data.id, { known, node: made, loading: data.loading });
      node = made;
    }
    if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
  }
  $("empty").hidden = messages.length > 0;
  if (view.atEnd) toEnd();
  fresh.forEach(announce);
}

/** Whoever is on the third button of a message stays on it when the message changes. */
function replace(old, made) {
  const controls = (node) => [...node.querySelectorAll("a, button, select")];
  const focused = controls(old).indexOf(document.activeElement);
  old.replaceWith(made);
  if (focused >= 0) controls(made)[focused]?.focus({ preventScroll: true });
}

/** Has it read aloud. The list itself is no live region, or each edit and each channel would be read, too. */
function announce(node) {
  const heard = $("heard");
  heard.append(element("p", {}, node.querySelector(".head b").textContent + ": " + [...node.querySelectorAll(":scope > :not(.head, .context)")].map((part) => part.innerText).join(" ")));
  while (heard.children.length > 3) heard.firstElementChild.remove();
}

function toEnd() {
  $("scroll").scrollTop = $("scroll").scrollHeight;
}

// ---- modal ---------------------------------------------------------------------------------------------

function modalFields(modal) {
  return modal.components.flatMap((outer) => {
    const inner = outer.component ?? outer.components?.[0];
    return inner?.custom_id ? [{ ...inner, label: outer.label ?? inner.label, hint: outer.description }] : [];
  });
}

function modalField(field) {
  const optional = field.required === false, many = (field.max_values ?? 1) > 1;
  const shared = { name: field.custom_id, required: !optional && field.type !== 23 };
  let input;
  if (field.type === 4) {
    const length = { minlength: field.min_length, maxlength: field.max_length ?? 4000 };
    input = element(field.style === 2 ? "textarea" : "input", { ...shared, ...length, placeholder: field.placeholder, rows: field.style === 2 ? 4 : null, autocomplete: "off" });
    input.value = field.value ?? "";
  } else if (field.type === 23) {
    input = element("input", { ...shared, type: "checkbox" });
  } else {
    const none = element("option", { value: "" }, field.placeholder ?? (optional ? "Nothing" : "Choose…"));
    input = element("select", { ...shared, multiple: many }, many ? null : none, options({ ...field, type: [21, 22].includes(field.type) ? 3 : field.type }));
  }
  const name = element("span", {}, field.label ?? field.custom_id, optional ? element("i", {}, " (optional)") : null);
  return element("label", {}, name, field.hint ? element("small", {}, field.hint) : null, input);
}

function showModal(modal) {
  const dialog = $("modal");
  if (modal && view.closed.has(modal.interaction)) modal = null;
  if (view.modal === (modal?.interaction ?? null)) return;
  view.modal = modal?.interaction ?? null;
  if (dialog.open) dialog.close();
  if (!modal) return;
  dialog.querySelector("h2").textContent = modal.title;
  dialog.querySelector(".fields").replaceChildren(...modalFields(modal).map(modalField));
  complain($("refused"), null);
  dialog.showModal();
}

/** Closes the modal that is open; it does not come back. */
function closeModal(interaction) {
  view.closed.add(interaction);
  if (view.modal === interaction) showModal(null);
}

async function submitModal() {
  const dialog = $("modal"), interaction = view.modal;
  if (dialog.dataset.busy) return;
  dialog.dataset.busy = "yes";
  const value = (input) => input.type === "checkbox" ? String(input.checked)
    : input.selectedOptions ? [...input.selectedOptions].map((option) => option.value).join(",") : input.value;
  const fields = [...dialog.querySelectorAll(".fields [name]")].filter((input) => !input.selectedOptions || value(input));
  const error = await deed({ do: "submit", fields: fields.map((input) => [input.name, value(input)]) });
  delete dialog.dataset.busy;
  // A modal that the sandbox still has open was not taken; what is written in it stays.
  if (error && view.modal === interaction) return complain($("refused"), error);
  complain($("error"), error);
  closeModal(interaction);
}

$("modal").addEventListener("submit", (event) => (event.preventDefault(), submitModal()));
$("modal").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("modal").querySelector("form").requestSubmit();
});
$("cancel").addEventListener("click", () => $("modal").close());
// Also after Escape. If the sandbox has closed it, or another has come, there is nothing to tell.
$("modal").addEventListener("close", () => {
  if ($("modal").open || !view.modal) return;
  view.closed.add(view.modal);
  view.modal = null;
  act({ do: "dismiss" });
});

// ---- state ---------------------------------------------------------------------------------------------

function showChannels() {
  const { guilds, bot } = view.state, all = guilds.flatMap((guild) => guild.channels);
  const current = all.find((channel) => channel.id === view.channel);
  write($("name"), current ? "# " + current.name : bot);
  write($("topic"), current?.topic ?? "");
  const known = JSON.stringify([guilds, bot, view.channel]);
  if ($("channels").dataset.known === known) return;
  const focused = $("channels").contains(document.activeElement);
  $("channels").dataset.known = known;
  const entry = (id, name) => element("button", { "aria-current": id === view.channel ? "page" : null, onclick: () => open(id) }, name);
  $("channels").replaceChildren(...guilds.flatMap((guild) => [
    element("h3", {}, guild.name), ...guild.channels.map((channel) => entry(channel.id, "# " + channel.name))]),
    element("h3", {}, "Direct messages"), entry("dm", bot));
  if (focused) $("channels").querySelector("[aria-current]")?.focus();
}

/** As Discord writes below a name. */
function activityLine({ type, name, state, emoji }) {
  if (type === 4) return [emoji?.name, state ?? name].filter(Boolean).join(" ");
  return [["Playing", "Streaming", "Listening to", "Watching", "", "Competing in"][type], name].filter(Boolean).join(" ");
}

function showBot() {
  const { bot, online, presence } = view.state, place = $("bot");
  const status = presence?.status ?? "online", activity = presence?.activities?.[0];
  const away = activity && status !== "online" ? ` (${status})` : "";
  write(place, online ? `${bot}: ${activity ? activityLine(activity) : status}${away}` : `${bot} is not connected`);
  place.title = place.textContent;
  place.classList.toggle("online", online);
  place.dataset.status = online ? status : "offline";
}

async function refresh() {
  if (view.busy) return void (view.stale = true);
  view.busy = true;
  try {
    const state = view.state = await fetchJson("/sandbox/state", { user: view.user });
    const channels = state.guilds.flatMap((guild) => guild.channels).map((channel) => channel.id);
    if (view.channel !== "dm" && !channels.includes(view.channel)) view.channel = channels[0] ?? "dm";
    showChannels();
    showBot();
    if ($("who").options.length !== state.users.length) {
      $("who").replaceChildren(...state.users.map((name) => element("option", { selected: name === view.user }, name)));
    }
    const { user, channel } = view;
    const shown = await fetchJson("/sandbox/messages", { user, channel });
    // Meanwhile another channel may have been opened; that one is fetched next.
    if (user === view.user && channel === view.channel) {
      write($("empty"), welcome(state.commands));
      showMessages(shown);
      showModal(state.modal);
    }
  } finally {
    view.busy = false;
    if (view.stale) view.stale = false, refresh();
  }
}

/** What is said where nothing is; most bots have one of these commands. */
function welcome(commands) {
  const known = ["hello", "echo", "ping", "help"].filter((name) => commands.some((command) => command.name === name));
  return `Nothing said yet. Say hello, or try ${known.slice(0, 2).map((name) => "/" + name).join(" or ") || "/ to see the commands"}.`;
}

function open(channel) {
  view.channel = channel;
  complain($("error"), null);
  refresh();
  $("text").focus();
}

// ---- writing -------------------------------------------------------------------------------------------

/** The draft shows all its lines, as far as the style lets it. */
function grow() {
  const text = $("text");
  text.style.height = "auto";
  text.style.height = text.scrollHeight + text.offsetHeight - text.clientHeight + "px";
}

/** Offers the commands that the draft may become; of one that is written out, it shows the options. */
function hint() {
  const text = $("text").value;
  const begun = (usage) => text.startsWith(usage.words + " ");
  const all = text.startsWith("/") ? (view.state?.commands ?? []).flatMap((command) => usages(command)) : [];
  const written = all.filter(begun);
  const found = written.length ? written : all.filter((usage) => usage.words.startsWith(text)).slice(0, 12);
  view.hints = written.length ? [] : found;
  $("hints").replaceChildren(...found.map((usage, index) =>
    element("li", { role: "option", id: "hint-" + index, onclick: () => complete(index) }, element("span", {}, usage.text), element("small", {}, usage.description))));
  $("hints").hidden = !found.length;
  // What is a command as it stands is sent by Enter, not completed.
  choose(view.hints.length && !found.some((usage) => usage.words === text) ? 0 : -1);
}

function choose(index) {
  view.chosen = index;
  [...$("hints").children].forEach((entry, at) => entry.setAttribute("aria-selected", at === index));
  const entry = $("hints").children[index];
  if (entry) $("text").setAttribute("aria-activedescendant", entry.id), entry.scrollIntoView({ block: "nearest" });
  else $("text").removeAttribute("aria-activedescendant");
}

function complete(index) {
  const usage = view.hints[index];
  if (!usage) return;
  $("text").value = usage.start;
  edited();
}

function closeHints() {
  $("hints").hidden = true;
  view.hints = [];
  choose(-1);
}

function usages(command, prefix = "/") {
  const nested = (command.options ?? []).filter((option) => option.type <= 2);
  if (nested.length) return nested.flatMap((option) => usages(option, prefix + command.name + " "));
  const words = prefix + command.name, wanted = command.options ?? [];
  const first = wanted.find((option) => option.required);
  return [{
    words, description: command.description,
    text: [words, ...wanted.map((option) => option.required ? `${option.name}:` : `[${option.name}:]`)].join(" "),
    start: words + " " + (first ? first.name + ":" : ""),
  }];
}

function edited() {
  grow();
  hint();
}

async function send() {
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  edited();
  view.atEnd = true;
  if (!(await act({ do: "say", text })) && !$("text").value) $("text").value = text, grow();
}

/** What the open hints make of a key; `false` leaves it to the draft. */
function steersHints(event) {
  const count = view.hints.length, key = event.key;
  if (key === "Escape" && !$("hints").hidden) closeHints();
  else if (!count || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return false;
  else if (key === "ArrowDown") choose((view.chosen + 1) % count);
  else if (key === "ArrowUp") choose(view.chosen <= 0 ? count - 1 : view.chosen - 1);
  else if ((key === "Enter" || key === "Tab") && view.chosen >= 0) complete(view.chosen);
  else return false;
  return true;
}

$("compose").addEventListener("submit", (event) => (event.preventDefault(), send()));
$("text").addEventListener("input", edited);
$("text").addEventListener("blur", closeHints);
$("hints").addEventListener("mousedown", (event) => event.preventDefault());
$("text").addEventListener("keydown", (event) => {
  if (steersHints(event)) event.preventDefault();
  else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) event.preventDefault(), send();
});
$("who").addEventListener("change", () => ((view.user = $("who").value), complain($("error"), null), refresh()));
$("scroll").addEventListener("scroll", () => {
  const { scrollHeight, scrollTop, clientHeight } = $("scroll");
  // Only scrolling up leaves the end: when something else takes room, it is the end that moves.
  if (scrollHeight - scrollTop - clientHeight < 40) view.atEnd = true;
  else if (scrollTop < view.top) view.atEnd = false;
  view.top = scrollTop;
});
// Hints, errors, long drafts and images that have come take room; the newest message stays in sight.
const resized = new ResizeObserver(() => view.atEnd && toEnd());
resized.observe($("scroll"));
resized.observe($("messages"));
new EventSource("/sandbox/events").addEventListener("message", refresh);
grow();
refresh();
