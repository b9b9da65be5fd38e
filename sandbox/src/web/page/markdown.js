// Discord's markdown: blocks. <https://support.discord.com/hc/en-us/articles/210298617>

import { h, readable } from "./dom.js";
import { inline } from "./inline.js";
import { Clock } from "./timestamp.js";

/** A message's text as a tree: headings, subtext, quotes, lists, code, and lines in between. */
export function parse(text) {
  const blocks = [];
  let rest = text;
  const line = [];
  const flush = () => {
    const nodes = line.length ? inline(line.join("")) : [];
    if (nodes.length) blocks.push({ type: "lines", nodes });
    line.length = 0;
  };
  let fresh = true;
  while (rest) {
    const found = (fresh && (quote(rest) ?? heading(rest) ?? list(rest))) || fence(rest);
    if (found) {
      // A block begins on a line of its own: the break before it is not drawn twice.
      if (line.length) line.push(line.pop().replace(/\n$/, ""));
      flush();
      blocks.push(found.block);
      rest = rest.slice(found.length);
      if (found.block.type === "pre") rest = rest.replace(/^\n/, "");
      fresh = true;
      continue;
    }
    // To the end of the line, or to code that begins in it; not to code marks inside of inline code.
    const piece = /^(?:`(?!``)[^`\n]*`|(?!```)[^\n])*\n?/.exec(rest)[0] || rest[0];
    line.push(piece);
    fresh = piece.endsWith("\n");
    rest = rest.slice(piece.length);
    if (!fresh && rest.startsWith("```") && !fence(rest)) (line.push("```"), (rest = rest.slice(3)));
  }
  flush();
  return blocks;
}

