// Drawers of narrow screens: what lies over the rest of the page, which then can't be used. Escape, a touch beside it and a wide
// screen close it.

import { $ } from "./dom.js";

export const narrow = matchMedia("(max-width: 760px)");
let open = null;

/** Whether the rest of the page must stay usable: what is read aloud, and what opens later. */
const stays = (element, drawer) => element === drawer || ["veil", "heard", "pops"].includes(element.id) || element.matches("dialog, script");

/** Opens a drawer; `turned(shown)` is told of its end, too. */
export function openDrawer(drawer, opener, turned = () => {}) {
  closeDrawer();
  open = { drawer, opener, turned };
  drawer.classList.add("on");
  $("veil").hidden = false;
  for (const element of document.body.children) if (!stays(element, drawer)) element.inert = true;
  turned(true);
  (drawer.querySelector("[aria-current]") ?? drawer.querySelector("button, input"))?.focus();
}

/** Closes what is open; the focus goes back to what had opened it, unless it has gone elsewhere. */
export function closeDrawer() {
  if (!open) return;
  const { drawer, opener, turned } = open, inside = drawer.contains(document.activeElement);
  open = null;
  drawer.classList.remove("on");
  $("veil").hidden = true;
  for (const element of document.body.children) element.inert = false;
  turned(false);
  if (inside) opener.focus({ preventScroll: true });
}

export function startDrawers() {
  $("veil").addEventListener("pointerdown", closeDrawer);
  narrow.addEventListener("change", closeDrawer);
  // Lists and dialogs that lie above it have their own Escape.
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !open || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    closeDrawer();
  });
}
