// The station, from showing the code to the receipt: a sequence of screens with one task each.
import { uuid } from "../phone/upload-queue.js";
import { askFirst } from "../shared/leaving.js";
import { Camera, Microphone } from "./camera.js";
import { Countdown, Stillness } from "./idle-screen.js";
import { Keeper } from "./save.js";
import { Recorder, show } from "./recorder.js";
import { Scanner } from "./scanner.js";
import { SessionList } from "./session-list.js";

const BACK = 15;
const STILL = 90;
const AWAY = 20;
// The camera is switched off while nobody is there.
const REST = 600;
const REFRESH = 30000;
// Milliseconds that a camera without a question needs at most to answer.
const ASKING = 1200;
const GONE = 1000;
const SHORT = 0.5;

const at = (id) => document.getElementById(id);
const all = (selector) => [...document.querySelectorAll(selector)];
const station = at("station");
const words = station.dataset;
const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const questions = JSON.parse(words.questions);
const token = document.querySelector("meta[name=csrf-token]").content;

let screen = "find";
let event = null;
let way = "";
let question = 0;
let file = null;
let url = "";
let recorder = null;
let shooting = 0;
let current = null;
// Why there is no sound: "asking", or the key of an error message.
let mute = "";
// The previous person's code may still be in view: it is accepted again only after it has disappeared.
let stale = "";
let staleSeen = 0;

const camera = new Camera(at("live"));
const microphone = new Microphone(drawLevel);
const sessions = new SessionList(words.sessions, choose);
const scanner = new Scanner(camera, { url: words.scan, token, onSeen: seen });
const keeper = new Keeper({ uploads: words.uploads, takeaways: words.takeaways, tus: words.tus, token });
const back = new Countdown((seconds, share) => {
  at("back-text").textContent = say(words.back, { seconds });
  at("back-ring").setAttribute("stroke-dashoffset", 100 - share * 100);
}, reset);
const away = new Countdown((seconds) => (at("away-text").textContent = say(words.away, { seconds })), reset);

// --- Screens -----------------------------------------------------------------------------------------

const STAGED = { find: "live", photo: "live", record: "live", look: "look" };

function go(next) {
  if (next !== "kept") back.stop();
  screen = words.screen = next;
  for (const section of all(".screen")) section.hidden = section.id !== next;
  at("stage").hidden = !STAGED[next] || (next === "look" && !file);
  at("event").hidden = at("other").hidden = !event;
  at("place").hidden = Boolean(event);
  at("below").hidden = !["photo", "record"].includes(next) && !(next === "look" && file);
  at("tongues").hidden = next !== "find";
  if (next === "find") scanner.start();
  else scanner.stop();
  if (!["photo", "record"].includes(next)) microphone.close();
  drawStage();
  at(next).querySelector("h1").focus();
  scrollTo(0, 0);
}

function drawStage() {
  const live = STAGED[screen] === "live";
  const voice = screen === "record" && way === "voice";
  at("live").hidden = !live || voice || !camera.on;
  at("voice").hidden = !voice;
  at("aim").hidden = at("hint").hidden = screen !== "find" || !camera.on;
  at("trouble").hidden = !live || voice || camera.on;
  at("still").hidden = !(screen === "look" && way === "photo");
  at("replay").hidden = !(screen === "look" && (way === "video" || way === "voice"));
  at("play").hidden = at("replay").hidden;
  at("level").hidden = screen !== "record" || !microphone.stream;
  if (!at("count").hidden && screen !== "photo") at("count").hidden = true;
  if (screen !== "record") at("timer").hidden = at("recording").hidden = true;
  at("stage").classList.toggle("sound", voice || (screen === "look" && way === "voice"));
  drawCamera();
}

