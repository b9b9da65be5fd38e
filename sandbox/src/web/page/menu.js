// Menus on messages and people: what one can do oneself, and the bot's commands for them.

import { h, icon } from "./dom.js";
import { closeList, keepOpen, openList, place } from "./listbox.js";
import { askFor } from "./ask.js";
import { attempt, store } from "./state.js";

/** Opens a menu; items are `{label, icon, act, danger}`, `null` draws a line, `{head}` a heading. */
export function openMenu(anchor, items, at) {
  const pop = h("div", { class: "pop", role: "menu" }, items.map((item) => {
    if (!item) return h("hr");
    if (item.head) return h("div", { class: "head label" }, item.head);
    return h("button", { type: "button", role: "menuitem", class: item.danger ? "danger" : "", disabled: item.disabled, onclick: () => (closeList(), item.act()) },
      item.icon ? icon(item.icon) : null, h("span", {}, item.label));
  }));
  const entries = () => [...pop.querySelectorAll("[role=menuitem]:not(:disabled)")];
  pop.addEventListener("keydown", (event) => {
    const all = entries(), index = all.indexOf(document.activeElement);
    if (event.key === "ArrowDown") all[(index + 1) % all.length]?.focus();
    else if (event.key === "ArrowUp") all[(index - 1 + all.length) % all.length]?.focus();
    else if (event.key === "Home") all[0]?.focus();
    else if (event.key === "End") all.at(-1)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") closeList();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  keepOpen(pop, anchor);
  place(pop, anchor, { at });
  entries()[0]?.focus();
}

/** The bot's menu commands of a kind: 2 for people, 3 for messages. */
export function commandItems(type, run) {
  const commands = (store.commands?.items ?? []).filter((command) => command.type === type);
  if (!commands.length) return [];
  return [null, { head: store.commands.application }, ...commands.map((command) => ({ label: command.name, icon: "slash", act: () => run(command.name) }))];
}

/** The menu of a person. */
export function personMenu(anchor, { id, name }, at) {
  const human = id !== store.state.bot.id;
  openMenu(anchor, [
    { label: "Mention", icon: "reply", act: () => dispatchEvent(new CustomEvent("insert", { detail: `<@${id}> ` })) },
    { label: "Copy user ID", icon: "copy", act: () => copy(id) },
    human && id !== store.state.me.id ? { label: `Become ${name}`, icon: "people", act: () => dispatchEvent(new CustomEvent("become", { detail: id })) } : undefined,
    ...manage(anchor, id, name),
    ...commandItems(2, (command) => attempt({ do: "user_menu", command, target: id })),
  ].filter((item) => item !== undefined), at);
}

/** What one may change of a member: the nickname, the roles. */
function manage(anchor, id, name) {
  const { may, roles } = store.guildData ?? {}, member = store.members?.items.find((one) => one.id === id);
  if (store.channel === "dm" || !may) return [];
  const own = id === store.state.me.id, items = [];
  if (own ? may.own_nick || may.nick : may.nick) {
    items.push({ label: "Change the nickname…", icon: "edit", act: () => askFor({
      title: `Nickname of ${name}`, action: "Change it", fields: [{ key: "nick", label: "Nickname", value: member?.nick ?? "", max: 32, optional: true }], what: ({ nick }) => ({ do: "nick", target: id, nick }),
    }) });
  }
  if (may.roles && member) {
    const known = roles.filter((role) => role.id !== store.guild && !role.managed).sort((one, other) => other.position - one.position);
    const named = (list) => list.map((role) => ({ value: role.id, label: role.name }));
    const before = named(known.filter((role) => member.roles.some((held) => held.id === role.id)));
    if (known.length) items.push({ label: "Roles…", icon: "people", act: () => openList(anchor, {
      label: `Roles of ${name}`, min: 0, max: Math.max(2, known.length), chosen: before, load: (text) => named(known).filter((role) => role.label.toLowerCase().includes(text.toLowerCase())),
      done: (after) => changeRoles(id, before.map((role) => role.value), after.map((role) => role.value)),
    }) });
  }
  return items;
}

/** Gives what is new and takes what is gone, one by one; the first that is refused ends it. */
async function changeRoles(target, before, after) {
  const changes = [...after.filter((role) => !before.includes(role)).map((role) => [role, true]), ...before.filter((role) => !after.includes(role)).map((role) => [role, false])];
  for (const [role, give] of changes) if (!(await attempt({ do: "role", target, role, give }))) return;
}

/** Puts a text on the clipboard; without one (a page that is not secure) it is selected in a prompt. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    prompt("Copy:", text);
  }
}
