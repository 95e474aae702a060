// Reordering: Alt with an arrow key moves the selected piece; dragging drops it in place. Both send what the
// buttons send, so there is one way to change an order.
const list = document.querySelector(".pieces");

list.addEventListener("keydown", (event) => {
  const piece = event.target.closest("[data-piece]");
  const wanted = { ArrowUp: "up", ArrowDown: "down" }[event.key];
  if (!piece || !wanted || !event.altKey) return;
  event.preventDefault();
  const button = piece.querySelector(`.moves button[value=${wanted}]`);
  if (!button.disabled) button.form.requestSubmit(button);
});

let carried = null;
for (const piece of list.querySelectorAll("[data-piece]")) piece.draggable = true;

list.addEventListener("dragstart", (event) => {
  // In a textarea the mouse selects text instead of dragging the piece.
  if (event.target.closest("textarea")) return event.preventDefault();
  carried = event.target.closest("[data-piece]");
  event.dataTransfer.effectAllowed = "move";
});
list.addEventListener("dragover", (event) => {
  const over = event.target.closest("[data-piece]");
  if (!carried || !over) return;
  event.preventDefault();
  for (const one of list.querySelectorAll(".over")) one.classList.remove("over");
  over.classList.add("over");
});
list.addEventListener("drop", (event) => {
  const over = event.target.closest("[data-piece]");
  if (!carried || !over || over === carried) return;
  event.preventDefault();
  // From above it comes after the one it is dropped on: else nothing could be dragged to the end.
  if (carried.compareDocumentPosition(over) & Node.DOCUMENT_POSITION_FOLLOWING) over.after(carried);
  else over.before(carried);
  send([...list.querySelectorAll("[data-piece]")].map((one) => one.dataset.piece));
});
list.addEventListener("dragend", () => {
  carried = null;
  for (const one of list.querySelectorAll(".over")) one.classList.remove("over");
});

function send(order) {
  const form = list.querySelector(".moves").cloneNode(true);
  form.hidden = true;
  for (const button of form.querySelectorAll("button")) button.remove();
  for (const [name, value] of [["do", "order"], ["order", order.join(",")]]) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  document.body.append(form);
  form.requestSubmit();
}

// Reselect the moved piece afterwards.
if (location.hash.startsWith("#p-")) document.getElementById(location.hash.slice(1))?.focus();

const text = document.querySelector("[data-room]");
const count = () => {
  const length = [...text.value.trim()].length;
  document.querySelector("[data-count]").textContent = length || "";
  for (const place of document.querySelectorAll("[data-most]")) place.classList.toggle("over", length > Number(place.dataset.most));
};
text.addEventListener("input", count);
count();
