/* Places in a picture, drawn over its blurred preview. Each is a frame that takes the
 * focus: arrow keys move it by one percent, with Shift they size it. In films the slider
 * says for which moment; drawing there adds a line, or changes the one of that moment. */
import { boxAt, keyed, placed } from "./moving.js";
import { read, written } from "./timeline.js";

const SVG = document.querySelector("svg").namespaceURI; // every page has icons

export default function regions(form) {
  const field = form.querySelector('[data-part="field"]');
  const isFilm = form.dataset.kind === "video";
  const sheet = document.createElementNS(SVG, "svg");
  const rows = [...form.querySelectorAll("[data-row]")].map((item, place) => ({
    item,
    lines: item.querySelector("[data-frames]"),
    frame: frameOf(place),
  }));
  const moment = isFilm ? slider() : null;
  let current = rows.find((row) => row.lines.value === "") ?? rows[0];

  function frameOf(place) {
    const frame = document.createElementNS(SVG, "rect");
    frame.setAttribute("class", "region-frame");
    frame.setAttribute("tabindex", "0");
    frame.setAttribute("role", "img");
    frame.setAttribute("aria-label", form.dataset.place.replace("{number}", String(place + 1)));
    return frame;
  }

  function slider() {
    const made = document.createElement("input");
    made.type = "range";
    made.max = form.dataset.length;
    made.step = 10;
    made.value = 0;
    made.setAttribute("aria-label", form.dataset.moment);
    made.autocomplete = "off";
    made.addEventListener("input", draw);
    field.after(made);
    return made;
  }

  const now = () => (moment ? Number(moment.value) : 0);

  function keyframes(row) {
    return row.lines.value.split("\n").flatMap((line) => {
      const words = line.trim().replaceAll(",", ".").split(/\s+/);
      const t = isFilm ? read(words.shift() ?? "") : 0;
      const box = words.map((word) => Number.parseFloat(word));
      return t === null || box.length !== 4 || box.some(Number.isNaN) ? [] : [{ t, box }];
    });
  }

  function put(row, box) {
    const all = placed(isFilm ? keyframes(row) : [], now(), box);
    row.lines.value = all.map(({ t, box: one }) => (isFilm ? `${written(t)} ` : "") + one.join(" ")).join("\n");
    draw();
  }

  function draw() {
    for (const row of rows) {
      const box = boxAt(keyframes(row), now());
      row.frame.classList.toggle("region-current", row === current);
      if (box) {
        ["x", "y", "width", "height"].forEach((side, index) => row.frame.setAttribute(side, box[index]));
        if (!row.frame.isConnected) sheet.append(row.frame);
      } else row.frame.remove();
    }
  }

  function pressed(event, row) {
    const box = keyed(event, boxAt(keyframes(row), now()));
    if (!box) return;
    event.preventDefault();
    put(row, box);
    row.frame.focus();
  }

  const at = (event) => {
    const box = sheet.getBoundingClientRect();
    return [(100 * (event.clientX - box.left)) / box.width, (100 * (event.clientY - box.top)) / box.height];
  };
  let from = null;
  sheet.addEventListener("pointerdown", (event) => {
    if (event.target !== sheet) return;
    current = rows.find((row) => row.lines.value === "") ?? current;
    from = at(event);
    sheet.setPointerCapture(event.pointerId);
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!from || !sheet.hasPointerCapture(event.pointerId)) return;
    const to = at(event);
    put(current, [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])]);
  });
  sheet.addEventListener("pointerup", () => { from = null; });
  for (const row of rows) {
    row.lines.addEventListener("input", draw);
    row.item.addEventListener("focusin", () => { current = row; draw(); });
    row.frame.addEventListener("focus", () => { current = row; });
    row.frame.addEventListener("keydown", (event) => pressed(event, row));
  }
  sheet.setAttribute("class", "region-sheet");
  sheet.setAttribute("viewBox", "0 0 100 100");
  sheet.setAttribute("preserveAspectRatio", "none");
  field.append(sheet);
  draw();
}
