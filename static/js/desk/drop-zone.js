// A file dropped anywhere on the page, or pasted, is put into the form; its preview opens at once.
const form = document.getElementById("drop");
const zone = form.querySelector(".drop-zone");
const field = zone.querySelector("input");

const hasFiles = (transfer) => [...(transfer?.types ?? [])].includes("Files");

for (const name of ["dragover", "dragenter"]) {
  addEventListener(name, (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    zone.classList.add("over");
  });
}
addEventListener("dragleave", (event) => event.relatedTarget ?? zone.classList.remove("over"));
addEventListener("drop", (event) => {
  if (!hasFiles(event.dataTransfer)) return;
  event.preventDefault();
  zone.classList.remove("over");
  field.files = event.dataTransfer.files;
  form.requestSubmit();
});
// Spreadsheets put a picture of the copied cells beside their words.
const isPicture = (transfer) =>
  transfer.getData("text/plain") && [...transfer.files].every((file) => file.type.startsWith("image/"));

addEventListener("paste", (event) => {
  const copied = event.clipboardData;
  if (hasFiles(copied) && !isPicture(copied)) {
    field.files = copied.files;
    form.requestSubmit();
  } else if (!event.target.closest("input, textarea")) {
    form.elements.text.value = copied.getData("text/plain");
    form.elements.text.focus();
  }
});
field.addEventListener("change", () => field.files.length && form.requestSubmit());
