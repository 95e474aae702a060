// The wall: asks for the cards every two seconds, shows six at most, and fades one into the next.
const ASK_EVERY = 2000;
const SWAP_EVERY = 9000;
const MOST = 6;
const FADE = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 1200;

const wall = document.getElementById("wall");
const ground = document.getElementById("cards");
const blank = document.getElementById("card");

// All cards that may be shown, newest first; each place of the ground shows the one named in its data-id.
let known = [];
let etag = "";
let turn = 0;

const places = () => [...ground.children];
const placeOf = (card) => places().find((place) => place.dataset.id === card.id);
const age = (place) => known.findIndex((card) => card.id === place.dataset.id);

function draw(card) {
  const figure = blank.content.firstElementChild.cloneNode(true);
  const picture = figure.querySelector("img");
  if (card.image) {
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
  // Two frames: the first one has to be painted without it.
  requestAnimationFrame(() => requestAnimationFrame(() => figure.classList.remove("coming")));
  setTimeout(() => former.forEach((old) => old.remove()), FADE);
}

function add(card, where) {
  const place = document.createElement("li");
  ground[where](place);
  show(place, card);
}

// New cards come at once, in the place of the one that is oldest; withdrawn and hidden ones go at once.
function take(cards) {
  const fresh = cards.filter((card) => !known.some((old) => old.id === card.id)).slice(0, MOST);
  known = cards;
  for (const place of places()) if (age(place) < 0) place.remove();
  for (const card of fresh.reverse()) {
    if (places().length < MOST) add(card, "prepend");
    else show(places().sort((a, b) => age(b) - age(a))[0], card);
  }
  for (const card of cards) {
    if (places().length >= MOST) break;
    if (!placeOf(card)) add(card, "append");
  }
  ground.dataset.count = String(places().length);
  document.getElementById("empty").hidden = places().length > 0;
}

// One place after the other goes to a card that is not on the screen.
function swap() {
  const unseen = known.filter((card) => !placeOf(card));
  if (!unseen.length) return;
  turn = (turn + 1) % places().length;
  show(places()[turn], unseen[Math.floor(Math.random() * unseen.length)]);
}

function tell(now) {
  document.getElementById("strip").hidden = !now;
  if (!now) return;
  const qr = document.getElementById("strip-qr");
  if (qr.getAttribute("src") !== now.qr) qr.src = now.qr;
  document.getElementById("strip-title").textContent = now.title;
  document.getElementById("strip-room").textContent = now.room;
  document.getElementById("strip-address").textContent = now.address;
}

async function ask() {
  try {
    const headers = { Accept: "application/json", ...(etag && { "If-None-Match": etag }) };
    const answer = await fetch(wall.dataset.cards, { headers, cache: "no-store" });
    if (answer.status === 200) {
      const told = await answer.json();
      etag = answer.headers.get("ETag") ?? "";
      take(told.cards);
      tell(told.now);
    }
  } catch {
    // The kiosk restarts: what is on the screen stays, and the next question comes.
  }
  setTimeout(ask, ASK_EVERY);
}

ask();
setInterval(swap, SWAP_EVERY);
