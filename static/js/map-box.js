/* A box drawn on the map with a mouse or pen asks for what lies within it. A finger
 * scrolls, and opens a circle as the link it is. */
const SVG = document.querySelector("svg").namespaceURI; // every page has icons
const LEAST = 8; // of the map's units: less is a click

export default function mapBox(form) {
  const map = form.querySelector("svg.map");
  const [west, south, east, north] = map.dataset.box.split(",").map(Number);
  const { width, height } = map.viewBox.baseVal;
  const drawn = document.createElementNS(SVG, "rect");
  drawn.setAttribute("class", "map-drawn");
  let start = null;

  function at(event) {
    const { left, top, width: wide, height: high } = map.getBoundingClientRect();
    const within = (value, most) => Math.max(0, Math.min(most, value));
    return [
      within(((event.clientX - left) / wide) * width, width),
      within(((event.clientY - top) / high) * height, height),
    ];
  }

  function sides(event) {
    const end = at(event);
    return [0, 1].map((axis) => [start[axis], end[axis]].sort((a, b) => a - b));
  }

  function isBox([[left, right], [top, bottom]]) {
    return right - left > LEAST && bottom - top > LEAST;
  }

  function draw([[left, right], [top, bottom]]) {
    const box = { x: left, y: top, width: right - left, height: bottom - top };
    for (const [name, value] of Object.entries(box)) drawn.setAttribute(name, value);
  }

  function ask([[left, right], [top, bottom]]) {
    const degreesEast = (x) => west + (x / width) * (east - west);
    const degreesNorth = (y) => north - (y / height) * (north - south);
    const box = [degreesEast(left), degreesNorth(bottom), degreesEast(right), degreesNorth(top)];
    form.elements.bbox.value = box.map((side) => side.toFixed(4)).join(",");
    form.submit();
  }

  map.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button !== 0) return;
    start = at(event);
    draw(sides(event));
    map.append(drawn);
  });
  document.addEventListener("pointermove", (event) => {
    if (start) draw(sides(event));
  });
  document.addEventListener("pointerup", (event) => {
    if (!start) return;
    const box = sides(event);
    start = null;
    if (isBox(box)) ask(box);
    else drawn.remove();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    start = null;
    drawn.remove();
  });
  // A circle that is drawn across would be dragged away, or opened, as a link.
  map.addEventListener("dragstart", (event) => event.preventDefault());
  map.addEventListener("click", (event) => {
    if (drawn.isConnected) event.preventDefault();
  });
}
