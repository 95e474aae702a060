// Words that were written and not saved are not lost unasked: neither to a link nor to the button of another form.
import { askFirst } from "../shared/leaving.js";

const KINDS = ["text", "textarea", "url", "number", "date", "time", "datetime-local"];
let sent = null;

const isWritten = (form) => [...form.elements].some((field) => KINDS.includes(field.type) && field.value !== field.defaultValue);

// Whether something is written in a form that changes something; not in `leaving`, which is being sent, nor in one
// whose page asks for itself (data-guarded).
export function isUnsaved(leaving = null) {
  return [...document.forms].some((form) => form !== leaving && form.method === "post" && !("guarded" in form.dataset) && isWritten(form));
}

// Listeners within the page come first: what they send by themselves does not leave it.
addEventListener("submit", (event) => {
  if (!event.defaultPrevented) sent = event.target;
});
addEventListener("beforeunload", (event) => {
  if (isUnsaved(sent)) askFirst(event);
  sent = null;
});
