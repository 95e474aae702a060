import { isUnsaved } from "./unsaved.js";

// Shows publishing progress. Without it, reloading the page shows the same.
const page = document.querySelector("[data-publish]");

function show(row, told) {
  const bar = row.querySelector("progress");
  bar.value = Math.round(told.share * 1000);
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const minutes = Math.ceil(told.seconds_left / 60);
  const left = minutes ? ` · ${page.dataset.minutes.replace("#", minutes)}` : "";
  const size = told.bytes < 1e5 ? "" : ` · ${megabytes(told.bytes_done)} / ${megabytes(told.bytes)} MB`;
  row.querySelector("[data-told]").textContent = `${told.done} / ${told.items}${size}${left}`;
}

async function look() {
  try {
    const answer = await fetch(page.dataset.publish);
    if (!answer.ok) return;
    const { targets, whole } = await answer.json();
    const open = (told) => told.items > told.done;
    const bars = [...document.querySelectorAll("[data-progress]")];
    const shown = new Set(bars.map((row) => row.dataset.progress));
    const wanted = [["", whole], ...Object.entries(targets)].filter(([, told]) => open(told));
    const same = wanted.length === shown.size && wanted.every(([name]) => shown.has(name));
    // The page is refreshed only while nobody is in a form, so that no input is lost.
    if (!same && !document.activeElement?.closest("form") && !isUnsaved()) return location.reload();
    for (const [name, told] of wanted) {
      const row = bars.find((one) => one.dataset.progress === name);
      if (row) show(row, told);
    }
    for (const words of document.querySelectorAll("[data-sentence]")) {
      const told = targets[words.dataset.sentence];
      if (told) words.textContent = told.sentence;
    }
  } catch {
    // The kiosk is temporarily unreachable: the next poll tries again.
  }
}

if (page) setInterval(look, 2000);
