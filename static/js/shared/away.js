// A link or a form that is followed while the kiosk does not answer would end at the browser's own error page, and what was
// written or drawn with it. Asks first; if there is no answer, the page stays as it is and says so.
import { kioskAnswers, leavingLink } from "./leaving.js";

const words = document.getElementById("away");
let dialog = null;
let asking = false;
let sure = null;

function stay(go) {
  dialog = document.body.appendChild(words.content.firstElementChild.cloneNode(true));
  dialog.addEventListener("close", () => {
    dialog.remove();
    dialog = null;
  });
  const again = dialog.querySelector("[type=button]");
  again.addEventListener("click", async () => {
    again.disabled = true;
    const there = await kioskAnswers();
    again.disabled = false;
    if (!there || !dialog) return;
    dialog.close();
    go();
  });
  dialog.showModal();
}

// A second tap meanwhile changes nothing.
async function goOn(go) {
  if (asking || dialog) return;
  asking = true;
  const there = await kioskAnswers();
  asking = false;
  if (there) go();
  else stay(go);
}

function guardForm(event) {
  const { target: form, submitter } = event;
  if (sure === form) return void (sure = null);
  // Safari before 16 can't send one later as it would be sent now; what has that has dialogs, too.
  if (event.defaultPrevented || form.method === "dialog" || form.target || !form.requestSubmit) return;
  event.preventDefault();
  goOn(() => {
    sure = form;
    form.requestSubmit(submitter);
  });
}

function guardLink(event) {
  const link = leavingLink(event);
  if (!link) return;
  event.preventDefault();
  goOn(() => location.assign(link.href));
}

if (words && window.HTMLDialogElement) {
  // Before the listeners of other modules on the window, which pass by what does not leave the page.
  addEventListener("submit", guardForm);
  // After them: many follow a link without leaving the page.
  addEventListener("DOMContentLoaded", () => addEventListener("click", guardLink));
}
