// Tracks a running task: updates its progress bar and reloads the page when it has ended and nobody is writing.
import { isUnsaved } from "./unsaved.js";

const task = document.getElementById("task");
const far = document.getElementById("far");
const every = Number(task?.dataset.every ?? 700);

async function look() {
  try {
    const answer = await fetch(task.dataset.watch, { cache: "no-store" });
    const progress = await answer.json();
    if (progress.state !== "running" && !isUnsaved()) return location.reload();
    const bar = task.querySelector("progress");
    if (progress.of) {
      bar.max = progress.of;
      bar.value = progress.done;
      far.textContent = far.dataset.words.replace("{part}", progress.done).replace("{whole}", progress.of);
    }
  } catch {
    // The kiosk is temporarily unreachable: poll again.
  }
  return setTimeout(look, every);
}

if (task?.dataset.watch) setTimeout(look, every);
