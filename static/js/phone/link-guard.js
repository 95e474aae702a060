// Guards links and forms on plain http, where no service worker can serve pages while the kiosk is unreachable: a tap first
// checks whether the kiosk answers. If not, the page stays and shows what is stored on this phone.
import { askFirst, kioskAnswers, leavingLink } from "../shared/leaving.js";
import { at, verdict } from "./queue-list.js";

const LOOK_AGAIN = 2000;
// Pages that the service worker serves offline, where there is one.
const isKept = (path) => path === "/" || path === "/mine" || /^\/s\/[^/]+$/i.test(path);

let away = false;

async function answers() {
  away = !(await kioskAnswers());
  return !away;
}

function list(outbox) {
  return outbox.items.map((item) => {
    const row = document.createElement("li");
    const words = document.createElement("strong");
    words.dir = "auto";
    words.textContent = item.fields.text.slice(0, 60) || item.parts.map((part) => part.name).join(", ") || item.to.title;
    row.append(words, document.createElement("br"), verdict(outbox, item));
    return row;
  });
}

function drawList(outbox) {
  at("away-list").replaceChildren(...list(outbox));
  at("away-list").hidden = !outbox.items.length;
}

// Closes the dialog as soon as the kiosk is back: by then it would claim what is no longer so. A form that waits for
// that is sent, unless somebody has closed the dialog.
async function closeWhenBack(dialog, form) {
  await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
  if (!dialog.open) return;
  if (!(await answers())) return void closeWhenBack(dialog, form);
  if (dialog.open) form?.();
  dialog.close();
}

// `go`: what "Try again" does; `form`: the same for a form.
function stay(outbox, go, form) {
  const dialog = at("away");
  drawList(outbox);
  at("away-again").onclick = async () => {
    at("away-again").disabled = true;
    const there = await answers();
    at("away-again").disabled = false;
    if (there) go();
  };
  if (dialog.open) return;
  dialog.showModal();
  closeWhenBack(dialog, form);
}

// Guards every link and form of this page; `outbox` is the page's upload queue.
export function guardLinks(outbox) {
  if (!at("away")?.showModal) return;
  outbox.addEventListener("change", () => at("away").open && drawList(outbox));
  // Checks, then goes on; a second tap meanwhile changes nothing.
  let asking = false;
  const goOn = async (go, form) => {
    if (asking) return;
    asking = true;
    const there = await answers();
    asking = false;
    if (there) go();
    else stay(outbox, go, form);
  };
  document.addEventListener("click", (event) => {
    const link = leavingLink(event);
    if (!link) return;
    if (navigator.serviceWorker?.controller && isKept(new URL(link.href).pathname)) return;
    event.preventDefault();
    goOn(() => location.assign(link.href));
  });
  // A form that is sent to nobody would lose what was written in it. Safari 15 can't hold one back and send it later.
  let sure = false;
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (sure) return void (sure = false);
    if (event.defaultPrevented || form.method === "dialog" || !form.requestSubmit) return;
    event.preventDefault();
    const send = () => {
      sure = true;
      form.requestSubmit(submitter);
    };
    goOn(send, send);
  });
  // Reloading would end at the browser's own error page, so check first.
  addEventListener("beforeunload", (event) => {
    if (away || outbox.items.some((item) => item.state === "retrying" && item.why === "away")) askFirst(event);
  });
}
