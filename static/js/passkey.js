/* Asks the browser for a passkey, or to make one, and sends its answer with the form.
 * The form works without: by password and code. */
import { announce } from "./announce.js";

export default function passkey(form) {
  const button = form.querySelector("[data-passkey]");
  if (!button) return;
  for (const words of form.querySelectorAll("[data-without-script]")) words.hidden = true;
  const trouble = form.querySelector("[data-passkey-trouble]");
  if (!window.PublicKeyCredential || !navigator.credentials) {
    if (trouble) trouble.hidden = false;
    return;
  }
  button.hidden = false;
  for (const part of form.querySelectorAll("[data-with-passkey]")) part.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    if (trouble) trouble.hidden = true;
    try {
      await answer(form, button.dataset.passkey);
    } catch {
      if (trouble) {
        trouble.textContent = button.dataset.trouble;
        trouble.hidden = false;
        announce(button.dataset.trouble);
      }
    } finally {
      button.disabled = false;
    }
  });
}

async function answer(form, address) {
  const told = await fetch(address, {
    method: "POST",
    headers: { "X-CSRFToken": form.elements.csrf_token.value, Accept: "application/json" },
  });
  if (!told.ok) throw new Error(String(told.status));
  const { options, csrf_token: token, make } = await told.json();
  const credential = make
    ? await navigator.credentials.create({ publicKey: creation(options) })
    : await navigator.credentials.get({ publicKey: request(options) });
  // Asking may have begun a session, and with it another form token.
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token;
  form.elements.answer.value = JSON.stringify(plain(credential));
  form.submit();
}

function creation(options) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map(named),
  };
}

function request(options) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: (options.allowCredentials ?? []).map(named),
  };
}

function named(each) {
  return { ...each, id: bytes(each.id) };
}

function plain(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response };
}

function bytes(base64url) {
  const padded = base64url.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const letters = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
