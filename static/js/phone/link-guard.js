// Guards links on plain http, where no service worker can serve pages while the kiosk is unreachable: a tap first
// checks whether the kiosk answers. If not, the page stays and shows what is stored on this phone.
import { at, verdict } from "./queue-list.js";

const PATIENCE = 4000;
const LOOK_AGAIN = 2000;
// A short response without a body that phones request anyway.
const PROBE = "/generate_204";
// Pages that the service worker serves offline, where there is one.
const isKept = (path) => path === "/" || path === "/mine" || /^\/s\/[^/]+$/i.test(path);

let away = false;

async function answers() {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    away = !(await fetch(PROBE, { method: "HEAD", cache: "no-store", signal: stop.signal })).ok;
  } catch {
    away = true;
  }
  clearTimeout(timer);
  return !away;
}

function list(outbox) {
  return outbox.items.map((item) => {
    const row = document.createElement("li");
    const words = document.createElement("strong");
    words.dir = "auto";
    words.textContent = item.fields.text.slice(0, 60) || item.parts.map((part) => part.name).join(", ") || item.to.title;
    row.append(words, document.createElement("br"), verdict(outbox, item));
    return row;
  });
}

function drawList(outbox) {
  at("away-list").replaceChildren(...list(outbox));
  at("away-list").hidden = !outbox.items.length;
}

// Closes the dialog as soon as the kiosk is back: by then it would claim what is no longer so.
async function closeWhenBack(dialog) {
  await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
  if (!dialog.open) return;
  if (await answers()) dialog.close();
  else closeWhenBack(dialog);
}

function stay(outbox, goal) {
  const dialog = at("away");
  drawList(outbox);
  at("away-again").onclick = async () => {
    at("away-again").disabled = true;
    const there = await answers();
    at("away-again").disabled = false;
    if (there) location.assign(goal);
  };
  if (dialog.open) return;
  dialog.showModal();
  closeWhenBack(dialog);
}

function isOurs(event, link) {
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented);
  return plain && link && !link.target && !link.download && link.origin === location.origin && !link.hash;
}

// Guards every link of this page; `outbox` is the page's upload queue.
export function guardLinks(outbox) {
  if (!at("away")?.showModal) return;
  outbox.addEventListener("change", () => at("away").open && drawList(outbox));
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[href]");
    if (!isOurs(event, link)) return;
    if (navigator.serviceWorker?.controller && isKept(new URL(link.href).pathname)) return;
    event.preventDefault();
    if (await answers()) location.assign(link.href);
    else stay(outbox, link.href);
  });
  // Reloading would end at the browser's own error page, so check first.
  addEventListener("beforeunload", (event) => {
    if (away || outbox.items.some((item) => item.state === "retrying" && item.why === "away")) event.preventDefault();
  });
}
