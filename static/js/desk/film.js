import { whenUnplayable } from "../shared/film-trouble.js";
import { isUnsaved } from "./unsaved.js";

const trouble = document.getElementById("unplayable");
const watched = (video) => {
  whenUnplayable(video, () => video.replaceWith(trouble.content.cloneNode(true)));
  return video;
};
document.querySelectorAll("video").forEach(watched);

// Previews clips in place and shows the film's progress. Without it, reloading the page shows the same.
for (const link of document.querySelectorAll("[data-preview]")) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const piece = link.closest(".piece");
    const words = link.textContent;
    link.textContent = "…";
    try {
      const answer = await fetch(link.href);
      piece.querySelector(".notice")?.remove();
      // Its page says why.
      if (!answer.ok) return void (location.href = link.href);
      const video = piece.querySelector("video") ?? piece.appendChild(watched(document.createElement("video")));
      video.src = URL.createObjectURL(await answer.blob());
      video.controls = true;
      video.play().catch(() => {});
    } catch {
      piece.querySelector(".notice")?.remove();
      piece.append(document.getElementById("trouble").content.cloneNode(true));
    } finally {
      link.textContent = words;
    }
  });
}

const box = document.querySelector("[data-film]");
let finished = false;
async function look() {
  try {
    const { asked, done, whole, made } = await (await fetch(box.dataset.film)).json();
    const bar = box.querySelector("progress");
    if (whole) Object.assign(bar, { max: whole, value: done });
    finished ||= !box.hidden && !asked;
    box.hidden = !asked;
    if ((finished || made !== box.dataset.made) && !document.activeElement?.closest("form") && !isUnsaved()) return location.reload();
  } catch {
    // The kiosk is temporarily unreachable: the next poll tries again.
  }
  setTimeout(look, 2000);
}
if (box) look();
