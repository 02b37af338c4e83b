/* Single-letter keys: an element with data-key="x" takes the focus (fields) or is
 * followed (links, buttons). Never while somebody types or holds a modifier. */
export function isTyping(event) {
  const { target } = event;
  const writes = target.matches?.("input, textarea, select, [contenteditable]");
  return writes || event.ctrlKey || event.metaKey || event.altKey;
}

export function listen() {
  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || event.key.length !== 1) return;
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input")) target.focus();
    else target.click();
  });
}
