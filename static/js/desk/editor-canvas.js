// The stage: the original picture, rotated if needed, with boxes that a pointer draws, resizes and moves.
import { fitting, moved, spanned, turnPlace, turnPoint } from "./editor-regions.js";

const CORNERS = { nw: [0, 0], ne: [1, 0], se: [1, 1], sw: [0, 1] };
const MOST_HEIGHT = 0.66;
// A pointer that moved less than this fraction of the stage has tapped, not drawn.
const TAP = 0.012;
const percent = (share) => `${share * 100}%`;

export class Stage {
  // `act`: callbacks choose(key), move(key, place), corner(number, point), draw(place), accept(key), done().
  constructor(stage, size, words, act) {
    Object.assign(this, { stage, size, words, act, boxes: new Map(), turn: 0, drag: null });
    this.plane = stage.querySelector(".plane");
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, (event) => this.#up(event));
    stage.addEventListener("focusin", (event) => {
      const key = event.target.closest("[data-box]")?.dataset.box;
      if (key) act.choose(key);
    });
    new ResizeObserver(() => this.#fit()).observe(stage.parentElement);
  }

  #fit() {
    const [width, height] = this.turn % 180 ? [this.size[1], this.size[0]] : this.size;
    const wide = Math.min(this.stage.parentElement.clientWidth, (innerHeight * MOST_HEIGHT * width) / height);
    const high = (wide * height) / width;
    Object.assign(this.stage.style, { width: `${wide}px`, height: `${high}px` });
    const [w, h] = this.turn % 180 ? [high, wide] : [wide, high];
    Object.assign(this.plane.style, {
      width: `${w}px`, height: `${h}px`, left: `${(wide - w) / 2}px`, top: `${(high - h) / 2}px`,
      transform: `rotate(${this.turn}deg)`,
    });
  }

  // Render a state; boxes that stay keep their element and thus the focus.
  draw(state, chosen) {
    this.turn = state.turn;
    this.#fit();
    const seen = new Set();
    const put = (key, kind, label) => {
      seen.add(key);
      const box = this.boxes.get(key) ?? this.#make(key, kind);
      box.className = `${kind}${key === chosen ? " chosen" : ""}`;
      box.setAttribute("aria-label", label);
      return box;
    };
    state.blur.forEach((region, n) => this.#lay(put(`blur-${n}`, `box blur ${region.kind}`, this.#say("blurred", n)), region.place));
    state.proposed.forEach((place, n) => this.#lay(put(`proposed-${n}`, "box oval proposed", this.#say("proposed", n)), place));
    if (!state.sheet && (state.crop || state.tilt)) this.#layCrop(put("crop", "box crop", this.words.crop), state);
    this.#drawSheet(state.sheet, put);
    for (const [key, box] of this.boxes) {
      if (seen.has(key)) continue;
      box.remove();
      this.boxes.delete(key);
    }
  }

  #say(word, number) {
    return this.words[word].replace("#", String(number + 1));
  }

  #make(key, kind) {
    const box = document.createElement("button");
    box.type = "button";
    box.dataset.box = key;
    if (!kind.startsWith("corner")) {
      for (const corner of Object.keys(CORNERS)) box.append(this.#handle(corner));
      if (kind.endsWith("crop")) box.append(this.#handle("middle"));
    }
    this.boxes.set(key, box);
    this.stage.append(box);
    return box;
  }

  #handle(corner) {
    const handle = document.createElement("span");
    handle.className = corner === "middle" ? "handle middle" : "handle";
    handle.dataset.corner = corner;
    return handle;
  }

  #lay(box, place) {
    const [x, y, width, height] = turnPlace(place, this.turn);
    Object.assign(box.style, { left: percent(x), top: percent(y), width: percent(width), height: percent(height) });
  }

  #layCrop(box, state) {
    const place = state.crop ?? [0, 0, 1, 1];
    const share = state.tilt ? fitting(place, state.tilt, this.size) : 1;
    const [x, y, width, height] = place;
    this.#lay(box, [x + (width * (1 - share)) / 2, y + (height * (1 - share)) / 2, width * share, height * share]);
    box.style.transform = `rotate(${-state.tilt}deg)`;
  }

  #drawSheet(sheet, put) {
    this.stage.querySelector(".sheet")?.remove();
    if (!sheet) return;
    const points = [0, 2, 4, 6].map((at) => turnPoint(sheet.slice(at, at + 2), this.turn));
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 1 1");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("class", "sheet");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
    line.setAttribute("points", points.map((point) => point.join(",")).join(" "));
    svg.append(line);
    this.stage.append(svg);
    points.forEach(([x, y], n) => {
      const corner = put(`corner-${n}`, "corner", this.#say("corner", n));
      Object.assign(corner.style, { left: percent(x), top: percent(y) });
    });
  }

  focus(key) {
    this.boxes.get(key)?.focus({ preventScroll: true });
  }

  #point(event) {
    const frame = this.stage.getBoundingClientRect();
    return [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
  }

  #down(event) {
    if (event.button) return;
    const key = event.target.closest("[data-box]")?.dataset.box ?? null;
    const corner = event.target.dataset?.corner ?? null;
    const from = this.#point(event);
    this.stage.setPointerCapture(event.pointerId);
    this.act.choose(key);
    if (key) this.focus(key);
    else event.preventDefault();
    const place = key && !key.startsWith("corner") ? this.#placeOf(key) : null;
    this.drag = { key, corner: corner === "middle" ? null : corner, from, place, far: false };
  }

  // Position as displayed, in fractions of the stage. (A tilted crop is measured upright.)
  #placeOf(key) {
    const { left, top, width, height } = this.boxes.get(key).style;
    return [left, top, width, height].map((text) => parseFloat(text) / 100);
  }

  #move(event) {
    const drag = this.drag;
    if (!drag) return;
    const to = this.#point(event);
    drag.far ||= Math.hypot(to[0] - drag.from[0], to[1] - drag.from[1]) > TAP;
    if (!drag.far) return;
    const back = (place) => turnPlace(place, 360 - this.turn);
    if (drag.key?.startsWith("corner")) this.act.corner(Number(drag.key.slice(7)), turnPoint(to, 360 - this.turn));
    else if (!drag.key) this.act.draw(back(spanned(drag.from, to)));
    else if (drag.corner) this.act.move(drag.key, back(spanned(this.#opposite(drag), to)));
    else this.act.move(drag.key, back(moved(drag.place, to[0] - drag.from[0], to[1] - drag.from[1])));
  }

  #opposite({ corner, place: [x, y, width, height] }) {
    const [right, low] = CORNERS[corner];
    return [right ? x : x + width, low ? y : y + height];
  }

  #up(event) {
    const drag = this.drag;
    this.drag = null;
    if (drag?.far) this.act.done();
    else if (drag?.key?.startsWith("proposed") && event.type === "pointerup") this.act.accept(drag.key);
  }
}
