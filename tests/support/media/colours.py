"""Films and stills of six bars in any colour system, made by the curves of the standards: the right colours are known.

``BARS`` are the colours as sRGB. HDR bars have them as light below reference white (ITU-R BT.2408).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.media.recordings import VPX

BARS = (
    (255, 255, 255),
    (128, 128, 128),
    (220, 40, 40),
    (40, 180, 60),
    (40, 70, 220),
    (224, 172, 140),
)
SDR, PQ, HLG = 1, 16, 18
# Shares of red and blue in luma, by the matrix' number in ITU-T H.273.
LUMA = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
# BT.2087-0, table 2: light of BT.709 as light of BT.2020.
TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])


def bar_codes(transfer: int) -> np.ndarray:
    """The bars as R'G'B' from 0 to 1 in a transfer of H.273: 6 × 3."""
    codes = np.array(BARS) / 255
    if transfer not in (PQ, HLG):
        return codes
    light = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4) @ TO_2020.T
    if transfer == PQ:
        root = (light * 203 / 10_000) ** 0.1593017578125
        made: np.ndarray = ((0.8359375 + 18.8515625 * root) / (1 + 18.6875 * root)) ** 78.84375
        return made
    scene = light * 0.265
    curve = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), curve)


@contextmanager
def usual_scheduling() -> Iterator[None]:
    """SVT-AV1 makes the thread that opens it a real-time one when root runs it, with all that it starts afterwards."""
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


def film_of_bars(
    path: Path,
    *,
    tags: tuple[int, int, int] | None,
    matrix: int,
    full: bool = False,
    size: tuple[int, int] = (640, 360),
    format: str = "mp4",
    encoder: str = "libx264",
    count: int = 6,
) -> Path:
    """A film of the bars; ``tags`` are primaries, transfer and matrix as the file states them, None for none."""
    import av

    deep = tags is not None and tags[1] in (PQ, HLG)
    options = {
        "libx264": {"preset": "ultrafast", "crf": "5"},
        "libx265": {"preset": "ultrafast", "crf": "5", "x265-params": "log-level=error"},
        "libsvtav1": {"preset": "12", "crf": "10", "svtav1-params": "lp=1"},
        "libvpx-vp9": {**VPX, "b": "4M"},
        "libvpx": {**VPX, "b": "4M"},
    }
    with usual_scheduling(), av.open(str(path), "w", format=format) as out:
        stream: Any = out.add_stream(encoder, rate=30, options=options.get(encoder, {}))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p10le" if deep else "yuv420p"
        frame = _frame(stream.pix_fmt, size, tags, matrix=matrix, full=full)
        for thing in (stream.codec_context, frame):
            thing.color_range = 2 if full else 1
            if tags:
                thing.color_primaries, thing.color_trc, thing.colorspace = tags
        for n in range(count):
            frame.pts, frame.time_base = n, Fraction(1, 30)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _frame(
    pixels: str,
    size: tuple[int, int],
    tags: tuple[int, int, int] | None,
    *,
    matrix: int,
    full: bool,
) -> Any:
    import av

    frame = av.VideoFrame(size[0], size[1], pixels)
    deep = pixels.endswith("10le")
    codes = to_ycbcr(bar_codes(tags[1] if tags else SDR), matrix, full=full) * (4 if deep else 1)
    kind = np.uint16 if deep else np.uint8
    for number, plane in enumerate(frame.planes):
        index = np.arange(plane.width) * len(BARS) // plane.width
        row = np.zeros(plane.line_size // kind().itemsize, kind)
        row[: plane.width] = np.rint(codes[index, number]).astype(kind)
        plane.update(np.tile(row, (plane.height, 1)).tobytes())
    return frame


def to_ycbcr(rgb: np.ndarray, matrix: int, *, full: bool) -> np.ndarray:
    """R'G'B' from 0 to 1 as 8-bit code values."""
    kr, kb = LUMA[matrix]
    y = rgb @ np.array([kr, 1 - kr - kb, kb])
    cb, cr = (rgb[..., 2] - y) / (2 * (1 - kb)), (rgb[..., 0] - y) / (2 * (1 - kr))
    high, wide, low = (255, 255, 0) if full else (219, 224, 16)
    return np.stack([low + high * y, 128 + wide * cb, 128 + wide * cr], axis=-1)


def bars_in(pixels: np.ndarray) -> np.ndarray:
    """The colours in the middle of the six bars of an H×W×3 picture."""
    high, wide = pixels.shape[:2]
    middle = [(2 * n + 1) * wide // (2 * len(BARS)) for n in range(len(BARS))]
    return pixels[high // 2, middle].astype(int)


def still_of_bars(size: tuple[int, int] = (480, 320), *, transfer: int = SDR) -> np.ndarray:
    """The bars as 8-bit R'G'B', H×W×3."""
    index = np.arange(size[0]) * len(BARS) // size[0]
    row = np.rint(bar_codes(transfer)[index] * 255).astype(np.uint8)
    return np.tile(row, (size[1], 1, 1))
