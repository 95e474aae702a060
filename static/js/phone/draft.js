// What is being written is kept for this tab: another language, a reload or a phone short of memory must not lose it.
const FIELDS = ["text", "author", "audience", "intent"];

// Fills the form with what was left, and keeps what is written from now on. Returns a function that forgets it.
export function keepDraft(form, name) {
  const key = `draft-${name}`;
  try {
    const left = JSON.parse(sessionStorage.getItem(key)) ?? {};
    for (const field of FIELDS) if (left[field] && form.elements[field]) form.elements[field].value = left[field];
  } catch {
    // Nothing may be stored here: then everything lives in the page.
    return () => {};
  }
  form.addEventListener("input", () => {
    const data = new FormData(form);
    try {
      sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(FIELDS.map((field) => [field, data.get(field) ?? ""]))));
    } catch {
      // No room.
    }
  });
  return () => sessionStorage.removeItem(key);
}
