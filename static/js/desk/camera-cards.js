import { isUnsaved } from "./unsaved.js";

// Detects inserted and removed cards and shows import progress. Without it, reloading the page shows the same.
const page = () => document.querySelector("[data-cards]");
const paths = () => [...page().querySelectorAll("[data-card]")].map((card) => card.dataset.card).sort().join("\n");
const isWritten = (part) => [...part.querySelectorAll("input")].some((field) => field.value !== field.defaultValue);

async function fresh() {
  const text = await (await fetch(location.href)).text();
  return new DOMParser().parseFromString(text, "text/html");
}

// While this page sends files, or something is written in it, only what changed is replaced: a card that is put in shows
// at once, however long the files take.
async function renew() {
  if (!document.querySelector("[data-busy]") && !isUnsaved()) return location.reload();
  const next = await fresh();
  for (const name of ["in", "read"]) {
    const [old, now] = [document, next].map((one) => one.querySelector(`section[aria-labelledby="${name}"]`));
    if (!now || old?.contains(document.activeElement) || (old && isWritten(old))) continue;
    for (const [n, part] of [...(old?.querySelectorAll("details") ?? [])].entries()) {
      const same = now.querySelectorAll("details")[n];
      if (same) same.open = part.open;
    }
    if (old) old.replaceWith(now);
    else document.getElementById("watch").after(now);
  }
  return undefined;
}

// False where the page does not show it as it is.
function show(one) {
  const row = document.querySelector(`[data-import="${one.id}"]`);
  if (!row || row.dataset.state !== one.state) return false;
  const bar = row.querySelector("progress");
  if (!bar) return true;
  if (one.bytes) Object.assign(bar, { max: one.bytes, value: one.bytes_done });
  const megabytes = (bytes) => Math.round(bytes / 1e6);
  const left = one.seconds_left === null ? "" : ` · ${page().dataset.minutes.replace("#", Math.ceil(one.seconds_left / 60))}`;
  row.querySelector("[data-figures]").textContent =
    `${one.files_done} / ${one.files} · ${megabytes(one.bytes_done)} / ${megabytes(one.bytes)} MB${left}`;
  return true;
}

// Reload the strip while pictures are still being rendered, unless somebody is working in it.
async function fill() {
  const strip = document.querySelector(".strip");
  const awaited = strip?.querySelectorAll("[data-awaited]").length;
  if (!awaited || strip.contains(document.activeElement)) return;
  const next = (await fresh()).querySelector(".strip");
  if (next && next.querySelectorAll("[data-awaited]").length < awaited) strip.replaceWith(next);
}

async function look() {
  try {
    const answer = await fetch(page().dataset.cards);
    if (!answer.ok) return;
    const state = await answer.json();
    const writing = document.activeElement?.closest("form");
    if (!writing && state.cards.map((card) => card.path).sort().join("\n") !== paths()) await renew();
    else if (state.imports.map(show).includes(false)) await renew();
    await fill();
  } catch {
    // The kiosk is temporarily unreachable: the next poll tries again.
  }
}

setInterval(look, 2000);
