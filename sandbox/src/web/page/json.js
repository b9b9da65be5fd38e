// JSON to be read: indented and coloured, built as elements.

import { h } from "./dom.js";

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A value as indented, coloured text. */
export function json(value) {
  const text = JSON.stringify(value, null, 2) ?? "", parts = [];
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [all, string, colon] = found;
    parts.push(text.slice(at, found.index), h("span", { class: colon ? "k" : string ? "s" : /^[tfn]/.test(all) ? "l" : "n" }, colon ? string : all), colon ?? "");
    at = found.index + all.length;
  }
  return h("pre", { class: "json", tabindex: "0" }, parts, text.slice(at));
}
