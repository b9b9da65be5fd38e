// A command being filled in: one field for each option, checked as Discord's client checks them.

import { h, iconButton } from "./dom.js";
import { find } from "./select.js";
import { act, upload } from "./state.js";
import { hideSuggestions, suggest } from "./suggest.js";

const TYPES = { 3: "text", 4: "whole number", 5: "true or false", 6: "user", 7: "channel", 8: "role", 9: "user or role", 10: "number", 11: "file" };
const KINDS = { 6: "user", 7: "channel", 8: "role", 9: "mentionable" };
const PAUSE_MS = 200;

/** Why a value does not fit into an option, or nothing. */
export function problem(option, text, chosen) {
  if (!text) return option.required ? "must be given" : null;
  if (option.choices?.length) return chosen || option.choices.some((choice) => choice.name === text) ? null : "is none of the choices";
  const number = Number(text);
  const bounds = () => (option.min_value != null && number < option.min_value ? `is at least ${option.min_value}` : option.max_value != null && number > option.max_value ? `is at most ${option.max_value}` : null);
  switch (option.type) {
    case 3: {
      const length = [...text].length, { min_length: min = 0, max_length: max = 6000 } = option;
      return length < min ? `takes at least ${min} characters` : length > max ? `takes at most ${max} characters` : null;
    }
    case 4: return option.autocomplete && chosen ? null : /^-?\d+$/.test(text) && Number.isSafeInteger(number) ? bounds() : "takes a whole number";
    case 10: return option.autocomplete && chosen ? null : text.trim() !== "" && Number.isFinite(number) ? bounds() : "takes a number";
    case 5: return /^(true|false)$/i.test(text) ? null : "is true or false";
    case 6: case 7: case 8: case 9: return chosen ? null : `takes a ${TYPES[option.type]} from the list`;
    default: return null;
  }
}

export class CommandForm {
  /** `leaf` is the command with its options; `send(deed, title)` uses it, `leave(text)` goes back to plain text. */
  constructor(leaf, { send, leave }) {
    Object.assign(this, { leaf, sender: send, fields: [] });
    this.leave = (text) => (hideSuggestions(), leave(text));
    this.element = h("div", { class: "command", role: "group", "aria-label": `Command /${leaf.name}`, onkeydown: (event) => this.keys(event) });
    for (const option of leaf.options.filter((one) => one.required)) this.add(option);
    this.draw();
  }

  get left() {
    return this.leaf.options.filter((option) => !this.fields.some((field) => field.option === option));
  }

  draw() {
    const more = this.left.length ? h("button", { type: "button", class: "add", onclick: () => this.offer(), onfocus: () => this.offer() }, `+ ${this.left.length} optional`) : null;
    this.more = more;
    this.verb = h("span", { class: "verb", tabindex: "0", onfocus: () => this.tell() }, "/" + this.leaf.name);
    this.element.replaceChildren(...[this.verb, ...this.fields.map((field) => field.element), more].filter(Boolean));
  }

  add(option) {
    const id = `opt-${option.name}`, field = { option, chosen: null };
    field.input = option.type === 11
      ? h("input", { type: "file", id, onchange: () => this.check(field) })
      : h("input", { id, autocomplete: "off", spellcheck: "false", role: "combobox", "aria-controls": "suggest-list", "aria-expanded": "true", "aria-required": String(Boolean(option.required)), oninput: () => ((field.chosen = null), this.check(field), this.help(field)) });
    field.input.addEventListener("focus", () => this.help(field));
    field.element = h("span", { class: "opt", "data-option": option.name }, h("label", { for: id }, option.name), field.input, option.required ? null : iconButton("close", `Leave ${option.name} out`, () => this.drop(field)));
    this.fields.push(field);
    return field;
  }

  drop(field) {
    const at = this.fields.indexOf(field);
    this.fields.splice(at, 1);
    this.draw();
    (this.fields[at - 1]?.input ?? this.fields[0]?.input ?? this.verb).focus();
  }

  focus() {
    (this.fields[0]?.input ?? this.verb).focus();
  }

  value(field) {
    return field.option.type === 11 ? field.input.files.length : field.input.value.trim() === "" && field.option.type !== 3 ? "" : field.input.value;
  }

  check(field) {
    const why = problem(field.option, this.value(field), field.chosen);
    field.element.classList.toggle("wrong", Boolean(why) && Boolean(this.value(field)));
    field.input.setAttribute("aria-invalid", String(Boolean(why)));
    return why;
  }

  title(option) {
    const { min_value: min, max_value: max } = option;
    const bounds = min != null || max != null ? ` ${min ?? ""}…${max ?? ""}` : "";
    return [h("span", {}, h("b", {}, option.name), " ", h("span", { class: "quiet" }, option.description)), h("span", { class: "label" }, `${TYPES[option.type]}${bounds}${option.required ? "" : ", optional"}`)];
  }

  /** What stands above the box while nothing is filled in. */
  tell(error) {
    const left = this.left.length ? "Tab for options, Enter sends" : "Enter sends";
    suggest({ label: "Command", title: [h("span", {}, h("b", {}, "/" + this.leaf.name), " ", h("span", { class: "quiet" }, this.leaf.description)), error ? null : h("span", { class: "label" }, left)], error, input: this.verb });
  }

