// What the page knows, and how it stays true: the sandbox rings, the page asks again for all it shows, and whatever came out
// different is drawn anew. One round at a time; rings that come meanwhile make one more.

import { ask, post, send } from "./api.js";

export const store = {
  /** Whose eyes: an id or a name. */
  user: "", guild: null, channel: null,
  /** Messages before this one are shown; `null` means the newest. */
  anchor: null, wide: false,
  find: { guilds: "", members: "" }, pages: { guilds: 1, members: 1 },
  /** What the sandbox said last, by what was asked. */
  state: null, guilds: null, guildData: null, messages: null, members: null, commands: null,
  /** What this page alone knows: commands under way, and what did not work. */
  local: [], failed: new Map(), unread: new Map(), membersShown: true,
  online: true,
};

const listeners = new Map();

/** Calls back whenever one of the subjects has changed. */
export function on(subjects, call) {
  for (const subject of subjects.split(" ")) listeners.set(subject, [...(listeners.get(subject) ?? []), call]);
}

export function emit(...subjects) {
  for (const call of new Set(subjects.flatMap((subject) => listeners.get(subject) ?? []))) call();
}

const known = new Map();
let running = null, again = false;

/** Asks for all that is shown. Resolves when what is shown is as new as the call. */
export function refresh() {
  if (running) {
    again = true;
    return running;
  }
  running = (async () => {
    do {
      again = false;
      try {
        await round();
        // What is shown may be another sandbox's, and is asked for anew: only then the page can be used.
        if (!again) setOnline(true);
      } catch (error) {
        if (!(error instanceof TypeError)) console.error(error);
        setOnline(false);
      }
    } while (again);
    running = null;
  })();
  return running;
}

function setOnline(online) {
  if (store.online === online) return;
  store.online = online;
  emit("state");
}

async function round() {
  const { user } = store, changed = [];
  const take = async (subject, path, parameters, also = "") => {
    const text = await ask(path, { user, ...parameters });
    const key = JSON.stringify([path, user, parameters, also]);
    if (known.get(subject)?.text === text && known.get(subject)?.key === key) return;
    known.set(subject, { text, key });
    store[subject] = JSON.parse(text);
    changed.push(subject);
  };
  await Promise.all([take("state", "state", {}), lists("guilds", "guilds", {}, changed)]);
  if (user && store.user === user && ![store.state.me.id, store.state.me.name].includes(user)) {
    // Nobody is called so: another sandbox listens here by now. It has answered as its owner.
    store.user = store.state.me.id;
    again = true;
    return remember();
  }
  choosePlace(changed);
  const { guild, channel } = store, tasks = [];
  if (guild) tasks.push(take("guildData", "guild", { guild }));
  else if (store.guildData) (store.guildData = null), known.delete("guildData"), changed.push("guildData");
  await Promise.all(tasks);
  choosePlace(changed);
  if (store.channel) {
    const here = { channel: store.channel };
    await Promise.all([messages(changed), take("commands", "commands", here), lists("members", "members", here, changed)]);
  }
  if (store.user === user) emit(...changed, "round");
  if (store.channel !== channel || store.guild !== guild || store.user !== user) again = true;
}

/** A list that comes in parts: as many parts as the user has opened. */
async function lists(subject, path, parameters, changed) {
  const texts = [], { user } = store;
  for (let page = 0; page < store.pages[subject]; page++) {
    const text = await ask(path, { user, find: store.find[subject], offset: page * 50, ...parameters });
    texts.push(text);
    if (!JSON.parse(text).more) break;
  }
  const text = texts.join("\n");
  if (known.get(subject)?.text === text) return;
  known.set(subject, { text });
  const parts = texts.map((part) => JSON.parse(part));
  store[subject] = { ...parts.at(-1), items: parts.flatMap((part) => part.items) };
  changed.push(subject);
}

