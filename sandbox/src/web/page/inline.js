// Discord's markdown inside a line: a text becomes a list of nodes, strings among them.

const MARKS = [["***", ["b", "i"]], ["**", ["b"]], ["__", ["u"]], ["~~", ["s"]], ["||", ["spoiler"]]];
const RULES = [
  [/^\\([^A-Za-z0-9\s])/, ([, character]) => character],
  [/^(`+)([^]*?[^`])\1(?!`)/, ([, , code]) => ({ type: "code", text: code.replace(/^ (?=`)|(?<=`) $/g, "") })],
  [/^<(https?:\/\/[^\s<>]+)>/i, ([, url]) => ({ type: "link", url, nodes: [url] })],
  [/^\[((?:\\.|[^\]\\]|\](?=[^(]*\]\())+)\]\(\s*<?(https?:\/\/[^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:\s+["'][^]*?["'])?\s*\)/i,
    ([, text, url], inner) => ({ type: "link", url, nodes: inner(text), masked: true })],
  [/^https?:\/\/[^\s<>]+[^\s<>.,:;!?"')\]*_~|]/i, ([url]) => ({ type: "link", url, nodes: [url] })],
  [/^<@&(\d{1,20})>/, ([, id]) => ({ type: "mention", of: "role", id })],
  [/^<@!?(\d{1,20})>/, ([, id]) => ({ type: "mention", of: "user", id })],
  [/^<#(\d{1,20})>/, ([, id]) => ({ type: "mention", of: "channel", id })],
  [/^<\/([\p{L}\p{N}_' -]{1,100}):(\d{1,20})>/u, ([, name, id]) => ({ type: "mention", of: "command", id, name })],
  [/^<id:(customize|browse|guide|home|linked-roles(?::\d+)?)>/, ([, name]) => ({ type: "mention", of: "page", name })],
  [/^@(everyone|here)\b/, ([, name]) => ({ type: "mention", of: "everyone", name })],
  [/^<(a?):(\w{2,32}):(\d{1,20})>/, ([, animated, name, id]) => ({ type: "emoji", name, id, animated: !!animated })],
  [/^<t:(-?\d{1,13})(?::([tTdDfFsSR]))?>/, ([, seconds, style]) => ({ type: "time", seconds: Number(seconds), style: style ?? "f" })],
];

/** The nodes of one or more lines. */
export function inline(text) {
  const nodes = [];
  let plain = "", at = 0;
  const push = (node) => {
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(node);
  };
  while (at < text.length) {
    const rest = text.slice(at), found = match(rest, text[at - 1]);
    if (!found) {
      // Nothing that means anything begins with a letter, but for addresses.
      const run = /^(?:[^\\`<[*_~|@h]+|h(?!ttps?:))/.exec(rest)?.[0] ?? rest[0];
      (plain += run), (at += run.length);
      continue;
    }
    if (typeof found.node === "string") plain += found.node;
    else push(found.node);
    at += found.length;
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function match(rest, before) {
  if (/^h/i.test(rest) && before && /\w/.test(before)) return null;
  for (const [rule, make] of RULES) {
    const found = rule.exec(rest);
    if (found) return { node: make(found, inline), length: found[0].length };
  }
  for (const [mark, types] of MARKS) {
    const inside = between(rest, mark);
    if (inside) return { node: wrap(types, inline(inside)), length: inside.length + 2 * mark.length };
  }
  return slanted(rest, before);
}

/** What stands between two marks. Marks in code do not count, and a run of marks ends with its last. */
function between(rest, mark) {
  if (!rest.startsWith(mark)) return null;
  for (let at = mark.length; at < rest.length; at++) {
    if (rest[at] === "\\") at++;
    else if (rest[at] === "`") at += (/^(`+)[^]*?[^`]\1(?!`)/.exec(rest.slice(at))?.[0].length ?? 1) - 1;
    else if (rest.startsWith(mark, at) && at > mark.length && rest[at + mark.length] !== mark[0]) return rest.slice(mark.length, at);
  }
  return null;
}

/** `*slanted*` and `_slanted_`; the second not inside of words. */
function slanted(rest, before) {
  const mark = rest[0];
  if (mark !== "*" && mark !== "_") return null;
  if (mark === "_" && before && /\w/.test(before)) return null;
  if (/^.\s/.test(rest) || rest[1] === mark) return null;
  for (let at = 1; at < rest.length; at++) {
    if (rest[at] === "\\") at++;
    else if (rest.startsWith(mark + mark, at)) at++;
    else if (rest[at] === mark && at > 1) {
      if (mark === "_" && /\w/.test(rest[at + 1] ?? "")) continue;
      if (mark === "*" && /\s/.test(rest[at - 1])) continue;
      return { node: wrap(["i"], inline(rest.slice(1, at))), length: at + 1 };
    }
  }
  return null;
}

const wrap = ([type, ...more], nodes) => ({ type, nodes: more.length ? [wrap(more, nodes)] : nodes });
