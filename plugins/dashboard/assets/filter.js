// Filters: fields that hide what does not fit.
//
// `<input data-filter="#list">` looks at the text of the list's children (or at their `data-text`), each word by itself;
// `<select data-filter-by="state" data-filter="#list">` at their `data-state`. What stands in `data-filter-empty="#list"` is shown where
// nothing fits. `<form data-get>` asks the server: choices go off at once, and what is empty stays out of the address.

export function start() {
  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      const list = event.target.dataset?.filter;
      if (list) filter(list);
      else if (kind === "change" && event.target.matches?.("form[data-get] select")) event.target.form.requestSubmit();
    });
  }
  document.addEventListener("formdata", (event) => {
    if (!event.target.matches("form[data-get]")) return;
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });
  // After a way back, browsers keep what stood in the fields.
  for (const list of new Set([...document.querySelectorAll("[data-filter]")].map((field) => field.dataset.filter))) filter(list);
}

/// Filters the lists within an element that has new content, or around it.
export function refilter(element) {
  for (const field of document.querySelectorAll("[data-filter]")) {
    const list = document.querySelector(field.dataset.filter);
    if (list && (element.contains(list) || list.contains(element))) filter(field.dataset.filter);
  }
}

function filter(selector) {
  const list = document.querySelector(selector);
  if (!list) return;
  const fields = [...document.querySelectorAll("[data-filter]")].filter((field) => field.dataset.filter === selector);
  const tests = fields.filter((field) => field.value !== "").map((field) => {
    const by = field.dataset.filterBy;
    if (by) return (child) => (child.dataset[by] ?? "").split(" ").includes(field.value);
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    return (child) => {
      const text = (child.dataset.text ?? child.textContent).toLowerCase();
      return words.every((word) => text.includes(word));
    };
  });
  let shown = 0;
  for (const child of list.children) {
    child.hidden = !tests.every((test) => test(child));
    shown += child.hidden ? 0 : 1;
  }
  for (const empty of document.querySelectorAll("[data-filter-empty]")) {
    if (empty.dataset.filterEmpty === selector) empty.hidden = shown > 0 || list.children.length === 0;
  }
}
