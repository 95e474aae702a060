// For a "beforeunload" event: the browser asks before the page is left. Chrome before 119 heeds returnValue alone.
export function askFirst(event) {
  event.preventDefault();
  event.returnValue = true;
}
