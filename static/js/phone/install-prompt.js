// With TLS only: the service worker caches this page, and the phone is asked for persistent storage.
navigator.serviceWorker?.register("/sw.js").then(async () => {
  const ready = await navigator.serviceWorker.ready;
  ready.active.postMessage({ keep: location.pathname });
});
navigator.storage?.persist?.();
