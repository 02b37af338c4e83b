/* Behaviours so small and so common that each page has them at hand: one file instead
 * of four. js/start.js looks here first, under the names below. */

// Keeps one's place when the page is loaded again in another language or other colours:
// the part of the page named in the address, and which folds stood open.
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

function place(form) {
  form.addEventListener("submit", () => {
    const next = form.elements.next;
    const open = folds().flatMap((fold, at) => (fold.open ? [at] : []));
    sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, open }));
    if (next.value.split("?")[0] !== location.pathname) return;
    next.value = location.pathname + location.search + location.hash;
  });
}

// What opens a <dialog>: <button data-module="dialog" data-opens="its id">. A link
// leads, where there is no script, to the page that says the same.
function dialog(button) {
  const target = document.getElementById(button.dataset.opens);
  button.addEventListener("click", (event) => {
    event.preventDefault();
    target.showModal();
  });
}

// A list that takes effect when chosen; its button stays for those without scripts.
function submitOnChange(form) {
  form.addEventListener("change", () => form.requestSubmit());
}

// Folds a rail on narrow screens, where it would push the results off the page. Until
// then the sheet hides what is in it, so that nothing moves.
function wideOpen(details) {
  const wide = matchMedia("(min-width: 64rem)");
  const fit = () => {
    details.open = wide.matches;
    details.dataset.fitted = "yes";
  };
  fit();
  wide.addEventListener("change", fit);
}

reopen();

export const behaviours = {
  place,
  dialog,
  "submit-on-change": submitOnChange,
  "wide-open": wideOpen,
};
