// Commands after a slash: which there are, and which one is meant.

import { store } from "./state.js";

const isNested = (option) => option.type === 1 || option.type === 2;

/** Every command that can be sent: subcommands by their whole names. */
export function leaves() {
  const all = [];
  const walk = (command, path, node) => {
    const nested = (node.options ?? []).filter(isNested);
    if (nested.length) for (const inner of nested) walk(command, [...path, inner.name], inner);
    else all.push({ command, name: path.join(" "), description: node.description || command.description, options: node.options ?? [] });
  };
  for (const command of store.commands?.items ?? []) if (command.type === 1) walk(command, [command.name], command);
  return all;
}

/** What fits to a slash and the first letters, the best first. */
export function slashItems(text) {
  const wanted = text.slice(1).trimStart().toLowerCase();
  const rank = ({ name, description }) => (name.startsWith(wanted) ? 0 : name.split(" ").some((word) => word.startsWith(wanted)) ? 1 : name.includes(wanted) ? 2 : description.toLowerCase().includes(wanted) ? 3 : 9);
  return leaves()
    .map((leaf) => [rank(leaf), leaf])
    .filter(([fits]) => fits < 9)
    .sort(([one, a], [other, b]) => one - other || a.name.localeCompare(b.name))
    .slice(0, 60)
    .map(([, leaf]) => ({
      value: leaf, label: "/" + leaf.name, hint: leaf.description, group: store.commands.application,
      right: leaf.options.map((option) => (option.required ? option.name : `${option.name}?`)).slice(0, 4).join(" ") + (leaf.options.length > 4 ? " …" : ""),
    }));
}

/** The command whose whole name was typed, with a blank behind it. */
export function chosenCommand(text) {
  if (!/^\/\S+.* $/.test(text)) return null;
  return leaves().find((leaf) => `/${leaf.name} ` === text) ?? null;
}

/** A command with its options as one line (`/echo text:hi`), as one pastes it. */
export const isLine = (text) => /^\/\S+/.test(text) && (/^\/[^:]*\s\S+:/.test(text) || leaves().some((leaf) => `/${leaf.name}` === text.trim() && !leaf.options.some((option) => option.required)));
