// Dragging a takeaway onto a theme moves it there, with all that are ticked if it is one of them. It sends what the
// form of tick boxes and keys sends.
const form = document.getElementById("move-dragged");
const places = document.getElementById("drop-places");
let carried = null;

for (const row of document.querySelectorAll("[data-receipt]")) row.draggable = true;

function clear() {
  for (const one of document.querySelectorAll(".over")) one.classList.remove("over");
}

addEventListener("dragstart", (event) => {
  carried = event.target.closest?.("[data-receipt]") ?? null;
  if (!carried) return;
  event.dataTransfer.effectAllowed = "move";
  // After the browser has taken its picture: what changes at once would end the drag.
  setTimeout(() => { places.hidden = false; });
});
addEventListener("dragover", (event) => {
  clear();
  const goal = carried && event.target.closest("[data-into]");
  if (!goal || goal.contains(carried)) return;
  event.preventDefault();
  goal.classList.add("over");
});
addEventListener("drop", (event) => {
  const goal = carried && event.target.closest("[data-into]");
  if (!goal || goal.contains(carried)) return;
  event.preventDefault();
  const ticked = [...document.querySelectorAll("[data-receipt] input:checked")].map((box) => box.value);
  const receipts = ticked.includes(carried.dataset.receipt) ? ticked : [carried.dataset.receipt];
  for (const [name, value] of [...receipts.map((receipt) => ["receipt", receipt]), ["into", goal.dataset.into]]) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  form.requestSubmit();
});
addEventListener("dragend", () => {
  carried = null;
  places.hidden = true;
  clear();
});
