// Review without page loads: the response to a link or form replaces the content, and ticked boxes are kept.
import { isUnsaved } from "./unsaved.js";

const main = document.querySelector("#content");
let last = null;

const boxes = () => [...main.querySelectorAll(".sheet input[type=checkbox]")];
const current = () => main.querySelector(".sheet [aria-current]")?.closest("li")?.querySelector("input");

function tell() {
  const ticked = boxes().filter((box) => box.checked).length;
  const place = main.querySelector("[data-ticked]");
  if (!place) return;
  place.hidden = !ticked;
  place.textContent = place.dataset.ticked.replace("{count}", ticked);
}

function tick(box, on, range) {
  const all = boxes();
  const [from, to] = [all.indexOf(range && last ? all.find((one) => one.value === last) ?? box : box), all.indexOf(box)].sort((a, b) => a - b);
  for (const one of all.slice(from, to + 1)) one.checked = on;
  last = box.value;
  tell();
}

// Requests run one after the other, so the last response reflects all of them.
let line = Promise.resolve();
const swap = (...asked) => (line = line.then(() => fetched(...asked)));

// What had the focus is replaced: its successor takes it, else a keyboard would begin at the top of the page again.
const whatItIs = (one) => [one.tagName, one.name, one.value, one.dataset.key, one.dataset.key ? "" : one.closest("form, ul, nav")?.className, one.dataset.key ? "" : said(one)].join("\n");

// Counts change with every decision.
function said(one) {
  const copy = one.cloneNode(true);
  for (const count of copy.querySelectorAll(".count")) count.remove();
  return one.matches("a, button") ? copy.textContent.trim() : "";
}

function holdFocus(held) {
  const wanted = whatItIs(held);
  const next = held === main ? null : held.matches(".sheet a") ? main.querySelector(".sheet [aria-current]") : [...main.querySelectorAll(held.tagName)].find((one) => whatItIs(one) === wanted && (one.checkVisibility?.() ?? true));
  (next ?? main).focus({ preventScroll: true });
}

// Says what went wrong above the page as it was, or in the large picture: nothing that was written or ticked is lost.
function complain(words, { held, ticked = [] }) {
  for (const box of boxes()) box.checked ||= ticked.includes(box.value);
  tell();
  document.getElementById("complaint")?.remove();
  const trouble = document.getElementById("trouble");
  const line = trouble.content.firstElementChild.cloneNode();
  line.textContent = words || trouble.dataset.away;
  (document.querySelector("dialog[open]") ?? main).prepend(line);
  line.scrollIntoView({ block: "nearest" });
  held?.focus({ preventScroll: true });
  return true;
}

async function fetched(url, options, { push = true, ...before } = {}) {
  const kept = new Set(boxes().filter((box) => box.checked).map((box) => box.value));
  // The form collapses with each new picture: the next E opens it.
  const open = [...main.querySelectorAll("details[open]")].map((one) => one.className).filter((name) => name !== "fold");
  let answer;
  let text;
  try {
    answer = await fetch(url, { ...options, headers: { Accept: "text/html" } });
    text = await answer.text();
  } catch {
    return complain("", before);
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  const next = page.querySelector("body.desk #content");
  if (!next && !answer.ok) return complain(page.querySelector("main .notice")?.textContent, before);
  if (!next) return false;
  const held = before.held ?? (main.contains(document.activeElement) ? document.activeElement : null);
  main.replaceChildren(...next.childNodes);
  const rail = page.querySelector(".rail nav");
  if (rail) document.querySelector(".rail nav").replaceChildren(...rail.childNodes);
  if (push) history.pushState(null, "", answer.url);
  for (const box of boxes()) box.checked = kept.has(box.value);
  for (const name of open) if (name) for (const one of main.getElementsByClassName(name)) one.open = true;
  if (held) holdFocus(held);
  if (matchMedia("(min-width: 60rem)").matches) main.querySelector(".sheet [aria-current]")?.scrollIntoView({ block: "nearest" });
  tell();
  return true;
}

addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.altKey) return;
  const box = event.target.closest(".sheet input[type=checkbox]");
  if (box) return tick(box, box.checked, event.shiftKey);
  const link = event.target.closest("#content a");
  if (!link || event.shiftKey || new URL(link.href).pathname !== location.pathname) return;
  // The browser itself asks before what was written is lost.
  if (isUnsaved()) return;
  event.preventDefault();
  swap(link.href, {}).then((done) => done || location.assign(link.href));
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.closest("#content") || form.method !== "post" || isUnsaved(form)) return;
  event.preventDefault();
  const sent = new FormData(form, event.submitter);
  // Untick items that were decided on.
  const ticked = form.id === "selected" ? boxes().filter((box) => box.checked).map((box) => box.value) : [];
  for (const box of boxes()) box.checked &&= !ticked.includes(box.value);
  // A field that was written in is left: what follows are keys.
  const held = form.contains(document.activeElement) ? (event.submitter ?? main) : null;
  document.activeElement?.blur();
  swap(form.action, { method: "POST", body: new URLSearchParams(sent) }, { held, ticked }).then((done) => done || location.reload());
});

addEventListener("change", (event) => {
  if (event.target.name !== "all") return;
  for (const box of boxes()) box.checked = event.target.checked;
  tell();
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  const key = event.key.toLowerCase();
  const box = current();
  if (key === "x" && box) {
    event.preventDefault();
    tick(box, event.shiftKey || !box.checked, event.shiftKey);
  }
  const act = event.shiftKey && { a: "approve", h: "hide", s: "star" }[key];
  const button = act && main.querySelector(`#selected button[value=${act}]`);
  if (button && boxes().some((one) => one.checked)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    button.form.requestSubmit(button);
  }
}, { capture: true });

addEventListener("popstate", () => swap(location.href, {}, { push: false }));
