// Polls the board every ten seconds; the browser's cache sends the ETag, and a 304 leaves the page unchanged.
const board = document.getElementById("board");
let shown = null;

async function look() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-cache" });
    const mark = answer.headers.get("ETag");
    if (answer.ok && mark !== shown && !board.contains(document.activeElement)) {
      shown = mark;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      board.replaceChildren(...page.getElementById("board").childNodes);
    }
  } catch {
    // The kiosk is restarting: keep what is on the screen and poll again.
  }
}

setInterval(look, 10_000);
