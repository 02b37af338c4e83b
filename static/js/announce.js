/* Says something to screen readers at once, by the live region every page has. */
export function announce(words) {
  const region = document.getElementById("announcement");
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = words;
  });
}
