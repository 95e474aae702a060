// Scans the camera's picture for a session code: small frames are sent to the kiosk on this laptop, one at a time.

const PAUSE = 150;
const WIDTH = 960;
const QUALITY = 0.7;

export class Scanner {
  // onSeen receives {session, other} for each frame analysed
  constructor(camera, { url, token, onSeen }) {
    Object.assign(this, { camera, url, token, onSeen });
    this.canvas = document.createElement("canvas");
    this.turn = 0;
    this.running = false;
  }

  start() {
    if (this.running) return;
    this.running = true;
    this.run(++this.turn);
  }

  stop() {
    this.running = false;
    this.turn += 1;
  }

  async run(turn) {
    while (turn === this.turn) {
      const seen = document.hidden ? null : await this.look();
      if (turn !== this.turn) return;
      if (seen) this.onSeen(seen);
      // More slowly after a failure (the kiosk is restarting).
      await new Promise((resolve) => setTimeout(resolve, seen ? PAUSE : 4 * PAUSE));
    }
  }

  async look() {
    const frame = await this.camera.picture(WIDTH, QUALITY, this.canvas);
    return frame && this.send(frame);
  }

  // The kiosk loads its decoder on the first frame: trigger that while the camera is still starting.
  warm() {
    document.createElement("canvas").toBlob((blank) => this.send(blank), "image/jpeg");
  }

  async send(body) {
    try {
      const headers = { "Content-Type": "image/jpeg", "X-CSRFToken": this.token, Accept: "application/json" };
      const answer = await fetch(this.url, { method: "POST", body, headers });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }
}
