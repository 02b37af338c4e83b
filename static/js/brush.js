/* Several bars of a timeline at once: drawn across with a mouse or pen, or with Shift and
 * the arrow keys. Enter, or letting go, asks for the time from the first to the last.
 * A finger scrolls, and opens one bar as the link it is. */
import { announce } from "./announce.js";

export default function brush(form) {
  const bars = [...form.querySelectorAll("[data-since]")];
  let from = null;
  let to = null;
  let isDrawing = false;

  function mark() {
    const [first, last] = ends();
    bars.forEach((bar, place) => {
      bar.classList.toggle("is-chosen", from !== null && place >= first && place <= last);
    });
  }

  function ends() {
    return [Math.min(from, to), Math.max(from, to)];
  }

  function choose(start, end) {
    from = start;
    to = end;
    mark();
  }

  function say() {
    const [first, last] = ends().map((place) => bars[place].dataset.words);
    announce(form.dataset.chosen.replace("{first}", first).replace("{last}", last));
  }

  function letGo() {
    if (from === null) return;
    choose(null, null);
    announce(form.dataset.none);
  }

  function ask() {
    const [first, last] = ends();
    form.elements.from.value = bars[first].dataset.since;
    form.elements.to.value = bars[last].dataset.until;
    form.submit();
  }

  function place(event) {
    const bar = event.target.closest?.("[data-since]");
    return bar ? bars.indexOf(bar) : -1;
  }

  form.addEventListener("pointerdown", (event) => {
    const here = place(event);
    if (event.button !== 0 || here < 0) return;
    if (event.pointerType === "touch") return stop();
    isDrawing = true;
    choose(here, here);
  });
  form.addEventListener("pointerover", (event) => {
    const here = place(event);
    if (isDrawing && here >= 0) choose(from, here);
  });
  // A link that is drawn along would be dragged away as a link.
  form.addEventListener("dragstart", (event) => event.preventDefault());
  form.addEventListener("click", (event) => {
    if (from !== null && from !== to) event.preventDefault();
  });
  // What was chosen by keys waits for Enter: a click elsewhere is about something else.
  document.addEventListener("pointerup", () => {
    if (!isDrawing) return;
    isDrawing = false;
    if (from === to) choose(null, null);
    else ask();
  });
  document.addEventListener("pointercancel", stop);
  // A browser that goes back may show this page as it was left.
  window.addEventListener("pagehide", stop);

  function stop() {
    isDrawing = false;
    choose(null, null);
  }

  form.addEventListener("keydown", (event) => {
    const here = place(event);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") letGo();
    if (event.key === "Enter" && from !== null && from !== to) {
      event.preventDefault();
      ask();
    }
    if (here < 0 || step === undefined) return;
    event.preventDefault();
    const next = here + (getComputedStyle(form).direction === "rtl" ? -step : step);
    if (!bars[next]) return;
    bars[next].focus();
    if (!event.shiftKey) return letGo();
    choose(from ?? here, next);
    say();
  });
}
