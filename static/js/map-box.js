/* A box on the map asks for what lies within it: drawn with a mouse or pen, or with the
 * arrow keys, which move it and with Shift make it larger or smaller; Enter asks. A finger
 * scrolls, and opens a circle as the link it is. */
import { announce } from "./announce.js";

const SVG = document.querySelector("svg").namespaceURI; // every page has icons
const LEAST = 8; // of the map's units: less is a click
const STEPS = 20; // from one side of the map to the other
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export default function mapBox(form) {
  const frame = form.querySelector(".map-frame");
  const map = frame.querySelector("svg.map");
  const [west, south, east, north] = map.dataset.box.split(",").map(Number);
  const { width, height } = map.viewBox.baseVal;
  const drawn = document.createElementNS(SVG, "rect");
  drawn.setAttribute("class", "map-drawn");
  let start = null;
  let box = null; // [[left, right], [top, bottom]]

  const within = (value, most) => Math.max(0, Math.min(most, value));

  function at(event) {
    const { left, top, width: wide, height: high } = map.getBoundingClientRect();
    return [
      within(((event.clientX - left) / wide) * width, width),
      within(((event.clientY - top) / high) * height, height),
    ];
  }

  function show(next) {
    box = next;
    const [[left, right], [top, bottom]] = box;
    const drawing = { x: left, y: top, width: right - left, height: bottom - top };
    for (const [name, value] of Object.entries(drawing)) drawn.setAttribute(name, value);
    map.append(drawn);
  }

  function letGo() {
    start = box = null;
    drawn.remove();
  }

  function follow(event) {
    const end = at(event);
    show([0, 1].map((axis) => [start[axis], end[axis]].sort((a, b) => a - b)));
  }

  function sides() {
    const [[left, right], [top, bottom]] = box;
    const degreesEast = (x) => west + (x / width) * (east - west);
    const degreesNorth = (y) => north - (y / height) * (north - south);
    return [degreesEast(left), degreesNorth(bottom), degreesEast(right), degreesNorth(top)];
  }

  function ask() {
    form.elements.bbox.value = sides().map((side) => side.toFixed(4)).join(",");
    form.submit();
  }

  function say() {
    const names = ["west", "south", "east", "north"];
    const told = sides().map((side) => side.toFixed(2));
    announce(names.reduce((text, name, place) => text.replace(`{${name}}`, told[place]), form.dataset.box));
  }

  function moved([from, to], steps, most) {
    const by = within(from + steps * (most / STEPS), most - (to - from)) - from;
    return [from + by, to + by];
  }

  function stretched([from, to], steps, most) {
    const least = Math.min(most, from + most / STEPS);
    return [from, Math.max(least, within(to + steps * (most / STEPS), most))];
  }

  function go(arrow, change) {
    const most = [width, height];
    show(box ? box.map((span, axis) => change(span, arrow[axis], most[axis])) : middle());
    say();
  }

  function middle() {
    return [width, height].map((most) => [most / 3, (2 * most) / 3]);
  }

  map.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button !== 0) return;
    start = at(event);
    follow(event);
  });
  document.addEventListener("pointermove", (event) => {
    if (start) follow(event);
  });
  document.addEventListener("pointerup", () => {
    if (!start) return;
    const isBox = box.every(([from, to]) => to - from > LEAST);
    start = null;
    if (isBox) ask();
    else letGo();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") letGo();
  });
  frame.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && box) ask();
    const arrow = ARROWS[event.key];
    if (!arrow || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(arrow, event.shiftKey ? stretched : moved);
  });
  // A circle that is drawn across would be dragged away, or opened, as a link.
  map.addEventListener("dragstart", (event) => event.preventDefault());
  map.addEventListener("click", (event) => {
    if (drawn.isConnected) event.preventDefault();
  });
  // Without this script there is nothing that keys could do here.
  frame.tabIndex = 0;
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-label", form.dataset.name);
  frame.setAttribute("aria-describedby", "map-keys");
}
