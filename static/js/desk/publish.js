import { isUnsaved } from "./unsaved.js";

// Shows publishing progress. Without it, reloading the page shows the same.
const page = document.querySelector("[data-publish]");

function show(row, progress) {
  const bar = row.querySelector("progress");
  bar.value = Math.round(progress.share * 1000);
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const minutes = Math.ceil(progress.seconds_left / 60);
  const left = minutes ? ` · ${page.dataset.minutes.replace("#", minutes)}` : "";
  const size = progress.bytes < 1e5 ? "" : ` · ${megabytes(progress.bytes_done)} / ${megabytes(progress.bytes)} MB`;
  row.querySelector("[data-figures]").textContent = `${progress.done} / ${progress.items}${size}${left}`;
}

async function look() {
  try {
    const answer = await fetch(page.dataset.publish);
    if (!answer.ok) return;
    const { targets, whole } = await answer.json();
    const open = (progress) => progress.items > progress.done;
    const bars = [...document.querySelectorAll("[data-progress]")];
    const shown = new Set(bars.map((row) => row.dataset.progress));
    const wanted = [["", whole], ...Object.entries(targets)].filter(([, progress]) => open(progress));
    const same = wanted.length === shown.size && wanted.every(([name]) => shown.has(name));
    // The page is refreshed only while nobody is in a form, so that no input is lost.
    if (!same && !document.activeElement?.closest("form") && !isUnsaved()) return location.reload();
    for (const [name, progress] of wanted) {
      const row = bars.find((one) => one.dataset.progress === name);
      if (row) show(row, progress);
    }
    for (const words of document.querySelectorAll("[data-sentence]")) {
      const target = targets[words.dataset.sentence];
      if (target) words.textContent = target.sentence;
    }
  } catch {
    // The kiosk is temporarily unreachable: the next poll tries again.
  }
}

if (page) setInterval(look, 2000);
