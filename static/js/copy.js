/* Copies the text of another element, and says so. */
import { announce } from "./announce.js";

export default function copy(holder) {
  if (!navigator.clipboard) return;
  holder.hidden = false;
  const source = document.getElementById(holder.dataset.from);
  holder.querySelector("button").addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent);
    announce(holder.dataset.done);
  });
}
