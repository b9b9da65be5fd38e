// Select menus, in messages and modals.

import { get } from "./api.js";
import { face, h, icon, readable } from "./dom.js";
import { openList } from "./listbox.js";
import { emoji } from "./markdown.js";
import { store } from "./state.js";

/** What a menu of this type offers; nothing for string menus, which bring their options. */
export const kindOf = (type) => ({ 5: "user", 6: "role", 7: "mentionable", 8: "channel" })[type];

const lead = (item) => {
  if (item.kind === "user") return face({ id: item.id, name: item.label, bot: item.id === store.state?.bot.id }, "small");
  if (item.kind === "role") return h("span", { class: "dot", style: { background: readable(item.color) ?? "var(--quiet)", "box-shadow": "none" } });
  return icon({ 2: "voice", 13: "stage", 15: "forum", 16: "media", 5: "news", 4: "down" }[item.type] ?? ([10, 11, 12].includes(item.type) ? "thread" : "hash"));
};

/** Users, roles or channels as items of a list. */
export async function find(kind, text, types = []) {
  const { items } = await get("find", { user: store.user, channel: store.channel, kind, find: text, types: types.join(",") });
  return items.map((item) => ({ value: item.id, label: item.label, hint: item.hint === item.label ? null : item.hint, lead: lead(item) }));
}

/** A select menu: a button that shows what is chosen and opens the list. */
export function picker(data, { label, chosen = [], done, find: kind, keep = false }) {
  const min = data.min_values ?? 1, max = data.max_values ?? 1;
  const values = h("span", { class: "values" });
  const made = h("button", { type: "button", class: "pick", disabled: data.disabled, "aria-haspopup": "listbox", "aria-expanded": "false", "data-custom": data.custom_id }, values, icon("down"));
  let now = chosen;
  const show = () => {
    values.className = `values ${now.length ? "" : "empty"} ${max > 1 ? "" : "one"}`;
    values.replaceChildren(...(now.length ? now.map((item) => h("span", { class: "cut" }, item.label)) : [label]));
    made.setAttribute("aria-label", now.length ? `${label}: ${now.map((item) => item.label).join(", ")}` : label);
  };
  const own = (data.options ?? []).map((option) => ({
    value: option.value, label: option.label, hint: option.description,
    lead: option.emoji ? h("span", {}, option.emoji.id ? emoji(option.emoji) : option.emoji.name) : null,
  }));
  made.addEventListener("click", () => openList(made, {
    label, min, max, chosen: now, width: Math.min(made.offsetWidth, 420), search: Boolean(kind) || own.length > 8,
    load: (text) => (kind ? find(kind, text, data.channel_types) : own.filter((item) => (item.label + (item.hint ?? "")).toLowerCase().includes(text.toLowerCase()))),
    done: (items) => {
      now = items;
      show();
      done(items, made);
    },
  }));
  if (keep) made.values = () => now.map((item) => item.value);
  show();
  return made;
}
