// The queue of takeaways being uploaded to the kiosk, one after the other. It is independent of the page.
// With a shelf they are stored on this phone before the first byte is sent; without one they are in memory (the station).
// A takeaway is called "safe" only after the kiosk has answered with its receipt.
import { Later, Refused, fileSource, isLost, sendFile, sendWords } from "../shared/transport.js";

// Retry delays in seconds, with a jitter of a third, so that a hundred phones don't return at the same moment.
const PAUSES = [2, 4, 8, 15, 30, 60];
// No pause is longer than this, in ms: what is due later was noted before the phone's clock was set back.
const LONGEST = 1000 * 600 * (4 / 3);
// After this many identical conflicts it counts as refused.
const STUBBORN = 5;
// Known only to the page; never stored.
const NOTE = ["id", "to", "fields", "state", "receipt", "error", "why", "due", "tries", "made", "bare", "rev"];
const PART = ["name", "type", "size", "modified", "url", "sent", "done", "error"];

// crypto.randomUUID does not exist on plain http; getRandomValues does (RFC 9562, version 4).
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const pick = (from, names) => Object.fromEntries(names.map((name) => [name, from[name]]));
const noted = (item) => ({ ...pick(item, NOTE), state: item.state === "sending" ? "waiting" : item.state, parts: item.parts.map((part) => pick(part, PART)) });
const isOpen = (item) => item.state !== "safe" && item.state !== "refused";

export class Outbox extends EventTarget {
  // way: { session, title, uploads, takeaways, loadTus, shelf }: URLs, tus-js-client loader, storage (optional)
  constructor(way) {
    super();
    this.way = way;
    this.shelf = way.shelf;
    this.me = uuid();
    this.items = [];
    // No try before `hold`; `asked`: the kiosk itself asked for the delay.
    this.hold = 0;
    this.asked = 0;
    this.running = false;
    if (this.shelf && "BroadcastChannel" in globalThis) {
      this.channel = new BroadcastChannel("reporter");
      this.channel.onmessage = ({ data }) => this.hear(data);
    }
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
    addEventListener("pagehide", () => this.shelf?.giveTurn(this.me));
  }

  get open() {
    return this.items.filter(isOpen);
  }

  // Items that would be lost if this page were closed now.
  get fragile() {
    return this.open.filter((item) => item.state === "keeping" || (item.bare && item.parts.some((part) => part.file)));
  }

  // Load what an earlier page left, then continue with it.
  async start() {
    await this.load();
    this.shelf?.sweep().catch(() => {});
    this.run();
  }

  // Merges newer items from the shelf, and drops those that another page has removed.
  async load() {
    if (!this.shelf) return;
    const notes = await this.shelf.all();
    const found = new Map(notes.map((note) => [note.id, note]));
    const unread = (item) => notes.partial && !item.bare;
    this.items = this.items.filter((item) => !item.stored || item === this.current || found.has(item.id) || unread(item));
    for (const note of found.values()) {
      const item = this.items.find((each) => each.id === note.id);
      if (!item) this.items.push({ ...note, stored: true });
      else if (note.rev > item.rev && item !== this.current) this.take(item, note);
      else if (note.rev === item.rev) item.stored = true;
    }
    this.items.sort((a, b) => b.made - a.made);
    this.tell(null);
  }

  take(item, note) {
    const files = item.parts.map((part) => part.file);
    Object.assign(item, note);
    if (item.bare) item.parts.forEach((part, number) => (part.file = files[number]));
  }

  add(id, fields, files) {
    const parts = files.map((file) => ({
      name: file.name, type: file.type, size: file.size, modified: file.lastModified, file, url: "", sent: 0, done: false, error: "",
    }));
    const to = pick(this.way, ["session", "title", "takeaways", "uploads"]);
    const item = { id, to, fields, parts, receipt: "", error: "", why: "", tries: 0, due: 0, made: Date.now(), bare: false, rev: 0 };
    item.state = this.shelf ? "keeping" : "waiting";
    this.items.unshift(item);
    this.tell(item);
    this.shelf ? this.keep(item) : this.run();
    return item;
  }

  async keep(item) {
    const files = item.parts.map((part) => part.file);
    try {
      await this.shelf.keep({ ...noted(item), state: "waiting" }, files, (share) => {
        item.kept = share;
        this.tell(item);
      });
      item.parts.forEach((part) => delete part.file);
      item.state = "waiting";
    } catch (error) {
      // No room or no IndexedDB: files are sent from where they are, and the page says so.
      item.bare = true;
      Object.assign(item, isLost(error) ? { state: "refused", why: "unreadable" } : { state: "waiting" });
    }
    await this.note(item);
    this.run();
  }

  // A file whose page was closed before it was sent was picked again: resume its upload.
  rejoin(file) {
    const same = (part) => !part.done && !part.file && part.name === file.name && part.size === file.size && part.modified === file.lastModified;
    for (const item of this.open.filter((each) => each.bare && each.to.session === this.way.session)) {
      const part = item.parts.find(same);
      if (!part) continue;
      part.file = file;
      this.retry(item);
      return true;
    }
    return false;
  }

  retry(item) {
    item.parts.forEach((part) => (part.error = ""));
    Object.assign(item, { state: "waiting", error: "", why: "", tries: 0, due: 0 });
    this.hold = 0;
    this.note(item).then(() => this.run());
  }

  // Only a person removes an item.
  drop(item) {
    this.items = this.items.filter((other) => other !== item);
    if (item === this.current) this.halt?.abort();
    const gone = this.shelf?.remove(item);
    gone?.then(() => this.channel?.postMessage({ changed: item.id, removed: true }));
    this.tell(item);
  }

