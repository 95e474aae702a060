// Pages other than the capture page: items waiting on this phone are uploaded from here too, and "My takeaways" lists
// the state of the others. The phone polls occasionally; no connection stays open.
import { guardLinks } from "./link-guard.js";
import { at, draw, openOutbox, spelled } from "./queue-list.js";
import { remember } from "./offline-store.js";

const EVERY = 60000;
const MOST = 60;
const outbox = openOutbox();
const list = at("mine");
at("unlisted")?.remove();
let states = new Map();

// A receipt from the form without scripts.
const kept = document.querySelector("[data-remember]");
if (kept) remember(kept.dataset);

function row(item) {
  const state = states.get(item.receipt);
  const place = at("mine-item").content.firstElementChild.cloneNode(true);
  const part = (name) => place.querySelector(name);
  const words = state?.text || item.fields.text.slice(0, 80) || item.parts.map((each) => each.name).join(", ");
  part("a").href = `/t/${item.receipt}`;
  part(".words").textContent = words || spelled(item.receipt);
  part(".where").textContent = state?.session || item.to.title || "";
  part(".step").textContent = state ? ` · ${state.step}` : "";
  part(".code").textContent = item.receipt.slice(0, 4);
  return place;
}

function drawMine() {
  const open = outbox.items.filter((item) => item.state !== "safe" || item.error);
  draw(outbox, open);
  if (!list) return;
  const safe = outbox.items.filter((item) => item.receipt && item.state === "safe");
  list.replaceChildren(...safe.map(row));
  list.hidden = !safe.length;
  at("none").hidden = outbox.items.length > 0;
}

async function look() {
  const receipts = outbox.items.map((item) => item.receipt).filter(Boolean).slice(0, MOST);
  if (document.hidden || !receipts.length) return;
  try {
    const answer = await fetch(`${list.dataset.states}?of=${receipts}`, { cache: "no-cache" });
    if (answer.ok) states = new Map((await answer.json()).map((state) => [state.receipt, state]));
  } catch {
    // The kiosk is unreachable: the list shows what the phone knows.
  }
  drawMine();
}

outbox.addEventListener("change", drawMine);
guardLinks(outbox);
outbox.start().then(() => {
  drawMine();
  // Two frames: what is below appears in the place where it stays.
  requestAnimationFrame(() => requestAnimationFrame(() => document.body.classList.add("begun")));
  if (!list) return;
  look();
  setInterval(look, EVERY * (0.8 + 0.4 * Math.random()));
  document.addEventListener("visibilitychange", look);
});
