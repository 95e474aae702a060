// Caption editor next to the player: a key inserts the time, and others control playback from within the text.

const at = (id) => document.getElementById(id);
const text = at("text");
const player = document.querySelector("#recording video, #recording audio");

function clock(seconds) {
  const tenths = Math.max(0, Math.round(seconds * 10));
  const rest = String(Math.floor(tenths / 10) % 60).padStart(2, "0");
  return `${Math.floor(tenths / 600)}:${rest}.${tenths % 10}`;
}

// Timestamps belong at the beginning of a line.
function stamp() {
  const { value, selectionStart: where } = text;
  const before = value.slice(0, where);
  const gap = before && !before.endsWith("\n") ? "\n" : "";
  text.setRangeText(`${gap}${clock(player.currentTime)} `, where, text.selectionEnd, "end");
  text.focus();
}

function back() {
  player.currentTime = Math.max(0, player.currentTime - 3);
}

function run() {
  if (player.paused) player.play();
  else player.pause();
}

// Loaded into the text for review: nothing is saved unseen.
// Read by the kiosk, which detects the charset.
function take() {
  if (at("file").files.length) at("captions").requestSubmit();
}

at("file").addEventListener("change", take);

if (player) {
  const acts = { stamp, back, run };
  const keys = { KeyT: stamp, KeyB: back, KeyP: run };
  for (const [id, act] of Object.entries(acts)) at(id).addEventListener("click", act);
  text.addEventListener("keydown", (event) => {
    if (!event.altKey || !keys[event.code]) return;
    event.preventDefault();
    keys[event.code]();
  });
}
