// What stands on this phone until the kiosk has it: notes of takeaways, and their bytes in pieces, in IndexedDB.
// ArrayBuffers, because a WebKit refuses Blobs there. Where a phone has no room, the note alone is kept in localStorage.
import { readBytes } from "../shared/transport.js";
import { get, getMany, promisifyRequest, set, update, values } from "../../vendor/idb-keyval.js";

const PIECE = 1048576;
const TURN = 15000;
const YOUNG = 3600000;
const BARE = "reporter-bare";
// A Safari was seen that never answers the first time it is asked.
const PATIENCE = 4000;

let opened;
function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("reporter", 1);
    asked.onupgradeneeded = () => ["notes", "pieces", "turn"].forEach((name) => asked.result.createObjectStore(name));
    asked.onsuccess = () => {
      // Some browsers close it by themselves, and a newer page of ours may want to change it.
      asked.result.onclose = asked.result.onversionchange = () => {
        asked.result.close();
        opened = undefined;
      };
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
    setTimeout(() => reject(new Error("IndexedDB does not answer")), PATIENCE);
  });
  opened.catch(() => (opened = undefined));
  return opened;
}

const drawer = (name) => async (mode, use) => use((await open()).transaction(name, mode).objectStore(name));
const [notes, pieces, turn] = ["notes", "pieces", "turn"].map(drawer);

// --- Notes without bytes, in localStorage --------------------------------------------------------------------------

function bare() {
  try {
    return JSON.parse(localStorage.getItem(BARE)) || [];
  } catch {
    return [];
  }
}

function setBare(all) {
  try {
    localStorage.setItem(BARE, JSON.stringify(all));
    return true;
  } catch {
    // A private window may keep nothing at all; then the page itself is all there is.
    return false;
  }
}

// --- The shelf -----------------------------------------------------------------------------------------------------

// Every note, the newest first.
export async function all() {
  const kept = await values(notes).catch(() => []);
  return [...kept, ...bare()].sort((a, b) => b.made - a.made);
}

// Puts the bytes first and the note last: a note stands for a whole takeaway. Throws where there is no room.
export async function keep(note, files, tell) {
  const whole = files.reduce((sum, file) => sum + file.size, 0);
  let done = 0;
  try {
    await set(["begun", note.id], Date.now(), turn);
    for (const [part, file] of files.entries()) {
      for (let from = 0, number = 0; from < file.size; from += PIECE, number++) {
        const bytes = await readBytes(file, from, from + PIECE);
        await set([note.id, part, number], bytes, pieces);
        done += bytes.byteLength;
        tell(done / whole);
      }
    }
    await set(note.id, note, notes);
  } catch (error) {
    await clear(note.id).catch(() => {});
    throw error;
  }
}

// Takes the bytes of a takeaway away, or of one of its files.
export function clear(id, part = null) {
  const range = part === null ? IDBKeyRange.bound([id], [id, []]) : IDBKeyRange.bound([id, part], [id, part, []]);
  return pieces("readwrite", (store) => {
    store.delete(range);
    return promisifyRequest(store.transaction);
  });
}

// Whether it stands now.
export function write(note) {
  if (note.bare) return Promise.resolve(setBare([note, ...bare().filter((other) => other.id !== note.id)]));
  return notes("readwrite", async (store) => {
    let stands = false;
    // One that another page let go of meanwhile stays gone.
    store.get(note.id).onsuccess = ({ target }) => {
      stands = Boolean(target.result);
      if (stands) store.put(note, note.id);
    };
    await promisifyRequest(store.transaction);
    return stands;
  });
}

// A receipt that this page did not get through the queue: { remember: RECEIPT, title, text }.
export async function remember({ remember: receipt, title, text }) {
  if ((await all()).some((note) => note.receipt === receipt)) return;
  const note = { id: receipt, to: { title }, fields: { text }, parts: [], state: "safe", receipt, error: "", why: "", rev: 0 };
  setBare([{ ...note, bare: true, made: Date.now() }, ...bare()]);
}

export async function remove(note) {
  if (note.bare) return setBare(bare().filter((other) => other.id !== note.id));
  await notes("readwrite", (store) => {
    store.delete(note.id);
    return promisifyRequest(store.transaction);
  });
  await clear(note.id);
}

// Bytes that a page left when it was closed at the wrong moment: of files that are safe, or of what it was putting by.
// Young ones may be on their way in from another page.
export async function sweep() {
  const keys = await pieces("readonly", (store) => promisifyRequest(store.getAllKeys()));
  for (const id of new Set(keys.map(([id]) => id))) {
    const note = await get(id, notes);
    const begun = (await get(["begun", id], turn)) ?? 0;
    if (!note && Date.now() - begun > YOUNG) await clear(id);
    for (const [number, part] of note?.parts.entries() ?? []) if (part.done) await clear(id, number);
  }
}

// What tus-js-client reads from: a file that lies here in pieces.
export function source(id, part, size) {
  return {
    size,
    async slice(start, end) {
      const first = Math.floor(start / PIECE);
      const count = Math.ceil(Math.min(end, size) / PIECE) - first;
      const found = await getMany(Array.from({ length: count }, (_, n) => [id, part, first + n]), pieces);
      if (found.includes(undefined)) throw new DOMException("bytes are missing", "NotFoundError");
      const value = new Blob(found).slice(start - first * PIECE, end - first * PIECE);
      return { value, done: end >= size };
    },
    close() {},
  };
}

// --- Whose turn it is ----------------------------------------------------------------------------------------------

// Two open pages don't send at once: the turn runs out by itself when a page is closed or falls asleep.
// (Web Locks don't exist on plain http.) True when `who` has it now.
export async function takeTurn(who) {
  let mine = false;
  try {
    await update("turn", (old) => {
      const now = Date.now();
      // A clock that was set back must not lock everybody out.
      const free = !old || old.who === who || old.until < now || old.until > now + TURN;
      mine = free;
      return free ? { who, until: now + TURN } : old;
    }, turn);
  } catch {
    return true;
  }
  return mine;
}

export const giveTurn = (who) => update("turn", (old) => (old?.who === who ? { who, until: 0 } : old), turn).catch(() => {});
