/* What opens a <dialog>: <button data-module="dialog" data-opens="its id">. A link
 * leads, where there is no script, to the page that says the same. */
export default function dialog(button) {
  const target = document.getElementById(button.dataset.opens);
  button.addEventListener("click", (event) => {
    event.preventDefault();
    target.showModal();
  });
}
