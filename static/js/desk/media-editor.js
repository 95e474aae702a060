// Media editor: changes to one picture, film or sound, by pointer and keyboard; saved as one list of plain numbers.
import { askFirst } from "../shared/leaving.js";
import { covers, grown, moved } from "./editor-regions.js";
import { Stage } from "./editor-canvas.js";

const STEP = 0.01;
const PREVIEW_AFTER = 250;
const MOST_TILT = 20;

document.documentElement.classList.add("js");
const root = document.getElementById("media-editor");
if (root) start(root);

function start(root) {
  const data = root.dataset;
  const $ = (selector) => root.querySelector(selector);
  const duration = Number(data.duration);
  const player = $("video, audio");
  const form = document.getElementById("save");
  let state = read(JSON.parse(data.edits), JSON.parse(data.proposed));
  let chosen = null;
  // The region being drawn has this key.
  let drawing = null;
  const past = [];
  const future = [];
  let last = JSON.stringify(state);

  if (player?.matches("video")) player.controls = false;

  const words = { blurred: data.wordBlurred, proposed: data.wordProposed, crop: data.wordCrop, corner: data.wordCorner };
  const stage = $("#stage") && new Stage($("#stage"), sizeOf(root), words, {
    choose: (key) => {
      chosen = key;
      show();
    },
    move: (key, place) => {
      setPlace(key, place);
      show();
    },
    corner: (number, [x, y]) => {
      state.sheet[2 * number] = Math.min(Math.max(x, -0.2), 1.2);
      state.sheet[2 * number + 1] = Math.min(Math.max(y, -0.2), 1.2);
      show();
    },
    draw: (place) => {
      if (state.sheet) return;
      if (drawing === null) drawing = state.blur.push({ kind: "oval", place }) - 1;
      state.blur[drawing].place = place;
      chosen = `blur-${drawing}`;
      show();
    },
    accept: (key) => {
      chosen = take(Number(key.slice(9)));
      changed();
      stage.focus(chosen);
    },
    done: () => {
      drawing = null;
      changed();
      stage.focus(chosen);
    },
  });

  function placeOf(key) {
    const [list, number] = key.split("-");
    if (key === "crop") return state.crop ?? [0, 0, 1, 1];
    return list === "blur" ? state.blur[number].place : state.proposed[number];
  }

  // Moving a proposed region accepts it.
  function setPlace(key, place) {
    const [list, number] = key.split("-");
    if (key === "crop") state.crop = place;
    else if (list === "blur") state.blur[number].place = place;
    else chosen = take(Number(number), place);
  }

  function take(number, place = state.proposed[number]) {
    state.proposed.splice(number, 1);
    return `blur-${state.blur.push({ kind: "oval", place }) - 1}`;
  }

  function show() {
    stage?.draw(state, chosen);
    for (const tool of root.querySelectorAll("[data-tool]")) draw(tool);
    if ($("#tilt")) {
      $("#tilt").value = state.tilt;
      $("#tilted").textContent = `${state.tilt.toFixed(1)}°`;
      $("#tilt").disabled = Boolean(state.sheet);
    }
    if ($("#clean")) $("#clean").parentElement.hidden = !state.sheet;
  }

  function draw(tool) {
    const name = tool.dataset.tool;
    if (name === "undo") tool.disabled = !past.length;
    if (name === "redo") tool.disabled = !future.length;
    if (name === "remove") tool.disabled = chosen === null;
    if (name === "faces") tool.hidden = !state.proposed.length;
    if (name === "crop") tool.setAttribute("aria-pressed", String(Boolean(state.crop)));
    if (name === "sheet") tool.setAttribute("aria-pressed", String(Boolean(state.sheet)));
  }

  // After each completed change: undo step, the list to save, preview.
  function changed() {
    const now = JSON.stringify(state);
    if (now !== last) {
      past.push(last);
      future.length = 0;
      last = now;
    }
    settle();
  }

  function settle() {
    form.elements.edits.value = JSON.stringify(write(state, duration));
    document.getElementById("save-state").textContent = past.length ? data.wordUnsaved : data.wordSaved;
    show();
    preview();
  }

  function go(from, to) {
    if (!from.length) return;
    to.push(last);
    last = from.pop();
    state = JSON.parse(last);
    chosen = null;
    if (state.cut) fillCut(state.cut);
    else if (player) fillCut([0, duration]);
    settle();
  }

  const preview = previewer($("#preview"), data, form, () => write(state, duration));

  const tools = {
    blur: () => {
      // As round as a face, whatever the picture's aspect ratio.
      const [wide, high] = sizeOf(root);
      const [width, height] = wide > high ? [(0.2 * high) / wide, 0.2] : [0.2, (0.2 * wide) / high];
      const place = [(1 - width) / 2, (1 - height) / 2, width, height];
      chosen = `blur-${state.blur.push({ kind: "oval", place }) - 1}`;
    },
    faces: () => {
      while (state.proposed.length) take(0);
    },
    crop: () => {
      state.sheet = null;
      state.crop = state.crop ? null : [0.1, 0.1, 0.8, 0.8];
      chosen = state.crop ? "crop" : null;
    },
    left: () => (state.turn = (state.turn + 270) % 360),
    right: () => (state.turn = (state.turn + 90) % 360),
    remove: () => remove(),
    begin: () => cut(player.currentTime, cutNow()[1]),
    end: () => cut(cutNow()[0], player.currentTime),
    whole: () => cut(0, duration),
  };

  function remove() {
    if (!chosen) return;
    const [list, number] = chosen.split("-");
    if (chosen === "crop") Object.assign(state, { crop: null, tilt: 0 });
    else if (list === "corner") state.sheet = null;
    else state[list].splice(Number(number), 1);
    chosen = null;
  }

  async function sheet() {
    if (state.sheet) state.sheet = null;
    else {
      const answer = await fetch(data.sheet, { headers: { Accept: "application/json" } }).catch(() => null);
      const found = answer?.ok ? (await answer.json()).corners : null;
      Object.assign(state, { sheet: found ?? [0.1, 0.1, 0.9, 0.1, 0.9, 0.9, 0.1, 0.9], crop: null, tilt: 0 });
      chosen = "corner-0";
      changed();
      if (!found) document.getElementById("save-state").textContent = data.wordNosheet;
      stage.focus(chosen);
      return;
    }
    chosen = null;
    changed();
  }

  root.addEventListener("click", (event) => {
    const name = event.target.closest("[data-tool]")?.dataset.tool;
    if (name === "undo") go(past, future);
    else if (name === "redo") go(future, past);
    else if (name === "sheet") sheet();
    else if (name === "play") toggle(player, cutNow());
    else if (name in tools) {
      tools[name]();
      changed();
      if (chosen) stage?.focus(chosen);
    }
  });

  document.addEventListener("keydown", (event) => {
    // A slider handles arrow keys, not letters, so shortcuts still work there.
    const letter = event.target.matches("[type=range]") && event.key.length === 1 && !event.ctrlKey && !event.metaKey;
    if (letter) document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
    if (event.target.closest("input, textarea, select")) return;
    if (key(event)) event.preventDefault();
  });

  function key(event) {
    if ((event.ctrlKey || event.metaKey) && !event.altKey) {
      const name = event.key.toLowerCase();
      if (name === "z") go(...(event.shiftKey ? [future, past] : [past, future]));
      else if (name === "y") go(future, past);
      else if (name === "s") form.requestSubmit();
      else return false;
      return true;
    }
    if (stage && (event.key === "[" || event.key === "]") && !state.sheet) return tilt(event.key === "]" ? 0.5 : -0.5);
    if (!chosen) return false;
    if (event.key === "Escape") chosen = null;
    else if (event.key === "Delete" || event.key === "Backspace") remove();
    else if (event.key === "Enter" && chosen.startsWith("proposed")) chosen = take(Number(chosen.slice(9)));
    else if (!arrow(event)) return false;
    changed();
    stage.focus(chosen);
    return true;
  }

  function tilt(by) {
    state.tilt = Math.min(Math.max(state.tilt + by, -MOST_TILT), MOST_TILT);
    changed();
    return true;
  }

  // Arrow keys move, with Shift they resize: in screen directions, however the picture is rotated.
  function arrow(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way) return false;
    const far = event.altKey ? STEP / 4 : STEP;
    const [dx, dy] = turnedWay(way, state.turn).map((part) => part * far);
    if (chosen.startsWith("corner")) {
      const at = 2 * Number(chosen.slice(7));
      state.sheet[at] += dx;
      state.sheet[at + 1] += dy;
    } else if (event.shiftKey) {
      const [wide, high] = way.map((part) => part * far * 2);
      setPlace(chosen, state.turn % 180 ? grown(placeOf(chosen), -high, wide) : grown(placeOf(chosen), wide, -high));
    } else setPlace(chosen, moved(placeOf(chosen), dx, dy));
    return true;
  }

  $("#tilt")?.addEventListener("input", (event) => {
    state.tilt = Number(event.target.value);
    show();
  });
  $("#tilt")?.addEventListener("change", changed);
  $("#clean")?.addEventListener("change", (event) => {
    state.clean = event.target.checked;
    changed();
  });

  const cutNow = () => [Number($("#begin").value), Number($("#end").value)];
  function fillCut([begin, end]) {
    $("#begin").value = begin.toFixed(2);
    $("#end").value = end.toFixed(2);
  }
  function cut(begin, end) {
    fillCut([begin, end]);
    state.cut = [begin, end];
  }
  $("#cut")?.addEventListener("change", (event) => {
    if (!event.target.name) return;
    state.cut = cutNow();
    changed();
  });
  $("#cut")?.addEventListener("submit", (event) => {
    event.preventDefault();
    form.requestSubmit();
  });
  $("#moment")?.addEventListener("input", (event) => {
    player.pause();
    player.currentTime = Number(event.target.value);
  });
  // Play the result: stop at the end of the cut.
  player?.addEventListener("timeupdate", () => {
    if ($("#moment")) {
      $("#moment").value = player.currentTime;
      $("#at").textContent = `${player.currentTime.toFixed(1)} s`;
    }
    if (!player.paused && player.currentTime >= cutNow()[1]) player.pause();
  });

  // Any form that is sent from here saves, or goes back on purpose.
  let sent = false;
  addEventListener("submit", (event) => (sent ||= !event.defaultPrevented));
  addEventListener("beforeunload", (event) => {
    if (past.length && !sent) askFirst(event);
    sent = false;
  });

  watch(document.getElementById("making"));
  settle();
}

