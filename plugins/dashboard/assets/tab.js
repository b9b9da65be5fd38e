// Another plugin's tab: links to that plugin's other pages, and `go:` to them, stay within it. `?at=/path` is the page that is open.
import { refresh } from "./live.js";

const tab = () => document.querySelector("main > section[data-own]");

export function start() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || link.target || link.hasAttribute("download") || !tab()?.contains(link)) return;
    if (visit(link.href)) event.preventDefault();
  });
  addEventListener("popstate", () => tab() && location.reload());
}

/// Opens a page of the tab's plugin within the tab; whether it is one.
export function visit(address) {
  const part = tab();
  const to = new URL(address, location.href);
  if (!part || to.origin !== location.origin || !to.pathname.startsWith(`${part.dataset.own}/`)) return false;
  const path = to.pathname + to.search;
  const here = new URL(location.href);
  here.searchParams.set("at", path.slice(part.dataset.own.length));
  history.pushState(null, "", here);
  part.dataset.src = path;
  // What was open is of another page: nothing of it is to be kept.
  part.replaceChildren();
  refresh(part);
  document.getElementById("main").focus({ preventScroll: true });
  scrollTo(0, 0);
  return true;
}
