/* Single-letter keys: an element with data-key="x" takes the focus (fields, which come
 * first) or is followed (links, buttons); data-field names the field that a link's key
 * goes to on the page it leads to. Never while somebody types or holds a modifier, and not
 * at all where the reader has switched them off. */
const WRITES =
  "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

export function isForPage(event) {
  if (document.documentElement.dataset.letterKeys === "off") return false;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  return !event.target.matches?.(WRITES) && !document.querySelector("dialog[open]");
}

export function listen() {
  document.addEventListener("keydown", (event) => {
    if (!isForPage(event) || event.defaultPrevented || event.key.length !== 1) return;
    const key = `[data-key="${CSS.escape(event.key)}"]`;
    const target = document.querySelector(`input${key}`) ?? document.querySelector(key);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input")) target.focus();
    else if (target.dataset.field) location.assign(`${target.href}#${target.dataset.field}`);
    else target.click();
  });
}