  /** Offers what can stand in a field. */
  async help(field, problemShown) {
    const { option, input } = field, text = input.value, mine = (this.asked = (this.asked ?? 0) + 1);
    const show = (items, more = {}) => {
      if (mine !== this.asked || document.activeElement !== input) return;
      const wrong = problemShown ?? (text && !more.waiting ? this.check(field) : null);
      suggest({ label: option.name, title: this.title(option), error: more.error ?? (wrong && `${option.name} ${wrong}`), items, quiet: !option.choices?.length && !KINDS[option.type] && option.type !== 5, pick: (item) => this.take(field, item), input, ...more });
    };
    const fits = (label) => !text || field.chosen || label.toLowerCase().includes(text.toLowerCase());
    if (option.choices?.length) show(option.choices.filter((choice) => fits(choice.name)).map((choice) => ({ value: choice.value, label: choice.name })));
    else if (option.type === 5) show(["True", "False"].filter(fits).map((name) => ({ value: name === "True", label: name })));
    else if (KINDS[option.type]) show(await find(KINDS[option.type], field.chosen ? "" : text.replace(/^[@#]/, ""), option.channel_types));
    else if (option.autocomplete) await this.complete(field, show);
    else show([]);
  }

  /** Asks the bot, once the typing has paused. */
  async complete(field, show) {
    const asked = this.asked;
    show([], { waiting: true });
    await new Promise((done) => setTimeout(done, PAUSE_MS));
    if (asked !== this.asked) return;
    const others = this.fields.filter((other) => other !== field && this.value(other) && !this.check(other) && other.option.type !== 11);
    const answer = await act({ do: "complete", command: this.leaf.name, focused: field.option.name, options: [...others.map((other) => [other.option.name, this.plain(other)]), [field.option.name, field.input.value]] });
    if (answer.error) return show([], { error: answer.kind === "not_answered" ? "Loading options failed: the application did not respond." : answer.error });
    show((answer.choices ?? []).map((choice) => ({ value: choice.value, label: choice.name })), { none: "The application offers nothing", quiet: false });
  }

  take(field, item) {
    if (!item) return;
    field.chosen = item;
    field.input.value = item.label;
    this.check(field);
    this.next(field);
  }

  /** Goes to the next field, to one that is still to be filled in, or offers those left out. */
  next(field) {
    const after = this.fields[this.fields.indexOf(field) + 1];
    if (after) after.input.focus();
    else if (this.left.length) this.more.focus();
    else this.help(field);
  }

  /** Offers the options that may be left out. */
  offer() {
    suggest({
      label: "Optional", title: h("span", { class: "quiet" }, "Options that may be left out; Enter sends without them"), quiet: true, input: this.more,
      items: this.left.map((option) => ({ value: option, label: option.name, hint: option.description, right: TYPES[option.type] })),
      pick: ({ value: option }) => {
        const field = this.add(option);
        this.draw();
        field.input.focus();
      },
    });
  }

  keys(event) {
    if (event.isComposing || event.target.closest(".icon")) return;
    const list = suggest.open, field = this.fields.find(({ input }) => input === event.target), { key } = event;
    if ((key === "ArrowDown" || key === "ArrowUp") && list?.items.length) list.move(key === "ArrowDown" ? 1 : -1);
    else if (key === "Escape") this.leave();
    else if (key === "Backspace" && field && !this.value(field) && field.input.type !== "file") field.option.required ? field === this.fields[0] && this.leave("/" + this.leaf.name) : this.drop(field);
    else if (key === "Backspace" && event.target === this.verb) this.leave("/" + this.leaf.name);
    else if (key === "Backspace" && event.target === this.more) (this.fields.at(-1)?.input ?? this.verb).focus();
    else if (key === "Tab" && !event.shiftKey && field) {
      if (list?.active && !field.chosen) this.take(field, list.active);
      else if (!this.fields[this.fields.indexOf(field) + 1] && this.left.length) this.more.focus();
      else return;
    } else if (key === "Tab" && !event.shiftKey && event.target === this.verb && this.fields.length + this.left.length) (this.fields[0]?.input ?? this.more).focus();
    else if (key === "Enter") {
      if (list?.active && (field ? !field.chosen && (!list.quiet || list.touched) : list.touched)) list.pick(list.active);
      else this.send();
    } else if (key.length === 1 && !event.ctrlKey && !event.metaKey && event.target === this.more) {
      const option = this.left.find(({ name }) => name.startsWith(key.toLowerCase()));
      if (!option) return;
      suggest.open.active = suggest.open.items.find(({ value }) => value === option);
      suggest.open.move(0);
    } else return;
    event.preventDefault();
  }

  plain(field) {
    if (field.chosen) return field.chosen.value;
    const named = field.option.choices?.find((choice) => choice.name === field.input.value);
    return named ? named.value : field.input.value.trim() || field.input.value;
  }

  async send() {
    for (const field of this.fields) {
      const why = this.check(field);
      if (!why) continue;
      field.input.focus();
      field.element.classList.add("wrong");
      return this.help(field, why);
    }
    const options = [];
    for (const field of this.fields.filter((one) => this.value(one))) {
      const value = field.option.type === 11 ? (await upload(field.input.files))?.[0] : this.plain(field);
      if (value === undefined) return;
      options.push([field.option.name, value]);
    }
    const deed = { do: "slash", command: this.leaf.name, options }, title = "/" + this.leaf.name;
    this.leave();
    return this.sender(deed, title);
  }
}