/** At most two parts of a channel are shown: the page stays small, however long the channel is. */
async function messages(changed) {
  const { user, channel, anchor, wide } = store;
  const texts = [await ask("messages", { user, channel, before: anchor })];
  const first = JSON.parse(texts[0]).items[0]?.id;
  if (wide && first && JSON.parse(texts[0]).more) texts.unshift(await ask("messages", { user, channel, before: first }));
  const key = [user, channel, anchor, wide].join(), text = texts.join("\n");
  if (known.get("messages")?.text === text && known.get("messages")?.key === key) return;
  if (store.channel !== channel || store.user !== user) return;
  known.set("messages", { text, key });
  const parts = texts.map((part) => JSON.parse(part));
  store.messages = {
    ...parts[0], key: `${user} ${channel}`, items: parts.flatMap((part) => part.items), typing: parts.at(-1).typing,
    names: Object.assign({}, ...parts.map((part) => part.names)),
  };
  changed.push("messages");
}

/** Wherever the user may no longer be, another place is chosen. */
function choosePlace(changed) {
  const guilds = store.guilds?.items ?? [], data = store.guildData, before = store.channel;
  if (data?.id === store.guild && store.guild) {
    const open = data.channels.filter((channel) => holdsMessages(channel));
    if (store.channel !== "dm" && !open.some((channel) => channel.id === store.channel)) {
      store.channel = (open.find((channel) => channel.type === 0) ?? open[0])?.id ?? null;
      changed.push("place");
    }
  } else if (!store.guild) {
    store.guild = guilds[0]?.id ?? null;
    if (!store.guild) store.channel = "dm";
    else again = true;
    if (store.guild || before !== store.channel) changed.push("place");
  } else if (data === null && store.guild && known.has("guildData")) {
    (store.guild = null), (store.channel = store.channel === "dm" ? "dm" : null), known.delete("guildData"), (again = true);
  }
}

/** Categories and directories hold none; forums hold threads only. */
export const holdsMessages = (channel) => ![4, 14].includes(channel.type);

/** Goes to a channel, or to the direct messages with `dm`. */
export function go(guild, channel) {
  Object.assign(store, { guild, channel, anchor: null, wide: false });
  store.pages.members = 1;
  store.unread.delete(`${store.user} ${channel}`);
  remember();
  emit("place");
  return refresh();
}

/** Becomes somebody else, in the same place if they can see it. */
export function become(user) {
  Object.assign(store, { user, anchor: null, wide: false, local: [] });
  store.failed.clear();
  remember();
  emit("place");
  return refresh();
}

function remember() {
  const place = new URLSearchParams();
  if (store.user) place.set("user", store.user);
  if (store.guild) place.set("guild", store.guild);
  if (store.channel) place.set("channel", store.channel);
  history.replaceState(null, "", "#" + place);
}

/** Does something as the user, in the channel that is open. */
export async function act(what) {
  return post("act", { user: store.user || store.state.me.name, channel: store.channel, ...what });
}

/** Gives files to the sandbox; the ids that stand for them, or nothing if one was refused. */
export async function upload(files) {
  const ids = [];
  for (const file of files) {
    const { id, error } = await send(file, store.user || store.state.me.name);
    if (error) return complain(`${file.name}: ${error}`), null;
    ids.push(id);
  }
  return ids;
}

/** Does it, and shows why not if not. */
export async function attempt(what) {
  const answer = await act(what);
  complain(answer.error ?? answer.note, !answer.error);
  refresh();
  return !answer.error;
}

/** Shows what went wrong, or that nothing does; a note is nothing wrong. */
export function complain(error, isNote = false) {
  store.error = error ?? null;
  store.errorIsNote = Boolean(error) && isNote;
  emit("error");
}

export const channelHere = () => store.guildData?.channels.find((channel) => channel.id === store.channel);

/** Begins to follow the sandbox. */
export function start() {
  const place = new URLSearchParams(location.hash.slice(1));
  store.user = place.get("user") ?? "";
  store.guild = place.get("guild");
  store.channel = place.get("channel");
  listen();
  // Nobody rings when a second has passed: what depends on time (typing) is looked at again while it shows.
  setInterval(() => store.messages?.typing.length && refresh(), 2000);
}

/** Listens for rings. The browser tries again by itself, but not after an answer that was no stream: another program's, say. */
function listen() {
  const events = new EventSource("/sandbox/events");
  events.addEventListener("message", () => (emit("ring"), refresh()));
  events.addEventListener("open", () => refresh());
  events.addEventListener("error", () => {
    setOnline(false);
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}
