// Registers and uses passkeys: each button with data-passkey fetches a challenge from the hub and posts the response.
const supported = window.PublicKeyCredential?.parseCreationOptionsFromJSON && navigator.credentials;

// What the hub says; without words it did not answer.
class Trouble extends Error {}

async function send(url, token, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => null);
  const reply = await answer?.json().catch(() => null);
  if (!answer?.ok || !reply) throw new Trouble(reply?.detail ?? "");
  return reply;
}

function credentialFor(kind, options) {
  return kind === "make"
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

// Our own error messages instead of the browser's.
function words(error, form) {
  if (error instanceof Trouble) return error.message || form.dataset.away;
  return error.name === "InvalidStateError" ? form.dataset.known : form.dataset.cancelled;
}

async function run(form) {
  const said = form.querySelector("[role=status]");
  const button = form.querySelector("button");
  const token = form.elements.csrf_token.value;
  button.disabled = true;
  said.hidden = true;
  try {
    const options = await send(form.dataset.ask, token, {});
    const credential = await credentialFor(form.dataset.passkey, options);
    const body = { credential: JSON.stringify(credential.toJSON()), name: form.elements.name?.value ?? "" };
    location.assign((await send(form.action, token, body)).next);
  } catch (error) {
    said.textContent = words(error, form);
    said.hidden = false;
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !supported;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(form);
  });
}
