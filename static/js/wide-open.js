/* Folds a rail on narrow screens, where it would push the results off the page. */
export default function wideOpen(details) {
  const wide = matchMedia("(min-width: 64rem)");
  const fit = () => {
    details.open = wide.matches;
  };
  fit();
  wide.addEventListener("change", fit);
}
