/* Drawing what is removed from a film, still by still: the place of one region is drawn
 * or moved on as many stills as it takes, and stands between them on a straight line.
 * Each region is a line of the list below: "0:01.000 40 30 20 25; 0:04.000 60 30 20 25".
 *
 *   storyboard   eight blurred stills on one sheet, each from the middle of its eighth
 *   film         the film without its sound, stopped where one draws
 *
 * Arrow keys move the place, with Shift they size it; Page Up and Page Down go from still
 * to still. Without this the lines are typed. */
import { announce } from "./announce.js";
import { boxAt, keyed, placed } from "./moving.js";
import { read, written } from "./timeline.js";

const [COLUMNS, ROWS, STILLS] = [4, 2, 8];
const FIRST = [40, 40, 20, 20];
const LEAST = 0.5;
const SECOND = 1000;
const MOST_STEPS = 240;

export default function filmDrawing(form) {
  const part = (name) => form.querySelector(`[data-part=${name}]`);
  const [field, over, bar] = [part("field"), part("over"), part("stills")];
  const list = form.querySelector("textarea[name=regions]");
  if (!field || !bar || !list) return;
  const { length, storyboard, gap } = form.dataset;
  const film = field.querySelector("video");
  const moments = momentsOf(Number(length) || 0, film);
  const [choice, told] = [part("region"), part("still")];
  let under = film ?? field.querySelector("img");
  let [at, start] = [0, null];

  if (film) film.removeAttribute("controls");
  else if (storyboard) cutOut();
  bar.hidden = part("hint").hidden = false;

  function cutOut() {
    const sheet = new Image();
    sheet.addEventListener("load", () => {
      const made = document.createElementNS(over.namespaceURI, "svg");
      const picture = document.createElementNS(over.namespaceURI, "image");
      const [width, height] = [sheet.naturalWidth, sheet.naturalHeight];
      for (const [name, value] of Object.entries({ href: storyboard, width, height })) picture.setAttribute(name, value);
      made.append(picture);
      made.setAttribute("class", "drawing-under");
      made.setAttribute("role", "img");
      made.setAttribute("aria-label", under.alt);
      made.dataset.tile = [(width + Number(gap)) / COLUMNS - gap, (height + Number(gap)) / ROWS - gap].join(" ");
      under.replaceWith(made);
      under = made;
      show();
    });
    sheet.src = storyboard;
  }

  const lines = () => list.value.split("\n").filter((line) => line.trim());
  const now = () => moments[at];

  function framesOf(line) {
    return line.split(";").flatMap((frame) => {
      const words = frame.trim().split(/\s+/);
      const t = words.length === 5 ? read(words.shift()) : 0;
      const box = words.map(Number.parseFloat);
      return t === null || box.length !== 4 || box.some(Number.isNaN) ? [] : [{ t, box }];
    });
  }

  function put(box) {
    const all = lines();
    const chosen = choice.value === "" ? all.length : Number(choice.value);
    const frames = placed(framesOf(all[chosen] ?? ""), now(), box);
    all[chosen] = frames.map(({ t, box: one }) => `${written(t)} ${one.join(" ")}`).join("; ");
    list.value = all.join("\n");
    offer(String(chosen));
    show();
    announce(form.dataset.drawn);
  }

  function offer(chosen) {
    const words = choice.dataset;
    const named = lines().map((_line, index) => new Option(words.one.replace("{number}", String(index + 1)), String(index)));
    choice.replaceChildren(new Option(words.new, ""), ...named);
    choice.value = chosen < lines().length ? chosen : "";
  }

  function rectangle(box, name) {
    const shape = document.createElementNS(over.namespaceURI, "rect");
    shape.setAttribute("class", name);
    ["x", "y", "width", "height"].forEach((side, index) => shape.setAttribute(side, String(box[index])));
    return shape;
  }

  function redraw() {
    over.replaceChildren();
    lines().forEach((line, index) => {
      const frames = framesOf(line);
      const box = boxAt(frames, now());
      if (!box) return;
      const isKey = frames.some((each) => each.t === now());
      const current = String(index) === choice.value ? " drawn-current" : "";
      over.append(rectangle(box, `drawn ${isKey ? "drawn-key" : "drawn-between"}${current}`));
    });
  }

  function show() {
    if (film) film.currentTime = now() / SECOND;
    else if (under.dataset.tile) {
      const [width, height] = under.dataset.tile.split(" ").map(Number);
      const step = Number(gap);
      under.setAttribute("viewBox", [(at % COLUMNS) * (width + step), Math.floor(at / COLUMNS) * (height + step), width, height].join(" "));
    }
    const words = { number: String(at + 1), all: String(moments.length), time: written(now()) };
    told.textContent = told.dataset.words.replace(/\{(\w+)\}/g, (_whole, name) => words[name]);
    redraw();
  }

  function go(step) {
    at = Math.max(0, Math.min(moments.length - 1, at + step));
    show();
  }

  function place(event) {
    const box = under.getBoundingClientRect();
    const within = (value) => Math.min(100, Math.max(0, value * 100));
    return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
  }

  function between(one, other) {
    const [left, top] = [0, 1].map((side) => Math.min(one[side], other[side]));
    return [left, top, Math.abs(one[0] - other[0]), Math.abs(one[1] - other[1])];
  }

  part("earlier").addEventListener("click", () => go(-1));
  part("later").addEventListener("click", () => go(1));
  field.tabIndex = 0;
  field.addEventListener("keydown", (event) => {
    const pages = { PageUp: -1, PageDown: 1 }[event.key];
    const held = framesOf(lines()[choice.value] ?? "");
    const box = keyed(event, boxAt(held, now()) ?? held[0]?.box ?? null);
    const first = event.key === "Enter" && choice.value === "" ? FIRST : null;
    if (pages) go(pages);
    else if (box ?? first) put(box ?? first);
    else return;
    event.preventDefault();
  });
  field.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    start = place(event);
    field.setPointerCapture(event.pointerId);
    field.focus({ preventScroll: true });
    event.preventDefault();
  });
  field.addEventListener("pointermove", (event) => {
    if (!start) return;
    redraw();
    over.append(rectangle(between(start, place(event)), "drawn drawn-now"));
  });
  field.addEventListener("pointerup", (event) => {
    if (!start) return;
    const box = between(start, place(event));
    start = null;
    if (box[2] > LEAST && box[3] > LEAST) put(box);
    else redraw();
  });
  field.addEventListener("pointercancel", () => {
    start = null;
    redraw();
  });
  choice.addEventListener("change", redraw);
  list.addEventListener("input", () => {
    offer(choice.value);
    redraw();
  });
  offer("");
  show();
}

/* The middles of eight equal shares; over the film itself, every second and no more than
 * many steps. */
function momentsOf(length, film) {
  const count = film ? Math.max(STILLS, Math.min(MOST_STEPS, Math.ceil(length / SECOND))) : STILLS;
  return Array.from({ length: count }, (_each, n) => Math.round(((2 * n + 1) * length) / (2 * count)));
}