function drawCamera() {
  const { trouble } = camera;
  at("trouble-text").textContent = words[trouble] ?? "";
  at("trouble-rest").textContent = trouble === "asking" ? "" : words.rest;
  at("try-again").hidden = trouble === "asking" || trouble === "elsewhere";
  at("camera-switch").hidden = screen !== "find";
  at("camera-switch").textContent = camera.on ? words.cameraOff : words.cameraOn;
  at("no-camera").hidden = camera.on || trouble === "asking" || event?.do_not_record;
  at("no-camera").textContent = words[trouble] ?? "";
  for (const name of ["photo", "video"]) document.querySelector(`button[data-way=${name}]`).disabled = !camera.on;
  at("shoot").disabled = !camera.on;
  at("begin").disabled = mute === "asking" || (way === "voice" ? Boolean(mute) : !camera.on);
}

function reset() {
  back.stop();
  away.stop();
  at("away").hidden = true;
  drop();
  stale = event?.code ?? "";
  staleSeen = performance.now();
  event = current = null;
  at("keep").reset();
  chooseQuestion(0);
  go("find");
  sessions.refresh();
}

function drop() {
  shooting += 1;
  recorder?.cancel();
  recorder = file = null;
  at("replay").removeAttribute("src");
  at("still").removeAttribute("src");
  URL.revokeObjectURL(url);
}

// --- Which session -----------------------------------------------------------------------------------

function seen({ session, other }) {
  if (session && session.code === stale) staleSeen = performance.now();
  if (performance.now() - staleSeen > GONE) stale = "";
  if (session && session.code !== stale) choose(session);
  else at("hint").textContent = other ? words.foreign : words.hold;
}

function choose(session) {
  event = session;
  at("event-title").textContent = session.title;
  at("event-when").textContent = session.when;
  at("spoken").textContent = session.title;
  at("keep").elements.audience.value = session.audience;
  at("words-only").hidden = !session.do_not_record;
  at("ways").hidden = session.do_not_record;
  document.querySelector("button[data-way=words]").classList.toggle("main", session.do_not_record);
  go("choose");
}

function chooseQuestion(number) {
  question = number % questions.length;
  for (const place of all("[data-question]")) place.textContent = questions[question];
}

// --- Photo, video note, voice, words -----------------------------------------------------------------

function begin(chosen) {
  drop();
  way = chosen;
  words.way = chosen;
  for (const part of all("[data-for]")) {
    const { for: kind } = part.dataset;
    part.hidden = !(kind === chosen || (kind === "media" && chosen !== "words"));
  }
  at("consent").hidden = chosen === "words";
  if (chosen === "words") return look(null);
  if (chosen === "photo") {
    camera.detail(true);
    return go("photo");
  }
  for (const id of ["stop", "pause"]) Object.assign(at(id), { hidden: true, disabled: false });
  at("nothing").hidden = true;
  at("begin").hidden = at("limit").hidden = document.querySelector("#record [data-retreat]").hidden = false;
  go("record");
  return openMicrophone();
}

async function openMicrophone() {
  mute = "asking";
  drawCamera();
  const trouble = await microphone.open();
  if (screen !== "record") return microphone.close();
  const names = { refused: words.micRefused, none: words.micNone, busy: words.micBusy };
  const sentence = trouble && (names[trouble] ?? words.micBroken);
  at("mic").textContent = trouble && way === "video" ? `${sentence} ${words.noSound}` : sentence || words.quiet;
  at("mic").classList.toggle("notice", Boolean(trouble));
  at("mic-again").hidden = !trouble;
  mute = trouble;
  return drawStage();
}

let heard = 0;
function drawLevel(level) {
  at("level").firstElementChild.style.setProperty("--level", level.toFixed(2));
  at("voice").style.setProperty("--level", level.toFixed(2));
  const now = performance.now();
  if (level > 0.35) heard = now;
  const hint = now - heard < 4000 ? words.hear : words.quiet;
  if (at("mic").textContent !== hint) at("mic").textContent = hint;
}

