// Keys of the desk: each presses what carries its letter in data-key; while somebody writes, letters are letters.
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

// The filter applies as soon as it is touched; its button is for who has no scripts.
const filter = document.querySelector(".filter");
if (filter) {
  filter.querySelector("button").hidden = true;
  filter.addEventListener("change", () => filter.requestSubmit());
}
// Where the large one stands above the sheet, it is what somebody came for.
if (matchMedia("(min-width: 60rem)").matches) document.querySelector(".sheet [aria-current]")?.scrollIntoView({ block: "nearest" });
