/* The lens: the chosen part of a picture is fetched by itself and laid over the haze.
 * The arrow keys move it by a cell, the pointer by pressing and drawing. One tile is in
 * the page at a time; the one before is gone when the next is asked for. */
import { announce } from "./announce.js";

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PAUSE = 150;

export default function lens(form) {
  const cells = [...form.querySelectorAll("input[name=tile]")];
  const at = (name) => cells.find((cell) => cell.value === name);
  let waiting = 0;

  function show(cell) {
    form.querySelector(".lens-tile")?.remove();
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const tile = new Image();
      tile.className = "lens-tile";
      tile.alt = "";
      tile.draggable = false;
      tile.addEventListener("error", () => {
        tile.remove();
        if (form.isConnected) announce(form.dataset.failed);
      });
      tile.src = form.dataset.address + cell.value;
      if (form.isConnected) cell.parentElement.append(tile);
    }, PAUSE);
  }

  function choose(cell) {
    if (!cell || cell.checked) return;
    cell.checked = true;
    cell.focus({ preventScroll: true });
    show(cell);
  }

  form.addEventListener("change", (event) => show(event.target));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const cell = form.querySelector("input[name=tile]:checked");
    if (cell) show(cell);
  });
  form.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (!move || event.target.name !== "tile") return;
    event.preventDefault();
    const [column, row] = event.target.value.split("-").map(Number);
    choose(at(`${column + move[0]}-${row + move[1]}`));
  });
  form.addEventListener("pointermove", (event) => {
    if (!event.buttons) return;
    const under = document.elementFromPoint(event.clientX, event.clientY);
    choose(under?.closest(".lens-cell")?.querySelector("input"));
  });
  form.addEventListener("takeaway", () => clearTimeout(waiting), { once: true });
}
