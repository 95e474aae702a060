// Service worker for kiosks with TLS: serves the contribution pages while the kiosk is unreachable.
// Everything else (desk, wall, receipts, search, media) always uses the network, so nothing stale is shown.
const STORE = "pages-3";
const PATIENCE = 4000;
const PARTS = [
  "/static/css/tokens.css", "/static/css/base.css", "/static/css/plain.css", "/static/css/camera.css", "/static/img/icon.svg",
  "/joined/capture.js", "/joined/my-takeaways.js", "/static/js/shared/camera-picker.js", "/static/js/phone/install-prompt.js",
  "/static/vendor/tus.js",
];
const isPage = (path) => path === "/" || path === "/mine" || /^\/[sS]\/[^/]+$/.test(path);

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(STORE).then((store) => store.addAll([...PARTS, "/", "/mine"])));
});

addEventListener("activate", (event) => {
  const others = async () => Promise.all((await caches.keys()).filter((name) => name !== STORE).map((name) => caches.delete(name)));
  event.waitUntil(others().then(() => clients.claim()));
});

// The page that registered this worker was fetched before it was active.
addEventListener("message", (event) => {
  if (isPage(event.data.keep)) event.waitUntil(caches.open(STORE).then((store) => store.add(event.data.keep)));
});

async function fetchAndKeep(request, path) {
  const answer = await fetch(request);
  if (answer.ok) await (await caches.open(STORE)).put(path, answer.clone());
  return answer;
}

// Network first; the cache only if the kiosk does not answer.
async function answer(event, path) {
  const fresh = fetchAndKeep(event.request, path);
  event.waitUntil(fresh.catch(() => {}));
  const late = new Promise((_, reject) => setTimeout(reject, PATIENCE));
  try {
    return await Promise.race([fresh, late]);
  } catch {
    const look = { ignoreVary: true };
    const store = await caches.open(STORE);
    return (await store.match(path, look)) ?? (event.request.mode === "navigate" ? await store.match("/", look) : null) ?? fresh;
  }
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  const page = request.mode === "navigate" && isPage(url.pathname);
  if (page || PARTS.includes(url.pathname)) event.respondWith(answer(event, url.pathname));
});
