// Numbers of lines beside a field: `<textarea data-lines>`. The field stays as it is; without scripts it has no numbers.

export function start() {
  for (const field of document.querySelectorAll("textarea[data-lines]")) number(field);
}

function number(field) {
  const frame = document.createElement("div");
  frame.className = "lines";
  const gutter = document.createElement("div");
  gutter.className = "lines-gutter";
  gutter.setAttribute("aria-hidden", "true");
  field.before(frame);
  frame.append(gutter, field);
  let shown = 0;
  const draw = () => {
    const lines = field.value.split("\n").length;
    if (lines !== shown) {
      shown = lines;
      gutter.textContent = Array.from({ length: lines }, (_, at) => at + 1).join("\n");
    }
    gutter.scrollTop = field.scrollTop;
  };
  field.addEventListener("input", draw);
  field.addEventListener("scroll", () => { gutter.scrollTop = field.scrollTop; });
  draw();
}
