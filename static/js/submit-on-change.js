/* A list that takes effect when chosen; its button stays for those without scripts. */
export default function submitOnChange(form) {
  const button = form.querySelector("button[type=submit]");
  if (button) button.hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
}
