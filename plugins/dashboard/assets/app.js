// Dashboard: what its pages do, driven by attributes. Each module has one subject:
//
// live.js     data-src, data-live, data-every, data-append, data-pause
// follow.js   data-follow: lines that grow
// post.js     data-post, data-body, data-confirm, data-then, data-upload
// filter.js   data-filter, data-filter-by, data-filter-empty, data-get
// tab.js      links within another plugin's tab
// dialog.js   data-dialog, data-close, and questions
// palette.js  Ctrl+K: all tabs, and what has data-palette
// lines.js    data-lines
// time.js     <time data-ago>
// toast.js    what is said in the corner
// morph.js    new HTML in the place of old, with what people do kept
//
// Here: the theme, the drawer, data-copy.
import { start as startDialogs } from "./dialog.js";
import { start as startFilters } from "./filter.js";
import { start as startFollowing } from "./follow.js";
import { start as startLines } from "./lines.js";
import { start as startLive } from "./live.js";
import { start as startPalette } from "./palette.js";
import { start as startPosts } from "./post.js";
import { start as startTab } from "./tab.js";
import { start as startTimes } from "./time.js";
import { sayKept, toast } from "./toast.js";

startTimes();
startFilters();
startFollowing();
startDialogs();
startPosts();
startTab();
startPalette();
startLines();
startLive();
sayKept();

document.addEventListener("click", (event) => {
  const of = (attribute) => event.target.closest?.(`[${attribute}]`);
  if (of("data-theme-toggle")) toggleTheme();
  else if (of("data-drawer")) openDrawer(!document.body.classList.contains("drawer-open"));
  else if (of("data-drawer-close")) openDrawer(false);
  else if (of("data-copy")) copy(of("data-copy"));
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.classList.contains("drawer-open")) openDrawer(false);
});

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.classList.contains("dark")
    || (!root.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
  const theme = dark ? "light" : "dark";
  root.classList.remove("light", "dark");
  root.classList.add(theme);
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // No storage: until the page is left.
  }
}

function openDrawer(open) {
  const button = document.querySelector("[data-drawer]");
  document.body.classList.toggle("drawer-open", open);
  button?.setAttribute("aria-expanded", String(open));
  if (open) document.querySelector("#sidebar a[aria-current], #sidebar a")?.focus();
  else button?.focus();
}

async function copy(button) {
  const text = button.dataset.copy || button.parentElement.querySelector("pre, code")?.textContent || "";
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast("Your browser does not let this page copy: mark the text, and press Ctrl+C.", "error");
  }
}
