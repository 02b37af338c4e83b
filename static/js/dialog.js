/* A button that opens a <dialog>: <button data-module="dialog" data-opens="its id">. */
export default function dialog(button) {
  const target = document.getElementById(button.dataset.opens);
  button.addEventListener("click", () => target.showModal());
}
