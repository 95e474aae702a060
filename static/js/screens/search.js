// Search as you type: asks for the same page and takes its results; without this the button does.
const PAUSE = 180;

const form = document.getElementById("ask");
const box = document.getElementById("q");
let timer = 0;
let asking = new AbortController();

const wide = matchMedia("(min-width: 60rem)");

// What can be narrowed down is open where there is room beside the results, or where it was opened.
function open(found, wasOpen) {
  const narrow = found.querySelector("#narrow");
  if (narrow && (wide.matches || wasOpen)) narrow.open = true;
}

function address() {
  const url = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (value) url.searchParams.set(name, value);
  return url;
}

async function ask({ live }) {
  asking.abort();
  asking = new AbortController();
  const url = address();
  const shown = document.getElementById("found");
  history.replaceState(null, "", url);
  if (live) url.searchParams.set("live", "1");
  shown.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { signal: asking.signal, headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`search answered ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("found");
    open(found, document.getElementById("narrow")?.open);
    shown.replaceChildren(...found.childNodes);
    shown.removeAttribute("aria-busy");
  } catch (error) {
    if (error.name === "AbortError") return;
    // No connection: what was found last stays, and the next key asks again.
    shown.removeAttribute("aria-busy");
  }
}

box.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => ask({ live: true }), PAUSE);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  ask({ live: false });
});
open(document.getElementById("found"), false);
