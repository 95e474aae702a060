// Uploads one takeaway to the kiosk. Returns a receipt or throws: Refused is permanent, Later is not.

const SILENCE = 30000;
const CHUNK = 4 * 1048576;
const HASHED = 32 * 1048576;

// The kiosk refused permanently, or (why: unreadable) the phone can't read the bytes: retrying would not help.
export class Refused extends Error {
  constructor(words, why = "") {
    super(words);
    this.why = why;
  }
}

// Retry later. `why`: away (no response), full (laptop's disk), busy (asked to wait), trouble. `after`: seconds to wait.
export class Later extends Error {
  constructor(words, { why = "trouble", after = 0, status = 0 } = {}) {
    super(words);
    Object.assign(this, { why, after, status });
  }
}

// 410: it was withdrawn. (An expired upload is detected at its own URL.)
const isFinal = (status) => status >= 400 && status < 500 && ![408, 409, 423, 425, 429, 460].includes(status);
const WHY = { 429: "busy", 502: "away", 503: "busy", 504: "away", 507: "full" };

// The phone can't read the bytes (any more): error names of the File API and of our own shelf.
export const isLost = (error) => ["NotReadableError", "NotFoundError"].includes(error?.name);

function sentence(body) {
  try {
    return JSON.parse(body).detail || "";
  } catch {
    return "";
  }
}

function failure(status, body, wait) {
  const words = sentence(body);
  if (isFinal(status)) return new Refused(words);
  return new Later(words, { why: WHY[status], after: Math.min(Number(wait) || 0, 600), status });
}

// Text only, through the form's endpoint. An outer `signal` can abort it.
export async function sendWords(item, signal) {
  const body = new FormData();
  for (const [name, value] of Object.entries({ ...item.fields, client_id: item.id })) body.set(name, value);
  const stop = new AbortController();
  const halt = () => stop.abort();
  const timer = setTimeout(halt, SILENCE);
  signal?.addEventListener("abort", halt);
  try {
    const headers = { Accept: "application/json" };
    const answer = await fetch(item.to.takeaways, { method: "POST", body, headers, signal: stop.signal });
    const text = await answer.text();
    if (answer.status === 201) return JSON.parse(text).receipt;
    throw failure(answer.status, text, answer.headers.get("Retry-After"));
  } catch (error) {
    // fetch's own messages ("Failed to fetch") are not for people.
    throw error instanceof Refused || error instanceof Later ? error : new Later("", { why: "away" });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", halt);
  }
}

// Hashing requires a secure context and a file that fits into memory.
async function hash(source) {
  if (!globalThis.crypto?.subtle || source.size > HASHED) return {};
  const { value } = await source.slice(0, source.size);
  const digest = await crypto.subtle.digest("SHA-256", await value.arrayBuffer());
  return { sha256: Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

// Uploads one file of a takeaway, resuming where it stopped. `report` gets { url } and { sent }; `source` is tus's input.
export async function sendFile({ Upload }, item, part, { source, signal, report }) {
  // The kiosk reports at once if it already has this file from us.
  const known = part.url ? {} : await hash(source).catch(() => ({}));
  return new Promise((resolve, reject) => {
    let receipt = "";
    let timer;
    const { name, type } = part;
    const end = (settle, value) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", silent);
      settle(value);
    };
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(silent, SILENCE);
    };
    const silent = () => {
      upload.abort().catch(() => {});
      end(reject, new Later("", { why: "away" }));
    };
    const upload = new Upload(source, {
      // Once started, never restart silently: the response to the offset request decides.
      endpoint: part.url ? null : new URL(item.to.uploads, location.href).href,
      uploadUrl: part.url || null,
      metadata: { ...item.fields, filename: name, filetype: type, session: item.to.session, client_id: item.id, ...known },
      chunkSize: CHUNK,
      retryDelays: null,
      storeFingerprintForResuming: false,
      fingerprint: () => Promise.resolve(null),
      fileReader: { openFile: async () => source },
      onAfterResponse: (request, response) => {
        alive();
        receipt = response.getHeader("Reporter-Receipt") || receipt;
        if (!receipt || request.getMethod() !== "POST") return;
        upload.abort().catch(() => {});
        end(resolve, receipt);
      },
      onUploadUrlAvailable: () => report({ url: upload.url }),
      onProgress: (sent) => {
        alive();
        report({ sent });
      },
      onChunkComplete: (_size, sent) => report({ sent, stored: true }),
      onSuccess: () => (receipt ? end(resolve, receipt) : end(reject, new Later(""))),
      onError: (error) => {
        const response = error.originalResponse;
        const status = response?.getStatus() ?? 0;
        if (isLost(error.causingError ?? error)) return end(reject, new Refused("", "unreadable"));
        if (!status) return end(reject, new Later("", { why: "away" }));
        if (part.url && (status === 404 || status === 410)) {
          // The kiosk no longer has the partial upload.
          report({ url: "", sent: 0, stored: true });
          return end(reject, new Later(""));
        }
        end(reject, failure(status, response.getBody(), response.getHeader("Retry-After")));
      },
    });
    signal?.addEventListener("abort", silent);
    alive();
    upload.start();
  });
}

// A file's bytes between two offsets. Browsers refuse to read a file changed since it was picked; one that
// returns other bytes is detected by their count. (A request that streams the file would only look interrupted.)
export async function readBytes(file, start, end) {
  const wanted = Math.min(end, file.size) - start;
  const bytes = await new Response(file.slice(start, start + wanted)).arrayBuffer().catch(() => null);
  if (bytes?.byteLength !== wanted) throw new DOMException("the file was changed", "NotReadableError");
  return bytes;
}

// For a file held only by this page.
export function fileSource(file) {
  return {
    size: file.size,
    slice: async (start, end) => ({ value: new Blob([await readBytes(file, start, end)]), done: end >= file.size }),
    close() {},
  };
}
