// What leaves the station: one queue a session, the same as on phones. It goes on while the next person is here.
import { Outbox } from "../phone/upload-queue.js";

export class Keeper extends EventTarget {
  // way: { uploads, takeaways with CODE in it, tus, token }
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
        // Some browsers remember for good that a module could not be fetched: then ask by another name.
        loadTus: () => import(this.way.tus).catch(() => import(`${this.way.tus}?${Date.now()}`)),
      });
      box.addEventListener("change", ({ detail }) => this.dispatchEvent(new CustomEvent("change", { detail })));
      this.boxes.set(code, box);
    }
    return this.boxes.get(code);
  }

  add(code, id, fields, files) {
    // Words alone go by a plain form, which needs the page's token; the kiosk doesn't store that.
    const words = files.length ? fields : { ...fields, csrf_token: this.way.token };
    return this.box(code).add(id, words, files);
  }

  get open() {
    return [...this.boxes.values()].flatMap((box) => box.open);
  }
}
