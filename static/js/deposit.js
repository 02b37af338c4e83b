/* Makes the deposit form pleasant: files dropped or picked, listed, taken out again,
 * and sent with real progress. Without it the same form is sent by the browser.
 * Marked elements: [data-drop] the zone, [data-files] the list, [data-sending] what
 * shows while it is sent, [data-errors] where errors are summed up. */
import { announce } from "./announce.js";

const UNITS = ["B", "kB", "MB", "GB", "TB"];

function readable(bytes, language) {
  const step = bytes > 0 ? Math.min(Math.floor(Math.log10(bytes) / 3), 4) : 0;
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  return `${number.format(bytes / 1000 ** step)} ${UNITS[step]}`;
}

function clone(form, name) {
  return form.querySelector(`template[data-template="${name}"]`).content.firstElementChild.cloneNode(true);
}

export default function deposit(form) {
  const language = document.documentElement.lang;
  const input = form.querySelector('input[type="file"]');
  const zone = form.querySelector("[data-drop]");
  const list = form.querySelector("[data-files]");
  const sending = form.querySelector("[data-sending]");
  const bar = sending.querySelector("progress");
  const words = sending.querySelector("[data-words]");
  let files = [];
  let request = null;

  function show() {
    list.replaceChildren(...files.map(row));
    list.hidden = files.length === 0;
  }

  function row(file, index) {
    const item = clone(form, "file");
    item.querySelector("[data-name]").textContent = file.name;
    item.querySelector("[data-size]").textContent = readable(file.size, language);
    const remove = item.querySelector("button");
    remove.setAttribute("aria-label", `${remove.textContent.trim()}: ${file.name}`);
    remove.addEventListener("click", () => {
      files.splice(index, 1);
      show();
      (list.querySelectorAll("button")[Math.min(index, files.length - 1)] || input).focus();
    });
    return item;
  }

  function add(more) {
    const known = new Set(files.map((file) => `${file.name} ${file.size} ${file.lastModified}`));
    for (const file of more) {
      if (!known.has(`${file.name} ${file.size} ${file.lastModified}`)) files.push(file);
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
    request = null;
    sending.hidden = true;
    form.removeAttribute("aria-busy");
    for (const button of form.querySelectorAll("[data-send]")) button.disabled = false;
  }

  function ended() {
    const status = request.status;
    const answer = request.response;
    settle();
    if (status === 201 && answer?.location) {
      location.assign(answer.location);
    } else if (answer?.errors && Object.keys(answer.errors).length) {
      complain(answer.errors);
    } else {
      complain({ files: answer?.detail || form.dataset.failed });
    }
  }

  function broken() {
    settle();
    complain({ files: form.dataset.failed });
  }

  function progressed(event) {
    if (!event.lengthComputable) return;
    bar.max = event.total;
    bar.value = event.loaded;
    const whole = event.loaded >= event.total;
    words.textContent = whole
      ? form.dataset.sealing
      : `${readable(event.loaded, language)} / ${readable(event.total, language)}`;
    if (whole) announce(form.dataset.sealing);
  }

  function send(event) {
    event.preventDefault();
    for (const field of form.querySelectorAll(".field-invalid")) forget(field);
    const body = new FormData(form);
    body.delete(input.name);
    for (const file of files) body.append(input.name, file, file.name);
    sending.hidden = false;
    form.setAttribute("aria-busy", "true");
    for (const button of form.querySelectorAll("[data-send]")) button.disabled = true;
    request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", progressed);
    request.addEventListener("load", ended);
    request.addEventListener("error", broken);
    request.send(body);
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
  sending.querySelector("[data-stop]").addEventListener("click", () => {
    request?.abort();
    settle();
    announce(form.dataset.stopped);
  });
  window.addEventListener("beforeunload", (event) => {
    if (request) event.preventDefault();
  });
  form.addEventListener("submit", send);
  if (input.files.length) add(input.files);
}
