/* Drawing what is removed: a drag over the picture becomes a line of the list below it,
 * in hundredths of the picture, and every line of the list is drawn over the picture.
 * Without this the lines are typed. Films have `film-drawing`. */
import { announce } from "./announce.js";

const LEAST = 0.5;

export default function drawing(form) {
  const part = (name) => form.querySelector(`[data-part=${name}]`);
  const field = part("field");
  const over = part("over");
  const list = form.querySelector("textarea[name=regions]");
  if (!field || !over || !list) return;
  part("hint").hidden = false;
  const under = field.querySelector("img") ?? field;
  let start = null;

  function place(event) {
    const box = under.getBoundingClientRect();
    const within = (value) => Math.min(100, Math.max(0, value * 100));
    return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
  }

  function boxOf(one, other) {
    const [left, right] = [one[0], other[0]].sort((a, b) => a - b);
    const [top, bottom] = [one[1], other[1]].sort((a, b) => a - b);
    return [left, top, right - left, bottom - top];
  }

  function rectangle(box, name) {
    const shape = document.createElementNS(over.namespaceURI, "rect");
    shape.setAttribute("class", name);
    for (const [index, attribute] of ["x", "y", "width", "height"].entries()) {
      shape.setAttribute(attribute, String(box[index]));
    }
    return shape;
  }

  function redraw() {
    over.replaceChildren();
    for (const line of list.value.split("\n")) {
      for (const frame of line.replace(/^\s*p\d+:/i, "").split(";")) {
        const numbers = frame.trim().split(/\s+/).slice(-4).map(Number.parseFloat);
        if (numbers.length === 4 && numbers.every(Number.isFinite)) over.append(rectangle(numbers, "drawn"));
      }
    }
  }

  function add(box) {
    const told = box.map((number) => Math.round(number * 10) / 10).join(" ");
    const lines = list.value.split("\n").filter((line) => line.trim());
    lines.push(told);
    list.value = lines.join("\n");
    redraw();
    announce(form.dataset.drawn);
  }

  field.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    start = place(event);
    field.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  field.addEventListener("pointermove", (event) => {
    if (!start) return;
    redraw();
    over.append(rectangle(boxOf(start, place(event)), "drawn drawn-now"));
  });
  field.addEventListener("pointerup", (event) => {
    if (!start) return;
    const box = boxOf(start, place(event));
    start = null;
    if (box[2] > LEAST && box[3] > LEAST) add(box);
    else redraw();
  });
  field.addEventListener("pointercancel", () => {
    start = null;
    redraw();
  });
  list.addEventListener("input", redraw);
  redraw();
}
