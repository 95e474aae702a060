// The code on this screen encodes the time, so that a photo of it calibrates a camera's clock: renewed every ten seconds.
const code = document.querySelector("[data-clock]");
if (code) {
  const address = code.src;
  setInterval(() => { code.src = `${address}?${Date.now()}`; }, 10_000);
}
