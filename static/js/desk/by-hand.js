// Copies words, and hands words and files to the phone's own share sheet where the browser lets a page do that.
async function copy(button) {
  const words = document.getElementById(button.dataset.copy);
  words.focus();
  words.select();
  // On plain http there is no clipboard for pages, but the old command still copies what is marked.
  let done = document.execCommand("copy");
  if (!done && navigator.clipboard) done = await navigator.clipboard.writeText(words.value).then(() => true, () => false);
  if (!done) return;
  const before = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.textContent = before; }, 2000);
}

async function filesOf(part) {
  const links = [...part.querySelectorAll("[data-file]")];
  return Promise.all(links.map(async (link) => {
    const answer = await fetch(link.dataset.file);
    if (!answer.ok) throw new Error(String(answer.status));
    return new File([await answer.blob()], link.download, { type: link.dataset.type });
  }));
}

// The sheet opens only right after a touch: the files are fetched before, as soon as the part is seen.
function offer(part) {
  const button = part.querySelector("[data-share]");
  const text = part.querySelector("textarea")?.value ?? "";
  filesOf(part).then((files) => {
    const told = files.length ? { text, files } : { text };
    if (!navigator.canShare?.(told)) return;
    button.hidden = false;
    button.addEventListener("click", () => navigator.share(told).catch(() => {}));
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
