// Takeaways stored on this phone until the kiosk has them: metadata, and content in chunks, in IndexedDB.
// ArrayBuffers, because some WebKit versions reject Blobs there. Without room only metadata is kept, in localStorage.
import { readBytes } from "../shared/transport.js";
import { get, getMany, promisifyRequest, set, update, values } from "../../vendor/idb-keyval.js";

const PIECE = 1048576;
const TURN = 15000;
const YOUNG = 3600000;
const BARE = "reporter-bare";
// Some Safari versions never answer the first open request.
const PATIENCE = 4000;

let opened;
function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("reporter", 1);
    asked.onupgradeneeded = () => ["notes", "pieces", "turn"].forEach((name) => asked.result.createObjectStore(name));
    asked.onsuccess = () => {
      // Some browsers close it on their own, and a newer page of ours may need to upgrade it.
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
    // A private window may store nothing at all; then everything lives in the page.
    return false;
  }
}

// --- The shelf -----------------------------------------------------------------------------------------------------

// All notes, newest first. `partial`: IndexedDB could not be read, so there may be more.
export async function all() {
  const kept = await values(notes).catch(() => null);
  const found = [...(kept ?? []), ...bare()].sort((a, b) => b.made - a.made);
  return Object.assign(found, { partial: !kept });
}

// Stores the bytes first and the note last: a note implies a complete takeaway. Throws if there is no room.
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

// A file that is not sent yet, as it is: where a browser takes no Blob (above), it is not kept. It stays for an hour at
// least (`sweep`).
export async function stash(id, file) {
  await set(["begun", id], Date.now(), turn);
  await set([id, 0, 0], file, pieces);
}
export const stashed = (id) => get([id, 0, 0], pieces);

// Deletes the bytes of a takeaway, or of one of its files.
export function clear(id, part = null) {
  const range = part === null ? IDBKeyRange.bound([id], [id, []]) : IDBKeyRange.bound([id, part], [id, part, []]);
  return pieces("readwrite", (store) => {
    store.delete(range);
    return promisifyRequest(store.transaction);
  });
}

// Whether it is stored now.
export function write(note) {
  if (note.bare) return Promise.resolve(setBare([note, ...bare().filter((other) => other.id !== note.id)]));
  return notes("readwrite", async (store) => {
    let stands = false;
    // An item that another page removed meanwhile stays removed.
    store.get(note.id).onsuccess = ({ target }) => {
      stands = Boolean(target.result);
      if (stands) store.put(note, note.id);
    };
    await promisifyRequest(store.transaction);
    return stands;
  });
}

// Store a receipt that did not come through the queue: { remember: RECEIPT, title, text }.
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

// Orphaned bytes of a page closed at the wrong moment: of uploaded files, or of an unfinished write.
// Recent ones may still be being written by another page.
export async function sweep() {
  const keys = await pieces("readonly", (store) => promisifyRequest(store.getAllKeys()));
  for (const id of new Set(keys.map(([id]) => id))) {
    const note = await get(id, notes);
    const begun = (await get(["begun", id], turn)) ?? 0;
    if (!note && Date.now() - begun > YOUNG) await clear(id);
    for (const [number, part] of note?.parts.entries() ?? []) if (part.done) await clear(id, number);
  }
}

// Source for tus-js-client: a file stored here in chunks.
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

// Only one open page sends at a time: its turn (a lease) expires when the page is closed or suspended.
// (Web Locks need a secure context.) Returns true if `who` has the turn.
export async function takeTurn(who) {
  let mine = false;
  try {
    await update("turn", (old) => {
      const now = Date.now();
      // A clock set back must not block everybody.
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
