// Times as `<t:…>` writes them; relative ones stay true.

const STYLES = {
  t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" }, S: { dateStyle: "short", timeStyle: "medium" },
};
const STEPS = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [2592000, "day", 86400], [31536000, "month", 2592000], [Infinity, "year", 31536000]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** How far away a moment is, in words. */
export function away(seconds, now = Date.now() / 1000) {
  const distance = seconds - now;
  const [, unit, size] = STEPS.find(([below]) => Math.abs(distance) < below);
  return relative.format(Math.trunc(distance / size), unit);
}

export const Clock = {
  element(seconds, style) {
    const date = new Date(seconds * 1000), made = document.createElement("time");
    if (Number.isNaN(date.getTime())) return `<t:${seconds}>`;
    made.dateTime = date.toISOString();
    made.title = date.toLocaleString([], { dateStyle: "full", timeStyle: "medium" });
    if (style === "R") made.dataset.away = seconds;
    made.textContent = style === "R" ? away(seconds) : date.toLocaleString([], STYLES[style]);
    return made;
  },
  /** Keeps the relative times of the document true. */
  start() {
    setInterval(() => {
      for (const time of document.querySelectorAll("time[data-away]")) {
        const text = away(Number(time.dataset.away));
        if (time.textContent !== text) time.textContent = text;
      }
    }, 1000);
  },
};

/** The hour and minute of a message. */
export const hour = (iso) => new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });

export const day = (iso) => new Date(iso).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year: "numeric" });
