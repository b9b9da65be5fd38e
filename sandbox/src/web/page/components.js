// Components of messages: rows, buttons, select menus, and the second kind (containers, sections, …).

import { h, hex, icon, local, safe } from "./dom.js";
import { file, veil } from "./embed.js";
import { emoji, markdown } from "./markdown.js";
import { kindOf, picker } from "./select.js";
import { act, complain, refresh, store } from "./state.js";

const STYLES = { 1: "primary", 2: "", 3: "good", 4: "bad", 6: "primary" };

/** A component of a message, with all that is inside of it. */
export function component(data, message, context) {
  const all = (list) => (list ?? []).map((inner) => component(inner, message, context));
  switch (data.type) {
    case 1: return h("div", { class: "row" }, all(data.components));
    case 2: return button(data, message);
    case 3: case 5: case 6: case 7: case 8: return menu(data, message);
    case 9: return h("div", { class: "sect" }, h("div", {}, all(data.components)), data.accessory && component(data.accessory, message, context));
    case 10: return markdown(data.content, context);
    case 11: return media({ media: data.media, description: data.description, spoiler: data.spoiler });
    case 12: return h("div", { class: "media" }, (data.items ?? []).map(media));
    case 13: return files(data, message);
    case 14: return h("hr", { class: data.divider === false ? "bare" : "", style: { "--gap": data.spacing === 2 ? "12px" : "4px" } });
    case 17: return container(data, all(data.components));
    default: return h("span", { class: "quiet" }, `component of type ${data.type}`);
  }
}

function container(data, inside) {
  const box = h("div", { class: data.accent_color == null ? "box" : "box bar" }, inside);
  if (data.accent_color != null) box.style.setProperty("--bar", hex(data.accent_color));
  return veil(data.spoiler, box);
}

const attached = (url, message) => (message.attachments ?? []).find((one) => url === `attachment://${one.filename}`);

function files(data, message) {
  const url = data.file?.url ?? "", known = attached(url, message) ?? (message.attachments ?? []).find((one) => one.url === url);
  const name = data.name ?? known?.filename ?? decodeURIComponent(url.split("/").pop());
  return veil(data.spoiler, file({ url, filename: name, size: data.size ?? known?.size, ...known, content_type: "" }));
}

function media(item) {
  const url = safe(item.media?.url);
  const shown = url ? h("img", { src: local(url), alt: item.description ?? "", loading: "lazy" }) : h("span", { class: "quiet" }, item.media?.url);
  return h("figure", {}, veil(item.spoiler, shown), item.description ? h("figcaption", {}, item.description) : null);
}

function button(data, message) {
  const inside = [data.emoji ? h("span", {}, data.emoji.id ? emoji(data.emoji) : data.emoji.name) : null, data.label ? h("span", {}, data.label) : null];
  const bare = data.label ? null : `:${data.emoji?.name ?? "button"}:`;
  if (data.style === 5) return h("a", { class: "button", href: safe(data.url), target: "_blank", rel: "noreferrer noopener", "aria-label": bare }, inside, icon("out"));
  const made = h("button", {
    type: "button", class: `button ${STYLES[data.style] ?? ""}`, disabled: data.disabled || data.style === 6, "aria-label": bare, "data-custom": data.custom_id,
    onclick: () => use(message, { do: "click", custom_id: data.custom_id }, made),
  }, inside);
  return made;
}

function menu(data, message) {
  return picker(data, {
    label: data.placeholder ?? "Make a selection",
    chosen: data.type === 3 ? (data.options ?? []).filter((option) => option.default).map((option) => ({ value: option.value, label: option.label })) : (data.default_values ?? []).map(({ id }) => ({ value: id, label: store.messages?.names[id]?.name ?? id })),
    done: (items, made) => use(message, { do: "pick", custom_id: data.custom_id, values: items.map((item) => item.value) }, made),
    find: kindOf(data.type),
  });
}

/** Uses a component, and says beside the message when the bot did not respond. */
async function use(message, what, control) {
  store.failed.delete(message.id);
  control.classList.add("busy");
  control.setAttribute("aria-busy", "true");
  const answer = await act({ ...what, message: message.id });
  control.classList.remove("busy");
  control.removeAttribute("aria-busy");
  if (answer.kind === "not_answered") store.failed.set(message.id, "This interaction failed: the application did not respond in time.");
  else complain(answer.error);
  store.touched = message.id;
  refresh().then(() => dispatchEvent(new CustomEvent("redraw", { detail: message.id })));
}
