// A small dialog that asks for a few words: the name of a thread, a post, a nickname.

import { $, h, iconButton } from "./dom.js";
import { act, refresh } from "./state.js";

/**
 * Asks, does it, and closes when it worked. `fields` are `{key, label, value, max, tall, optional}`; `what(values)` gives the
 * deed.
 */
export function askFor({ title, action, fields, what, done = () => {} }) {
  const dialog = $("ask"), before = document.activeElement, error = h("p", { class: "error", role: "alert", hidden: true });
  const inputs = fields.map(({ key, label, value = "", max, tall, optional }, index) => [key, label, optional, h(tall ? "textarea" : "input", { id: `word-${index}`, class: "field", value, maxlength: max, required: !optional, autocomplete: "off" })]);
  const close = () => {
    if (dialog.open) dialog.close();
    if (before?.isConnected) before.focus({ preventScroll: true });
  };
  const send = h("button", { class: "button primary" }, action);
  const form = h("form", {}, h("h2", { id: "ask-title" }, h("span", { class: "cut" }, title), iconButton("close", "Close", close)),
    inputs.map(([, label, optional, input]) => h("div", { class: "ask" }, h("label", { for: input.id }, label, optional ? h("span", { class: "opt-mark" }, "optional") : null), input)), error,
    h("menu", {}, h("li", {}, h("button", { type: "button", class: "button", onclick: close }, "Cancel")), h("li", {}, send)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    const answer = await act(what(Object.fromEntries(inputs.map(([key, , , input]) => [key, input.value]))));
    send.disabled = false;
    error.hidden = !answer.error;
    error.textContent = answer.error ?? "";
    if (answer.error) return;
    close();
    await refresh();
    done(answer);
  });
  dialog.oncancel = (event) => (event.preventDefault(), close());
  dialog.replaceChildren(form);
  dialog.showModal();
  inputs[0][3].focus();
}
