// Copies the URL. On plain http the Clipboard API is unavailable, but execCommand still copies the selection.
const at = (id) => document.getElementById(id);

function mark() {
  const range = document.createRange();
  range.selectNodeContents(at("address"));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

at("copy").hidden = false;
at("copy").addEventListener("click", async () => {
  mark();
  let done = document.execCommand("copy");
  if (!done && navigator.clipboard) done = await navigator.clipboard.writeText(at("address").textContent).then(() => true, () => false);
  at("said").textContent = at("copy").dataset.done;
  at("said").hidden = !done;
});
