// Palette: Ctrl+K finds all tabs, and all buttons with `data-palette`.

let dialog = null;

export function start() {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (dialog) dialog.close();
      else open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-palette-open]")) open();
  });
}

/// Everything that there is to pick: words, what it is, and what is done.
function entries() {
  const found = [];
  for (const link of document.querySelectorAll("#sidebar .nav a")) {
    const group = link.closest(".nav-group")?.querySelector("h2")?.textContent ?? "";
    found.push({ words: link.querySelector("bdi")?.textContent ?? link.textContent, kind: group, icon: link.querySelector(".nav-icon"), run: () => link.click() });
  }
  const seen = new Set();
  for (const button of document.querySelectorAll("button[data-palette]")) {
    const words = button.dataset.palette || button.getAttribute("aria-label") || button.textContent.trim();
    if (seen.has(words)) continue;
    seen.add(words);
    found.push({ words, kind: "Action", icon: null, run: () => button.click() });
  }
  return found;
}

function open() {
  if (document.querySelector("dialog[open]")) return;
  const all = entries();
  dialog = document.createElement("dialog");
  dialog.className = "palette";
  dialog.setAttribute("aria-label", "Search tabs and actions");
  const input = document.createElement("input");
  for (const [name, value] of Object.entries({
    type: "text", role: "combobox", placeholder: "Search tabs and actions", "aria-label": "Search tabs and actions",
    "aria-controls": "palette-list", "aria-expanded": "true", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false",
  })) input.setAttribute(name, value);
  const list = document.createElement("ul");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Found");
  const none = document.createElement("p");
  none.className = "muted";
  none.textContent = "Nothing fits.";
  dialog.append(input, list, none);
  document.body.append(dialog);

  let shown = [];
  let at = 0;
  const draw = () => {
    list.replaceChildren(...shown.map((entry, index) => option(entry, index, index === at)));
    list.hidden = shown.length === 0;
    none.hidden = shown.length > 0;
    if (shown.length > 0) input.setAttribute("aria-activedescendant", `palette-${at}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const search = () => {
    shown = fitting(all, input.value);
    at = 0;
    draw();
  };
  const pick = (entry) => {
    dialog.close();
    entry?.run();
  };
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves && shown.length > 0) {
      event.preventDefault();
      at = (at + moves[event.key] + shown.length) % shown.length;
      draw();
    } else if (event.key === "Enter") {
      event.preventDefault();
      pick(shown[at]);
    }
  });
  list.addEventListener("click", (event) => {
    const item = event.target.closest("[data-index]");
    if (item) pick(shown[item.dataset.index]);
  });
  dialog.addEventListener("close", () => {
    dialog?.remove();
    dialog = null;
  });
  search();
  dialog.showModal();
  input.focus();
}

function option(entry, index, chosen) {
  const item = document.createElement("li");
  item.id = `palette-${index}`;
  item.dataset.index = index;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", String(chosen));
  const icon = document.createElement("span");
  icon.className = "nav-icon";
  if (entry.icon) icon.append(...entry.icon.cloneNode(true).childNodes);
  else icon.textContent = "›";
  icon.setAttribute("aria-hidden", "true");
  const words = document.createElement("bdi");
  words.className = "cut";
  words.textContent = entry.words;
  const kind = document.createElement("small");
  kind.className = "muted";
  kind.textContent = entry.kind;
  item.append(icon, words, kind);
  return item;
}

/// Those that have the letters in their order, the closest together first.
export function fitting(all, typed) {
  const wanted = typed.toLowerCase().replace(/\s+/g, "");
  if (!wanted) return all;
  return all
    .map((entry) => ({ entry, score: score(`${entry.words} ${entry.kind}`.toLowerCase(), wanted) }))
    .filter(({ score }) => score !== null)
    .sort((a, b) => a.score - b.score)
    .map(({ entry }) => entry);
}

/// Less is better: gaps between the letters, and how late the first one is; null where they are not all there.
function score(text, wanted) {
  let from = 0;
  let gaps = 0;
  for (const letter of wanted) {
    const at = text.indexOf(letter, from);
    if (at < 0) return null;
    // At the beginning of a word a letter is worth as much as one that follows.
    if (at > from && text[at - 1] !== " ") gaps += at - from;
    else if (at > from) gaps += 1;
    from = at + 1;
  }
  return gaps;
}
