// Files and folders dropped on the page are uploaded like a phone's, one after the other, with one progress bar.
const place = document.getElementById("add-files");
const at = (id) => document.getElementById(id);
const MEDIA = /^(image|video|audio)\//;
const NAMES = /\.(jpe?g|png|heic|heif|webp|avif|gif|tiff?|dng|cr[23]|nef|arw|raf|orf|rw2|mp4|mov|m4v|mts|webm|avi|mp3|m4a|wav|ogg|opus|aac|flac)$/i;
const waiting = [];
let busy = false;
let bytes = 0;
let sent = 0;
let done = 0;
let all = 0;

// The same file maps to the same takeaway, also after a reload.
async function numberOf(file) {
  const told = new TextEncoder().encode(`${file.name}|${file.size}|${file.lastModified}|${at("add-session").value}`);
  const hash = crypto.subtle ? new Uint8Array(await crypto.subtle.digest("SHA-256", told)) : crypto.getRandomValues(new Uint8Array(16));
  hash[6] = (hash[6] & 0x0f) | 0x80;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  const hex = [...hash.slice(0, 16)].map((one) => one.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function send(form, tell) {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    asked.open("POST", place.dataset.goal.replace("CODE", at("add-session").value));
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

async function keep(file) {
  const form = new FormData();
  form.set("client_id", await numberOf(file));
  form.set("consent_asked", "1");
  form.set("file", file, file.name);
  const answer = await send(form, (loaded) => (at("add-bar").value = sent + Math.min(loaded, file.size)));
  if (answer.status === 201) done += 1;
  else refuse(file.name, JSON.parse(answer.responseText || "{}").detail ?? answer.status);
}

async function work() {
  if (busy) return;
  busy = true;
  while (waiting.length) {
    const file = waiting.shift();
    try {
      await keep(file);
    } catch {
      waiting.length = 0;
      refuse(file.name, place.dataset.away);
    }
    sent += file.size;
    at("add-bar").value = sent;
    at("add-told").textContent = place.dataset.told.replace("{done}", done).replace("{all}", all);
  }
  busy = false;
}

function add(files) {
  const wanted = files.filter((file) => MEDIA.test(file.type) || NAMES.test(file.name));
  all += wanted.length;
  bytes += wanted.reduce((sum, file) => sum + file.size, 0);
  at("add-bar").max = Math.max(1, bytes);
  at("add-bar").hidden = false;
  waiting.push(...wanted);
  work();
}

async function inside(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const one of some) found.push(...(await inside(one)));
  }
}

const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

if (at("add-session").options.length) {
  place.hidden = false;
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
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    add((await Promise.all(entries.map(inside))).flat());
  });
  for (const id of ["add-pick", "add-folder"]) at(id).addEventListener("change", (event) => add([...event.target.files]));
}
