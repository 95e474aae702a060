// Polls the board every ten seconds; the browser's cache sends the ETag, and a 304 leaves the page unchanged.
const board = document.getElementById("board");
let shown = null;

// A click anywhere in the table gives it the focus: that must not keep the board from going on all day.
function renew(next) {
  const left = board.querySelector(".table")?.scrollLeft ?? 0;
  const held = board.contains(document.activeElement) ? document.activeElement : null;
  const goal = held?.getAttribute("href");
  board.replaceChildren(...next.childNodes);
  const table = board.querySelector(".table");
  if (table) table.scrollLeft = left;
  const same = goal ? [...board.querySelectorAll("a")].find((link) => link.getAttribute("href") === goal) : table;
  if (held) same?.focus({ preventScroll: true });
}

async function look() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-cache" });
    const mark = answer.headers.get("ETag");
    if (answer.ok && mark !== shown && !document.activeElement.closest("#board form")) {
      shown = mark;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      renew(page.getElementById("board"));
    }
  } catch {
    // The kiosk is restarting: keep what is on the screen and poll again.
  }
}

setInterval(look, 10_000);
