"""Chromium shows the copy and the poster of a film, and the view of a photo, in the colours of the original."""

import io
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from capture.decoding.mime_sniff import sniff
from capture.imaging.icc_profile import DISPLAY_P3, matrix_profile
from capture.renditions.pipeline import process_file
from tests.support.media import files
from tests.support.media.colours import BARS, HLG, PQ, bars_in, film_of_bars, still_of_bars

pytestmark = pytest.mark.browser
SIZE = (960, 540)
# Waits until a picture, or the frame in the middle of a film, is drawn.
SHOW = """async ([address, film, width, height]) => {
  const it = document.createElement(film ? "video" : "img");
  it.style.cssText = `display: block; width: ${width}px; height: ${height}px; object-fit: fill`;
  it.muted = true;
  document.body.replaceChildren(it);
  await new Promise((done, failed) => {
    it.onerror = () => failed(new Error(it.error ? it.error.message : address));
    if (!film) it.onload = done;
    it.onloadeddata = () => {
      it.onseeked = done;
      it.currentTime = 0.1;
    };
    it.src = address;
  });
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, and an empty page for every address that is none."""

    extensions_map = {".mp4": "video/mp4", ".webm": "video/webm", ".jpg": "image/jpeg"}  # noqa: RUF012

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.html").write_text('<body style="margin: 0">', encoding="utf-8")
    return tmp_path


@pytest.fixture
def page(folder: Path, chromium: Browser) -> Iterator[Page]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            shown = chromium.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
            shown.goto(f"http://127.0.0.1:{server.server_port}/page.html")
            yield shown
            shown.close()
        finally:
            # A thread that serves a closed socket would never rest again.
            server.shutdown()


def seen(page: Page, folder: Path, path: Path) -> np.ndarray:
    """What a person sees of a file: H×W×3."""
    film = path.suffix in (".mp4", ".webm")
    page.evaluate(SHOW, [f"/{path.relative_to(folder).as_posix()}", film, *SIZE])
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), np.int16)


def made_of(path: Path, out: Path) -> dict[str, Path]:
    kind = sniff(path.read_bytes()[:8192])
    assert kind is not None
    return {made.name: made.path for made in process_file(path, out, kind.mime).made}


def assert_alike(one: np.ndarray, other: np.ndarray, what: str) -> None:
    difference = np.abs(one - other).mean(axis=(0, 1))
    assert difference.max() <= 4, (what, difference)


# Tags, matrix, full range, size, encoder.
FILMS = {
    "bt709": ((1, 1, 1), 1, False, (1920, 1080), "libx264"),
    "bt709 full": ((1, 1, 1), 1, True, (1920, 1080), "libx264"),
    "bt601": ((6, 6, 6), 6, False, (1920, 1080), "libx264"),
    "untagged hd": (None, 1, False, (1920, 1080), "libx264"),
    "untagged hd full": (None, 6, True, (1920, 1080), "libx264"),
    "untagged sd": (None, 6, False, (640, 480), "libx264"),
    "untagged vp8": (None, 6, False, (640, 480), "libvpx"),
    "untagged vp9": (None, 6, False, (1280, 720), "libvpx-vp9"),
}


def test_films_look_as_their_originals(page: Page, folder: Path) -> None:
    for number, (name, (tags, matrix, full, size, encoder)) in enumerate(FILMS.items()):
        ending = "mp4" if encoder == "libx264" else "webm"
        film = film_of_bars(
            folder / f"{number}.{ending}",
            tags=tags,
            matrix=matrix,
            full=full,
            size=size,
            format=ending,
            encoder=encoder,
        )
        made = made_of(film, folder / str(number))
        original = seen(page, folder, film)
        assert np.abs(bars_in(original) - np.array(BARS)).mean() < 8, name
        for rendition in ("play", "poster"):
            assert_alike(seen(page, folder, made[rendition]), original, f"{rendition}: {name}")


def test_hdr_films_show_their_colours(page: Page, folder: Path) -> None:
    """Chromium itself shows HDR untouched, or darker, on a usual screen: the bars are what is right."""
    for transfer in (PQ, HLG):
        film = film_of_bars(
            folder / f"{transfer}.mov",
            tags=(9, transfer, 9),
            matrix=9,
            size=(1280, 720),
            format="mov",
            encoder="libx265",
        )
        made = made_of(film, folder / str(transfer))
        for rendition in ("play", "poster"):
            shown = bars_in(seen(page, folder, made[rendition]))
            assert shown[0].min() >= 240
            assert np.abs(shown - np.array(BARS)).mean(axis=0).max() <= 15, (rendition, shown)


def test_photos_look_as_their_originals(page: Page, folder: Path) -> None:
    wide = matrix_profile(DISPLAY_P3, 2.2, "sRGB Display P3")
    plain = files.jpeg_of(still_of_bars(), "bars.jpg")
    p3 = files.jpeg_of(still_of_bars(), "bars-p3.jpg", profile=wide)
    for source in (plain, p3, files.jpeg_cmyk(), files.avif(), files.png_alpha()):
        photo = folder / source.name
        photo.write_bytes(source.read_bytes())
        view = made_of(photo, folder / source.stem)["view"]
        assert_alike(seen(page, folder, view), seen(page, folder, photo), source.name)
