// What is being written is kept for this tab: another language, a reload or a phone short of memory must not lose it.
// What was picked is kept in IndexedDB, where only this tab knows its ids.
import { clear, keepBytes, source } from "./offline-store.js";
import { uuid } from "./upload-queue.js";

const FIELDS = ["text", "author", "audience", "intent"];
// Larger files would fill a phone twice over; they live in the page until they are sent.
const MOST_BYTES = 64 * 1048576;

// Fills the form with what was left, and keeps what is written from now on.
export function keepDraft(form, name) {
  const key = `draft-${name}`;
  // Each file with its id, which is empty until its bytes are stored.
  const kept = new Map();
  let left = [];
  try {
    const { files = [], ...fields } = JSON.parse(sessionStorage.getItem(key)) ?? {};
    left = files;
    for (const field of FIELDS) if (fields[field] && form.elements[field]) form.elements[field].value = fields[field];
  } catch {
    // Nothing may be stored here: then everything lives in the page.
  }

  function save() {
    const data = new FormData(form);
    const fields = FIELDS.map((field) => [field, data.get(field) ?? ""]);
    const stored = [...kept].filter(([, id]) => id);
    const files = stored.map(([file, id]) => ({ id, name: file.name, type: file.type, size: file.size, modified: file.lastModified }));
    try {
      sessionStorage.setItem(key, JSON.stringify({ ...Object.fromEntries(fields), files: [...left, ...files] }));
    } catch {
      // No room.
    }
  }

  async function read({ id, name: called, type, size, modified }) {
    const { value } = await source(id, 0, size).slice(0, size);
    const file = new File([value], called, { type, lastModified: modified });
    kept.set(file, id);
    return file;
  }

  form.addEventListener("input", save);
  return {
    // The files that were left, as far as they are still there.
    async files() {
      const found = await Promise.allSettled(left.map(read));
      left = [];
      return found.filter((one) => one.status === "fulfilled").map((one) => one.value);
    },
    async add(file) {
      if (kept.has(file) || file.size > MOST_BYTES) return;
      const id = uuid();
      kept.set(file, "");
      if (!(await keepBytes(id, [file]).then(() => true, () => false))) return;
      // It may have been dropped or sent meanwhile.
      if (!kept.has(file)) return clear(id);
      kept.set(file, id);
      save();
    },
    drop(file) {
      const id = kept.get(file);
      kept.delete(file);
      save();
      if (id) clear(id).catch(() => {});
    },
    forget() {
      for (const file of [...kept.keys()]) this.drop(file);
      sessionStorage.removeItem(key);
    },
  };
}