  // Online, or the page became visible: no reason to wait, unless the kiosk itself asked for it.
  wake() {
    this.hold = this.asked;
    for (const item of this.items) if (item.why === "away") item.due = 0;
    this.load().then(() => this.run());
  }

  // It needs its file: the page that held it was closed.
  lacks(item) {
    return item.bare && isOpen(item) && item.state !== "sending" && item.parts.some((part) => !part.done && !part.file);
  }

  percent(item) {
    const all = item.parts.reduce((sum, part) => sum + part.size, 0);
    const sent = item.parts.reduce((sum, part) => sum + (part.done ? part.size : part.sent), 0);
    return all ? Math.min(99, Math.floor((sent / all) * 100)) : 0;
  }

  tell(item) {
    this.dispatchEvent(new CustomEvent("change", { detail: item }));
  }

  // Stores an item's state and notifies this page and the others. Returns whether it is stored now.
  async note(item) {
    item.rev++;
    this.tell(item);
    const stands = (await this.shelf?.write(noted(item)).catch(() => false)) ?? false;
    this.channel?.postMessage({ changed: item.id });
    return stands;
  }

  // Messages from other pages on this phone.
  hear({ changed, removed, sent, id }) {
    // Said, not only seen on the shelf: that may be unreadable here.
    if (removed) this.items = this.items.filter((item) => item.id !== changed || item === this.current);
    if (changed) this.load().then(() => this.run());
    const item = this.items.find((each) => each.id === id);
    if (!item || item === this.current) return;
    item.state = "sending";
    item.parts.forEach((part, number) => (part.sent = sent[number]));
    this.tell(item);
  }

  // One at a time, since access points are weak. An item that waits or was refused never blocks those behind it.
  async run() {
    if (this.running) return;
    this.running = true;
    clearTimeout(this.timer);
    for (let item; (item = this.next()); ) {
      if (this.shelf && !(await this.shelf.takeTurn(this.me))) {
        // Another page is sending. When it is closed, its turn expires.
        this.hold = Date.now() + 5000;
        break;
      }
      await this.send(item);
    }
    this.running = false;
    this.shelf?.giveTurn(this.me);
    this.forgetFarTimes();
    const later = this.ready.map((item) => Math.max(item.due, this.hold) - Date.now());
    if (later.length) this.timer = setTimeout(() => this.run(), Math.max(200, Math.min(...later)));
  }

  // Items this page could send, oldest first.
  get ready() {
    return this.open.filter((item) => item.state !== "keeping" && !this.lacks(item)).reverse();
  }

  // A clock set back must not keep anything waiting until it shows the old time again.
  forgetFarTimes() {
    const far = Date.now() + LONGEST;
    for (const item of this.open) if (item.due > far) item.due = 0;
    if (this.hold > far) this.hold = 0;
    if (this.asked > far) this.asked = 0;
  }

  next() {
    this.forgetFarTimes();
    const now = Date.now();
    return this.hold > now ? undefined : this.ready.find((item) => item.due <= now);
  }

  async send(item) {
    this.current = item;
    this.halt = new AbortController();
    const turn = setInterval(async () => {
      if (this.shelf && !(await this.shelf.takeTurn(this.me))) this.halt.abort();
    }, 5000);
    item.state = "sending";
    item.why = "";
    this.tell(item);
    try {
      if (item.parts.length) await this.sendParts(item);
      else item.receipt = await sendWords(item, this.halt.signal);
      item.state = item.receipt ? "safe" : "refused";
    } catch (error) {
      this.putBack(item, error);
    }
    clearInterval(turn);
    this.current = undefined;
    if (this.items.includes(item)) await this.note(item);
  }

  putBack(item, error) {
    // The browser's own error message is not for people.
    item.error = error instanceof Refused || error instanceof Later ? error.message : "";
    const final = error instanceof Refused || (error.status === 409 && item.tries >= STUBBORN);
    item.state = final ? "refused" : "retrying";
    item.why = error.why ?? "trouble";
    if (final) return;
    const pause = error.after || PAUSES[Math.min(item.tries, PAUSES.length - 1)];
    item.tries++;
    item.due = Date.now() + 1000 * pause * (error.after ? 1 + Math.random() / 3 : 2 / 3 + (Math.random() * 2) / 3);
    // An unreachable or busy kiosk delays everything in the queue.
    if (error.why === "away" || error.why === "busy") this.hold = item.due;
    if (error.why === "busy") this.asked = item.due;
  }

  async sendParts(item) {
    const tus = await this.way.loadTus().catch(() => {
      throw new Later("", { why: "away" });
    });
    for (const [number, part] of item.parts.entries()) {
      if (part.done || part.error) continue;
      try {
        item.receipt = await this.sendPart(tus, item, number);
        Object.assign(part, { done: true, url: "", sent: part.size });
        // Delete the bytes only after the receipt is stored in their place.
        if ((await this.note(item)) && !item.bare) await this.shelf?.clear(item.id, number).catch(() => {});
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        part.error = error.message || part.name;
        item.why = error.why;
      }
    }
    item.error = item.parts.map((part) => part.error).filter(Boolean).join(" ");
  }

  sendPart(tus, item, number) {
    const part = item.parts[number];
    const source = part.file ? fileSource(part.file) : this.shelf.source(item.id, number, part.size);
    return sendFile(tus, item, part, {
      source,
      signal: this.halt.signal,
      report: ({ stored, ...news }) => {
        if (news.sent > part.sent) item.tries = 0;
        Object.assign(part, news);
        this.tell(item);
        if (stored || "url" in news) this.shelf?.write(noted(item)).catch(() => {});
        this.channel?.postMessage({ id: item.id, sent: item.parts.map((each) => each.sent) });
      },
    });
  }
}
