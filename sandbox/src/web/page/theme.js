"use strict";
// Light or dark, before anything is drawn: what was chosen here, else what the system wants.
(() => {
  const wish = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem("theme");
  const show = () => (document.documentElement.dataset.theme = chosen() ?? (wish.matches ? "dark" : "light"));
  wish.addEventListener("change", show);
  addEventListener("theme", () => {
    const other = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    // Back to what the system wants: nothing is to be remembered.
    if (other === (wish.matches ? "dark" : "light")) localStorage.removeItem("theme");
    else localStorage.setItem("theme", other);
    show();
  });
  show();
})();
