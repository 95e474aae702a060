// Previews of single pieces in their place, and how far the film is. Without it the page is as good, once loaded again.
for (const link of document.querySelectorAll("[data-preview]")) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const piece = link.closest(".piece");
    const words = link.textContent;
    link.textContent = "…";
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(String(answer.status));
      const video = piece.querySelector("video") ?? piece.appendChild(document.createElement("video"));
      video.src = URL.createObjectURL(await answer.blob());
      video.controls = true;
      video.play().catch(() => {});
    } catch {
      location.href = link.href;
    } finally {
      link.textContent = words;
    }
  });
}

const box = document.querySelector("[data-film]");
async function look() {
  try {
    const { asked, done, whole, made } = await (await fetch(box.dataset.film)).json();
    const bar = box.querySelector("progress");
    bar.max = whole || 1;
    bar.value = done;
    const finished = !box.hidden && !asked;
    box.hidden = !asked;
    if ((finished || made !== box.dataset.made) && !document.activeElement?.closest("form")) return location.reload();
  } catch {
    // The kiosk is away for a moment: the next turn asks again.
  }
  setTimeout(look, 2000);
}
if (box) look();
