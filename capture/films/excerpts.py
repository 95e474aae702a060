"""Video notes in a film: selects the best part by sound and sharpness, and yields it as frames
of the film."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capture.decoding.film import real_audio, real_video
from capture.decoding.formats.sound_samples import audible
from capture.decoding.probe import Probe, probe
from capture.decoding.safe_open import decoded, open_media
from capture.films.frames import FADE, RATE, black, frame_of, planes
from capture.films.photo_motion import MOST_CUT, before_itself
from capture.imaging.colour import BT709
from capture.transcoding.transcode import LIMITED

MP4 = "video/mp4"
# Time resolution of the analysis, in seconds.
STEP = 0.25
# Speech is louder than this (dBFS, mean of a step); anything softer counts as a pause.
QUIET = -45.0
# Weight of sharpness relative to sound.
SHARPNESS = 0.5
# A cut moves to a pause within this distance.
NEAR = 1.0
_SMALL = 320


@dataclass(frozen=True)
class Excerpt:
    """A part of a recording, in seconds of its own clock."""

    path: Path
    start: float
    seconds: float


def best_part(path: Path, seconds: float) -> Excerpt:
    """Find the part of ``seconds`` length with the most sound and the sharpest picture; the whole
    recording if shorter.

    Raises MediaFailed.
    """
    found = probe(path, MP4)
    long = found.duration or 0.0
    if long <= seconds + STEP:
        return Excerpt(path, 0.0, long)
    loud = loudness_by_step(path, long) if found.has_audio else [QUIET] * round(long / STEP)
    return Excerpt(
        path, _best_start(loud, _sharpness_by_step(path, found, len(loud)), seconds), seconds
    )


def _best_start(loud: list[float], sharp: list[float], seconds: float) -> float:
    import numpy as np

    # Louder than usual speech is no better: a shout, a knock on the microphone.
    heard = np.clip((np.array(loud) - QUIET) / 25, 0, 1)
    worth = heard + SHARPNESS * np.array(sharp)
    window = max(1, round(seconds / STEP))
    sums = np.convolve(worth, np.ones(window), "valid")
    best = int(sums.argmax())
    near = round(NEAR / STEP)
    # Start at the quietest point nearby, so that no word is cut.
    around = range(max(best - near, 0), min(best + near, len(sums) - 1) + 1)
    return min(around, key=lambda step: (heard[step], abs(step - best))) * STEP


def loudness_by_step(path: Path, long: float) -> list[float]:
    """Mean sound level in dBFS for each ``STEP``."""
    import numpy as np

    samples = sound_of(Excerpt(path, 0.0, long))
    each = round(48_000 * STEP)
    count = max(1, samples.shape[1] // each)
    parts = (
        samples[:, : count * each].reshape(2, count, -1)
        if samples.shape[1] >= each
        else samples[:, None]
    )
    power = (parts.astype(np.float64) ** 2).mean(axis=(0, 2))
    return [float(level) for level in 10 * np.log10(np.maximum(power, 1e-9))]


def _sharpness_by_step(path: Path, found: Probe, steps: int) -> list[float]:
    """Sharpness for each ``STEP``, from 0 to 1 (the sharpest of this recording); measured at key
    frames."""
    import cv2
    import numpy as np

    times, values = [], []
    with open_media(path, MP4) as container:
        stream = real_video(container)
        stream.codec_context.skip_frame = "NONKEY"
        for frame in decoded(container, stream):
            high = max(2, round(_SMALL * frame.height / frame.width / 2) * 2)
            grey = frame.reformat(_SMALL, high, "gray").to_ndarray()
            times.append(float(frame.time or 0))
            values.append(float(cv2.Laplacian(grey, cv2.CV_32F).var()))
    if not values or max(values) <= 0:
        return [0.0] * steps
    # Beyond some sharpness, more of it is only texture.
    shares = np.minimum(np.array(values) / max(values), 0.5) * 2
    return [float(v) for v in np.interp(np.arange(steps) * STEP, times, shares)]


def sound_of(part: Excerpt) -> Any:
    """Decode an excerpt's sound: 2 × N float32 at 48 kHz, silence where there is none. Raises
    MediaFailed."""
    import av
    import numpy as np

    made = np.zeros((2, round(part.seconds * 48_000)), np.float32)
    with open_media(part.path, MP4) as container:
        stream = real_audio(container)
        if stream is None:
            return made
        _go_to(container, stream, part.start)
        resampler = av.AudioResampler("fltp", "stereo", 48_000)
        for frame in decoded(container, stream):
            if frame.time is not None and frame.time > part.start + part.seconds:
                break
            at = round(((frame.time or 0.0) - part.start) * 48_000)
            for piece in resampler.resample(audible(frame)):
                at = _lay(made, piece.to_ndarray(), at)
    return made


def _lay(made: Any, samples: Any, at: int) -> int:
    """Copy samples to a position as far as there is room; returns the next position."""
    begin, end = max(at, 0), min(at + samples.shape[1], made.shape[1])
    if end > begin:
        made[:, begin:end] = samples[:, begin - at : end - at]
    return at + int(samples.shape[1])


def excerpt_frames(part: Excerpt, size: tuple[int, int]) -> Iterator[Any]:
    """Yield the frames of an excerpt and ``FADE`` more; after its end the last one is repeated.

    Raises MediaFailed.
    """
    count = round(part.seconds * RATE) + FADE
    shown: Any = None
    given = 0
    for moment, frame in _fitted(part, size):
        # Until the recording's next picture is due, the previous one is shown.
        while shown is not None and given < count and given / RATE < moment:
            yield shown.copy()
            given += 1
        shown = frame
    last = shown if shown is not None else black(size)
    for _number in range(count - given):
        yield last.copy()


def _fitted(part: Excerpt, size: tuple[int, int]) -> Iterator[tuple[float, Any]]:
    """Yield (seconds since the excerpt's start, frame of the film)."""
    found = probe(part.path, MP4)
    fit: _Fit | None = None
    with open_media(part.path, MP4) as container:
        stream = real_video(container)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = 2
        _go_to(container, stream, part.start)
        for frame in decoded(container, stream):
            moment = (frame.time or 0.0) - part.start
            if moment > part.seconds + FADE / RATE:
                return
            if moment < -1 / RATE:
                continue
            fit = fit or _Fit(frame, found.rotation, size)
            yield moment, fit.frame(frame)


def _go_to(container: Any, stream: Any, start: float) -> None:
    """Seek to the key frame before a time."""
    if start > 0:
        container.seek(round(start / stream.time_base), stream=stream)


class _Fit:
    """Scales a recording's pictures to the film's size: cropped to fill where little is lost,
    else whole."""

    def __init__(self, first: Any, rotation: int, size: tuple[int, int]) -> None:
        import numpy as np
        from PIL import Image

        self._turns = rotation // 90
        self._size = size
        seen = (first.height, first.width) if self._turns % 2 else (first.width, first.height)
        fill = max(size[0] / seen[0], size[1] / seen[1])
        cut = 1 - size[0] * size[1] / (seen[0] * seen[1] * fill * fill)
        share = fill if cut < MOST_CUT / 3 else min(size[0] / seen[0], size[1] / seen[1])
        # Multiples of four: both colour planes then align to whole pixels, cropped or not.
        self._inner = tuple(max(4, round(side * share / 4) * 4) for side in seen)
        still = np.rot90(first.to_ndarray(format="rgb24"), self._turns)
        self._ground = frame_of(before_itself(Image.fromarray(np.ascontiguousarray(still)), size))

    def frame(self, picture: Any) -> Any:
        """Convert one picture to a frame of the film."""
        import numpy as np

        wide, high = self._inner[::-1] if self._turns % 2 else self._inner
        made = picture.reformat(
            wide, high, "yuv420p", dst_colorspace=BT709, dst_color_range=LIMITED
        ).to_ndarray()
        goal = self._ground.copy()
        for source, plane in zip(planes(made), planes(goal), strict=True):
            _centre(np.rot90(source, self._turns), plane)
        return goal


def _centre(source: Any, plane: Any) -> None:
    """Copy the centre of one plane onto the centre of another."""
    y, x = ((a - b) // 2 for a, b in zip(plane.shape, source.shape, strict=True))
    high, wide = (min(a, b) for a, b in zip(plane.shape, source.shape, strict=True))
    plane[max(y, 0) : max(y, 0) + high, max(x, 0) : max(x, 0) + wide] = source[
        max(-y, 0) : max(-y, 0) + high, max(-x, 0) : max(-x, 0) + wide
    ]
