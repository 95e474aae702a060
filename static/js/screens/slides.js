import { whenUnplayable } from "../shared/film-trouble.js";

// The slideshow: one slide at a time. Withdrawn slides disappear automatically, and the show continues from there.
const ASK_EVERY = 4000;
const EACH = 9000;
const FADE = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 500;
const LONG = 140;
// How long it is said that the film can't be played.
const TROUBLE = 7000;

const { slides: source, unplayable } = document.getElementById("slides").dataset;
const stage = document.getElementById("stage");
document.getElementById("unshown").remove();
let slides = [];
let at = 0;
let etag = "";
let drawn = "";
let timer = 0;

function line(kind, text) {
  const words = document.createElement("p");
  words.className = kind;
  words.dir = "auto";
  words.textContent = text;
  return words;
}

function draw(slide) {
  const figure = document.createElement("figure");
  const words = slide.heading ?? slide.text;
  if (slide.film) figure.append(film(slide.film));
  figure.className = slide.kind;
  figure.classList.toggle("long", words.length > LONG);
  if (slide.image) {
    const picture = document.createElement("img");
    picture.src = slide.image;
    picture.alt = slide.alt ?? "";
    figure.append(picture);
  }
  if (words) figure.append(line("words", words));
  const by = slide.about ?? [slide.author, slide.session].filter(Boolean).join(" · ");
  if (by) figure.append(line("by", by));
  return figure;
}

// It plays when its turn comes, and the next slide follows when it ends or can't be played.
function film(address) {
  const video = document.createElement("video");
  const follow = () => { if (slides[at]?.film === address) go(at + 1); };
  whenUnplayable(video, () => {
    video.replaceWith(line("words", unplayable));
    video.pause();
    setTimeout(follow, TROUBLE);
  });
  video.src = address;
  video.playsInline = true;
  video.addEventListener("ended", follow);
  start(video);
  return video;
}

// A browser that plays nothing with sound by itself needs a click.
function start(video) {
  video.play().catch(() => { video.controls = true; });
}

function show() {
  const slide = slides[at];
  document.getElementById("place").textContent = slides.length ? `${at + 1} / ${slides.length}` : "";
  const wanted = slide ? JSON.stringify(slide) : "";
  if (wanted === drawn) return;
  // A changed or removed slide is replaced at once. The next one fades in.
  drawn = wanted;
  const former = [...stage.children];
  if (!slide) return stage.replaceChildren();
  const figure = draw(slide);
  figure.classList.add("coming");
  stage.append(figure);
  requestAnimationFrame(() => requestAnimationFrame(() => {
    figure.classList.remove("coming");
    for (const old of former) {
      old.classList.add("leaving");
      old.querySelector("video")?.pause();
    }
  }));
  setTimeout(() => former.forEach((old) => old.remove()), FADE);
  const following = slides[at + 1]?.image;
  if (following) new Image().src = following;
}

function go(number) {
  at = Math.max(0, Math.min(number, slides.length - 1));
  show();
}

function take(list) {
  const id = slides[at]?.id;
  const before = slides.slice(0, at).map((slide) => slide.id);
  const there = list.findIndex((slide) => slide.id === id);
  slides = list;
  if (there >= 0) return go(there);
  // Removed: it disappears entirely while the next one fades in.
  if (drawn) stage.replaceChildren();
  go(before.filter((one) => list.some((slide) => slide.id === one)).length);
}

async function ask() {
  try {
    const headers = { Accept: "application/json", ...(etag && { "If-None-Match": etag }) };
    const answer = await fetch(source, { headers, cache: "no-store" });
    if (answer.status === 200) {
      etag = answer.headers.get("ETag") ?? "";
      take((await answer.json()).slides);
    }
  } catch {
    // The kiosk is restarting: keep what is on the screen and poll again.
  }
  setTimeout(ask, ASK_EVERY);
}

function play() {
  clearInterval(timer);
  timer = timer ? 0 : setInterval(() => {
    const video = stage.querySelector("video");
    if (!video || video.ended) go(at + 1 < slides.length ? at + 1 : 0);
  }, EACH);
}

function dark() {
  const isDark = document.body.classList.toggle("dark");
  const video = stage.querySelector("video");
  if (!video) return;
  if (isDark) video.pause();
  else start(video);
}

function full() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => {});
}

const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
const backward = forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
const keys = {
  [forward]: () => go(at + 1), PageDown: () => go(at + 1), ArrowDown: () => go(at + 1), " ": () => go(at + 1),
  [backward]: () => go(at - 1), PageUp: () => go(at - 1), ArrowUp: () => go(at - 1),
  Home: () => go(0), End: () => go(slides.length - 1),
  b: dark, ".": dark,
  f: full, p: play,
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button, a") && event.key === " ") return;
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
document.addEventListener("fullscreenchange", () => document.body.classList.toggle("full", Boolean(document.fullscreenElement)));
document.getElementById("next").addEventListener("click", () => go(at + 1));
document.getElementById("back").addEventListener("click", () => go(at - 1));
document.getElementById("full").addEventListener("click", full);
ask();
