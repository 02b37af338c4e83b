/* The viewer's way out. Everything shown is taken away at once by Esc, the Hide
 * button, leaving the tab, the window or the page, an idle minute, or the end of the
 * consent; the source is removed, not covered, so that nothing stays in the page or
 * goes on loading. Showing it again is a page load of its own, and asks the gate
 * afresh. When the stream breaks because the gate has shut meanwhile, that is an end,
 * too. */
import { announce } from "./announce.js";
import keepMarked from "./marked.js";
import { isForPage } from "./shortcuts.js";
import soundMark from "./sound-mark.js";

const SECOND = 1000;
const SIGNS_OF_LIFE = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

export default function reveal(viewer) {
  const part = (name) => viewer.querySelector(`[data-part="${name}"]`);
  const media = part("media");
  const until = Date.parse(viewer.dataset.until);
  const idle = Number(viewer.dataset.idle) * SECOND;
  let lastSign = Date.now();
  let hidden = !media;

  function hide(words = viewer.dataset.hidden) {
    if (hidden) return;
    hidden = true;
    takeAway(media);
    viewer.classList.add("viewer-off");
    part("cover").hidden = false;
    part("hide").hidden = true;
    announce(words);
  }

  function tick() {
    const left = until - Date.now();
    if (left <= 0) hide(viewer.dataset.ended);
    else if (Date.now() - lastSign > idle && !isPlaying(media)) hide();
    part("countdown").textContent = `${clock(left)} ${viewer.dataset.left}`;
    if (left <= 0) return;
    setTimeout(tick, SECOND);
  }

  for (const sign of SIGNS_OF_LIFE) {
    document.addEventListener(sign, () => { lastSign = Date.now(); }, { passive: true });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    else if (isForPage(event)) press(viewer, media, event);
  });
  document.addEventListener("visibilitychange", () => document.hidden && hide());
  window.addEventListener("blur", () => hide()); // another window is in front
  window.addEventListener("pagehide", () => hide());
  part("hide").addEventListener("click", () => hide());
  part("hide").hidden = hidden;
  part("leave").hidden = !hidden;
  keepSilent(media, part("sound"), viewer.dataset.unmarked);
  if (media && viewer.querySelector("[data-kept]")) {
    keepMarked(part("stage"), media, part("mark"), () => hide());
  }
  media?.addEventListener("error", async () => {
    if (await isOver()) hide(viewer.dataset.ended);
  });
  tick();
  if (document.hidden) hide(); // the tab was left before this module had loaded
}

function takeAway(media) {
  if (media.matches("video, audio")) {
    media.pause();
    media.removeAttribute("src");
    media.load();
  }
  media.dispatchEvent(new Event("takeaway"));
  media.remove();
}

/* The gate has shut while something was open: withdrawn elsewhere, signed out, refused. */
async function isOver() {
  const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" });
  return !answer.ok;
}

function isPlaying(media) {
  return media?.matches("video, audio") && !media.paused;
}

/* Sound is its own step: until it is asked for, the player's own button cannot give it. */
function keepSilent(media, holder, unmarked) {
  if (!media?.matches("video, audio") || !holder) return;
  const wanted = holder.querySelector("input");
  const isMarked = soundMark(media);
  let audible = false;
  const obey = () => {
    if (!audible && !media.muted) media.muted = true;
  };
  holder.hidden = false;
  wanted.addEventListener("change", async () => {
    const marked = wanted.checked && (await isMarked());
    audible = marked && wanted.checked;
    media.muted = !audible;
    if (!wanted.checked || audible) return;
    wanted.checked = false;
    announce(unmarked);
  });
  media.addEventListener("volumechange", obey);
  obey();
}

function press(viewer, media, event) {
  const control = { g: ".control-colour", l: ".control-large" }[event.key];
  if (control) viewer.querySelector(control)?.click();
  else if (event.key === "?") viewer.querySelector('[data-part="keys"]').open = true;
  else if (event.key === " " && media?.matches("video, audio") && event.target === document.body) {
    event.preventDefault();
    if (media.paused) media.play();
    else media.pause();
  }
}

function clock(left) {
  const seconds = Math.max(0, Math.round(left / SECOND));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
