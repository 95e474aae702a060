// A form that is sent while the kiosk does not answer would end at the browser's own error page, and what was written or
// drawn with it. Asks first; if there is no answer, the page stays as it is and says so.
const PATIENCE = 4000;
// A short response without a body.
const PROBE = "/generate_204";

const words = document.getElementById("away");
let dialog = null;
let asking = false;
let sure = null;

async function answers() {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    return (await fetch(PROBE, { method: "HEAD", cache: "no-store", signal: stop.signal })).ok;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function stay(send) {
  dialog = document.body.appendChild(words.content.firstElementChild.cloneNode(true));
  dialog.addEventListener("close", () => {
    dialog.remove();
    dialog = null;
  });
  const again = dialog.querySelector("[type=button]");
  again.addEventListener("click", async () => {
    again.disabled = true;
    const there = await answers();
    again.disabled = false;
    if (!there || !dialog) return;
    dialog.close();
    send();
  });
  dialog.showModal();
}

// Before the listeners of other modules on the window, which pass by what does not leave the page.
addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (sure === form) return void (sure = null);
  // Safari before 16 can't send one later as it would be sent now; what has that has dialogs, too.
  if (event.defaultPrevented || form.method !== "post" || !form.requestSubmit || !words) return;
  event.preventDefault();
  if (asking || dialog) return;
  const send = () => {
    sure = form;
    form.requestSubmit(submitter);
  };
  asking = true;
  answers().then((there) => {
    asking = false;
    if (there) send();
    else stay(send);
  });
});
