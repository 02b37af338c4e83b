/* Marked parts of what plays. Each is announced before it comes; then it is left out,
 * covered, silenced or shown, as the reader chose, and left out where nothing was chosen.
 * The part that is left out is not played, but it may be loaded: what the archive gives
 * out at all is decided by the gate, and covers the labels of every part. */
import { announce } from "./announce.js";
import { isForPage } from "./shortcuts.js";

const BEFORE = 5; // seconds in which a part is announced
const LEAD = 3; // seconds before a part at which one begins when going to it
const ROUNDING = 0.001;
const EARLY = 0.08; // longer than a frame, so that nothing of the part is seen

export default function segments(section) {
  const media = document.querySelector('[data-part="media"]');
  if (!media?.matches("video, audio")) return;
  const parts = [...section.querySelectorAll("[data-from]")].map((item) => ({
    item,
    from: Number(item.dataset.from),
    to: Number(item.dataset.to),
    labels: item.dataset.labels,
    own: item.querySelector("input"),
  }));
  const coming = section.querySelector('[data-part="coming"]');
  const now = section.querySelector('[data-part="now"]');
  const sound = document.querySelector('[data-part="sound"] input');
  const told = new Set();
  let silenced = false;
  let following = false;

  const chosen = () => section.querySelector("input[name=marked]:checked").value;
  const fate = (part) => (part.own.checked ? "show" : chosen());
  const inside = (at) => parts.filter((part) => at >= part.from - EARLY && at < part.to - ROUNDING);
  const ranks = ["show", "mute", "cover", "skip"];
  const gravest = (held) => ranks[Math.max(0, ...held.map((part) => ranks.indexOf(fate(part))))];

  function say(words) {
    coming.textContent = words;
    announce(words);
  }

  function foretell(at) {
    for (const part of parts) {
      const left = part.from - at;
      if (left <= 0 || left > BEFORE) told.delete(part);
      else if (!told.has(part)) {
        told.add(part);
        const words = section.dataset.soon.replace("{labels}", part.labels);
        say(words.replace("{what}", section.dataset[fate(part)]));
      }
    }
  }

  function skip(held) {
    const left = held.filter((part) => fate(part) === "skip");
    const labels = left.map((part) => part.labels).join(", ");
    const end = Math.max(...left.map((part) => part.to));
    say(section.dataset.skipped.replace("{labels}", labels));
    if (media.duration && end >= media.duration - EARLY) media.pause();
    media.currentTime = end;
  }

  function silence(wanted) {
    if (wanted === silenced) return;
    silenced = wanted;
    media.muted = wanted || !sound?.checked;
  }

  function obey() {
    const held = inside(media.currentTime);
    const what = held.length ? gravest(held) : "show";
    // Covered until the jump has landed: a frame may be painted before it does.
    media.classList.toggle("is-covered", what === "cover" || what === "skip");
    silence(what !== "show");
    if (what === "skip" && !media.seeking) skip(held);
    now.setAttribute("x", String((1000 * media.currentTime) / (media.duration || Infinity)));
  }

  function follow() {
    if (!media.isConnected) return;
    obey();
    if (media.paused) return;
    foretell(media.currentTime);
    if (following) return;
    following = true;
    requestAnimationFrame(() => {
      following = false;
      follow();
    });
  }

  function go(part) {
    media.currentTime = Math.max(0, part.from - LEAD);
    part.item.scrollIntoView({ block: "nearest" });
  }

  function begin() {
    const start = Number(section.dataset.start);
    if (start > 0) media.currentTime = Math.max(0, start - LEAD);
    obey();
  }

  // Without this script the address ends with the one stretch that is played.
  media.src = media.getAttribute("src").split("#")[0];
  section.querySelector('[data-part="choice"]').hidden = false;
  now.removeAttribute("hidden");
  for (const part of parts) {
    part.item.querySelector('[data-part="own"]').hidden = false;
    part.item.querySelector("button").addEventListener("click", () => go(part));
  }
  section.addEventListener("change", obey);
  for (const event of ["play", "seeked"]) media.addEventListener(event, follow);
  media.addEventListener("seeking", obey);
  media.addEventListener("volumechange", () => {
    if (silenced && !media.muted) media.muted = true;
  });
  if (media.readyState > 0) begin();
  else media.addEventListener("loadedmetadata", begin, { once: true });
  if (Number(section.dataset.start) > 0) media.preload = "metadata";
  document.addEventListener("keydown", (event) => {
    if (event.key !== "n" || !isForPage(event)) return;
    const next = parts.find((part) => part.from > media.currentTime + LEAD) ?? parts[0];
    go(next);
  });
}
