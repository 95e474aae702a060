// The queue of takeaways that are still on this phone. It knows nothing of the page; it lives in memory for now.
// A takeaway is called "safe" only after the kiosk has answered with its receipt.

const PAUSES = [2, 5, 10, 20, 40];
const PATIENCE = 60000;

// crypto.randomUUID does not exist on plain http; getRandomValues does (RFC 9562, version 4).
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// What the kiosk has said no to for good: trying again would not help.
class Refused extends Error {}

const isFinal = (status) => status >= 400 && status < 500 && ![408, 409, 423, 425, 429, 460].includes(status);

function sentence(body) {
  try {
    return JSON.parse(body).detail || "";
  } catch {
    return "";
  }
}

export class Outbox extends EventTarget {
  // way: { session, uploads, takeaways, loadTus } - where to send, and how to get tus-js-client
  constructor(way) {
    super();
    this.way = way;
    this.items = [];
    this.running = false;
    addEventListener("online", () => this.wake());
  }

  get open() {
    return this.items.filter((item) => item.state !== "safe" && item.state !== "refused");
  }

  add(id, fields, files) {
    const parts = files.map((file) => ({ file, sent: 0, done: false, error: "" }));
    const item = { id, fields, parts, state: "waiting", receipt: "", error: "", tries: 0, due: 0 };
    this.items.unshift(item);
    this.tell(item);
    this.run();
    return item;
  }

  retry(item) {
    item.parts.forEach((part) => (part.error = ""));
    Object.assign(item, { state: "waiting", error: "", tries: 0, due: 0 });
    this.tell(item);
    this.run();
  }

  drop(item) {
    this.items = this.items.filter((other) => other !== item);
    this.tell(item);
  }

  wake() {
    this.items.forEach((item) => (item.due = 0));
    this.run();
  }

  percent(item) {
    const all = item.parts.reduce((sum, part) => sum + part.file.size, 0);
    const sent = item.parts.reduce((sum, part) => sum + part.sent, 0);
    return all ? Math.min(99, Math.floor((sent / all) * 100)) : 0;
  }

  tell(item) {
    this.dispatchEvent(new CustomEvent("change", { detail: item }));
  }

  // One after the other: access points are small. Whatever waits or was refused never blocks what stands behind it.
  async run() {
    if (this.running) return;
    this.running = true;
    for (let item; (item = this.next()); ) await this.send(item);
    this.running = false;
    const later = this.open.map((item) => item.due - Date.now());
    if (later.length) setTimeout(() => this.run(), Math.max(200, Math.min(...later)));
  }

  next() {
    return [...this.open].reverse().find((item) => item.due <= Date.now());
  }

  async send(item) {
    item.state = "sending";
    this.tell(item);
    try {
      if (item.parts.length) await this.sendParts(item);
      else item.receipt = await this.sendWords(item);
      item.state = item.receipt ? "safe" : "refused";
    } catch (error) {
      this.putBack(item, error);
    }
    this.tell(item);
  }

  putBack(item, error) {
    item.error = error.message;
    if (error instanceof Refused) {
      item.state = "refused";
      return;
    }
    item.state = "retrying";
    item.due = Date.now() + 1000 * PAUSES[Math.min(item.tries++, PAUSES.length - 1)];
  }

  async sendParts(item) {
    const { Upload } = await this.way.loadTus();
    for (const part of item.parts.filter((each) => !each.done && !each.error)) {
      try {
        item.receipt = await this.sendFile(Upload, item, part);
        part.done = true;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        part.error = error.message;
      }
    }
    item.error = item.parts.map((part) => part.error).filter(Boolean).join(" ");
  }

  sendFile(Upload, item, part) {
    return new Promise((resolve, reject) => {
      let receipt = "";
      const { file } = part;
      const names = { filename: file.name, filetype: file.type, session: this.way.session };
      const upload = new Upload(file, {
        endpoint: new URL(this.way.uploads, location.href).href,
        metadata: { ...item.fields, ...names, client_id: item.id },
        retryDelays: [500, 1500, 4000],
        removeFingerprintOnSuccess: true,
        onShouldRetry: (error) => !isFinal(error.originalResponse?.getStatus() ?? 0),
        onAfterResponse: (_request, response) => {
          receipt = response.getHeader("Reporter-Receipt") || receipt;
        },
        onProgress: (sent) => {
          part.sent = sent;
          this.tell(item);
        },
        onSuccess: () => (receipt ? resolve(receipt) : reject(new Error(""))),
        onError: (error) => {
          const response = error.originalResponse;
          const words = sentence(response?.getBody() ?? "");
          reject(isFinal(response?.getStatus() ?? 0) ? new Refused(words) : new Error(words));
        },
      });
      // A reload broke it off: the same file goes on where it was, if it carries the same words.
      upload.findPreviousUploads().then((former) => {
        const same = former.find((old) => sameWords(old.metadata, upload.options.metadata));
        if (same) {
          if (!item.receipt) item.id = same.metadata.client_id;
          upload.resumeFromPreviousUpload(same);
        }
        upload.start();
      }, reject);
    });
  }

  async sendWords(item) {
    const body = new FormData();
    for (const [name, value] of Object.entries({ ...item.fields, client_id: item.id })) body.set(name, value);
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const headers = { Accept: "application/json" };
      const answer = await fetch(this.way.takeaways, { method: "POST", body, headers, signal: stop.signal });
      const told = await answer.text();
      if (answer.status === 201) return JSON.parse(told).receipt;
      throw isFinal(answer.status) ? new Refused(sentence(told)) : new Error(sentence(told));
    } catch (error) {
      // fetch's own words ("Failed to fetch") are not for people.
      throw error instanceof TypeError || error.name === "AbortError" ? new Error("") : error;
    } finally {
      clearTimeout(timer);
    }
  }
}

function sameWords(old, now) {
  return Object.keys(now).every((name) => name === "client_id" || String(old[name] ?? "") === String(now[name] ?? ""));
}
