// Lightbox: a click or Enter opens it, + and - and the wheel zoom, J and K step, A, H and S decide, Esc closes.
const STEPS = [1, 1.5, 2, 3, 4, 6];
let box = null;
let step = 0;

const ground = () => document.querySelector("[data-lightbox]");
const source = () => ground()?.querySelector("img");

function build() {
  const words = ground().dataset;
  box = document.createElement("dialog");
  box.className = "lightbox";
  box.ariaLabel = words.title;
  const frame = box.appendChild(document.createElement("div"));
  frame.className = "frame";
  frame.tabIndex = 0;
  frame.ariaLabel = words.title;
  frame.role = "region";
  frame.append(document.createElement("img"));
  const bar = box.appendChild(document.createElement("p"));
  bar.className = "row";
  for (const [word, act] of [[words.smaller, () => zoom(-1)], [words.larger, () => zoom(1)], [words.close, () => box.close()]]) {
    const button = bar.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = word;
    button.addEventListener("click", act);
  }
  frame.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1 : -1);
  }, { passive: false });
  frame.addEventListener("dblclick", () => zoom(step ? -step : 2));
  frame.addEventListener("pointermove", (event) => {
    if (event.buttons !== 1) return;
    frame.scrollBy(-event.movementX, -event.movementY);
  });
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
}

function zoom(by) {
  step = Math.min(STEPS.length - 1, Math.max(0, step + by));
  box.querySelector("img").style.setProperty("--zoom", STEPS[step]);
}

function show() {
  const from = source();
  if (!from) return box?.close();
  if (!box?.isConnected) build();
  const image = box.querySelector("img");
  if (image.src !== from.src) {
    image.src = from.src;
    image.alt = from.alt;
    step = 0;
    zoom(0);
  }
  if (!box.open) box.showModal();
  box.querySelector(".frame").focus();
  return undefined;
}

addEventListener("click", (event) => {
  if (event.target.matches("[data-lightbox] img")) show();
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const open = box?.open;
  const free = event.target === document.body || event.target.matches("[aria-current], main");
  if (event.key === "Enter" && free && !open && source()) {
    event.preventDefault();
    show();
  }
  if (open && ["+", "=", "-"].includes(event.key)) zoom(event.key === "-" ? -1 : 1);
}, { capture: true });

// While it is open it follows the desk's shortcuts to the next item; without a picture it closes.
new MutationObserver(() => box?.open && show()).observe(document.querySelector("#content"), { childList: true, subtree: true });
