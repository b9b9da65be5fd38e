// A list that hangs on something: choices of a menu, people, emojis. One at a time; Escape and a click elsewhere close it.

import { $, h } from "./dom.js";

let open = null;

/** Puts a popover beside an element, where there is room. */
export function place(pop, anchor, { at } = {}) {
  const rect = at ? new DOMRect(at.x, at.y, 0, 0) : anchor.getBoundingClientRect();
  // What is beside a modal dialog cannot be used: there it hangs in the dialog.
  (anchor?.closest?.("dialog") ?? $("pops")).append(pop);
  pop.popover = "manual";
  pop.showPopover();
  const { width, height } = pop.getBoundingClientRect();
  const below = innerHeight - rect.bottom - 8, above = rect.top - 8;
  const top = below >= height || below >= above ? rect.bottom + 4 : rect.top - height - 4;
  pop.style.left = `${Math.max(8, Math.min(rect.left, innerWidth - width - 8))}px`;
  pop.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
}

/** Closes what is open, if anything is. */
export function closeList(focus = true) {
  const closing = open;
  open = null;
  if (!closing) return;
  removeEventListener("pointerdown", closing.outside, true);
  closing.pop.remove();
  closing.anchor?.setAttribute?.("aria-expanded", "false");
  if (focus) closing.anchor?.focus?.({ preventScroll: true });
  closing.closed?.();
}

/** Keeps a popover as the one that is open. */
export function keepOpen(pop, anchor, closed) {
  closeList(false);
  const outside = (event) => {
    if (!pop.contains(event.target) && !anchor?.contains?.(event.target)) closeList(false);
  };
  open = { pop, anchor, outside, closed };
  anchor?.setAttribute?.("aria-expanded", "true");
  addEventListener("pointerdown", outside, true);
}

/**
 * Opens a list of choices beside an element.
 *
 * `load(text)` gives the items, each `{value, label, hint, lead, disabled}`; with `max` above 1 several can be chosen, and
 * `done(items)` is called once, when the list closes and what is chosen fits.
 */
export function openList(anchor, { load, chosen = [], min = 1, max = 1, search = true, label = "Choices", done, width }) {
  if (open?.anchor === anchor) return closeList();
  const many = max > 1, picked = new Map(chosen.map((item) => [item.value, item]));
  const id = "list-" + Math.random().toString(36).slice(2), before = [...picked.keys()].join("\n");
  const options = h("div", { role: "listbox", id, "aria-label": label, "aria-multiselectable": many ? "true" : null });
  const input = h("input", { class: "field", role: "combobox", "aria-controls": id, "aria-expanded": "true", "aria-label": `Search: ${label}`, placeholder: "Search", autocomplete: "off" });
  const note = many ? h("div", { class: "head label", role: "status" }) : null;
  const pop = h("div", { class: "pop" }, search ? input : null, note, options);
  if (width) pop.style.minWidth = `${width}px`;
  let items = [], active = 0, asked = 0;

  const commit = () => {
    if (many && [...picked.keys()].join("\n") !== before && picked.size >= min) done([...picked.values()]);
  };
  const choose = (item) => {
    if (!item || item.disabled) return;
    if (!many) return closeList(), done([item]);
    if (picked.has(item.value)) picked.delete(item.value);
    else if (picked.size < max) picked.set(item.value, item);
    draw();
  };
  const draw = () => {
    active = Math.max(0, Math.min(active, items.length - 1));
    options.replaceChildren(...items.map((item, index) => h("div", {
      role: "option", id: `${id}-${index}`, "aria-selected": String(many ? picked.has(item.value) : index === active), class: index === active ? "active" : "", "aria-disabled": item.disabled ? "true" : null,
      onclick: () => ((active = index), choose(item)),
    }, item.lead, h("span", { class: "cut" }, item.label, item.hint ? h("small", { class: "cut" }, item.hint) : null), picked.has(item.value) ? h("span", { class: "mark" }, "✓") : null)));
    if (!items.length) options.append(h("div", { class: "none" }, "Nothing fits"));
    if (note) note.textContent = `${picked.size} of ${min === max ? max : `${min} to ${max}`} chosen · Escape closes`;
    (search ? input : options).setAttribute("aria-activedescendant", items.length ? `${id}-${active}` : "");
    options.children[active]?.scrollIntoView({ block: "nearest" });
  };
  const find = async () => {
    const mine = ++asked, found = await load(input.value);
    if (mine !== asked) return;
    items = found;
    draw();
  };
  pop.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) active = step === 1 && active === items.length - 1 ? 0 : step === -1 && active === 0 ? items.length - 1 : active + step;
    else if (event.key === "Enter" || (event.key === " " && !search)) choose(items[active]);
    else if (event.key === "Escape" || event.key === "Tab") closeList();
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (step) draw();
  });
  input.addEventListener("input", () => ((active = 0), find()));
  keepOpen(pop, anchor, commit);
  place(pop, anchor);
  if (!search) options.tabIndex = 0;
  find().then(() => pop.isConnected && (place(pop, anchor), (search ? input : options).focus({ preventScroll: true })));
}
