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

// The filter applies on change; its button is only for browsers without scripts.
const filter = document.querySelector(".filter");
if (filter) {
  filter.querySelector("button").hidden = true;
  filter.addEventListener("change", () => filter.requestSubmit());
}
// Only on wide screens: on narrow ones the large preview is above the contact sheet and should stay in view.
if (matchMedia("(min-width: 60rem)").matches) document.querySelector(".sheet [aria-current]")?.scrollIntoView({ block: "nearest" });
