/* Labelling by keyboard: / finds a label, j and k move, x ticks, 0-5 sets severity,
 * m goes to the time ranges, s saves. The tier that follows from what is ticked is
 * said while ticking; the server derives it again.
 * Marked elements: [data-label] one label, [data-find] the search field, [data-tier]
 * where the tier is said. */
import { isForPage } from "./shortcuts.js";

export default function moderation(form) {
  const labels = [...form.querySelectorAll("[data-label]")];
  const find = form.querySelector("[data-find]");
  const said = form.querySelector("[data-tier]");
  const box = (label) => label.querySelector('input[type="checkbox"]');
  const severity = (label) => label.querySelector("select");
  const visible = () => labels.filter((label) => !label.hidden);

  function narrow() {
    const wanted = find.value.trim().toLocaleLowerCase();
    for (const label of labels) {
      label.hidden = wanted !== "" && !box(label).checked && !label.dataset.words.includes(wanted);
    }
    for (const group of form.querySelectorAll("[data-group]")) {
      group.hidden = !group.querySelector("[data-label]:not([hidden])");
    }
  }

  function rate() {
    const ticked = labels.filter((label) => box(label).checked);
    const rated = ticked.filter((label) => severity(label)).map((label) => Number(severity(label).value));
    const lift = Math.max(0, ...ticked.map((label) => Number(label.dataset.raises || 0)));
    const tier = rated.length ? Math.min(5, Math.max(...rated) + lift) : null;
    said.textContent = tier === null ? said.dataset.none : `G${tier}`;
  }

  function move(step) {
    const shown = visible();
    const here = shown.findIndex((label) => label.contains(document.activeElement));
    const next = shown[Math.max(0, Math.min(shown.length - 1, here < 0 ? 0 : here + step))];
    if (!next) return;
    box(next).focus();
    next.scrollIntoView({ block: "nearest" });
  }

  function setSeverity(digit) {
    const label = visible().find((one) => one.contains(document.activeElement));
    const select = label && severity(label);
    if (!select || ![...select.options].some((option) => option.value === digit)) return;
    box(label).checked = true;
    select.value = digit;
    rate();
  }

  function tick() {
    const label = visible().find((one) => one.contains(document.activeElement));
    if (!label) return;
    box(label).checked = !box(label).checked;
    rate();
  }

  function keyed(event) {
    if (!isForPage(event)) return;
    const label = labels.find((one) => one.contains(document.activeElement));
    const acts = {
      "/": () => find.focus(),
      j: () => move(1),
      k: () => move(-1),
      x: tick,
      m: () => label?.querySelector("[data-ranges]")?.focus(),
      s: () => form.requestSubmit(),
    };
    if (/^[0-5]$/.test(event.key)) setSeverity(event.key);
    else if (acts[event.key]) acts[event.key]();
    else return;
    event.preventDefault();
  }

  find.closest("[hidden]")?.removeAttribute("hidden");
  find.addEventListener("input", narrow);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Escape") find.blur();
    if (event.key === "Enter") {
      event.preventDefault();
      move(0);
    }
  });
  form.addEventListener("change", rate);
  document.addEventListener("keydown", keyed);
  rate();
}
