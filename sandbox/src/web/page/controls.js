// What can be done to the sandbox itself.

import { h } from "./dom.js";

export function startControls() {
  const element = h("div", { class: "panel" }, h("div", { class: "controls" }));
  return { element, tools: h("div"), show() {} };
}
