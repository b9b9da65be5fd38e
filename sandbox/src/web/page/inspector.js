// The drawer: traffic, the bot's parts, and controls, one at a time.

import { $, h, iconButton } from "./dom.js";
import { startControls } from "./controls.js";
import { startParts } from "./parts.js";
import { startTraffic } from "./traffic.js";

const panels = {};
let current = "traffic";

/** Shows one of the three, and opens the drawer. */
export function inspect(name) {
  current = name;
  $("inspector").hidden = false;
  $("toggle-inspector").setAttribute("aria-pressed", "true");
  localStorage.setItem("inspector", name);
  for (const [key, panel] of Object.entries(panels)) {
    const chosen = key === name;
    panel.element.hidden = !chosen;
    panel.tools.hidden = !chosen;
    panel.tab.setAttribute("aria-selected", String(chosen));
    panel.tab.tabIndex = chosen ? 0 : -1;
    if (chosen) panel.show();
  }
}

/** Closes the drawer. */
export function closeInspector() {
  $("inspector").hidden = true;
  $("toggle-inspector").setAttribute("aria-pressed", "false");
  localStorage.removeItem("inspector");
  $("toggle-inspector").focus();
}

export const isOpen = (name) => !$("inspector").hidden && (!name || current === name);

export const toggleInspector = () => (isOpen() ? closeInspector() : inspect(current));

/** A grip at the upper edge makes it higher and lower. */
function grip() {
  const box = $("inspector");
  const set = (height) => {
    const fits = Math.round(Math.max(160, Math.min(height, innerHeight - 180)));
    box.style.setProperty("--tall", `${fits}px`);
    made.setAttribute("aria-valuenow", fits);
    localStorage.setItem("inspector-height", fits);
  };
  const made = h("div", {
    class: "grip", role: "separator", "aria-orientation": "horizontal", "aria-label": "Height of the inspector", "aria-valuemin": "160", "aria-valuenow": Math.round(innerHeight * 0.42), tabindex: "0",
    onpointerdown: (event) => made.setPointerCapture(event.pointerId),
    onpointermove: (event) => made.hasPointerCapture(event.pointerId) && set(innerHeight - event.clientY),
    onkeydown: (event) => {
      const step = { ArrowUp: 40, ArrowDown: -40 }[event.key];
      if (step) event.preventDefault(), set(box.offsetHeight + step);
    },
  });
  if (localStorage.getItem("inspector-height")) set(Number(localStorage.getItem("inspector-height")));
  return made;
}

export function startInspector() {
  const tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "Inspector" });
  const tools = h("div", { class: "filters" });
  const box = $("inspector");
  box.append(grip(), h("header", {}, tabs, tools, iconButton("close", "Close the inspector", closeInspector)));
  for (const [name, title, start] of [["traffic", "Traffic", startTraffic], ["parts", "Plugins", startParts], ["controls", "Controls", startControls]]) {
    const flag = h("span", { class: "flag", hidden: true });
    const tab = h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => inspect(name) }, title, flag);
    const panel = start({ flag, open: () => isOpen(name) });
    Object.assign(panel.element, { id: `panel-${name}`, hidden: true });
    panel.element.setAttribute("role", "tabpanel");
    panel.element.setAttribute("aria-labelledby", `tab-${name}`);
    panels[name] = { ...panel, tab };
    tabs.append(tab);
    tools.append(panel.tools);
    box.append(panel.element);
  }
  tabs.addEventListener("keydown", (event) => {
    const names = Object.keys(panels), step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    inspect(names[(names.indexOf(current) + step + names.length) % names.length]);
    panels[current].tab.focus();
  });
  box.addEventListener("keydown", (event) => event.key === "Escape" && closeInspector());
  const last = localStorage.getItem("inspector");
  if (last && panels[last] && innerWidth > 760) inspect(last);
}
