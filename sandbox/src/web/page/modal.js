// Modals: text, choices, people, files. What is filled in is sent as the modal's custom ids say.

import { $, h, iconButton } from "./dom.js";
import { markdown } from "./markdown.js";
import { kindOf, picker } from "./select.js";
import { act, on, refresh, store, upload } from "./state.js";

let shown = null, before = null;
const closed = new Set();

/** The modal's entries: fields with what surrounds them, and texts. */
function entries(modal) {
  return (modal.components ?? []).flatMap((outer) => {
    if (outer.type === 10) return [{ text: outer.content }];
    const inner = outer.component ?? outer.components?.[0];
    return inner?.custom_id ? [{ field: inner, label: outer.label ?? inner.label ?? inner.custom_id, hint: outer.description }] : [];
  });
}

/** A field: an element, what is in it, and whether the browser must not send it empty. */
function control(field, id) {
  const required = field.required !== false, shared = { id, required: required && field.type !== 23 };
  switch (field.type) {
    case 4: {
      const max = field.max_length ?? 4000, tall = field.style === 2;
      const input = h(tall ? "textarea" : "input", { ...shared, class: "field", minlength: field.min_length, maxlength: max, placeholder: field.placeholder, autocomplete: "off", value: field.value ?? "" });
      const count = h("span", { class: "label len" }), show = () => (count.textContent = `${[...input.value].length} / ${max}`);
      input.addEventListener("input", show);
      show();
      return { element: [input, field.max_length ? count : null], value: () => input.value, focus: input };
    }
    case 3: case 5: case 6: case 7: case 8: {
      const chosen = field.type === 3 ? (field.options ?? []).filter((option) => option.default) : (field.default_values ?? []).map((one) => ({ value: one.id, label: store.messages?.names[one.id]?.name ?? one.id }));
      const made = picker(field, { label: field.placeholder ?? "Choose…", chosen, find: kindOf(field.type), keep: true, done: () => made.removeAttribute("aria-invalid") });
      made.id = id;
      return { element: made, value: () => made.values().join(","), focus: made, missing: () => required && made.values().length < (field.min_values ?? 1) };
    }
    case 19: {
      const input = h("input", { ...shared, class: "field", type: "file", multiple: (field.max_values ?? 1) > 1 });
      return { element: input, value: () => "", files: () => [...input.files], focus: input };
    }
    case 23: {
      const input = h("input", { id, type: "checkbox", checked: field.default === true });
      return { element: h("label", { class: "choice" }, input, h("span", {}, field.label ?? "Yes")), value: () => String(input.checked), focus: input };
    }
    case 21: case 22: {
      const type = field.type === 21 ? "radio" : "checkbox";
      const inputs = (field.options ?? []).map((option, index) => [option, h("input", { type, name: id, id: index ? null : id, value: option.value, checked: option.default === true, required: type === "radio" && required })]);
      return {
        element: inputs.map(([option, input]) => h("label", { class: "choice" }, input, h("span", {}, option.label, option.description ? h("small", {}, option.description) : null))),
        value: () => inputs.filter(([, input]) => input.checked).map(([, input]) => input.value).join(","), focus: inputs[0]?.[1],
        missing: () => required && type === "checkbox" && inputs.filter(([, input]) => input.checked).length < (field.min_values ?? 1),
      };
    }
    default: return { element: h("span", { class: "quiet" }, `a field of type ${field.type}`), value: () => "" };
  }
}

function build(modal) {
  const controls = [], error = h("p", { class: "error", role: "alert", hidden: true });
  const body = entries(modal).map(({ text, field, label, hint }, index) => {
    if (text) return markdown(text);
    const id = `ask-${index}`, made = control(field, id);
    controls.push({ field, label, ...made });
    const optional = field.required === false, group = field.type === 21 || field.type === 22;
    const mark = optional ? h("span", { class: "opt-mark" }, "optional") : h("span", { class: "req", "aria-hidden": "true" }, "*");
    return h(group ? "fieldset" : "div", { class: "ask" }, h(group ? "legend" : "label", { for: group ? null : id }, label, field.type === 23 ? null : mark), hint ? h("small", {}, hint) : null, made.element);
  });
  const send = h("button", { class: "button primary" }, "Submit");
  const form = h("form", { novalidate: false }, h("h2", { id: "asks" }, h("span", {}, modal.title), iconButton("close", "Close", dismiss)), h("p", { class: "from" }, `asked by ${store.state.bot.name}`), body, error,
    h("menu", {}, h("li", {}, h("button", { type: "button", class: "button", onclick: dismiss }, "Cancel")), h("li", {}, send)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const missing = controls.find((one) => one.missing?.());
    if (missing) return (error.hidden = false), (error.textContent = `“${missing.label}” must be filled in.`), missing.focus?.focus();
    send.classList.add("busy");
    const fields = [];
    for (const one of controls) {
      const ids = one.files ? await upload(one.files()) : null, value = one.files ? (ids ?? []).join(",") : one.value();
      if (one.files && !ids) return send.classList.remove("busy");
      if (value !== "" || one.field.type === 4) fields.push([one.field.custom_id, value]);
    }
    const answer = await act({ do: "submit", fields });
    send.classList.remove("busy");
    error.hidden = !answer.error;
    error.textContent = answer.kind === "not_answered" ? "Something went wrong: the application did not respond. What you wrote is still here." : (answer.error ?? "");
    if (!answer.error) closed.add(modal.interaction), close();
    refresh();
  });
  return form;
}

function show() {
  const modal = store.state?.modal ?? null, dialog = $("modal");
  const wanted = modal && !closed.has(modal.interaction) ? modal.interaction : null;
  if (shown?.id === wanted && shown?.user === store.user) return;
  // What could not be submitted stays open: the sandbox has forgotten the modal, the user has not.
  if (shown && !wanted && shown.user === store.user) return;
  if (dialog.open) dialog.close();
  shown = wanted ? { id: wanted, user: store.user } : null;
  if (!wanted) return;
  before = document.activeElement;
  dialog.replaceChildren(build(modal));
  dialog.showModal();
  dialog.querySelector(".ask input, .ask textarea, .ask button")?.focus();
}

function close() {
  const dialog = $("modal");
  shown = null;
  if (dialog.open) dialog.close();
  (before?.isConnected ? before : $("text"))?.focus({ preventScroll: true });
}

async function dismiss() {
  if (!shown) return;
  closed.add(shown.id);
  close();
  await act({ do: "dismiss" });
  refresh();
}

export function startModal() {
  on("state place", show);
  $("modal").addEventListener("cancel", (event) => (event.preventDefault(), dismiss()));
}
