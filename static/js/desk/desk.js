import { isUnsaved } from "./unsaved.js";

// Keyboard shortcuts: each key clicks the element with that letter in data-key, except while typing in a field.
const writing = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select");

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key === "Escape") document.activeElement.blur();
  if (writing(event.target)) return;
  const goal = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!goal) return;
  event.preventDefault();
  if (goal.matches("textarea")) {
    if (goal.closest("details")) goal.closest("details").open = true;
    goal.focus();
  }
  else if (goal.matches("form")) goal.requestSubmit(goal.querySelector("button"));
  else goal.click();
});

// The filter applies on change; its button is for browsers without scripts, and for keys: they pass by what lies between.
const filter = document.querySelector(".filter");
if (filter) {
  const button = filter.querySelector("button");
  button.hidden = true;
  filter.addEventListener("keydown", (event) => {
    if (["Tab", "Shift"].includes(event.key)) return;
    button.hidden = false;
    filter.classList.add("by-keys");
  });
  filter.addEventListener("change", () => button.hidden && filter.requestSubmit());
}
// Only on wide screens: on narrow ones the large preview is above the contact sheet and should stay in view.
if (matchMedia("(min-width: 60rem)").matches) document.querySelector(".sheet [aria-current]")?.scrollIntoView({ block: "nearest" });

// What says that something will appear on this page looks for it, and lets the page be loaded again when it is there.
const EVERY = 10_000;
async function look() {
  if (!document.querySelector("[data-awaits]") || document.hidden || isUnsaved()) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page.querySelector("body.desk") && !page.querySelector("[data-awaits]")) location.reload();
  } catch {
    // The kiosk is temporarily unreachable: look again.
  }
}
setInterval(look, EVERY);
