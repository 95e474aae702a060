// With TLS only: lets the service worker keep this page, and asks the phone not to throw away what stands on it.
navigator.serviceWorker?.register("/sw.js").then(async () => {
  const ready = await navigator.serviceWorker.ready;
  ready.active.postMessage({ keep: location.pathname });
});
navigator.storage?.persist?.();
