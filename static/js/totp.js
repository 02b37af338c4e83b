/* The field for a code of six digits: spaces are taken out as they are pasted, and the
 * recovery codes can be copied or saved in one go. */
import { announce } from "./announce.js";

export default function totp(element) {
  const field = element.querySelector("[data-code]");
  field?.addEventListener("input", () => {
    const plain = field.value.replace(/[\s-]+/g, "");
    if (/^\d{1,6}$/.test(plain) && plain !== field.value) field.value = plain;
  });

  const codes = element.querySelector("[data-codes]");
  const copy = element.querySelector("[data-copy]");
  if (!codes || !copy) return;
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(codes.innerText.trim());
    announce(copy.dataset.done);
    copy.querySelector("span").textContent = copy.dataset.done;
  });
}
