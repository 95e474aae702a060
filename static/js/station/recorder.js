// Records a stream up to a limit, with pauses. What was recorded is kept, however the recording ends.

// MP4 first: the kiosk only has to remux it. Then formats that every recorder supports.
const TYPES = {
  video: ["video/mp4;codecs=avc1.42E01F,mp4a.40.2", "video/mp4;codecs=avc1,opus", "video/webm;codecs=h264,opus", "video/webm;codecs=vp8,opus", "video/webm", "video/mp4"],
  audio: ["audio/mp4;codecs=mp4a.40.2", "audio/mp4;codecs=opus", "audio/webm;codecs=opus", "audio/webm", "audio/mp4"],
};
// A keyframe every two seconds: otherwise the player could only seek to the beginning.
const QUALITY = { videoBitsPerSecond: 2500000, audioBitsPerSecond: 128000, videoKeyFrameIntervalDuration: 2000 };
const TICK = 100;
// How long "Finish" waits for a camera and an encoder that have not delivered anything yet.
const PATIENCE = 8000;

export function supported(kind) {
  return TYPES[kind].find((type) => MediaRecorder.isTypeSupported(type)) ?? "";
}

export class Recorder extends EventTarget {
  // seconds: the limit. Events: "tick" (elapsed, paused) and, once, "done" (file).
  constructor(stream, kind, seconds) {
    super();
    this.seconds = seconds;
    this.kind = kind;
    this.pieces = [];
    this.before = 0;
    this.since = null;
    const type = supported(kind);
    this.recorder = new MediaRecorder(stream, { ...QUALITY, ...(type && { mimeType: type }) });
    this.recorder.ondataavailable = ({ data }) => data.size && this.pieces.push(data);
    this.recorder.onstop = () => this.close();
    this.recorder.onerror = () => this.stop();
  }

  get elapsed() {
    return (this.before + (this.since === null ? 0 : performance.now() - this.since)) / 1000;
  }

  get paused() {
    return this.recorder.state === "paused";
  }

  start() {
    // In chunks of one second: what was delivered survives a camera that is unplugged.
    this.recorder.start(1000);
    this.since = performance.now();
    this.timer = setInterval(() => this.tick(), TICK);
    this.tick();
  }

  pause() {
    this.before += performance.now() - this.since;
    this.since = null;
    this.recorder.pause();
    this.tick();
  }

  resume() {
    this.recorder.resume();
    this.since = performance.now();
    this.tick();
  }

  // If stopped right after the start, nothing has been delivered yet: a slow encoder gets time for its first chunk.
  finish() {
    if (this.asked) return;
    this.asked = performance.now();
    if (this.paused && !this.pieces.length) this.resume();
    this.tick();
  }

  get empty() {
    return !this.pieces.length && performance.now() - this.asked < PATIENCE;
  }

  stop() {
    clearInterval(this.timer);
    if (this.recorder.state !== "inactive") this.recorder.stop();
  }

  // Discards the recording.
  cancel() {
    this.dropped = true;
    this.stop();
  }

  tick() {
    this.dispatchEvent(new Event("tick"));
    if (this.elapsed >= this.seconds || (this.asked && !this.empty)) this.stop();
    else if (this.asked && this.recorder.state === "recording") this.recorder.requestData();
  }

  close() {
    clearInterval(this.timer);
    if (this.dropped) return;
    const type = (this.recorder.mimeType || this.pieces[0]?.type || `${this.kind}/webm`).split(";")[0];
    const name = `${this.kind === "video" ? "video" : "voice"}-note.${type.split("/")[1]}`;
    this.file = this.pieces.length ? new File(this.pieces, name, { type }) : null;
    this.dispatchEvent(new Event("done"));
  }
}

// A browser doesn't know the duration of its own recording until it has sought to the end.
export function show(player, url) {
  player.onloadedmetadata = () => {
    if (Number.isFinite(player.duration)) return;
    player.ondurationchange = () => {
      if (!Number.isFinite(player.duration)) return;
      player.ondurationchange = null;
      player.currentTime = 0;
    };
    player.currentTime = 1e7;
  };
  player.src = url;
}
