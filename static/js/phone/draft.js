// What is being written is kept for this tab: another language, a reload or a phone short of memory must not lose it.
// What was picked is in IndexedDB, where only this tab knows its ids.
import { clear, stash, stashed } from "./offline-store.js";
import { uuid } from "./upload-queue.js";

const FIELDS = ["text", "author", "audience", "intent"];
// Larger files would fill a phone twice over; they live in the page until they are sent.
const MOST_BYTES = 64 * 1048576;

// Fills the form with what was left, and keeps what is written, added and dropped from now on.
export function keepDraft(form, name) {
  const key = `draft-${name}`;
  // Ids of files.
  const kept = new Map();
  let left = {};
  try {
    left = JSON.parse(sessionStorage.getItem(key)) ?? {};
  } catch {
    // Nothing may be stored here: then everything lives in the page.
  }
  for (const field of FIELDS) if (left[field] && form.elements[field]) form.elements[field].value = left[field];

  function save() {
    const data = new FormData(form);
    const fields = FIELDS.map((field) => [field, data.get(field) ?? ""]);
    try {
      sessionStorage.setItem(key, JSON.stringify({ ...Object.fromEntries(fields), files: [...kept.values()] }));
    } catch {
      // No room.
    }
  }

  function drop(file) {
    if (kept.has(file)) clear(kept.get(file)).catch(() => {});
    kept.delete(file);
    save();
  }

  form.addEventListener("input", save);
  return {
    drop,
    // The files that were left, as far as they are still there.
    async files() {
      for (const id of left.files ?? []) {
        const file = await stashed(id).catch(() => {});
        if (file) kept.set(file, id);
      }
      return [...kept.keys()];
    },
    async add(file) {
      if (kept.has(file) || file.size > MOST_BYTES) return;
      const id = uuid();
      kept.set(file, id);
      await stash(id, file).catch(() => {});
      // It may have been dropped or sent meanwhile.
      if (kept.has(file)) save();
      else clear(id);
    },
    forget() {
      [...kept.keys()].forEach(drop);
      sessionStorage.removeItem(key);
    },
  };
}
