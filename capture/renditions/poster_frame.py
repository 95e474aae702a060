"""Selects a video's poster frame: neither black nor blurred."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from capture.decoding.probe import Probe
from capture.decoding.safe_open import BROKEN_MEDIA, decoded, open_media
from capture.imaging.colour import Colour
from capture.imaging.frame_pixels import rgb_pixels
from reporter.errors import MediaFailed

# Candidate positions, as shares of the length: the very beginning and end show hands and floors.
MOMENTS = (0.1, 0.3, 0.5, 0.7, 0.9)
_DARK, _BRIGHT, _FLAT = 24, 240, 8


def best_frame(play: Path, found: Probe, still_at: float | None = None) -> Any:
    """The best of five frames of a playable copy, or the one at a given time (seconds), upright, as
    an RGB Pillow image.

    Raises MediaFailed for none.
    """
    long = found.duration or 0
    moments = [share * long for share in MOMENTS] if still_at is None else [min(still_at, long)]
    best, best_score = None, -1.0
    with open_media(play, "video/mp4") as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        # Skip pictures that no other depends on: the next reference picture is as good.
        stream.codec_context.skip_frame = "NONREF"
        for moment in moments:
            frame = _frame_at(container, stream, moment)
            if frame is None:
                continue
            score = score_frame(frame.to_ndarray(format="gray"))
            if score > best_score:
                best, best_score = frame, score
        if best is None:
            raise MediaFailed(BROKEN_MEDIA)
        return _upright(_image(best, found), found.rotation)


def _frame_at(container: Any, stream: Any, moment: float) -> Any:
    """The frame shown at a time (seconds from the start), decoded from the key frame before it."""
    container.seek(int(moment / stream.time_base), stream=stream)
    frame = None
    for frame in decoded(container, stream):
        if frame.time is None or frame.time >= moment:
            break
    return frame


def score_frame(grey: Any) -> float:
    """Score a uint8 grey picture (H×W) as a poster: its sharpness, and nearly zero when black,
    white or flat.

    Sharpness is the variance of the Laplacian of a picture 320 wide (Pech-Pacheco et al., ICPR
    2000).
    """
    import cv2

    small = cv2.resize(
        grey, (320, max(1, 320 * grey.shape[0] // grey.shape[1])), interpolation=cv2.INTER_AREA
    )
    sharpness = float(cv2.Laplacian(small, cv2.CV_64F).var())
    dull = not _DARK < small.mean() < _BRIGHT or small.std() < _FLAT
    return sharpness / 1000 if dull else sharpness


def _image(frame: Any, found: Probe) -> Any:
    """Convert to an RGB Pillow image by the film's own colours, which a frame need not repeat."""
    from PIL import Image

    colour = found.film.picture.colour if found.film and found.film.picture else Colour()
    pixels = rgb_pixels(frame, matrix=colour.matrix, is_full_range=colour.is_full_range)
    return Image.fromarray(pixels)


def _upright(image: Any, rotation: int) -> Any:
    return image.rotate(rotation, expand=True) if rotation else image
