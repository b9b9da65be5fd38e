// Morphing: new HTML in the place of old, element by element, so that the focus, what is open, what is scrolled and what is being typed stay.
//
// Elements find each other by `id` or `data-key`, else by their place. `data-keep`: stays as it is.

/// Makes the children of `old` those of `fresh`, which is used up.
export function morph(old, fresh) {
  const keyed = new Map();
  for (const child of old.children) if (key(child)) keyed.set(key(child), child);
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const wanted = key(next);
    let found = wanted ? keyed.get(wanted) : at;
    if (wanted) keyed.delete(wanted);
    if (found && !alike(found, next)) found = null;
    if (!found) {
      old.insertBefore(next, at);
      continue;
    }
    if (found === at) at = at.nextSibling;
    else old.insertBefore(found, at);
    update(found, next);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function key(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset?.key || "" : "";
}

function alike(old, next) {
  return old.nodeType === next.nodeType && old.nodeName === next.nodeName && key(old) === key(next);
}

function update(old, next) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    return;
  }
  if (old.hasAttribute("data-keep") || old.isEqualNode(next)) return;
  // Before the attributes change what "as the server had it" means.
  const typed = changed(old);
  attributes(old, next, typed);
  if (old.nodeName === "TEXTAREA") {
    if (!typed) old.value = next.value;
  } else if (old.nodeName === "SELECT") {
    const chosen = old.value;
    morph(old, next);
    if (typed) old.value = chosen;
  } else if (!(old.hasAttribute("data-src") && next.childNodes.length === 0)) {
    // What an element fetches by itself, it keeps.
    morph(old, next);
  }
}

/// Whether somebody has changed the field, or is at it.
function changed(element) {
  switch (element.nodeName) {
    case "INPUT":
      if (element === document.activeElement && element.type !== "checkbox" && element.type !== "radio") return true;
      return element.value !== element.defaultValue || element.checked !== element.defaultChecked;
    case "TEXTAREA":
      return element === document.activeElement || element.value !== element.defaultValue;
    case "SELECT":
      return element === document.activeElement || [...element.options].some((option) => option.selected !== option.defaultSelected);
    default:
      return false;
  }
}

function attributes(old, next, typed) {
  // What is open stays open, what is filtered stays hidden, and what is paused stays so.
  const kept = (name) => (name === "open" && (old.nodeName === "DETAILS" || old.nodeName === "DIALOG"))
    || (name === "hidden" && old.parentElement?.id && document.querySelector(`[data-filter="#${CSS.escape(old.parentElement.id)}"]`))
    || name === "data-paused" || name === "aria-busy";
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && !kept(name)) old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) !== value && !kept(name)) old.setAttribute(name, value);
  }
  if (old.nodeName === "INPUT" && !typed) {
    old.value = next.value;
    old.checked = next.checked;
  }
}