function toggle(player, [begin, end]) {
  if (!player.paused) return player.pause();
  if (player.currentTime < begin || player.currentTime >= end - 0.1) player.currentTime = begin;
  return player.play();
}

const turnedWay = ([dx, dy], turn) => ({ 90: [dy, -dx], 180: [-dx, -dy], 270: [-dy, dx] })[turn] ?? [dx, dy];

function sizeOf(root) {
  const [width, height] = [Number(root.dataset.width), Number(root.dataset.height)];
  const image = root.querySelector("img");
  return width && height ? [width, height] : [image?.naturalWidth || 4, image?.naturalHeight || 3];
}

function read(steps, proposed) {
  const state = { blur: [], proposed: [], sheet: null, clean: true, crop: null, turn: 0, tilt: 0, cut: null };
  for (const { kind, numbers } of steps) {
    if (kind === "oval" || kind === "box") state.blur.push({ kind, place: numbers });
    else if (kind.endsWith("sheet")) Object.assign(state, { sheet: numbers, clean: kind === "clean-sheet" });
    else if (kind === "turn" || kind === "tilt") [state[kind]] = numbers;
    else state[kind] = numbers;
  }
  state.proposed = proposed.filter((place) => !state.blur.some((region) => covers(region.place, place)));
  return state;
}

