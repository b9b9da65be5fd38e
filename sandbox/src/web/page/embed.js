// Embeds, attached files, polls, stickers.

import { bytes, h, hex, icon, local, safe } from "./dom.js";
import { emoji, line, markdown } from "./markdown.js";
import { attempt } from "./state.js";
import { away } from "./timestamp.js";

const picture = (data, cls) => data && safe(data.proxy_url ?? data.url) && h("img", { class: cls, src: safe(data.url), alt: data.description ?? "", loading: "lazy" });
const linked = (url, inside) => (safe(url) ? h("a", { href: safe(url), target: "_blank", rel: "noreferrer noopener" }, inside) : inside);

/** An embed. */
export function embed(data, context) {
  if (data.type === "poll_result") return outcome(data);
  const box = h("div", { class: "embed" },
    data.provider?.name && h("div", { class: "label" }, data.provider.name),
    data.author && h("div", { class: "by" }, picture({ url: data.author.icon_url }), linked(data.author.url, data.author.name)),
    data.title && h("div", { class: "title md" }, linked(data.url, line(data.title, context))),
    data.description && h("div", { class: "desc" }, markdown(data.description, context)),
    data.fields?.length ? h("div", { class: "fields" }, fields(data.fields, context)) : null,
    picture(data.thumbnail, "thumb"), picture(data.image ?? (data.type === "image" ? data.thumbnail : null), "big"),
    data.footer || data.timestamp ? h("div", { class: "foot" }, picture({ url: data.footer?.icon_url }),
      [data.footer?.text, data.timestamp && new Date(data.timestamp).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })].filter(Boolean).join(" · ")) : null);
  if (data.color != null) box.style.setProperty("--bar", hex(data.color));
  return box;
}

/** How a poll ended. */
function outcome(data) {
  const of = Object.fromEntries((data.fields ?? []).map(({ name, value }) => [name, value]));
  const won = Number(of.victor_answer_votes ?? 0), all = Number(of.total_votes ?? 0);
  const words = of.victor_answer_text ? `${of.victor_answer_text} won with ${won} of ${all} ${all === 1 ? "vote" : "votes"}.` : all ? "It ended in a draw." : "Nobody voted.";
  return h("div", { class: "embed" }, h("div", { class: "title" }, of.poll_question_text), h("div", { class: "desc" }, words));
}

/** Up to three inline fields share a row, in twelfths. */
function fields(all, context) {
  const rows = [];
  for (const field of all) {
    const row = rows.at(-1);
    if (field.inline && row?.[0].inline && row.length < 3) row.push(field);
    else rows.push([field]);
  }
  return rows.flatMap((row) => row.map((field) => h("div", { class: field.inline ? "inline" : "", style: { "--span": 12 / row.length } },
    h("div", { class: "md name" }, line(field.name, context)), markdown(field.value, context))));
}

/** An attached file: a picture, sound, film, or a link. */
export function file(data) {
  const url = local(data.url), kind = data.content_type ?? "", name = data.title ?? data.filename;
  const veiled = data.filename?.startsWith("SPOILER_");
  if (kind.startsWith("image/") && !kind.includes("svg")) return veil(veiled, h("a", { href: url, target: "_blank" }, h("img", { class: "big", src: url, alt: data.description ?? name, loading: "lazy" })));
  if (kind.startsWith("audio/")) return h("audio", { controls: true, src: url, preload: "none" });
  if (kind.startsWith("video/")) return h("video", { class: "big", controls: true, src: url, preload: "metadata" });
  return h("a", { class: "file", href: url, download: data.filename }, icon("file"), h("span", { class: "cut" }, h("b", {}, name), h("small", {}, `${bytes(data.size ?? 0)}${kind ? ` · ${kind.split(";")[0]}` : ""}`)));
}

/** Hides a picture until it is asked for. */
export function veil(veiled, inside) {
  if (!veiled) return inside;
  inside.classList.add("veil");
  const box = h("div", { class: "veiled", role: "button", tabindex: "0", "aria-label": "Spoiler: show the picture" }, inside);
  const open = (event) => {
    if (inside.classList.contains("open") || (event.type === "keydown" && event.key !== "Enter")) return;
    event.preventDefault();
    event.stopPropagation();
    inside.classList.add("open");
  };
  box.addEventListener("click", open, true);
  box.addEventListener("keydown", open);
  return box;
}

/** A poll, with the votes so far; a click votes or takes the vote back. */
export function poll(data, message) {
  const counts = new Map((data.results?.answer_counts ?? []).map((count) => [count.id, count]));
  const all = [...counts.values()].reduce((sum, { count }) => sum + count, 0), over = data.results?.is_finalized;
  const mine = (data.answers ?? []).filter(({ answer_id }) => counts.get(answer_id)?.me_voted).map(({ answer_id }) => answer_id);
  const vote = (id) => {
    const next = mine.includes(id) ? mine.filter((other) => other !== id) : data.allow_multiselect ? [...mine, id] : [id];
    attempt({ do: "vote", message: message.id, answers: next });
  };
  return h("div", { class: "poll", role: "group", "aria-label": data.question?.text }, h("b", {}, data.question?.text),
    (data.answers ?? []).map(({ answer_id, poll_media: media }) => {
      const count = counts.get(answer_id) ?? { count: 0 }, share = all ? Math.round((100 * count.count) / all) : 0;
      return h("button", { type: "button", class: "answer", disabled: over, "aria-pressed": String(mine.includes(answer_id)), style: { "--share": share + "%" }, onclick: () => vote(answer_id) },
        media?.emoji ? h("span", {}, media.emoji.id ? emoji(media.emoji) : media.emoji.name) : null, h("span", {}, media?.text), h("span", { class: "num" }, `${count.count} · ${share}%`));
    }),
    h("small", { class: "quiet" }, `${all} ${all === 1 ? "vote" : "votes"} · ${over ? "closed" : data.expiry ? "closes " + away(Date.parse(data.expiry) / 1000) : "open"}${data.allow_multiselect ? " · several answers" : ""}`));
}

/** Stickers: their picture, or their name. */
export const sticker = (data) => {
  const name = h("span", { class: "file" }, icon("smile"), data.name);
  if (data.format_type === 3) return name;
  const shown = h("img", { class: "big", src: `/stickers/${data.id}.${data.format_type === 4 ? "gif" : "png"}`, alt: data.name, width: 120 });
  shown.addEventListener("error", () => shown.replaceWith(name));
  return shown;
};
