// Times: `<time datetime data-ago>` says how long ago that was, or how long it takes until then.

const STEPS = [[60, "s"], [60, "min"], [24, "h"], [7, "d"]];

export function start() {
  refresh(document);
  setInterval(() => document.hidden || refresh(document), 10_000);
  document.addEventListener("visibilitychange", () => document.hidden || refresh(document));
}

/// Writes the times within an element anew.
export function refresh(root) {
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const words = ago(at);
    if (time.textContent !== words) time.textContent = words;
    time.title = at.toLocaleString();
  }
}

function ago(at) {
  const seconds = (Date.now() - at.getTime()) / 1_000;
  let amount = Math.abs(seconds);
  if (amount < 5) return "now";
  for (const [step, unit] of STEPS) {
    if (amount < step) {
      const words = `${Math.floor(amount)} ${unit}`;
      return seconds < 0 ? `in ${words}` : `${words} ago`;
    }
    amount /= step;
  }
  return at.toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
}
