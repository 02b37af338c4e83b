/* The mark of a showing stays over what is shown. Whoever takes it away, hides it or
 * keeps it from loading by a setting or a rule of style, ends the showing: `missing` is
 * called. Developer tools can still get past this; the ledger then has the showing. */

const LOOKS = { attributes: true, childList: true, subtree: true };
const SECOND = 1000; // a style sheet from outside changes no element here
const COVERED = 0.95; // of the stage: a pixel more or less is rounding

export default function keepMarked(stage, media, mark, missing) {
  const address = mark.src;
  let ready = false;
  const look = () => {
    if (media.isConnected && (mark.src !== address || !covers(mark, stage))) missing();
  };
  const watch = () => {
    ready = true;
    new MutationObserver(look).observe(stage, LOOKS);
    const asked = setInterval(() => {
      if (media.isConnected) look();
      else clearInterval(asked);
    }, SECOND);
    look();
  };
  const shown = mark.decode().then(watch, missing);
  media.addEventListener("play", async () => {
    if (ready) return;
    media.pause(); // not a frame of it before its mark
    await shown;
    if (media.isConnected) media.play();
  });
}

function covers(mark, stage) {
  if (!mark.isConnected) return false;
  const looks = getComputedStyle(mark);
  if (looks.visibility !== "visible" || Number(looks.opacity) < 1) return false;
  const { width, height } = mark.getBoundingClientRect();
  return width >= COVERED * stage.clientWidth && height >= COVERED * stage.clientHeight;
}
