// The start page stays open all day: the session that runs, its code, the counts and the health line follow, and it
// says when the kiosk is gone. The code also encodes the time, so that a photo of it calibrates a camera's clock.
const EVERY = 10_000;
const away = document.getElementById("kiosk-away");

const codeOf = () => document.querySelector("[data-clock]");

// The codes are pictures, loaded again only when they lead elsewhere; a form's token differs each time.
const said = (part) => [part.textContent, ...[...part.querySelectorAll("[href]")].map((one) => one.getAttribute("href"))].join("\n");

function renew(part, next) {
  if (!next || said(part) === said(next)) return;
  const held = part.contains(document.activeElement) ? document.activeElement : null;
  part.replaceChildren(...next.childNodes);
  const same = (one) => one.tagName === held?.tagName && one.getAttribute("href") === held.getAttribute("href") && one.textContent === held.textContent;
  if (held) [...part.querySelectorAll("*")].find(same)?.focus({ preventScroll: true });
}

async function look() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) renew(part, page.getElementById(part.id));
    away.hidden = true;
    const code = codeOf();
    if (code) code.src = `${code.src.split("?")[0]}?${Date.now()}`;
  } catch {
    away.hidden = false;
  }
  setTimeout(look, EVERY);
}

setTimeout(look, EVERY);
