// Notices cards that come and go, and shows how far an import is. Without it the page is as good, once loaded again.
const page = document.querySelector("[data-cards]");
const paths = () => [...page.querySelectorAll("[data-card]")].map((card) => card.dataset.card).sort().join("\n");

function show(one) {
  const row = document.querySelector(`[data-import="${one.id}"]`);
  if (!row || row.dataset.state !== one.state) return location.reload();
  const bar = row.querySelector("progress");
  if (!bar) return undefined;
  bar.max = one.bytes || 1;
  bar.value = one.bytes_done;
  const megabytes = (bytes) => Math.round(bytes / 1e6);
  const left = one.seconds_left === null ? "" : ` · ${Math.ceil(one.seconds_left / 60)} min`;
  row.querySelector("[data-told]").textContent =
    `${one.files_done} / ${one.files} · ${megabytes(one.bytes_done)} / ${megabytes(one.bytes)} MB${left}`;
  return undefined;
}

async function look() {
  try {
    const answer = await fetch(page.dataset.cards);
    if (!answer.ok) return;
    const told = await answer.json();
    const writing = document.activeElement?.closest("form");
    if (!writing && told.cards.map((card) => card.path).sort().join("\n") !== paths()) location.reload();
    else told.imports.forEach(show);
  } catch {
    // The kiosk is away for a moment: the next turn asks again.
  }
}

setInterval(look, 2000);
