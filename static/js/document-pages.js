/* A revealed PDF, painted onto a canvas one page at a time by pdf.js: so that it too
 * comes small, grey and marked, and goes when hidden. Nothing in the document is run:
 * no script, no form, no link. It is read in parts, each of which the gate lets out. */
import { getDocument, GlobalWorkerOptions } from "./pdfjs/pdf.min.mjs";

const HERE = new URL("./pdfjs/", import.meta.url).href;
const PART_BYTES = 1 << 20;
const PIXELS_WIDE = 1600;

GlobalWorkerOptions.workerSrc = `${HERE}pdf.worker.min.mjs`;

export default async function documentPages(holder) {
  const loading = getDocument({
    url: holder.dataset.src,
    rangeChunkSize: PART_BYTES,
    disableAutoFetch: true,
    disableStream: true,
    isEvalSupported: false,
    enableXfa: false,
    stopAtErrors: false,
    useWasm: false,
    wasmUrl: HERE,
    standardFontDataUrl: `${HERE}standard_fonts/`,
  });
  holder.addEventListener("takeaway", () => loading.destroy(), { once: true });
  try {
    turnable(holder, await loading.promise);
  } catch {
    // Damaged, locked, or taken away while it was loading: the words say what is left.
    if (holder.isConnected) holder.textContent = holder.dataset.failed;
  }
}

function turnable(holder, pdf) {
  const controls = holder.querySelector("[data-part=pages]");
  const [back, on] = controls.querySelectorAll("button");
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", holder.dataset.label);
  holder.append(canvas);
  controls.hidden = false;
  let number = 0;
  let painting = Promise.resolve();

  const turn = (to) => {
    number = Math.min(Math.max(to, 1), pdf.numPages);
    back.disabled = number === 1;
    on.disabled = number === pdf.numPages;
    controls.querySelector("[data-part=page]").textContent = holder.dataset.page
      .replace("{page}", number)
      .replace("{pages}", pdf.numPages);
    const wanted = number;
    painting = painting.then(() => (wanted === number ? paint(pdf, wanted, canvas) : null));
    return painting;
  };
  back.addEventListener("click", () => turn(number - 1));
  on.addEventListener("click", () => turn(number + 1));
  return turn(1);
}

async function paint(pdf, number, canvas) {
  const page = await pdf.getPage(number);
  const natural = page.getViewport({ scale: 1 });
  const viewport = page.getViewport({ scale: PIXELS_WIDE / natural.width });
  canvas.width = viewport.width;
  canvas.height = viewport.height;
  await page.render({ canvas, viewport, annotationMode: 0 }).promise;
  page.cleanup();
}
