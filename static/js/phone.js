// The capture page: adds tiles, checks, progress and the queue to a form that works without any of it.
import { Outbox, uuid } from "./outbox.js";

const form = document.getElementById("keep");
const words = form.dataset;
const at = (id) => document.getElementById(id);
const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

document.documentElement.classList.add("js");

const outbox = new Outbox({
  session: words.session,
  uploads: words.uploads,
  takeaways: form.action,
  loadTus: () => import(words.tus),
});

let added = [];
let current = null;

// --- What is added -----------------------------------------------------------------------------------

function problem(text) {
  at("problem").textContent = text;
  at("problem").hidden = !text;
  if (text) at("problem").scrollIntoView({ block: "nearest" });
}

// Seconds of a video or voice note, or 0 where the phone can't tell: then the kiosk looks.
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
  // The kiosk lets a second pass, since recorders stop late.
  return length > most + 1 ? say(words.tooLong, { seconds: Math.round(length), most }) : "";
}

async function add(files) {
  problem("");
  for (const file of files) {
    const reason = await reasonAgainst(file);
    if (reason) problem(reason);
    else added.push({ file, url: URL.createObjectURL(file) });
  }
  drawTiles();
}

function remove(tile) {
  URL.revokeObjectURL(tile.url);
  added = added.filter((other) => other !== tile);
  drawTiles();
}

function picture({ file, url }) {
  const [kind] = file.type.split("/");
  if (kind !== "image" && kind !== "video") {
    const name = document.createElement("span");
    name.className = "small";
    name.textContent = file.name;
    return name;
  }
  const shown = document.createElement(kind === "image" ? "img" : "video");
  Object.assign(shown, kind === "image" ? { alt: file.name } : { muted: true, playsInline: true, preload: "metadata" });
  shown.src = url;
  return shown;
}

function drawTiles() {
  const list = at("added");
  if (!list) return;
  list.hidden = !added.length;
  at("consent").hidden = !added.length;
  list.replaceChildren(
    ...added.map((tile) => {
      const place = document.createElement("li");
      const button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: "×", onclick: () => remove(tile) });
      button.setAttribute("aria-label", `${words.remove}: ${tile.file.name}`);
      place.append(picture(tile), button);
      return place;
    }),
  );
}

// --- Keep it -----------------------------------------------------------------------------------------

function fields() {
  const told = new FormData(form);
  const names = ["text", "author", "prompt", "intent", "audience"];
  const values = Object.fromEntries(names.map((name) => [name, told.get(name) ?? ""]));
  // No answer about the people in a picture is "not sure".
  if (added.length) values.consent = told.get("consent") ?? "unsure";
  return values;
}

function keep(event) {
  event.preventDefault();
  if (!added.length && !form.elements.text.value.trim()) {
    problem(words.empty);
    form.elements.text.focus();
    return;
  }
  const files = added.map((tile) => tile.file);
  current = outbox.add(form.elements.client_id.value, fields(), files);
  added.forEach((tile) => URL.revokeObjectURL(tile.url));
  show(false);
  at("verdict").focus();
}

function another() {
  form.elements.client_id.value = uuid();
  form.elements.text.value = "";
  for (const radio of form.querySelectorAll("[name=consent], [name=intent]")) radio.checked = false;
  added = [];
  current = null;
  drawTiles();
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

function verdict(item) {
  if (item.state === "sending") return item.parts.length ? say(words.sending, { percent: outbox.percent(item) }) : words.waiting;
  if (item.state === "safe") return item.error ? words.partly : outbox.open.length ? words.safeOne : words.safe;
  return words[item.state];
}

function drawCurrent() {
  const safe = current.state === "safe";
  at("verdict").textContent = verdict(current);
  at("verdict").classList.toggle("safe", safe);
  at("bar").hidden = safe || current.state === "refused";
  at("bar").value = outbox.percent(current);
  at("done").hidden = !safe;
  at("refusal").textContent = current.error;
  at("refusal").hidden = !current.error;
  if (safe && at("receipt").dataset.of !== current.receipt) {
    at("receipt").dataset.of = current.receipt;
    at("receipt").textContent = current.receipt.replace(/^(.{4})(.{4})/, "$1-$2-");
    at("receipt").href = words.receipts + current.receipt;
    at("receipt-qr").src = `${words.receipts}${current.receipt}/qr.svg`;
  }
}

function line(item) {
  const row = at("queue-item").content.firstElementChild.cloneNode(true);
  const part = (name) => row.querySelector(name);
  part(".words").textContent = item.fields.text.slice(0, 40) || item.parts.map((each) => each.file.name).join(", ");
  part(".state").textContent = item.state === "safe" ? words.safeOne : verdict(item);
  part(".state").classList.add(item.state === "safe" ? "safe" : "look");
  part("progress").hidden = item.state !== "sending";
  part("progress").value = outbox.percent(item);
  if (item.receipt) {
    Object.assign(part(".link"), { textContent: item.receipt, href: words.receipts + item.receipt, hidden: false });
  }
  const stuck = item.state === "refused" || item.state === "retrying";
  part(".again").hidden = !stuck;
  part(".drop").hidden = item.state !== "refused";
  part(".again").onclick = () => outbox.retry(item);
  part(".drop").onclick = () => {
    outbox.drop(item);
    if (item === current) another();
  };
  return row;
}

function drawQueue() {
  // The one that fills the screen is not told of twice, unless there is something to press.
  const listed = outbox.items.filter((item) => item !== current || !["sending", "waiting", "safe"].includes(item.state));
  at("pending").hidden = !listed.length;
  at("queue").replaceChildren(...listed.map(line));
  if (current) drawCurrent();
}

let spoken = "";
outbox.addEventListener("change", ({ detail: item }) => {
  drawQueue();
  // A screen reader hears each state once, not each percent.
  const listed = outbox.items.includes(item);
  const state = `${item.id} ${listed && item.state}`;
  if (state !== spoken) at("spoken").textContent = listed ? verdict(item) : "";
  spoken = state;
});

addEventListener("beforeunload", (event) => {
  if (outbox.open.length) event.preventDefault();
});
// Back from another page: the browser may show the old form with its old id.
addEventListener("pageshow", (event) => {
  if (event.persisted) form.elements.client_id.value = uuid();
});

for (const input of form.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
}
form.addEventListener("submit", keep);
at("another").addEventListener("click", another);
drawTiles();
// The page is there first; what sends the files comes after it, and is there when the Wi-Fi gets weak.
addEventListener("load", () => import(words.tus));
