// Each message is one stop of the Tab key. Its controls are reached by the arrows to the left and right, its neighbours by those
// up and down: otherwise fifty messages are hundreds of stops between the places and the message box.

/** What takes the focus inside of a message; what is typed into is left alone. */
const CONTROLS = "a[href], button, summary, [tabindex], audio, video";
const TYPED = "input, textarea, select";

/** Makes a message one stop. */
export function oneStop(message) {
  message.tabIndex = 0;
  for (const control of message.querySelectorAll(CONTROLS)) control.tabIndex = -1;
  return message;
}

const seen = (element) => !element.disabled && element.checkVisibility({ checkVisibilityCSS: true });

function controls(message) {
  return [...message.querySelectorAll(CONTROLS)].filter((one) => seen(one) && !one.closest(".editing"));
}

/** Moves the focus of a list of messages by the arrows. */
export function rove(list) {
  list.addEventListener("keydown", (event) => {
    const here = event.target.closest(".msg");
    if (!here || event.target.closest(TYPED) || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const messages = [...list.querySelectorAll(".msg")], at = messages.indexOf(here);
    const inside = [here, ...controls(here)], on = Math.max(0, inside.indexOf(event.target));
    const to = {
      ArrowDown: messages[at + 1], ArrowUp: messages[at - 1], Home: messages[0], End: messages.at(-1),
      ArrowRight: inside[on + 1], ArrowLeft: inside[on - 1], Escape: event.target === here ? null : here,
    }[event.key];
    if (!to) return;
    event.preventDefault();
    to.focus();
  });
}
