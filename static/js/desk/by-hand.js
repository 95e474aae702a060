// Copies text, and passes text and files to the phone's share sheet where the browser supports it.
async function copy(button) {
  const words = document.getElementById(button.dataset.copy);
  words.focus();
  words.select();
  // On plain http the Clipboard API is unavailable, but execCommand still copies the selection.
  let done = document.execCommand("copy");
  if (!done && navigator.clipboard) done = await navigator.clipboard.writeText(words.value).then(() => true, () => false);
  // Where nothing may copy, the words stay marked for the phone's own menu.
  if (!done) return;
  button.focus({ preventScroll: true });
  button.dataset.label ??= button.textContent;
  const spoken = document.getElementById("spoken");
  button.textContent = spoken.textContent = button.dataset.done;
  setTimeout(() => {
    button.textContent = button.dataset.label;
    spoken.textContent = "";
  }, 2000);
}

async function filesOf(part) {
  const links = [...part.querySelectorAll("[data-file]")];
  return Promise.all(links.map(async (link) => {
    const answer = await fetch(link.dataset.file);
    if (!answer.ok) throw new Error(String(answer.status));
    return new File([await answer.blob()], link.download, { type: link.dataset.type });
  }));
}

// The share sheet requires a recent user gesture, so the files are fetched as soon as the section is visible.
function offer(part) {
  const button = part.querySelector("[data-share]");
  const text = part.querySelector("textarea")?.value ?? "";
  filesOf(part).then((files) => {
    const share = files.length ? { text, files } : { text };
    if (!navigator.canShare?.(share)) return;
    button.hidden = false;
    button.addEventListener("click", () => navigator.share(share).catch(() => {}));
  }).catch(() => {});
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
if (window.isSecureContext && navigator.share) {
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      seen.unobserve(entry.target);
      offer(entry.target);
    }
  });
  for (const part of document.querySelectorAll("[data-part]")) seen.observe(part);
}
