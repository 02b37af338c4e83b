/* Results by keyboard: j and k move between them, Enter opens as links do. */
import { isForPage } from "./shortcuts.js";

export default function keys(list) {
  const links = [...list.querySelectorAll(".tile-title a")];
  document.addEventListener("keydown", (event) => {
    if (!isForPage(event) || (event.key !== "j" && event.key !== "k")) return;
    const here = links.indexOf(document.activeElement);
    const step = event.key === "j" ? 1 : -1;
    const next = here < 0 ? 0 : Math.min(Math.max(here + step, 0), links.length - 1);
    links[next]?.focus();
    event.preventDefault();
  });
}
