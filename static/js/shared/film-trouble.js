// Tells when a film can't be shown: some Firefox and WebKitGTK have no H.264. They report an error, play the sound
// before a black picture, or wait for ever.
const STUCK = 15000;

// Calls `tell` once. A film that is paused waits for nobody.
export function whenUnplayable(video, tell) {
  let seen = -1;
  const watch = setInterval(() => {
    if (!video.isConnected) return clearInterval(watch);
    if (!video.paused && !video.ended && video.currentTime === seen) return fail();
    seen = video.paused ? -1 : video.currentTime;
  }, STUCK);
  let announced = false;
  function fail() {
    clearInterval(watch);
    if (!announced) tell();
    announced = true;
  }
  const measure = () => { if (video.readyState && !video.videoWidth) fail(); };
  video.addEventListener("error", fail);
  video.addEventListener("loadedmetadata", measure);
  if (video.error) fail();
  measure();
}
