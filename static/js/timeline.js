/* Parts of a recording on a band: two sliders for each row, and drawing on the band
 * itself. Times snap to frames where the length of a frame is known. The fields hold
 * what is sent; everything here only writes into them. */
const SECOND = 1000;
const FINE = 10; // ms: a step where nobody knows the length of a frame

export default function timeline(form) {
  const length = Number(form.dataset.length);
  const frame = Number(form.dataset.frame) || 0;
  if (!length) return;
  const strip = form.querySelector('[data-part="strip"]');
  const rows = [...form.querySelectorAll("[data-row]")].map(prepare);
  let current = rows.find((row) => row.start.value === "") ?? rows[0];

  function prepare(item) {
    const row = { item, start: item.querySelector("[data-start]"), end: item.querySelector("[data-end]"), rect: null };
    for (const [field, words] of [[row.start, form.dataset.from], [row.end, form.dataset.to]]) {
      const slider = document.createElement("input");
      slider.type = "range";
      slider.min = 0;
      slider.max = length;
      slider.step = frame ? "any" : FINE;
      slider.setAttribute("aria-label", words);
      slider.autocomplete = "off";
      slider.addEventListener("input", () => put(field, Number(slider.value)));
      field.after(slider);
      field.slider = slider;
      field.addEventListener("input", draw);
      field.addEventListener("keydown", (event) => step(event, field));
    }
    item.addEventListener("focusin", () => { current = row; draw(); });
    return row;
  }

  function put(field, ms) {
    field.value = written(snap(Math.max(0, Math.min(length, ms))));
    draw();
  }

  function snap(ms) {
    return frame ? Math.min(length, Math.round(Math.round(ms / frame) * frame)) : Math.round(ms);
  }

  function step(event, field) {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    put(field, (read(field.value) ?? 0) + way * (event.shiftKey ? SECOND : frame || FINE));
  }

  function draw() {
    strip.querySelectorAll(".strip-part").forEach((part) => part.remove());
    for (const row of rows) {
      const start = read(row.start.value);
      const end = read(row.end.value);
      row.start.slider.value = start ?? 0;
      row.end.slider.value = end ?? 0;
      if (start === null || end === null || end <= start) continue;
      const part = document.createElementNS(strip.namespaceURI, "rect");
      part.setAttribute("class", row === current ? "strip-part strip-current" : "strip-part");
      part.setAttribute("x", (1000 * start) / length);
      part.setAttribute("y", 2);
      part.setAttribute("width", Math.max(2, (1000 * (end - start)) / length));
      part.setAttribute("height", 20);
      strip.append(part);
    }
  }

  const at = (event) => {
    const box = strip.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * length;
  };
  strip.addEventListener("pointerdown", (event) => {
    current = rows.find((row) => row.start.value === "") ?? current;
    strip.setPointerCapture(event.pointerId);
    put(current.start, at(event));
    current.from = at(event);
  });
  strip.addEventListener("pointermove", (event) => {
    if (!strip.hasPointerCapture(event.pointerId)) return;
    put(current.start, Math.min(current.from, at(event)));
    put(current.end, Math.max(current.from, at(event)));
  });
  strip.addEventListener("pointerup", () => current.end.focus());
  strip.classList.add("strip-drawn");
  draw();
}

function read(text) {
  const found = /^(?:(\d{1,2}):)?(?:(\d{1,3}):)?(\d{1,6})(?:[.,](\d{1,3}))?$/.exec(text.trim());
  if (!found) return null;
  const [, first, second, seconds, fraction] = found;
  const hours = second === undefined ? 0 : Number(first);
  const minutes = second === undefined ? Number(first ?? 0) : Number(second);
  return ((hours * 60 + minutes) * 60 + Number(seconds)) * SECOND + Number((fraction ?? "").padEnd(3, "0"));
}

export function written(ms) {
  const pad = (number, size) => String(number).padStart(size, "0");
  const seconds = Math.floor(ms / SECOND);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const head = hours ? `${hours}:${pad(minutes, 2)}` : `${minutes}`;
  return `${head}:${pad(seconds % 60, 2)}.${pad(ms % SECOND, 3)}`;
}

export { read };
