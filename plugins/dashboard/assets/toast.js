// Toasts: what is said in the corner, read out by screen readers.

const MOST = 4;
const KEPT = "toast";

/// Says something: `kind` is "" or "error". Errors stay longer, and interrupt what is read out.
export function toast(text, kind = "") {
  const box = document.getElementById("toasts");
  if (!box || !text) return;
  const item = document.createElement("div");
  item.className = `toast ${kind}`;
  item.setAttribute("role", kind === "error" ? "alert" : "status");
  const words = document.createElement("p");
  // Without the marks of code, which are Discord's way.
  words.textContent = text.replaceAll("`", "");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "icon-button";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "✕";
  close.addEventListener("click", () => item.remove());
  item.append(words, close);
  box.append(item);
  while (box.children.length > MOST) box.firstElementChild.remove();
  const lasts = (kind === "error" ? 12_000 : 5_000) + 40 * text.length;
  let timer = setTimeout(() => item.remove(), lasts);
  // Whoever reads, or wants to close it, has the time that it takes.
  for (const held of ["pointerenter", "focusin"]) item.addEventListener(held, () => clearTimeout(timer));
  for (const left of ["pointerleave", "focusout"]) {
    item.addEventListener(left, () => {
      clearTimeout(timer);
      timer = setTimeout(() => item.remove(), 2_000);
    });
  }
}

/// Says it on the page that is shown next.
export function sayNext(text) {
  try {
    if (text) sessionStorage.setItem(KEPT, text);
  } catch {
    // Without storage it goes unsaid.
  }
}

/// Says what the page before this one has left to say.
export function sayKept() {
  try {
    const text = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
    if (text) toast(text);
  } catch {
    // Nothing was left.
  }
}
