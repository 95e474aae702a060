// Search as you type: fetches the same page and shows its results; without scripts the button does.
const PAUSE = 180;

const form = document.getElementById("ask");
const box = document.getElementById("q");
const trouble = document.getElementById("trouble");
let timer = 0;
let asking = new AbortController();

const wide = matchMedia("(min-width: 60rem)");

// Filters are open if there is room next to the results, or if they were opened.
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
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("found");
    // An error's page says why, and what to do.
    if (!found) return complain(page.querySelector("main .notice")?.textContent);
    open(found, document.getElementById("narrow")?.open);
    shown.replaceChildren(...found.childNodes);
    shown.removeAttribute("aria-busy");
    trouble.hidden = true;
  } catch (error) {
    if (error.name !== "AbortError") complain();
  }
  return undefined;
}

// The last results stay, and the next key tries again.
function complain(words) {
  document.getElementById("found").removeAttribute("aria-busy");
  trouble.textContent = words || trouble.dataset.away;
  trouble.hidden = false;
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
