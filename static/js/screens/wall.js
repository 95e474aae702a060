// The wall: polls the cards every two seconds, shows at most six, and fades one into the next.
const ASK_EVERY = 2000;
const SWAP_EVERY = 9000;
const MOST = 6;
const FADE = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 1200;

const wall = document.getElementById("wall");
const ground = document.getElementById("cards");
const blank = document.getElementById("card");
document.getElementById("unshown").remove();

// All visible cards, newest first; each slot of the grid shows the one named in its data-id.
let known = [];
let etag = "";
let turn = 0;
let mode = "";
let still = false;

// Map of the sessions and themes: boxes with counts instead of cards.
const charted = () => ["map", "themes"].includes(mode);
const places = () => [...ground.children];
const placeOf = (card) => places().find((place) => place.dataset.id === card.id);
const age = (place) => known.findIndex((card) => card.id === place.dataset.id);

function draw(card) {
  const figure = blank.content.firstElementChild.cloneNode(true);
  const picture = figure.querySelector("img");
  if (card.image) {
    // A phone that shows the wall loads the small copies, a projector never does.
    if (card.small) {
      picture.sizes = "(min-width: 45rem) 100vw, 80vw";
      picture.srcset = `${card.small} 640w, ${card.image} 1600w`;
    }
    picture.src = card.image;
    picture.alt = card.alt;
    picture.hidden = false;
  } else {
    picture.remove();
    figure.classList.add("words");
  }
  figure.classList.toggle("long", card.text.length > 110);
  figure.querySelector("blockquote").textContent = card.text;
  figure.querySelector("blockquote").hidden = !card.text;
  figure.querySelector(".who").textContent = card.author;
  figure.querySelector(".where").textContent = card.session;
  return figure;
}

function show(place, card) {
  const former = [...place.children];
  const figure = draw(card);
  place.dataset.id = card.id;
  figure.classList.add("coming");
  place.append(figure);
  // Two frames: the first has to be painted without the class.
  requestAnimationFrame(() => requestAnimationFrame(() => figure.classList.remove("coming")));
  setTimeout(() => former.forEach((old) => old.remove()), FADE);
}

function add(card, where) {
  const place = document.createElement("li");
  ground[where](place);
  show(place, card);
}

// New cards replace the oldest one at once; withdrawn and hidden ones disappear at once.
function take(cards) {
  // Paused: hidden or withdrawn cards still disappear, nothing else changes.
  // After opening or a mode change it fills once anyway: an empty wall would suggest that there is nothing.
  const held = still && places().length > 0;
  const fresh = held ? [] : cards.filter((card) => !known.some((old) => old.id === card.id)).slice(0, MOST);
  known = cards;
  for (const place of places()) if (age(place) < 0) place.remove();
  for (const card of fresh.reverse()) {
    if (places().length < MOST) add(card, "prepend");
    else show(places().sort((a, b) => age(b) - age(a))[0], card);
  }
  for (const card of held ? [] : cards) {
    if (places().length >= MOST) break;
    if (!placeOf(card)) add(card, "append");
  }
  ground.dataset.count = String(places().length);
  document.getElementById("empty").hidden = places().length > 0;
}

// Each slot in turn gets a card that is not on the screen.
function swap() {
  if (still || charted()) return;
  const unseen = known.filter((card) => !placeOf(card));
  if (!unseen.length) return;
  turn = (turn + 1) % places().length;
  show(places()[turn], unseen[Math.floor(Math.random() * unseen.length)]);
}

function tell(now) {
  const qr = document.getElementById("strip-qr");
  if (qr.getAttribute("src") !== now.qr) qr.src = now.qr;
  document.getElementById("strip-title").textContent = now.title;
  document.getElementById("strip-room").textContent = now.room;
  // It breaks before the session's code, if anywhere, not within it.
  const [, host, path] = /^([^/]*)(.*)$/.exec(now.address);
  document.getElementById("strip-address").replaceChildren(host, document.createElement("wbr"), path);
}

// The day's sessions: where something came in, and where somebody could go and ask; or the themes.
function chart(rows) {
  const map = document.getElementById("map");
  map.replaceChildren(...rows.map((row) => {
    const item = document.createElement("li");
    item.className = row.count ? "some" : row.begun ? "none" : "";
    item.classList.toggle("running", row.running);
    const title = document.createElement("strong");
    title.textContent = row.title;
    title.dir = "auto";
    const about = document.createElement("span");
    about.className = "soft";
    // Each by itself: a clock and a room in two directions would be torn.
    for (const words of [row.time, row.room].filter(Boolean)) {
      const part = document.createElement("bdi");
      part.textContent = words;
      about.append(...(about.hasChildNodes() ? [" · ", part] : [part]));
    }
    const many = document.createElement("span");
    many.className = row.count ? "many" : "";
    many.textContent = row.counted || (row.begun ? wall.dataset.none : wall.dataset.later);
    item.append(title, about, many);
    return item;
  }));
}

function obey(contents) {
  if (mode !== contents.mode) {
    mode = contents.mode;
    ground.replaceChildren();
    known = [];
  }
  still = contents.paused;
  document.documentElement.dataset.theme = contents.light ? "light" : "dark";
  const line = document.getElementById("line");
  line.textContent = contents.line;
  line.hidden = !contents.line;
  ground.hidden = charted();
  const map = document.getElementById("map");
  map.hidden = !charted();
  map.ariaLabel = mode === "themes" ? wall.dataset.themes : wall.dataset.sessions;
  chart(contents.map);
}

async function ask() {
  try {
    const headers = { Accept: "application/json", ...(etag && { "If-None-Match": etag }) };
    const answer = await fetch(wall.dataset.cards, { headers, cache: "no-store" });
    if (answer.status === 200) {
      const contents = await answer.json();
      etag = answer.headers.get("ETag") ?? "";
      obey(contents);
      take(contents.cards);
      if (charted()) document.getElementById("empty").hidden = contents.map.length > 0;
      tell(contents.now);
    }
  } catch {
    // The kiosk is restarting: keep what is on the screen and poll again.
  }
  setTimeout(ask, ASK_EVERY);
}

// On the laptop itself: 1 to 5 choose a mode, Space pauses, L switches between light and dark.
addEventListener("keydown", (event) => {
  if (!wall.dataset.desk || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const chosen = { 1: "latest", 2: "now", 3: "questions", 4: "map", 5: "themes" }[event.key];
  const wanted = chosen ? { mode: chosen }
    : event.key === " " ? { paused: still ? "0" : "1" }
    : event.key.toLowerCase() === "l" ? { light: document.documentElement.dataset.theme === "light" ? "0" : "1" } : null;
  if (!wanted) return;
  event.preventDefault();
  const body = new URLSearchParams({ ...wanted, csrf_token: wall.dataset.token });
  fetch(wall.dataset.desk, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => {});
});

ask();
setInterval(swap, SWAP_EVERY);
