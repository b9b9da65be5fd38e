// Dialogs: those in the page (`<button data-dialog="#id">` opens, `data-close` within it closes), and questions.

export function start() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-dialog]");
    if (opener) document.querySelector(opener.dataset.dialog)?.showModal();
    else if (event.target.closest?.("dialog [data-close]")) event.target.closest("dialog").close();
    // Beside the dialog: its own box is filled by what is in it.
    else if (event.target instanceof HTMLDialogElement) event.target.close();
  });
}

/// Asks a question; true: yes. `danger`: yes is red, and no has the focus. `word`: has to be typed first.
export function ask(question, { danger = false, yes = "Yes", word = "" } = {}) {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    dialog.setAttribute("aria-labelledby", "question");
    const form = document.createElement("form");
    form.method = "dialog";
    const words = document.createElement("p");
    words.id = "question";
    words.textContent = question.replaceAll("`", "");
    form.append(words);
    let typed = null;
    if (word) {
      const label = document.createElement("label");
      label.className = "field";
      label.textContent = `Type ${word} to go on`;
      typed = document.createElement("input");
      typed.autocomplete = "off";
      label.append(typed);
      form.append(label);
    }
    const buttons = document.createElement("div");
    buttons.className = "actions end";
    const no = button("Cancel", "no", "");
    const go = button(yes, "yes", danger ? "danger" : "primary");
    buttons.append(no, go);
    form.append(buttons);
    dialog.append(form);
    if (typed) {
      go.disabled = true;
      typed.addEventListener("input", () => { go.disabled = typed.value !== word; });
    }
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    (typed ?? (danger ? no : go)).focus();
  });
}

function button(words, value, look) {
  const made = document.createElement("button");
  made.className = `button ${look}`;
  made.value = value;
  made.textContent = words;
  return made;
}
