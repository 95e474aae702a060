// Files and folders dropped on the page are uploaded like a phone's, one after the other, with one progress bar. Those
// of one shot go to one takeaway; what isn't sent is named.
import { askFirst } from "../shared/leaving.js";
import { queued, sift } from "./dropped-files.js";

const place = document.getElementById("add-files");
const at = (id) => document.getElementById(id);
// {extension: image, video or audio}, of all formats that the kiosk knows by name.
const kinds = JSON.parse(place.dataset.kinds);
const waiting = [];
let busy = false;
let bytes = 0;
let sent = 0;
let done = 0;
let all = 0;

// The same file maps to the same takeaway, also after a reload; the files of a shot to that of its first.
async function numberOf(file, code) {
  const described = new TextEncoder().encode(`${file.name}|${file.size}|${file.lastModified}|${code}`);
  const hash = crypto.subtle ? new Uint8Array(await crypto.subtle.digest("SHA-256", described)) : crypto.getRandomValues(new Uint8Array(16));
  hash[6] = (hash[6] & 0x0f) | 0x80;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  const hex = [...hash.slice(0, 16)].map((one) => one.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function send(form, code, tell) {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    asked.open("POST", place.dataset.goal.replace("CODE", code));
    asked.setRequestHeader("Accept", "application/json");
    asked.upload.addEventListener("progress", (event) => tell(event.loaded));
    asked.addEventListener("load", () => resolve(asked));
    asked.addEventListener("error", reject);
    asked.send(form);
  });
}

function refuse(name, why) {
  const line = document.createElement("li");
  line.textContent = place.dataset.refused.replace("{name}", name).replace("{why}", why);
  line.dir = "auto";
  at("add-refused").append(line);
}

function detailOf(answer) {
  try {
    return JSON.parse(answer.responseText).detail ?? answer.status;
  } catch {
    // A page of something in between.
    return answer.status;
  }
}

async function keep({ file, number, code }) {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    // Moved or deleted since, or on a card that was pulled out: the others go on.
    refuse(file.name, place.dataset.unread);
    return;
  }
  const form = new FormData();
  form.set("client_id", await number);
  form.set("consent_asked", "1");
  form.set("file", file, file.name);
  const answer = await send(form, code, (loaded) => (at("add-bar").value = sent + Math.min(loaded, file.size)));
  if (answer.status === 201) done += 1;
  else refuse(file.name, detailOf(answer));
}

async function work() {
  if (busy) return;
  // Another script would load the page again when a card is put in.
  busy = place.dataset.busy = true;
  while (waiting.length) {
    const next = waiting.shift();
    const { file } = next;
    try {
      await keep(next);
    } catch {
      for (const one of [next, ...waiting.splice(0)]) refuse(one.file.name, place.dataset.away);
    }
    sent += file.size;
    at("add-bar").value = sent;
    at("add-status").textContent = place.dataset.progress.replace("{done}", done).replace("{all}", all);
  }
  busy = false;
  delete place.dataset.busy;
}

// ``found``: files with the folders that they are in.
function add(found) {
  const { wanted, left } = sift(found, kinds);
  for (const { name, why } of left) refuse(name, place.dataset[why]);
  all += wanted.length;
  bytes += wanted.reduce((sum, { file }) => sum + file.size, 0);
  at("add-bar").max = Math.max(1, bytes);
  at("add-bar").hidden = false;
  // The session that was chosen when they were dropped.
  const code = at("add-session").value;
  const most = Number(place.dataset.most);
  for (const one of queued(wanted, kinds, most, (lead) => numberOf(lead, code))) waiting.push({ ...one, code });
  work();
}

// What was said of files before is said no more, unless some of them are still on the way.
function begin() {
  if (busy) return;
  all = bytes = done = sent = 0;
  at("add-status").textContent = "";
  at("add-refused").replaceChildren();
}

const folderOf = (path) => path.slice(0, path.lastIndexOf("/") + 1);

async function inside(entry) {
  try {
    return await everythingIn(entry);
  } catch {
    refuse(entry.name, place.dataset.unread);
    return [];
  }
}

async function everythingIn(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, folder: folderOf(entry.fullPath) }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const one of some) found.push(...(await inside(one)));
  }
}

const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

if (!place.hidden) {
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    document.body.classList.add("over");
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? document.body.classList.remove("over"));
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    document.body.classList.remove("over");
    begin();
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    add((await Promise.all(entries.map(inside))).flat());
  });
  for (const id of ["add-pick", "add-folder"]) {
    at(id).addEventListener("change", ({ target }) => {
      begin();
      add([...target.files].map((file) => ({ file, folder: folderOf(file.webkitRelativePath) })));
      // Else the same files can't be chosen once more.
      target.value = "";
    });
  }
  addEventListener("beforeunload", (event) => busy && askFirst(event));
}
