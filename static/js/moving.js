/* Where a place is at a moment that its keyframes {t, box} do not name: on the straight
 * line between two of them. One alone stands for the whole film. */
const LEAST = 1;
const WHOLE = 100;

export function boxAt(frames, t) {
  if (frames.length < 2) return frames[0]?.box ?? null;
  const next = frames.findIndex((each) => t <= each.t);
  if (next < 0 || t < frames[0].t) return null;
  if (next === 0) return frames[0].box;
  const [before, after] = [frames[next - 1], frames[next]];
  const share = (t - before.t) / (after.t - before.t);
  return before.box.map((side, index) => side + (after.box[index] - side) * share);
}

/* Within the picture, in tenths of a hundredth of it, and never without a size. */
export function fitted([x, y, width, height]) {
  const [left, top] = [x, y].map((side) => Math.max(0, Math.min(WHOLE - LEAST, side)));
  return [
    left,
    top,
    Math.max(LEAST, Math.min(WHOLE - left, width)),
    Math.max(LEAST, Math.min(WHOLE - top, height)),
  ].map((side) => Number(side.toFixed(1)));
}

export function placed(frames, t, box) {
  const others = frames.filter((each) => each.t !== t);
  return [...others, { t, box: fitted(box) }].sort((a, b) => a.t - b.t);
}

export const SIDES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/* The box moved by a key, or with Shift sized by it; null for any other key. */
export function keyed(event, box) {
  const side = SIDES[event.key];
  if (!side || !box) return null;
  const [x, y, width, height] = box;
  if (event.shiftKey) return [x, y, width + side[0], height + side[1]];
  return [Math.min(x + side[0], WHOLE - width), Math.min(y + side[1], WHOLE - height), width, height];
}
