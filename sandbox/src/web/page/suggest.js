// What is offered above the message box. The focus stays in the box: arrows move here, Enter or Tab takes.

import { $, h } from "./dom.js";

/**
 * Shows choices, each `{value, label, hint, right, lead, group}`, and a line above them. `suggest.open` is what is shown.
 *
 * `quiet` means that Enter takes nothing unless an arrow was used before: the choices only help.
 */
export function suggest({ label, title, error, items = [], none, pick, quiet = false, input = $("text") }) {
  const box = $("suggest");
  // Another box has the list from now on.
  if (suggest.open?.input !== input) suggest.open?.input?.removeAttribute("aria-activedescendant");
  const same = suggest.open?.label === label ? suggest.open.active?.value : undefined;
  const list = h("div", { class: "list", role: "listbox", id: "suggest-list", "aria-label": label });
  const open = (suggest.open = {
    label, quiet, items, input, touched: false, active: quiet ? null : (items.find((item) => same !== undefined && item.value === same) ?? items[0] ?? null),
    pick: (item) => pick?.(item),
    move(step) {
      const at = items.indexOf(open.active);
      open.active = items[(at + step + items.length) % items.length] ?? null;
      open.touched = true;
      mark();
    },
  });
  let group = null;
  const nodes = new Map();
  for (const item of items) {
    if (item.group && item.group !== group) list.append(h("div", { class: "group label", role: "presentation" }, (group = item.group)));
    const node = h("div", { role: "option", id: `suggest-${nodes.size}`, "aria-selected": "false", onpointerdown: (event) => event.preventDefault(), onclick: () => pick?.(item) },
      item.lead, h("b", {}, item.label), item.hint ? h("span", {}, item.hint) : null, item.right ? h("span", { class: "right label" }, item.right) : null);
    nodes.set(item, node);
    list.append(node);
  }
  function mark() {
    for (const [item, node] of nodes) {
      node.classList.toggle("active", item === open.active);
      node.setAttribute("aria-selected", String(item === open.active));
    }
    const node = nodes.get(open.active);
    node?.scrollIntoView({ block: "nearest" });
    if (node) input?.setAttribute("aria-activedescendant", node.id);
    else input?.removeAttribute("aria-activedescendant");
  }
  const head = title || error || (!items.length && none) ? h("div", { class: `top ${items.length ? "" : "last"}` }, title ?? h("span", { class: "quiet" }, items.length ? "" : none), error ? h("span", { class: "error", role: "alert" }, error) : title && none && !items.length ? h("span", { class: "quiet" }, none) : null) : null;
  box.replaceChildren(...[head, list].filter(Boolean));
  box.hidden = !head && !items.length;
  mark();
}

/** Takes the choices away. */
export function hideSuggestions() {
  suggest.open?.input?.removeAttribute("aria-activedescendant");
  suggest.open = null;
  $("suggest").hidden = true;
}
