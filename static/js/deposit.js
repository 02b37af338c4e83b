/* Makes the deposit form pleasant: files dropped or picked, listed, taken out again, and
 * sent by tus with real progress, pause, and going on after a reload. Without it the same
 * form is sent by the browser.
 * Marked elements: [data-drop] the zone, [data-files] the list, [data-earlier] what was
 * sent before and not handed in, [data-sending] what shows while it is sent, [data-errors]
 * where errors are summed up. */
import { announce } from "./announce.js";
import { Desk, Refused, Sending } from "./sending.js";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

function readable(bytes, language) {
  const step = bytes > 0 ? Math.min(Math.floor(Math.log10(bytes) / 3), 4) : 0;
  const form = { style: "unit", unit: UNITS[step], unitDisplay: step ? "short" : "long", maximumFractionDigits: 1 };
  return new Intl.NumberFormat(language, form).format(bytes / 1000 ** step);
}

function clone(form, name) {
  return form.querySelector(`template[data-template="${name}"]`).content.firstElementChild.cloneNode(true);
}

export default function deposit(form) {
  const language = document.documentElement.lang;
  const input = form.querySelector('input[type="file"]');
  const zone = form.querySelector("[data-drop]");
  const list = form.querySelector("[data-files]");
  const before = form.querySelector("[data-earlier]");
  const sending = form.querySelector("[data-sending]");
  const bar = sending.querySelector("progress");
  const words = sending.querySelector("[data-words]");
  const pause = sending.querySelector("[data-pause]");
  const resume = sending.querySelector("[data-resume]");
  const desk = new Desk(form.dataset.uploads, form.elements.csrf_token.value);
  let files = [];
  let earlier = [];
  let current = null;
  let isSending = false;

  function show() {
    list.replaceChildren(...files.map(row));
    list.hidden = files.length === 0;
    before.querySelector("ul").replaceChildren(...earlier.map(earlierRow));
    before.hidden = earlier.length === 0;
  }

  function named(item, upload, size) {
    item.querySelector("[data-name]").textContent = upload.filename ?? upload.name;
    item.querySelector("[data-size]").textContent = size;
    for (const button of item.querySelectorAll("button")) {
      button.setAttribute("aria-label", `${button.textContent.trim()}: ${upload.filename ?? upload.name}`);
    }
    return item;
  }

  function row(file, index) {
    const item = named(clone(form, "file"), file, readable(file.size, language));
    item.querySelector("[data-remove]").addEventListener("click", async () => {
      files.splice(index, 1);
      show();
      (list.querySelectorAll("button")[Math.min(index, files.length - 1)] || input).focus();
      await file.end();
    });
    return item;
  }

  function earlierRow(upload, index) {
    const share = new Intl.NumberFormat(language, { style: "percent" }).format(upload.offset / upload.length);
    const item = named(clone(form, "earlier"), upload, `${readable(upload.length, language)} · ${share}`);
    const take = item.querySelector("[data-take]");
    take.hidden = upload.offset < upload.length;
    take.addEventListener("click", () => {
      earlier.splice(index, 1);
      files.push(new Sending(desk, null, upload));
      show();
      input.focus();
    });
    item.querySelector("[data-remove]").addEventListener("click", async () => {
      earlier.splice(index, 1);
      show();
      input.focus();
      await desk.end(upload.url);
    });
    return item;
  }

  async function look() {
    const held = new Set(files.map((file) => file.url));
    earlier = (await desk.unfinished()).filter((upload) => !held.has(upload.url));
    for (const file of files) adopt(file);
    show();
  }

  function adopt(file) {
    if (!file.file || file.url) return;
    const known = earlier.findIndex((upload) => Sending.isOf(upload, file.file));
    if (known < 0) return;
    const [upload] = earlier.splice(known, 1);
    file.url = upload.url;
    file.sent = upload.offset;
  }

  function add(more) {
    const known = new Set(files.map(({ file }) => file && `${file.name} ${file.size} ${file.lastModified}`));
    for (const file of more) {
      if (known.has(`${file.name} ${file.size} ${file.lastModified}`)) continue;
      const one = new Sending(desk, file, null);
      adopt(one);
      files.push(one);
    }
    show();
  }

  function forget(field) {
    field?.classList.remove("field-invalid");
    field?.querySelector(".field-error")?.remove();
    field?.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
  }

  function complain(errors) {
    const summary = clone(form, "errors");
    const lines = summary.querySelector("ul");
    lines.replaceChildren();
    for (const [name, sentence] of Object.entries(errors)) {
      const control = form.elements[name] instanceof RadioNodeList ? form.elements[name][0] : form.elements[name];
      const field = control?.closest(".field");
      const line = document.createElement("li");
      const link = document.createElement("a");
      link.href = `#${control?.id || form.id}`;
      link.textContent = sentence;
      line.append(link);
      lines.append(line);
      if (!field) continue;
      forget(field);
      field.classList.add("field-invalid");
      const said = clone(form, "error");
      said.id = `${control.id}-error`;
      said.querySelector("span").textContent = sentence;
      control.setAttribute("aria-invalid", "true");
      const described = new Set((control.getAttribute("aria-describedby") || "").split(" ").filter(Boolean));
      control.setAttribute("aria-describedby", [...described.add(said.id)].join(" "));
      field.querySelector("label")?.after(said);
    }
    form.querySelector("[data-errors]").replaceChildren(summary);
    summary.focus();
  }

  function settle() {
    current = null;
    isSending = false;
    sending.hidden = true;
    form.removeAttribute("aria-busy");
    for (const button of form.querySelectorAll("[data-send]")) button.disabled = false;
    show();
  }

  function begin() {
    isSending = true;
    sending.hidden = false;
    showPause(false);
    form.setAttribute("aria-busy", "true");
    for (const button of form.querySelectorAll("[data-send]")) button.disabled = true;
    progressed();
  }

  function progressed() {
    const whole = files.reduce((sum, file) => sum + file.size, 0);
    const sent = files.reduce((sum, file) => sum + file.sent, 0);
    bar.max = whole || 1;
    bar.value = sent;
    words.textContent = `${readable(sent, language)} / ${readable(whole, language)}`;
  }

  function showPause(isPaused) {
    pause.hidden = isPaused;
    resume.hidden = !isPaused;
  }

  async function ask(more) {
    const body = new FormData(form);
    body.delete(input.name);
    for (const [name, value] of more) body.append(name, value);
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    const told = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    if (!answer.ok) {
      const refused = new Refused(told.detail || "");
      refused.errors = told.errors;
      throw refused;
    }
    return told;
  }

  async function handIn() {
    await ask([["check", "1"]]);
    for (const file of [...files]) {
      if (!isSending) return null;
      current = file;
      await file.whole(progressed);
    }
    current = null;
    if (!isSending) return null;
    bar.removeAttribute("value");
    words.textContent = form.dataset.sealing;
    announce(form.dataset.sealing);
    pause.hidden = true;
    return ask(files.map((file) => ["uploads", file.id]));
  }

  function fail(error) {
    if (!(error instanceof Refused || error instanceof TypeError)) throw error;
    const errors = error.errors && Object.keys(error.errors).length ? error.errors : null;
    complain(errors || { files: error.message && error instanceof Refused ? error.message : form.dataset.failed });
  }

  async function send(event) {
    event.preventDefault();
    if (isSending) return;
    for (const field of form.querySelectorAll(".field-invalid")) forget(field);
    begin();
    try {
      const made = await handIn();
      settle();
      if (made) location.assign(made.location);
    } catch (error) {
      settle();
      fail(error);
    }
  }

  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.add("drop-over");
    });
  }
  for (const kind of ["dragleave", "drop"]) {
    zone.addEventListener(kind, () => zone.classList.remove("drop-over"));
  }
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  pause.addEventListener("click", async () => {
    showPause(true);
    resume.focus();
    announce(form.dataset.paused);
    await current?.pause();
  });
  resume.addEventListener("click", () => {
    showPause(false);
    pause.focus();
    current?.goOn();
  });
  sending.querySelector("[data-stop]").addEventListener("click", async () => {
    await current?.pause();
    settle();
    announce(form.dataset.stopped);
  });
  window.addEventListener("beforeunload", (event) => {
    if (isSending && !current?.isPaused) event.preventDefault();
  });
  form.addEventListener("submit", send);
  if (input.files.length) add(input.files);
  look();
}
