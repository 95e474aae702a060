// Tracks a running task: updates its progress bar and reloads the page when it has ended.
const task = document.getElementById("task");
const EVERY = 700;

async function look() {
  try {
    const answer = await fetch(task.dataset.watch, { cache: "no-store" });
    const told = await answer.json();
    if (told.state !== "running") return location.reload();
    const bar = task.querySelector("progress");
    if (told.of) {
      bar.max = told.of;
      bar.value = told.done;
    }
  } catch {
    // The kiosk is temporarily unreachable: poll again.
  }
  return setTimeout(look, EVERY);
}

if (task?.dataset.watch) setTimeout(look, EVERY);
