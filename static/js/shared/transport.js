// How one thing gets from here to the kiosk. It comes back with a receipt or throws: Refused is for good, Later is not.

const SILENCE = 30000;
const CHUNK = 4 * 1048576;
const HASHED = 32 * 1048576;

// The kiosk has said no for good, or (why: unreadable) the phone does not give the bytes: trying again would not help.
export class Refused extends Error {
  constructor(words, why = "") {
    super(words);
    this.why = why;
  }
}

// Not now. `why`: away (no answer), full (the laptop's disk), busy (it asked to wait), trouble. `after`: seconds it asked for.
export class Later extends Error {
  constructor(words, { why = "trouble", after = 0, status = 0 } = {}) {
    super(words);
    Object.assign(this, { why, after, status });
  }
}

// 410: it was taken back. (That an upload ran out is told at its own address, and met there.)
const isFinal = (status) => status >= 400 && status < 500 && ![408, 409, 423, 425, 429, 460].includes(status);
const WHY = { 429: "busy", 502: "away", 503: "busy", 504: "away", 507: "full" };

// The phone does not give the bytes (any more), by the names of the File API and our own shelf.
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

// Words alone, by the form's own way. An outer `signal` can break it off.
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
    const told = await answer.text();
    if (answer.status === 201) return JSON.parse(told).receipt;
    throw failure(answer.status, told, answer.headers.get("Retry-After"));
  } catch (error) {
    // fetch's own words ("Failed to fetch") are not for people.
    throw error instanceof Refused || error instanceof Later ? error : new Later("", { why: "away" });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", halt);
  }
}

// Only a secure context can hash, and only what fits into memory.
async function hash(source) {
  if (!globalThis.crypto?.subtle || source.size > HASHED) return {};
  const { value } = await source.slice(0, source.size);
  const digest = await crypto.subtle.digest("SHA-256", await value.arrayBuffer());
  return { sha256: Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

// One file of a takeaway, from where it stopped. `report` hears { url } and { sent }; `source` is what tus reads from.
export async function sendFile({ Upload }, item, part, { source, signal, report }) {
  // The kiosk says at once when it has this file from us already.
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
      // Once begun, it is never begun anew behind our back: who asks for its offset decides on the answer.
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
          // The kiosk has forgotten the beginning of it.
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

// The bytes of a file from one place to another. A browser gives none of a file that was changed since it was chosen; one
// that gives others is found out by their number. (A request that reads the file by itself would only look broken off.)
export async function readBytes(file, start, end) {
  const wanted = Math.min(end, file.size) - start;
  const bytes = await new Response(file.slice(start, start + wanted)).arrayBuffer().catch(() => null);
  if (bytes?.byteLength !== wanted) throw new DOMException("the file was changed", "NotReadableError");
  return bytes;
}

// For a file that is only in this page's hands.
export function fileSource(file) {
  return {
    size: file.size,
    slice: async (start, end) => ({ value: new Blob([await readBytes(file, start, end)]), done: end >= file.size }),
    close() {},
  };
}
