"use strict";
// The sandbox's page. All text of messages goes into the document as text, never as HTML.

const $ = (id) => document.getElementById(id);
const view = { user: "owner", channel: null, state: null, modal: null, replaced: false, busy: false, stale: false };

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

async function act(deed) {
  const body = JSON.stringify({ user: view.user, channel: view.channel, ...deed });
  const answer = await fetch("/sandbox/act", { method: "POST", headers: { "content-type": "application/json" }, body });
  const { error } = answer.ok ? await answer.json() : { error: await answer.text() };
  $("error").hidden = !error;
  $("error").textContent = error ?? "";
  return !error;
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

// ---- modal ---------------------------------------------------------------------------------------------

function modalFields(modal) {
  return modal.components.flatMap((outer) => {
    const inner = outer.component ?? outer.components?.[0];
    return inner?.custom_id ? [{ ...inner, label: outer.label ?? inner.label, hint: outer.description }] : [];
  });
}

function showModal(modal) {
  const dialog = $("modal");
  const known = JSON.stringify(modal ?? null);
  if (known === view.modal) return;
  view.modal = known;
  if (dialog.open) view.replaced = true, dialog.close();
  if (!modal) return;
  dialog.querySelector("h2").textContent = modal.title;
  dialog.querySelector(".fields").replaceChildren(...modalFields(modal).map((field) => {
    const shared = { name: field.custom_id, required: field.required !== false };
    const input = field.type === 4
      ? element(field.style === 2 ? "textarea" : "input", { ...shared, placeholder: field.placeholder, minlength: field.min_length, maxlength: field.max_length ?? 4000 })
      : field.type === 23 ? element("input", { name: field.custom_id, type: "checkbox" })
      : element("select", { ...shared, multiple: (field.max_values ?? 1) > 1 }, options({ ...field, type: [21, 22].includes(field.type) ? 3 : field.type }));
    if (field.type === 4) input.value = field.value ?? "";
    return element("label", {}, field.label ?? field.custom_id, field.hint ? element("small", {}, field.hint) : null, input);
  }));
  dialog.returnValue = "";
  dialog.showModal();
}

$("modal").addEventListener("close", async () => {
  const dialog = $("modal");
  if (view.replaced) return void (view.replaced = false);
  if (dialog.returnValue !== "submit") return act({ do: "dismiss" });
  const inputs = [...dialog.querySelectorAll("[name]")];
  const value = (input) => input.type === "checkbox" ? String(input.checked)
    : input.selectedOptions ? [...input.selectedOptions].map((option) => option.value).join(",") : input.value;
  if (!(await act({ do: "submit", fields: inputs.map((input) => [input.name, value(input)]) }))) view.modal = null, refresh();
});

// ---- state ---------------------------------------------------------------------------------------------

function showChannels() {
  const entry = (id, name) => element("button", { "aria-current": id === view.channel ? "page" : null, onclick: () => open(id) }, name);
  $("channels").replaceChildren(...view.state.guilds.flatMap((guild) => [
    element("h3", {}, guild.name), ...guild.channels.map((channel) => entry(channel.id, "# " + channel.name))]),
    element("h3", {}, "Direct messages"), entry("dm", view.state.bot));
  const all = view.state.guilds.flatMap((guild) => guild.channels);
  const current = all.find((channel) => channel.id === view.channel);
  $("name").textContent = current ? "# " + current.name : view.state.bot;
  $("topic").textContent = current?.topic ?? "";
}

async function refresh() {
  if (view.busy) return void (view.stale = true);
  view.busy = true;
  try {
    const state = view.state = await fetchJson("/sandbox/state", { user: view.user });
    const channels = state.guilds.flatMap((guild) => guild.channels).map((channel) => channel.id);
    if (view.channel !== "dm" && !channels.includes(view.channel)) view.channel = channels[0] ?? "dm";
    showChannels();
    const activity = state.presence?.activities?.[0];
    $("bot").textContent = state.online ? `${state.bot} is ${state.presence?.status ?? "online"}${activity ? ": " + (activity.state ?? activity.name) : ""}` : `${state.bot} is not connected`;
    $("bot").classList.toggle("online", state.online);
    if ($("who").options.length !== state.users.length) {
      $("who").replaceChildren(...state.users.map((name) => element("option", { selected: name === view.user }, name)));
    }
    const shown = await fetchJson("/sandbox/messages", { user: view.user, channel: view.channel });
    const list = $("messages"), known = JSON.stringify(shown);
    if (list.dataset.known !== known) {
      const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
      list.replaceChildren(...shown.map(message));
      list.dataset.known = known;
      if (atEnd) list.scrollTop = list.scrollHeight;
    }
    showModal(state.modal);
  } finally {
    view.busy = false;
    if (view.stale) view.stale = false, refresh();
  }
}

function open(channel) {
  view.channel = channel;
  $("messages").dataset.known = "";
  refresh().then(() => ($("messages").scrollTop = $("messages").scrollHeight));
  $("text").focus();
}

// ---- writing -------------------------------------------------------------------------------------------

function hint() {
  const text = $("text").value;
  const found = text.startsWith("/") ? view.state.commands.filter((command) => ("/" + command.name).startsWith(text.split(" ")[0])) : [];
  const entries = found.slice(0, 12).flatMap((command) => usages(command).map((usage) =>
    element("li", { onmousedown: (event) => (event.preventDefault(), ($("text").value = usage.words + " "), hint()) }, usage.text, element("small", {}, usage.description))));
  $("hints").replaceChildren(...entries);
  $("hints").hidden = !entries.length;
}

function usages(command, prefix = "/") {
  const nested = (command.options ?? []).filter((option) => option.type <= 2);
  if (nested.length) return nested.flatMap((option) => usages(option, prefix + command.name + " "));
  const wanted = (command.options ?? []).map((option) => option.required ? `${option.name}:` : `[${option.name}:]`);
  return [{ words: prefix + command.name, text: [prefix + command.name, ...wanted].join(" "), description: command.description }];
}

async function send() {
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  hint();
  if (!(await act({ do: "say", text })) && !$("text").value) $("text").value = text;
}

$("compose").addEventListener("submit", (event) => (event.preventDefault(), send()));
$("text").addEventListener("input", hint);
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) event.preventDefault(), send();
  if (event.key === "Escape") $("hints").hidden = true;
});
$("who").addEventListener("change", () => ((view.user = $("who").value), ($("messages").dataset.known = ""), refresh()));
new EventSource("/sandbox/events").addEventListener("message", refresh);
refresh();
