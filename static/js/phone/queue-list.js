// The upload list, and the text for each state. The sentences are in the page, in its language.
import { Outbox } from "./upload-queue.js";
import * as shelf from "./offline-store.js";

export const at = (id) => document.getElementById(id);
export const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
export const spelled = (receipt) => receipt.replace(/^(.{4})(.{4})/, "$1-$2-");

const place = at("pending");
export const words = place.dataset;

export function openOutbox() {
  const { session, title, uploads, takeaways, tus } = words;
  // Some browsers cache a failed module import permanently: then import it under another URL.
  const loadTus = () => import(tus).catch(() => import(`${tus}?${Date.now()}`));
  return new Outbox({ session, title, uploads, takeaways, loadTus, shelf });
}

export function verdict(outbox, item) {
  if (outbox.lacks(item)) return words.lacks;
  if (item.state === "safe") return item.error ? words.partly : outbox.open.length ? words.safeOne : words.safe;
  if (item.state === "keeping") return say(words.keeping, { percent: Math.floor(100 * (item.kept ?? 0)) });
  if (item.state === "sending" && item.parts.length) return say(words.sending, { percent: outbox.percent(item) });
  if (item.state === "retrying") return words[item.why] ?? words.trouble;
  return item.state === "refused" ? words.refused : words.waiting;
}

// Why it was refused or is waiting, in the kiosk's words.
export function reason(item) {
  if (item.why !== "unreadable") return item.error;
  return item.error ? `${item.error}: ${words.unreadable}` : words.unreadable;
}

function line(outbox, item, row) {
  const part = (name) => row.querySelector(name);
  const whole = item.state === "safe" && !item.error;
  part(".words").textContent = item.fields.text.slice(0, 60) || item.parts.map((each) => each.name).join(", ") || item.to.title;
  part(".state").textContent = whole ? words.safeOne : verdict(outbox, item);
  part(".state").className = `state ${whole ? "safe" : "look"}`;
  part(".reason").textContent = reason(item);
  part(".reason").hidden = !reason(item);
  part("progress").hidden = item.state !== "sending";
  part("progress").value = outbox.percent(item);
  part(".link").hidden = !item.receipt;
  if (item.receipt) Object.assign(part(".link"), { textContent: spelled(item.receipt), href: words.receipts + item.receipt });
  const stuck = item.state === "refused" || (item.state === "safe" && item.error);
  part(".again").hidden = !(stuck || item.state === "retrying") || item.why === "unreadable";
  part(".drop").hidden = !(stuck || outbox.lacks(item));
  part(".again").onclick = () => outbox.retry(item);
  part(".drop").onclick = () => outbox.drop(item);
  return row;
}

const rows = new Map();

// Renders the items; a row keeps its element, so that a button does not vanish under a finger.
export function draw(outbox, items) {
  for (const [id, row] of rows) {
    if (items.some((item) => item.id === id)) continue;
    row.remove();
    rows.delete(id);
  }
  items.forEach((item, number) => {
    if (!rows.has(item.id)) rows.set(item.id, at("queue-item").content.firstElementChild.cloneNode(true));
    const row = line(outbox, item, rows.get(item.id));
    if (at("queue").children[number] !== row) at("queue").insertBefore(row, at("queue").children[number] ?? null);
  });
  place.hidden = !items.length;
  const open = outbox.open.length;
  at("tally").textContent = say(words.tally, { open, safe: outbox.items.filter((item) => item.state === "safe").length });
}
