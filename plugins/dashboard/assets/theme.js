// Theme: what was chosen, set before the first paint. A script of its own, not a module, since modules come later.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("theme");
  } catch {
    // No storage: as the system has it.
  }
  if (theme === "light" || theme === "dark") document.documentElement.classList.add(theme);
})();
