// Camera and microphone of the station: opening, error diagnosis, photos, volume level.

const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
// Higher resolution for photos if the camera supports it.
const PHOTO = { width: { ideal: 1920 }, height: { ideal: 1080 } };
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

// Key of the matching error message (https://www.w3.org/TR/mediacapture-streams/, "getUserMedia").
export function reason(error) {
  if (!navigator.mediaDevices) return "elsewhere";
  const known = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "none", NotReadableError: "busy" };
  return known[error?.name] ?? "broken";
}

function ask(wanted) {
  const { mediaDevices } = navigator;
  return mediaDevices ? mediaDevices.getUserMedia(wanted) : Promise.reject(new Error("no media devices"));
}

const stop = (stream) => stream?.getTracks().forEach((track) => track.stop());

export class Camera extends EventTarget {
  constructor(video) {
    super();
    this.video = video;
    this.stream = null;
    this.trouble = "";
    this.turn = 0;
  }

  get on() {
    return Boolean(this.stream);
  }

  tell() {
    this.dispatchEvent(new Event("change"));
  }

  async open() {
    if (this.stream) return true;
    const turn = ++this.turn;
    this.trouble = "asking";
    this.tell();
    try {
      const stream = await ask({ video: PICTURE });
      // Stopped or requested again while the permission prompt was open.
      if (turn !== this.turn) {
        stop(stream);
        return this.on;
      }
      this.stream = stream;
      stream.getVideoTracks()[0].addEventListener("ended", () => this.lost(stream));
      this.video.srcObject = stream;
      await this.video.play();
      this.trouble = "";
    } catch (error) {
      if (turn !== this.turn) return this.on;
      stop(this.stream);
      this.stream = null;
      this.trouble = reason(error);
    }
    this.tell();
    return this.on;
  }

  lost(stream) {
    if (this.stream === stream) this.close("none");
  }

  close(trouble = "resting") {
    this.turn += 1;
    stop(this.stream);
    this.stream = this.video.srcObject = null;
    this.trouble = trouble;
    this.tell();
  }

  // A camera without this capability is left as is.
  async detail(much) {
    const track = this.stream?.getVideoTracks()[0];
    await track?.applyConstraints(much ? PHOTO : PICTURE).catch(() => {});
  }

  draw(canvas, width) {
    const { video } = this;
    const share = Math.min(1, width / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * share);
    canvas.height = Math.round(video.videoHeight * share);
    canvas.getContext("2d", { willReadFrequently: true }).drawImage(video, 0, 0, canvas.width, canvas.height);
  }

  picture(width, quality, canvas = document.createElement("canvas")) {
    if (!this.stream || !this.video.videoWidth) return Promise.resolve(null);
    this.draw(canvas, width);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
  }
}

export class Microphone {
  constructor(onLevel) {
    this.onLevel = onLevel;
    this.stream = this.context = null;
    this.turn = 0;
  }

  // "" or the key of the error message
  async open() {
    this.close();
    const turn = this.turn;
    try {
      const stream = await ask({ audio: SOUND });
      if (turn !== this.turn) stop(stream);
      else this.listen(stream);
      return "";
    } catch (error) {
      return turn === this.turn ? reason(error) : "";
    }
  }

  listen(stream) {
    this.stream = stream;
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    this.context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
      // From -60 dB (silence) to -10 dB (loud) of full scale.
      this.onLevel(Math.max(0, Math.min(1, (10 * Math.log10(power + 1e-9) + 60) / 50)));
    }, 80);
  }

  close() {
    this.turn += 1;
    clearInterval(this.timer);
    stop(this.stream);
    this.context?.close();
    this.stream = this.context = null;
  }
}
