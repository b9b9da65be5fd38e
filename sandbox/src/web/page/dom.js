// Making elements. All text goes into the document as text, never as HTML.

export const $ = (id) => document.getElementById(id);

/** An element; functions named `on…` listen, `true` sets an attribute, `null` and `false` leave it out. */
export function h(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, set] of Object.entries(value)) made.style.setProperty(key, set);
    else if (name === "value" || name === "checked" || name === "indeterminate") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(9).filter((child) => child != null && child !== false && child !== ""));
  return made;
}

const SHAPES = {
  hash: "M6 2 4.5 14M11.5 2 10 14M2.5 5.5h11.5M2 10.5h11.5",
  voice: "M2.5 6v4h2.5l3.5 3V3L5 6zM11 6.2a3 3 0 0 1 0 3.6M13 4.3a6 6 0 0 1 0 7.4",
  stage: "M8 9.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM4.8 11a4.8 4.8 0 1 1 6.4 0M6 14l.6-3h2.8l.6 3",
  forum: "M2.5 3.5h11v7h-6l-3 3v-3h-2zM5 6h6M5 8.2h4",
  news: "M2.5 6.5v3h2l6 3.5V3l-6 3.5zM13 6.5v3",
  thread: "M3 2v6a2 2 0 0 0 2 2h8M10 7l3 3-3 3",
  dm: "M2.5 3.5h11v8H7l-3 2.5v-2.5H2.5z",
  media: "M2.5 3h11v10h-11zM2.5 11l3.5-3.5 3 3 2-2 2.5 2.5M10.5 6h.01",
  caret: "M6 3.5 10.5 8 6 12.5", down: "M3.5 6 8 10.5 12.5 6", close: "M4 4l8 8M12 4l-8 8", plus: "M8 3v10M3 8h10",
  reply: "M6 3.5 2.5 7 6 10.5M2.5 7H10a3.5 3.5 0 0 1 3.5 3.5V13", edit: "M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3zM9 4.7 11.3 7",
  trash: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9", dots: "M2.8 8a.6.6 0 1 0 1.2 0 .6.6 0 0 0-1.2 0zM7.4 8a.6.6 0 1 0 1.2 0 .6.6 0 0 0-1.2 0zM12 8a.6.6 0 1 0 1.2 0 .6.6 0 0 0-1.2 0z", smile: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM5.5 9.5a3 3 0 0 0 5 0M6 6.3h.01M10 6.3h.01",
  people: "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 3.3a2.5 2.5 0 0 1 0 4.4M12 9.8c1.6.6 2.5 1.9 2.5 3.7",
  scope: "M1.5 8.5h3L6.5 3l3 10 2-4.5h3", sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7",
  menu: "M2.5 4h11M2.5 8h11M2.5 12h11", send: "M2.5 8 13.5 2.5 10.5 13.5 7.5 9zM7.5 9l3-3", clip: "M12.5 7.5 7.7 12.3a2.8 2.8 0 0 1-4-4l5.3-5.3a1.9 1.9 0 0 1 2.7 2.7L6.5 10.9a.9.9 0 0 1-1.3-1.3L9.6 5.2",
  pause: "M5.5 3.5v9M10.5 3.5v9", play: "M5 3l8 5-8 5z", copy: "M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1", check: "M3 8.5 6.5 12 13 4.5", out: "M6 3H3v10h10v-3M9 3h4v4M13 3 7.5 8.5", eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z",
  pin: "M6 2.5h4l-.5 4 2 2.5h-7l2-2.5zM8 9v4.5", file: "M4 1.5h5l3 3v10H4zM9 1.5v3h3", slash: "M10.5 2.5l-5 11", clear: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM3.8 3.8l8.4 8.4",
};

/** A line drawing, 16 by 16, that says nothing to those who listen. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name] ?? "");
  svg.append(path);
  return svg;
}

/** A button that shows a drawing and says a label. */
export function iconButton(name, label, click, more = {}) {
  return h("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick: click, ...more }, icon(name));
}

/** A monogram in a colour of its own. */
export function face({ id, name, bot }, more = "") {
  const words = String(name ?? "?").split(/[\s_.-]+/).filter(Boolean);
  const letters = (words.length > 1 ? [...words[0]][0] + [...words[1]][0] : [...(words[0] ?? "?")].slice(0, 2).join("")).toUpperCase();
  const hue = ([...String(name ?? id)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) * 137) % 360;
  return h("span", { class: `face ${bot ? "bot" : ""} ${more}`, "aria-hidden": "true", style: { "--hue": hue } }, letters);
}

/** Sets a text only if it is another: what is read aloud is not to be repeated. */
export function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

export const hex = (color) => "#" + Number(color).toString(16).padStart(6, "0");

/** A role's colour, drawn towards the ink as far as it must be to be read on either ground. */
export const readable = (color) => (color ? `color-mix(in oklab, ${hex(color)} 58%, var(--ink))` : null);

/** Files are served under 127.0.0.1; the page may be open under another name of the same machine. */
export const local = (url) => String(url ?? "").replace(/^http:\/\/127\.0\.0\.1:\d+\//, "/");

/** Addresses that a link or a picture may have. */
export const safe = (url) => (/^(https?:\/\/|\/)/i.test(local(url)) ? local(url) : null);

export function bytes(size) {
  return size < 1024 ? `${size} B` : size < 1048576 ? `${(size / 1024).toFixed(1)} KB` : `${(size / 1048576).toFixed(1)} MB`;
}
