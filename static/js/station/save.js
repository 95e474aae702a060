// Uploads from the station: one queue per session, the same as on phones. It continues while the next person is here.
import { Outbox } from "../phone/upload-queue.js";

export class Keeper extends EventTarget {
  // way: { uploads, takeaways (URLs containing CODE), tus, token }
  constructor(way) {
    super();
    this.way = way;
    this.boxes = new Map();
  }

  box(code) {
    if (!this.boxes.has(code)) {
      const box = new Outbox({
        session: code,
        uploads: this.way.uploads,
        takeaways: this.way.takeaways.replace("CODE", code),
        // Some browsers cache a failed module import permanently: then import it under another URL.
        loadTus: () => import(this.way.tus).catch(() => import(`${this.way.tus}?${Date.now()}`)),
      });
      box.addEventListener("change", ({ detail }) => this.dispatchEvent(new CustomEvent("change", { detail })));
      this.boxes.set(code, box);
    }
    return this.boxes.get(code);
  }

  add(code, id, fields, files) {
    // Text alone is sent by a plain form, which needs the page's CSRF token; the kiosk doesn't store that.
    const words = files.length ? fields : { ...fields, csrf_token: this.way.token };
    return this.box(code).add(id, words, files);
  }

  get open() {
    return [...this.boxes.values()].flatMap((box) => box.open);
  }
}
