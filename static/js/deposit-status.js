/* Keeps a page that reports on running work up to date: every few seconds the page is
 * asked for again and this element's contents are taken from the answer, until the
 * element says data-settled. Nothing is asked while the tab is hidden. */
import { announce } from "./announce.js";

const EVERY = 2000;
const GIVE_UP_AFTER = 5;

export default function follow(element) {
  let failures = 0;

  async function look() {
    if (document.hidden) return again();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      take(new DOMParser().parseFromString(await answer.text(), "text/html"));
      failures = 0;
    } catch {
      failures += 1;
    }
    again();
  }

  function take(page) {
    const fresh = page.getElementById(element.id);
    if (!fresh) return;
    const before = element.dataset.said;
    if (fresh.innerHTML !== element.innerHTML && !element.contains(document.activeElement)) {
      element.replaceChildren(...fresh.childNodes);
    }
    if (fresh.hasAttribute("data-settled")) element.dataset.settled = "";
    element.dataset.said = fresh.dataset.said || "";
    if (element.dataset.said !== before) announce(element.dataset.said);
  }

  function again() {
    if ("settled" in element.dataset || failures >= GIVE_UP_AFTER) return;
    setTimeout(look, EVERY);
  }

  again();
}
