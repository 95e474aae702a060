// Timers of the station: return to the start, detect that people left, switch off an unused camera.

const TICK = 250;

// Counts down and calls tell(seconds left, fraction left) until it ends or is stopped.
export class Countdown {
  constructor(tell, end) {
    this.tell = tell;
    this.end = end;
  }

  get running() {
    return this.timer !== undefined;
  }

  start(seconds) {
    this.stop();
    this.until = performance.now() + seconds * 1000;
    this.seconds = seconds;
    this.timer = setInterval(() => this.tick(), TICK);
    this.tick();
  }

  tick() {
    const left = (this.until - performance.now()) / 1000;
    if (left <= 0) {
      this.stop();
      this.end();
    } else this.tell(Math.ceil(left), left / this.seconds);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

const TOUCHES = ["pointerdown", "keydown", "input", "wheel"];

// Runs callbacks after some seconds without a touch.
export class Stillness {
  constructor(onTouch) {
    this.rules = [];
    this.touch = () => {
      this.last = performance.now();
      this.rules.forEach((rule) => (rule.done = false));
    };
    for (const name of TOUCHES) {
      addEventListener(name, (event) => {
        this.touch();
        onTouch(event);
      }, { capture: true, passive: true });
    }
    this.touch();
    setInterval(() => this.look(), 1000);
  }

  after(seconds, act) {
    this.rules.push({ seconds, act, done: false });
  }

  look() {
    const still = (performance.now() - this.last) / 1000;
    for (const rule of this.rules) {
      if (rule.done || still < rule.seconds) continue;
      rule.done = true;
      rule.act();
    }
  }
}
