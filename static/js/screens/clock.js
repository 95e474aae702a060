// The code on this screen carries the time, so that a photo of it sets a camera's clock right: a fresh one every ten seconds.
const code = document.querySelector("[data-clock]");
if (code) {
  const address = code.src;
  setInterval(() => { code.src = `${address}?${Date.now()}`; }, 10_000);
}