async function shoot() {
  const turn = ++shooting;
  at("shoot").disabled = true;
  for (const number of [3, 2, 1]) {
    at("count").hidden = false;
    at("spoken").textContent = at("count").textContent = number;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (turn !== shooting) return;
  }
  at("count").hidden = true;
  drawCamera();
  const taken = await camera.picture(4096, 0.92);
  if (taken && turn === shooting) look(new File([taken], "photo.jpg", { type: "image/jpeg" }));
}

function record() {
  const kind = way === "voice" ? "audio" : "video";
  const tracks = [...(kind === "video" ? camera.stream.getVideoTracks() : []), ...(microphone.stream?.getAudioTracks() ?? [])];
  recorder = new Recorder(new MediaStream(tracks), kind, Number(words.mostSeconds));
  recorder.addEventListener("tick", drawTimer);
  recorder.addEventListener("done", recorded, { once: true });
  recorder.start();
  for (const id of ["begin", "limit", "mic-again", "nothing"]) at(id).hidden = true;
  for (const id of ["stop", "pause", "timer", "recording"]) at(id).hidden = false;
  // "Finish" is the only way out: nobody loses a recording by a slip of the finger.
  for (const button of [at("other"), document.querySelector("#record [data-retreat]")]) button.hidden = true;
  at("spoken").textContent = words.recording;
  at("stop").focus();
}

function recorded() {
  const { file: made } = recorder;
  recorder = null;
  if (made) return look(made);
  begin(way);
  at("nothing").hidden = false;
}

function finish() {
  // "Finish" is where "Record" was: a double click must not stop the recording.
  if (!recorder || recorder.elapsed < SHORT) return;
  for (const id of ["stop", "pause"]) at(id).disabled = true;
  recorder.finish();
}

function drawTimer() {
  const left = Math.max(0, recorder.seconds - recorder.elapsed);
  at("timer-ring").setAttribute("stroke-dashoffset", 100 - (left / recorder.seconds) * 100);
  at("timer-text").textContent = Math.ceil(left);
  at("timer").setAttribute("aria-label", say(words.left, { seconds: Math.ceil(left) }));
  at("recording").textContent = recorder.paused ? words.paused : words.recording;
  at("recording").classList.toggle("paused", recorder.paused);
  at("pause").textContent = recorder.paused ? words.resume : words.pause;
}

function pause() {
  if (recorder.paused) recorder.resume();
  else recorder.pause();
  at("spoken").textContent = at("recording").textContent;
}

function look(made) {
  file = made;
  if (way === "photo") camera.detail(false);
  if (file) {
    url = URL.createObjectURL(file);
    if (way === "photo") at("still").src = url;
    else show(at("replay"), url);
  }
  problem(made && !camera.on && way === "video" ? words.gone : "");
  go("look");
}

function problem(text) {
  at("problem").textContent = text;
  at("problem").hidden = !text;
}

function retreat() {
  if (way === "photo") camera.detail(false);
  drop();
  go("choose");
}

// --- Keep it -----------------------------------------------------------------------------------------

function keep(submitted) {
  submitted.preventDefault();
  const form = at("keep");
  const data = new FormData(form);
  const fields = { prompt: questions[question] };
  for (const name of ["text", "author", "audience"]) fields[name] = data.get(name) ?? "";
  if (!file && !fields.text.trim()) {
    problem(words.empty);
    form.elements.text.focus();
    return;
  }
  // An unanswered question about the people in a recording is stored as unanswered.
  if (file) fields.consent = data.get("consent") ?? "unanswered";
  current = keeper.add(event.code, uuid(), fields, file ? [file] : []);
  const { audience } = fields;
  form.reset();
  form.elements.audience.value = audience;
  drop();
  go("kept");
  drawKept();
}

