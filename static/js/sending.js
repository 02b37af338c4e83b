/* One file on its way by tus: what has come stays in the archive, so a reload, a broken
 * line or a closed lid costs nothing. How far it is, is asked of the archive; the browser
 * stores nothing, not even that there was a file. */
import "./tus/tus.min.js";

const PART = 8 * 1024 * 1024;
const WAITS = [0, 1000, 3000, 5000, 10000];
const { Upload } = globalThis.tus;

export class Refused extends Error {}

function decoded(metadata) {
  const pairs = metadata.split(",").map((pair) => pair.trim().split(" "));
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return Object.fromEntries(pairs.map(([key, value]) => [key, new TextDecoder().decode(bytes(value || ""))]));
}

/* The archive's side: where uploads are begun, listed and ended. */
export class Desk {
  constructor(address, token) {
    this.address = new URL(address, location).href;
    this.headers = { "X-CSRFToken": token };
  }

  async unfinished() {
    const answer = await fetch(this.address, { headers: { Accept: "application/json" } });
    if (!answer.ok) return [];
    const { items } = await answer.json();
    return items.map((item) => ({ ...item, modified: decoded(item.metadata || "").modified }));
  }

  async end(url) {
    await fetch(url, { method: "DELETE", headers: { ...this.headers, "Tus-Resumable": "1.0.0" } });
  }
}

/* A file to be sent; `upload` is what the archive has of it from before, or null. */
export class Sending {
  constructor(desk, file, upload) {
    this.desk = desk;
    this.file = file;
    this.name = file ? file.name : upload.filename;
    this.size = file ? file.size : upload.length;
    this.sent = upload ? upload.offset : 0;
    this.url = upload ? upload.url : null;
    this.isPaused = false;
    this.client = null;
  }

  static isOf(upload, file) {
    return upload.filename === file.name && upload.length === file.size && upload.modified === String(file.lastModified);
  }

  get isWhole() {
    return this.url !== null && this.sent === this.size;
  }

  get id() {
    return this.url.split("/").pop();
  }

  /* Send what is not there yet; ends when all of it is. */
  whole(progressed) {
    this.isPaused = false;
    if (this.isWhole) return Promise.resolve();
    return new Promise((done, failed) => {
      this.client = new Upload(this.file, {
        endpoint: this.desk.address,
        uploadUrl: this.url && new URL(this.url, location).href,
        chunkSize: PART,
        retryDelays: WAITS,
        storeFingerprintForResuming: false,
        headers: this.desk.headers,
        metadata: { filename: this.file.name, modified: String(this.file.lastModified) },
        onUploadUrlAvailable: () => {
          this.url = new URL(this.client.url).pathname;
        },
        onProgress: (sent) => {
          this.sent = Math.min(sent, this.size);
          progressed();
        },
        onSuccess: () => {
          this.sent = this.size;
          done();
        },
        onError: (error) => failed(this.reason(error)),
      });
      this.client.start();
    });
  }

  reason(error) {
    const answer = error.originalResponse;
    if (!answer) return new Refused("");
    if ([404, 410, 415, 422].includes(answer.getStatus())) this.forget();
    try {
      return new Refused(JSON.parse(answer.getBody()).detail);
    } catch {
      return new Refused("");
    }
  }

  forget() {
    this.url = null;
    this.sent = 0;
  }

  async pause() {
    this.isPaused = true;
    await this.client?.abort();
  }

  goOn() {
    this.isPaused = false;
    this.client?.start();
  }

  async end() {
    await this.client?.abort();
    if (this.url) await this.desk.end(this.url);
    this.forget();
  }
}
