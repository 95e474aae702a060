import { isUnsaved } from "./unsaved.js";

// Detects inserted and removed cards and shows import progress. Without it, reloading the page shows the same.
const page = document.querySelector("[data-cards]");
const paths = () => [...page.querySelectorAll("[data-card]")].map((card) => card.dataset.card).sort().join("\n");

// Not while this page sends files, or something is written in it.
function renew() {
  if (!document.querySelector("[data-busy]") && !isUnsaved()) location.reload();
}

function show(one) {
  const row = document.querySelector(`[data-import="${one.id}"]`);
  if (!row || row.dataset.state !== one.state) return renew();
  const bar = row.querySelector("progress");
  if (!bar) return undefined;
  bar.max = one.bytes || 1;
  bar.value = one.bytes_done;
  const megabytes = (bytes) => Math.round(bytes / 1e6);
  const left = one.seconds_left === null ? "" : ` · ${page.dataset.minutes.replace("#", Math.ceil(one.seconds_left / 60))}`;
  row.querySelector("[data-told]").textContent =
    `${one.files_done} / ${one.files} · ${megabytes(one.bytes_done)} / ${megabytes(one.bytes)} MB${left}`;
  return undefined;
}

// Reload the strip while pictures are still being rendered, unless somebody is working in it.
async function fill() {
  const strip = document.querySelector(".strip");
  const awaited = strip?.querySelectorAll("[data-awaited]").length;
  if (!awaited || strip.contains(document.activeElement)) return;
  const text = await (await fetch(location.href)).text();
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector(".strip");
  if (fresh && fresh.querySelectorAll("[data-awaited]").length < awaited) strip.replaceWith(fresh);
}

async function look() {
  try {
    const answer = await fetch(page.dataset.cards);
    if (!answer.ok) return;
    const told = await answer.json();
    const writing = document.activeElement?.closest("form");
    if (!writing && told.cards.map((card) => card.path).sort().join("\n") !== paths()) renew();
    else told.imports.forEach(show);
    await fill();
  } catch {
    // The kiosk is temporarily unreachable: the next poll tries again.
  }
}

setInterval(look, 2000);