function drawKept() {
  if (!current || screen !== "kept") return;
  const { state, receipt, error } = current;
  const safe = state === "safe";
  const percent = keeper.box(event.code).percent(current);
  at("verdict").textContent = state === "sending" && !current.parts.length ? words.waiting : say(words[state === "refused" ? "notKept" : state], { percent });
  at("verdict").classList.toggle("safe", safe);
  at("bar").hidden = safe || state === "refused";
  at("bar").value = percent;
  at("refusal").textContent = error;
  at("refusal").hidden = !error;
  at("retry").hidden = !["refused", "retrying"].includes(state);
  at("safe").hidden = !safe;
  at("back").hidden = !safe;
  if (!safe || at("receipt").dataset.of === receipt) return;
  at("receipt").dataset.of = receipt;
  at("receipt").textContent = receipt.replace(/^(.{4})(.{4})/, "$1-$2-");
  at("receipt-qr").src = `${words.receipts}${receipt}/qr.svg`;
  at("spoken").textContent = words.safe;
  back.start(BACK);
}

keeper.addEventListener("change", () => {
  drawKept();
  // Items left here by others while the kiosk did not respond.
  const count = keeper.open.filter((item) => item !== current).length;
  at("unsent").hidden = !count;
  at("unsent").textContent = say(words.unsent, { count });
});

// --- Nobody here -------------------------------------------------------------------------------------

const stillness = new Stillness(({ target }) => {
  if (back.running) {
    back.stop();
    at("back-ring").setAttribute("stroke-dashoffset", 100);
    at("back-text").textContent = words.stay;
  }
  away.stop();
  // A touch on the dialog itself ends as a click there: if removed earlier, the click would hit what is below.
  if (!at("away").contains(target)) at("away").hidden = true;
});
stillness.after(STILL, () => {
  const unsafe = screen === "kept" && current?.state !== "safe";
  if (screen === "find" || recorder || unsafe || back.running) return;
  at("away").hidden = false;
  at("here").focus();
  away.start(AWAY);
});
stillness.after(REST, () => screen === "find" && camera.on && camera.close());

// --- Buttons -----------------------------------------------------------------------------------------

const press = (id, act) => at(id).addEventListener("click", act);
press("other", reset);
press("done", reset);
press("here", () => (at("away").hidden = true));
press("shoot", shoot);
press("begin", record);
press("pause", pause);
press("stop", finish);
press("mic-again", openMicrophone);
press("try-again", () => camera.open());
press("camera-switch", () => (camera.on ? camera.close() : camera.open()));
press("again", () => (way === "words" ? retreat() : begin(way)));
press("another", () => choose(event));
press("retry", () => keeper.box(event.code).retry(current));
press("play", () => at("replay").play());
press("fill", () => document.documentElement.requestFullscreen());
for (const button of all("button[data-way]")) button.addEventListener("click", () => begin(button.dataset.way));
for (const button of all("[data-retreat]")) button.addEventListener("click", retreat);
for (const button of all("[data-next]")) button.addEventListener("click", () => chooseQuestion(question + 1));
at("keep").addEventListener("submit", keep);
for (const name of ["play", "pause"]) at("replay").addEventListener(name, () => (at("play").hidden = !at("replay").paused || at("replay").hidden));
camera.addEventListener("change", drawStage);
// Shown at once with all that follows from the camera's first answer; while the browser still asks, somebody has to read so.
const stand = () => requestAnimationFrame(() => requestAnimationFrame(() => document.body.classList.add("begun")));
camera.addEventListener("change", () => camera.trouble !== "asking" && stand());
setTimeout(stand, ASKING);
navigator.mediaDevices?.addEventListener("devicechange", () => ["none", "busy", "broken"].includes(camera.trouble) && camera.open());
const full = () => (at("fill").hidden = Boolean(document.fullscreenElement) || !document.fullscreenEnabled);
document.addEventListener("fullscreenchange", full);
addEventListener("beforeunload", (leaving) => {
  if (recorder || file || keeper.open.length) askFirst(leaving);
});

full();
at("hint").textContent = words.hold;
chooseQuestion(0);
sessions.refresh();
setInterval(() => screen === "find" && sessions.refresh(), REFRESH);
go("find");
scanner.warm();
camera.open();
