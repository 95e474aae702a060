const PATIENCE = 4000;
// A short response without a body that phones request anyway.
const PROBE = "/generate_204";

// For a "beforeunload" event: the browser asks before the page is left. Chrome before 119 heeds returnValue alone.
export function askFirst(event) {
  event.preventDefault();
  event.returnValue = true;
}

// Whether the kiosk answers just now.
export async function kioskAnswers() {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    return (await fetch(PROBE, { method: "HEAD", cache: "no-store", signal: stop.signal })).ok;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

// The link whose click, if nobody has handled it, replaces this page by another one of the kiosk's; else null.
export function leavingLink(event) {
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented);
  const link = event.target.closest?.("a[href]");
  if (!plain || !link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return null;
  const within = link.hash && link.pathname === location.pathname && link.search === location.search;
  return within ? null : link;
}
