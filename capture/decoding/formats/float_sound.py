"""Replaces samples of floating-point sound that are no numbers, or beyond any sound, by silence.

Recorders of 32-bit float write what their converters gave, and editing programs what a division by
zero left: not-a-number and infinity, which FFmpeg's AAC encoder refuses together with all that
follows, and single values of 10³⁸, which make everything else inaudible.
"""

from __future__ import annotations

from typing import Any

# 60 dB above full scale: louder than any recorder's range, softer than noise in the exponent.
_MOST = 1000.0
_FORMATS = frozenset({"flt", "fltp", "dbl", "dblp"})


def finite(frame: Any) -> Any:
    """The frame, or a copy of it in which such samples are 0. Frames of integers are returned as they are."""
    if frame.format.name not in _FORMATS:
        return frame
    import av
    import numpy as np

    samples = frame.to_ndarray()
    # Comparisons with not-a-number are false.
    sound = np.abs(samples) <= _MOST
    if sound.all():
        return frame
    clean = av.AudioFrame.from_ndarray(
        np.where(sound, samples, 0).astype(samples.dtype),
        format=frame.format.name,
        layout=frame.layout.name,
    )
    clean.sample_rate, clean.pts, clean.time_base = frame.sample_rate, frame.pts, frame.time_base
    return clean