function write({ blur, sheet, clean, crop, turn, tilt, cut }, duration) {
  const steps = blur.map(({ kind, place }) => ({ kind, numbers: place }));
  if (sheet) steps.push({ kind: clean ? "clean-sheet" : "sheet", numbers: sheet });
  if (crop && !sheet) steps.push({ kind: "crop", numbers: crop });
  if (turn) steps.push({ kind: "turn", numbers: [turn] });
  if (tilt && !sheet) steps.push({ kind: "tilt", numbers: [tilt] });
  if (cut && (cut[0] > 0 || cut[1] < duration)) steps.push({ kind: "cut", numbers: cut });
  return steps;
}

// The kiosk renders it with the code used for publishing. Only the latest request is awaited.
function previewer(image, data, form, steps) {
  let timer;
  let asking;
  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    const headers = { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrf_token.value };
    try {
      const body = JSON.stringify(steps());
      const options = { method: "POST", headers, body, signal: asking.signal };
      const answer = await fetch(data.preview, options);
      if (!answer.ok) throw new Error(`preview: ${answer.status}`);
      const former = image.src;
      image.src = URL.createObjectURL(await answer.blob());
      if (former.startsWith("blob:")) URL.revokeObjectURL(former);
      image.hidden = false;
      image.dataset.shows = body;
    } catch (error) {
      if (error.name !== "AbortError") document.getElementById("save-state").textContent = data.wordFailed;
    }
  };
  return () => {
    if (!image) return;
    clearTimeout(timer);
    timer = setTimeout(ask, PREVIEW_AFTER);
  };
}

// The notice disappears when the saved version is ready.
function watch(notice) {
  if (!notice) return;
  const ask = async () => {
    const answer = await fetch(notice.dataset.poll, { headers: { Accept: "application/json" } }).catch(() => null);
    const record = answer?.ok ? await answer.json() : null;
    const item = record?.media.find((one) => one.sha256 === notice.dataset.sha);
    if (item && item.state !== "processing") notice.remove();
    else setTimeout(ask, 1000);
  };
  ask();
}
