/* Keeps one's place when the page is loaded again in another language or other colours:
 * the part of the page named in the address, and which folds stood open. */
const KEPT = "vigil-folds";

function folds() {
  return [...document.querySelectorAll("main details")];
}

function reopen() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
  sessionStorage.removeItem(KEPT);
  if (kept?.path !== location.pathname) return;
  folds().forEach((fold, place) => {
    if (kept.open.includes(place)) fold.open = true;
  });
}

reopen();

export default function place(form) {
  form.addEventListener("submit", () => {
    const next = form.elements.next;
    const open = folds().flatMap((fold, at) => (fold.open ? [at] : []));
    sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, open }));
    if (next.value.split("?")[0] !== location.pathname) return;
    next.value = location.pathname + location.search + location.hash;
  });
}