function fence(rest) {
  const found = /^```(?:([A-Za-z0-9_+\-.#]+)\n)?\n*([^]*?[^\n`]|[^]*?[^\n])\n*```/.exec(rest);
  return found && { block: { type: "pre", lang: found[1], text: found[2] }, length: found[0].length };
}

function quote(rest) {
  const whole = /^ *>>> ([^]*)/.exec(rest);
  if (whole) return { block: { type: "quote", blocks: parse(whole[1]) }, length: rest.length };
  const lines = /^(?: *> [^\n]*(?:\n|$))+/.exec(rest);
  if (!lines) return null;
  const inside = lines[0].replace(/\n$/, "").replace(/^ *> /gm, "");
  return { block: { type: "quote", blocks: parse(inside) }, length: lines[0].length };
}

function heading(rest) {
  const found = /^ *(#{1,3}|-#) +([^\n]*[^\s\n])[^\S\n]*(?:\n|$)/.exec(rest);
  if (!found) return null;
  const [all, mark, text] = found;
  return { block: { type: mark === "-#" ? "sub" : "h" + mark.length, nodes: inline(text.replace(/\s+#+$/, "")) }, length: all.length };
}

const ITEM = /^( *)([-*]|\d{1,9}\.) +([^\n]*)(?:\n|$)/;

/** Items; those that stand further in are lists inside of the item before. */
function list(rest) {
  const lines = [];
  let length = 0;
  for (let found; (found = ITEM.exec(rest.slice(length))); length += found[0].length) {
    if (/^-#/.test(found[0].trim())) break;
    lines.push({ depth: Math.min(Math.floor(found[1].length / 2), 10), mark: found[2], text: found[3] });
  }
  return lines.length ? { block: nest(lines), length } : null;
}

function nest(lines) {
  const { depth, mark } = lines[0], ordered = /\d/.test(mark);
  const items = [];
  for (let at = 0; at < lines.length; ) {
    let end = at + 1;
    while (end < lines.length && lines[end].depth > depth) end++;
    items.push({ nodes: inline(lines[at].text), blocks: end > at + 1 ? [nest(lines.slice(at + 1, end))] : [] });
    at = end;
  }
  return { type: ordered ? "ol" : "ul", start: ordered ? Number.parseInt(mark) : null, items };
}

// ---- drawing -------------------------------------------------------------------------------------------

/** The text as elements. `names` knows who and what is mentioned; `open` is called with mentions that can be opened. */
export function markdown(text, { names = {}, open } = {}) {
  const blocks = parse(String(text ?? ""));
  const box = h("div", { class: "md" }, blocks.map((block) => drawBlock(block, { names, open })));
  const only = blocks.length === 1 && blocks[0].type === "lines" && blocks[0].nodes;
  if (only && only.length <= 30 && only.every(isEmoji)) box.classList.add("jumbo");
  return box;
}

/** Text without blocks, for titles and names of fields. */
export const line = (text, context = {}) => inline(String(text ?? "")).map((node) => draw(node, { names: {}, ...context }));

const isEmoji = (node) => (typeof node === "string" ? /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f]*|\p{Regional_Indicator}{2}|\s)+$/u.test(node) && node.trim() : node.type === "emoji");

function drawBlock(block, context) {
  const inside = () => (block.blocks ? block.blocks.map((inner) => drawBlock(inner, context)) : block.nodes.map((node) => draw(node, context)));
  switch (block.type) {
    case "pre": return h("pre", { "data-lang": block.lang, tabindex: "0" }, h("code", {}, block.text));
    case "quote": return h("blockquote", {}, inside());
    case "sub": return h("small", { class: "sub" }, inside());
    case "lines": return inside();
    case "ul": case "ol":
      return h(block.type, { start: block.start > 1 ? block.start : null },
        block.items.map((item) => h("li", {}, item.nodes.map((node) => draw(node, context)), item.blocks.map((inner) => drawBlock(inner, context)))));
    default: return h(block.type, {}, inside());
  }
}

function draw(node, context) {
  if (typeof node === "string") return node;
  const inside = () => node.nodes.map((inner) => draw(inner, context));
  switch (node.type) {
    case "b": return h("strong", {}, inside());
    case "i": return h("em", {}, inside());
    case "u": return h("u", {}, inside());
    case "s": return h("s", {}, inside());
    case "code": return h("code", {}, node.text);
    case "link": return h("a", { href: node.url, target: "_blank", rel: "noreferrer noopener", title: node.masked ? node.url : null }, inside());
    case "time": return Clock.element(node.seconds, node.style);
    case "emoji": return emoji(node);
    case "spoiler": return spoiler(inside());
    default: return mention(node, context);
  }
}

function spoiler(inside) {
  const made = h("span", { class: "spoiler", role: "button", tabindex: "0", "aria-expanded": "false", "aria-label": "Spoiler" }, h("span", {}, inside));
  const reveal = (event) => {
    if (made.classList.contains("open") || (event.type === "keydown" && !["Enter", " "].includes(event.key))) return;
    event.preventDefault();
    made.classList.add("open");
    for (const name of ["role", "tabindex", "aria-expanded", "aria-label"]) made.removeAttribute(name);
  };
  made.addEventListener("click", reveal);
  made.addEventListener("keydown", reveal);
  return made;
}

/** A custom emoji's picture if the sandbox has it, its name if not. */
export function emoji({ id, name, animated }) {
  const picture = h("img", { class: "emoji", src: `/emojis/${id}.${animated ? "gif" : "png"}`, alt: `:${name}:`, title: `:${name}:` });
  picture.addEventListener("error", () => picture.replaceWith(h("span", { class: "emoji-name" }, `:${name}:`)));
  return picture;
}

const UNKNOWN = { user: "@unknown-user", role: "@unknown-role", channel: "#unknown" };

function mention(node, { names, open }) {
  const known = names[node.id];
  const label = {
    user: () => known && "@" + known.name, role: () => known && "@" + known.name.replace(/^@/, ""), channel: () => known && "#" + known.name,
    command: () => "/" + node.name, everyone: () => "@" + node.name, page: () => "#" + node.name,
  }[node.of]() || UNKNOWN[node.of];
  const style = node.of === "role" && known?.color ? { "--role": readable(known.color) } : {};
  if (!open || !["user", "channel", "command"].includes(node.of) || (!known && node.of !== "command")) return h("span", { class: `mention ${node.of}`, style }, label);
  return h("button", { type: "button", class: `mention ${node.of}`, onclick: (event) => open(node, event) }, label);
}
