// Deeds: forms and buttons with `data-post`, and files with `data-upload`.
//
// data-body='{"name":"x"}'  what a button sends; a form sends its fields as strings (checkboxes: true or false, names ending in []: lists)
// data-confirm="Question?"  asks first; data-confirm-word="DELETE" has to be typed; data-danger: it can't be undone
// data-then                 after success: reload, refresh:#id, refresh:#a,#b, go:/path, show:#id (the answer is HTML for that element), close
//
// An error is shown in the form's `[data-error]` where it has one, else as a toast.
import { ask } from "./dialog.js";
import { leave, refresh, show } from "./live.js";
import { visit } from "./tab.js";
import { sayNext, toast } from "./toast.js";

export function start() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-post]")) return;
    event.preventDefault();
    deed(form, event.submitter, form.dataset.post, () => json(fields(form, event.submitter)));
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-post]");
    if (!button) return;
    event.preventDefault();
    deed(button, button, button.dataset.post, () => ({ headers: { "content-type": "application/json" }, body: button.dataset.body || "{}" }));
  });
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches?.("input[type=file][data-upload]") || input.files.length === 0) return;
    upload(input);
  });
}

async function upload(input) {
  for (const file of [...input.files]) {
    await deed(input, input, input.dataset.upload, () => ({
      headers: { "content-type": "application/octet-stream", "x-file-name": encodeURIComponent(file.name) },
      body: file,
    }));
  }
  input.value = "";
}

/// Asks where that is wanted, sends, and does what is to be done after it.
async function deed(element, button, address, prepare) {
  if (element.getAttribute("aria-busy") === "true") return;
  const { confirm, confirmWord } = { ...element.dataset, ...button?.dataset };
  const danger = element.hasAttribute("data-danger") || Boolean(button?.hasAttribute("data-danger"));
  if (confirm && !(await ask(confirm, { danger, word: confirmWord, yes: button?.textContent.trim() || "Yes" }))) return;
  element.setAttribute("aria-busy", "true");
  if (button) button.disabled = true;
  try {
    const request = prepare();
    const { response, text } = await post(address, request);
    if (response.status === 401) return leave();
    if (!response.ok) return refused(element, text || `The server answers ${response.status}.`);
    refused(element, "");
    // What was typed before "Reset" is not to stay in the way of what holds now.
    if (element.nodeName === "BUTTON") element.closest("form[data-post]")?.reset();
    await then(element.dataset.then ?? button?.dataset.then ?? "", response, text, element);
  } catch {
    refused(element, "The bot does not answer: nothing is known of what came of it. Try again in a moment.");
  } finally {
    element.removeAttribute("aria-busy");
    if (button) button.disabled = false;
  }
}

/// Sends it with the token that proves that a page of this session does. Cookies don't tell the ports of a machine apart: where several bots
/// serve pages, each has a token there, under a name of its own. One that is not this bot's is refused before anything is done.
async function post(address, request) {
  const tokens = csrf();
  for (;;) {
    const token = tokens.shift() ?? "";
    const response = await fetch(address, {
      method: "POST",
      credentials: "same-origin",
      ...request,
      headers: { accept: "text/html, text/plain", "x-csrf": token, ...request.headers },
    });
    const text = await response.text();
    const isOthers = response.status === 403 && text.includes("x-csrf");
    if (!isOthers) own = token;
    if (!isOthers || tokens.length === 0) return { response, text };
  }
}

/// The token that was this bot's the last time.
let own = "";

/// All tokens that there are, the likeliest first.
function csrf() {
  const cookies = document.cookie.split("; ").filter((pair) => /^(__Host-)?csrf(-\w+)?=/.test(pair));
  const tokens = cookies.map((pair) => decodeURIComponent(pair.slice(pair.indexOf("=") + 1)));
  return tokens.sort((a, b) => (b === own) - (a === own));
}

/// What a form sends: one object of its fields.
export function fields(form, submitter) {
  const sent = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.nodeName === "BUTTON" || field.type === "submit") continue;
    const list = field.name.endsWith("[]");
    const values = field.type === "select-multiple" ? [...field.selectedOptions].map((option) => option.value) : [field.value];
    if (list) {
      sent[field.name] ??= [];
      if (!["checkbox", "radio"].includes(field.type) || field.checked) sent[field.name].push(...values);
    } else if (field.type === "checkbox") sent[field.name] = field.checked;
    else if (field.type !== "radio" || field.checked) sent[field.name] = field.value;
  }
  if (submitter?.name) sent[submitter.name] = submitter.value;
  return sent;
}

function json(value) {
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

function refused(element, text) {
  // A button within a form is about what that form is about.
  const form = element.closest("form") ?? element;
  const place = form.querySelector("[data-error]");
  if (place) {
    place.textContent = text.replaceAll("`", "");
    for (const field of form.elements ?? []) {
      if (text && field.name) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  } else if (text) toast(text, "error");
}

async function then(what, response, text, element) {
  const html = (response.headers.get("content-type") ?? "").startsWith("text/html");
  const said = html ? "" : text;
  if (response.redirected) {
    location.assign(response.url);
    return;
  }
  const [deed, target = ""] = split(what);
  if (deed === "reload") {
    sayNext(said);
    location.reload();
    return;
  }
  if (deed === "go") {
    if (visit(target)) return toast(said);
    sayNext(said);
    location.assign(target);
    return;
  }
  if (deed === "show") {
    const place = document.querySelector(target);
    if (place) {
      show(place, html ? text : "");
      if (!html) place.textContent = text;
      if (place.nodeName === "DIALOG" && !place.open) place.showModal();
    }
    return;
  }
  if (deed === "refresh") for (const selector of target.split(",")) refresh(selector.trim());
  if (element.matches("form[data-reset]")) element.reset();
  if (deed === "close" || element.hasAttribute("data-then-close")) element.closest("dialog")?.close();
  toast(said);
}

/// Splits at the first colon.
function split(what) {
  const at = what.indexOf(":");
  return at < 0 ? [what] : [what.slice(0, at), what.slice(at + 1)];
}
