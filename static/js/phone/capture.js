// The capture page: enhances a form that works without scripts with tiles, validation, progress and the queue.
import { askFirst } from "../shared/leaving.js";
import { keepDraft } from "./draft.js";
import { guardLinks } from "./link-guard.js";
import { uuid } from "./upload-queue.js";
import { at, draw, openOutbox, reason, say, spelled, verdict, words as states } from "./queue-list.js";

const form = at("keep");
const words = form.dataset;
const RECENT = 5;

document.documentElement.classList.add("js");

const outbox = openOutbox();
const draft = keepDraft(form, states.session);

let added = [];
let replaced = null;
let current = null;
// What was picked is looked at one after another, a recording for up to some seconds; Send waits for the last.
let looking = Promise.resolve();
let picked = 0;
let sending = false;

// --- What is added -----------------------------------------------------------------------------------

// Shown in the bar next to the button, so that errors are never below it.
function problem(text) {
  at("problem").textContent = text;
  at("problem").hidden = !text;
  document.documentElement.style.scrollPaddingBlockEnd = `${form.querySelector(".thumbzone").offsetHeight + 8}px`;
}

// Duration of a video or voice note in seconds, or 0 if the phone can't tell: then the kiosk checks.
function seconds(file) {
  if (!/^(video|audio)\//.test(file.type)) return Promise.resolve(0);
  return new Promise((resolve) => {
    const player = document.createElement("video");
    const url = URL.createObjectURL(file);
    const done = (value) => {
      URL.revokeObjectURL(url);
      resolve(Number.isFinite(value) ? value : 0);
    };
    player.preload = "metadata";
    player.onloadedmetadata = () => done(player.duration);
    player.onerror = () => done(0);
    setTimeout(() => done(0), 4000);
    player.src = url;
  });
}

async function reasonAgainst(file) {
  const most = Number(words.mostSeconds);
  if (added.length >= Number(words.mostFiles)) return say(words.tooMany, { most: words.mostFiles });
  if (file.size > Number(words.mostMb) * 1048576) return say(words.tooLarge, { most: words.mostMb });
  const length = await seconds(file);
  // The kiosk tolerates one second, since recorders stop late.
  return length > most + 1 ? say(words.tooLong, { seconds: Math.round(length), most }) : "";
}

// `input`: the field it was picked in, for "again"; `instead`: the tile it replaces.
function add(...pick) {
  picked += 1;
  drawSend();
  const done = () => ((picked -= 1), drawSend());
  looking = looking.then(() => lookAt(...pick)).then(done, done);
}

function drawSend() {
  const button = at("send");
  button.disabled = picked > 0;
  button.querySelector("span").textContent = picked ? words.looking : words.send;
}

// Until everything that was picked is added or refused, also what is picked meanwhile.
async function allLookedAt() {
  while (picked) await looking;
}

async function lookAt(files, input, instead) {
  problem("");
  if (instead && files.length) drop(instead);
  for (const file of files) {
    if (outbox.rejoin(file)) {
      problem(words.rejoined);
      continue;
    }
    const against = await reasonAgainst(file);
    if (against) problem(against);
    else {
      added.push({ file, input, url: URL.createObjectURL(file) });
      draft.add(file);
    }
  }
  drawTiles();
  confirmShot();
}

// Like a camera app's confirmation: the picked file fills the top, the questions are below it.
function confirmShot() {
  if (!added.length) return;
  at("added").lastElementChild.scrollIntoView({ block: "nearest", inline: "center" });
  at("shot").scrollIntoView({ block: "start" });
}

function drop(tile) {
  draft.drop(tile.file);
  URL.revokeObjectURL(tile.url);
  added = added.filter((other) => other !== tile);
}

function named(file) {
  const name = document.createElement("span");
  name.className = "small";
  name.textContent = file.name;
  return name;
}

function picture({ file, url }) {
  const [kind] = file.type.split("/");
  if (!["image", "video", "audio"].includes(kind)) return named(file);
  const shown = document.createElement(kind === "image" ? "img" : kind);
  const player = { controls: true, playsInline: true, preload: "metadata" };
  Object.assign(shown, kind === "image" ? { alt: file.name } : player);
  // Phones show no frame of a video before it plays, unless seeking slightly past the start.
  shown.src = kind === "video" ? `${url}#t=0.1` : url;
  shown.onerror = () => {
    const label = named(file);
    if (kind === "image") label.append(document.createElement("br"), words.unseen);
    shown.replaceWith(label);
  };
  return shown;
}

function again(tile) {
  replaced = tile;
  tile.input.click();
}

const isHeard = ({ file }) => file.type.startsWith("audio/");

function drawTiles() {
  const list = at("added");
  if (!list) return;
  list.replaceChildren(
    ...added.map((tile) => {
      const place = at("tile").content.firstElementChild.cloneNode(true);
      const part = (name) => place.querySelector(name);
      part(".picture").append(picture(tile));
      part(".drop").setAttribute("aria-label", `${words.remove}: ${tile.file.name}`);
      part(".drop").onclick = () => (drop(tile), drawTiles());
      part(".redo").setAttribute("aria-label", `${words.again}: ${tile.file.name}`);
      part(".redo").onclick = () => again(tile);
      return place;
    }),
  );
  const some = added.length > 0;
  list.hidden = at("consent").hidden = !some;
  const heard = some && added.every(isHeard);
  at("consent").querySelector(".heard").hidden = !heard;
  at("consent").querySelector(".seen").hidden = heard;
  list.classList.toggle("many", added.length > 1);
  form.classList.toggle("picked", some);
  at("prompts").hidden = form.querySelector("#tiles .first").hidden = some;
  form.querySelector("#tiles .more").hidden = !some;
  if (some) form.prepend(at("shot"));
  else at("tiles").after(at("shot"));
}

// --- Send --------------------------------------------------------------------------------------------

function fields() {
  const data = new FormData(form);
  const names = ["text", "author", "prompt", "intent", "audience"];
  const values = Object.fromEntries(names.map((name) => [name, data.get(name) ?? ""]));
  if (added.length) values.consent = data.get("consent") ?? "unanswered";
  return values;
}

// Nothing is sent while a question is out of sight: it is scrolled into view, and an answer is one tap.
function ask() {
  problem(added.every(isHeard) ? words.unansweredHeard : words.unanswered);
  at("unanswered").hidden = false;
  at("consent").classList.add("asked");
  at("consent").querySelector("input").focus({ preventScroll: true });
  at("consent").scrollIntoView({ block: "end" });
}

async function whenLookedAt(then) {
  // Pressed twice meanwhile: it goes once.
  if (sending) return;
  sending = true;
  await allLookedAt();
  sending = false;
  then();
}

function keep() {
  if (!added.length && !form.elements.text.value.trim()) {
    problem(words.empty);
    form.elements.text.focus();
    return;
  }
  if (added.length && !new FormData(form).get("consent")) ask();
  else send();
}

function send() {
  const files = added.map((tile) => tile.file);
  // Not the id from the page: a page cached on the phone would use the same one twice.
  current = outbox.add(uuid(), fields(), files);
  draft.forget();
  added.forEach((tile) => URL.revokeObjectURL(tile.url));
  added = [];
  show(false);
  at("verdict").focus();
}

function answered() {
  at("unanswered").hidden = true;
  at("consent").classList.remove("asked");
  problem("");
}

function another() {
  form.elements.text.value = "";
  for (const radio of form.querySelectorAll("[name=consent], [name=intent]")) radio.checked = false;
  current = null;
  drawTiles();
  if (at("consent")) answered();
  problem("");
  show(true);
  form.elements.text.focus();
}

function show(writing) {
  form.hidden = !writing;
  at("after").hidden = writing;
  if (!writing) scrollTo(0, 0);
  drawQueue();
}

// --- What became of it -------------------------------------------------------------------------------

function drawCurrent() {
  const safe = current.state === "safe";
  at("verdict").textContent = verdict(outbox, current);
  at("verdict").classList.toggle("safe", safe);
  at("bar").hidden = safe || current.state === "refused";
  at("bar").value = outbox.percent(current);
  at("done").hidden = !safe;
  at("refusal").textContent = reason(current);
  at("refusal").hidden = !reason(current);
  at("hint").textContent = safe || current.state === "refused" || current.state === "keeping" ? "" : current.bare ? states.bare : states.kept;
  at("hint").hidden = !at("hint").textContent;
  if (safe && at("receipt").dataset.of !== current.receipt) {
    at("receipt").dataset.of = current.receipt;
    at("receipt").textContent = spelled(current.receipt);
    at("receipt").href = states.receipts + current.receipt;
    at("receipt-qr").src = `${states.receipts}${current.receipt}/qr.svg`;
  }
}

function drawQueue() {
  // Leave an item that another page has removed.
  if (current && !outbox.items.includes(current)) return another();
  // The item filling the screen is not listed again, unless it has a button.
  const listed = outbox.items.filter((item) => item !== current || item.state === "refused" || item.state === "retrying" || item.error);
  const safe = listed.filter((item) => item.state === "safe" && !item.error).slice(0, RECENT);
  draw(outbox, listed.filter((item) => item.state !== "safe" || item.error || safe.includes(item)));
  if (current) drawCurrent();
  return undefined;
}

let spoken = "";
outbox.addEventListener("change", ({ detail: item }) => {
  drawQueue();
  if (!item) return;
  // A screen reader announces each state once, not each percent.
  const listed = outbox.items.includes(item);
  const state = `${item.id} ${listed && item.state}`;
  if (state !== spoken) at("spoken").textContent = listed ? verdict(outbox, item) : "";
  spoken = state;
});

// Items stored on this phone survive closing the page; a file held only by this page does not.
addEventListener("beforeunload", (event) => {
  if (outbox.fragile.length || added.length || picked) askFirst(event);
});

// --- The camera in the page, where the context is secure ---------------------------------------------

const photo = at("photo");
let native = false;
photo?.addEventListener("click", async (event) => {
  if (native || !at("camera")?.showModal || !navigator.mediaDevices) return;
  event.preventDefault();
  const { takePhoto } = await import(at("camera").dataset.module);
  const file = await takePhoto().catch(() => null);
  if (file) take(photo, [file]);
  else replaced = file === null ? replaced : null;
  native = file === null;
  if (native) photo.click();
});

// --- Wiring ------------------------------------------------------------------------------------------

// Change the text size in place: reloading the page would lose the input.
at("larger").addEventListener("click", (event) => {
  event.preventDefault();
  const sizes = ["", "large", "largest"];
  const size = sizes[(sizes.indexOf(document.documentElement.dataset.text ?? "") + 1) % sizes.length];
  document.documentElement.dataset.text = size;
  document.cookie = `text=${size};path=/;max-age=7776000;SameSite=Lax`;
});

// Leave a browser window that can't pick files for a page that says what works there.
if (photo?.disabled) location.replace("?outside");

function take(input, files) {
  const instead = replaced;
  replaced = null;
  add(files, input, instead);
}

for (const input of form.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => {
    take(input, [...input.files]);
    input.value = "";
  });
  input.addEventListener("cancel", () => (replaced = null));
}
draft.files().then((files) => add(files, form.querySelector("[type=file]")));
at("consent")?.addEventListener("change", answered);
at("unanswered")?.addEventListener("click", () => whenLookedAt(send));
form.elements.text.addEventListener("input", () => problem(""));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  whenLookedAt(keep);
});
at("another").addEventListener("click", another);
drawTiles();
// Firefox restores a disabled button after a reload.
drawSend();
// Preload the upload code once the page is there, so that it is available when the Wi-Fi gets weak.
addEventListener("load", () => import(states.tus).catch(() => {}));
guardLinks(outbox);
outbox.start();
