"""Mixes a film's sound: video notes at equal loudness, music below them, all at -16 LUFS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from capture.decoding.formats.sound_samples import audible
from capture.decoding.mime_sniff import sniff
from capture.decoding.safe_open import decoded, open_media
from capture.films.excerpts import Excerpt, sound_of
from capture.transcoding.loudness import (
    MOST_GAIN,
    SILENCE,
    TARGET,
    Leveller,
    Loudness,
    LoudnessMeter,
)
from reporter.errors import MediaFailed

RATE = 48_000
# Attenuation of music in dB below the level of speech: normally, and while somebody speaks.
MUSIC_BELOW, DUCKED_BELOW = 6.0, 16.0
# Fade-in and fade-out of sound, in seconds.
FADE = 0.3
# Tolerance of the total loudness in LU, and how often the limiter's loss is compensated.
NEAR, MOST_PASSES = 0.2, 4
_PIECE = 1024
# How much of a file is decoded to check that it is music.
CHECKED_SECONDS = 2


class SoundMix:
    """Stereo sound of a film's length in memory (a minute and a half is 35 MB)."""

    def __init__(self, seconds: float) -> None:
        import numpy as np

        self._mix = np.zeros((2, max(1, round(seconds * RATE))), np.float32)
        self._speech = np.zeros(self._mix.shape[1], np.float32)

    def add_excerpt(self, part: Excerpt, at: float) -> None:
        """Add an excerpt's sound at ``at`` seconds. Raises MediaFailed."""
        sound = _faded(_levelled(sound_of(part)))
        begin = round(at * RATE)
        room = self._mix[:, begin : begin + sound.shape[1]]
        room += sound[:, : room.shape[1]]
        self._speech[begin : begin + room.shape[1]] = 1

    def add_music(self, path: Path) -> None:
        """Add music below everything else, looped where it is too short. Raises MediaFailed."""
        import numpy as np

        long = self._mix.shape[1]
        music = _levelled(_music_of(path, long))
        if not music.shape[1]:
            return
        music = np.tile(music, (1, -(-long // music.shape[1])))[:, :long]
        below = MUSIC_BELOW + (DUCKED_BELOW - MUSIC_BELOW) * _softened(self._speech)
        self._mix += _faded(music, 1.5) * (10 ** (-below / 20)).astype(np.float32)

    def frames(self) -> Iterator[Any]:
        """Yield the finished sound as frames of 1024 samples (fltp), at the loudness of all
        renditions."""
        for samples in _pieces(_finished(self._mix)):
            yield _frame(samples)


def _finished(mix: Any) -> Any:
    """Apply one gain and a limiter, and compensate for the limiter's loss."""
    gain, made = 0.0, mix
    found = measured(mix)
    if found.integrated < SILENCE:
        return mix
    for _pass in range(MOST_PASSES):
        if abs(TARGET - found.integrated) < NEAR and found.peak < -1:
            break
        gain = min(gain + TARGET - found.integrated, 2 * MOST_GAIN)
        made = _limited(mix, gain)
        found = measured(made)
    return made


def _limited(mix: Any, gain: float) -> Any:
    import numpy as np

    leveller = Leveller(gain, "stereo")
    found = [
        made.to_ndarray() for samples in _pieces(mix) for made in leveller.take(_frame(samples))
    ]
    found += [made.to_ndarray() for made in leveller.take(None)]
    whole = np.concatenate(found, axis=1)[:, : mix.shape[1]]
    return np.pad(whole, ((0, 0), (0, mix.shape[1] - whole.shape[1])))


def measured(samples: Any) -> Loudness:
    """Measure the loudness of 2 × N float32 at 48 kHz."""
    meter = LoudnessMeter()
    for piece in _pieces(samples):
        meter.take(_frame(piece))
    return meter.end()


def _levelled(samples: Any) -> Any:
    """Normalize to -16 LUFS, unless silent."""
    found = measured(samples)
    if found.integrated < SILENCE:
        return samples
    return samples * 10 ** (min(TARGET - found.integrated, MOST_GAIN) / 20)


def _faded(samples: Any, seconds: float = FADE) -> Any:
    import numpy as np

    long = min(round(seconds * RATE), samples.shape[1] // 2)
    samples = samples.copy()
    ramp = np.linspace(0, 1, long, dtype=np.float32)
    samples[:, :long] *= ramp
    samples[:, samples.shape[1] - long :] *= ramp[::-1]
    return samples


def _softened(speech: Any) -> Any:
    """The envelope of speech (0 or 1), with slopes of half a second."""
    import cv2

    # In steps of 10 ms: music needn't follow faster.
    coarse = cv2.resize(speech[None], (max(1, len(speech) // 480), 1), interpolation=cv2.INTER_AREA)
    smooth = cv2.blur(coarse, (51, 1))
    return cv2.resize(smooth, (len(speech), 1), interpolation=cv2.INTER_LINEAR)[0]


def _music_of(path: Path, most: int) -> Any:
    """Decode up to ``most`` samples of a sound file."""
    import av
    import numpy as np

    from capture.decoding.film import real_audio

    with path.open("rb") as file:
        kind = sniff(file.read(8192))
    if kind is None or not kind.mime.startswith(("audio/", "video/")):
        raise MediaFailed(
            "The music is not a sound file that can be played here. Choose an MP3, M4A, FLAC or WAV file."
        )
    found: list[Any] = []
    with open_media(path, kind.mime) as container:
        stream = real_audio(container)
        if stream is None:
            raise MediaFailed("There is no sound in the music file. Choose another one.")
        resampler = av.AudioResampler("fltp", "stereo", RATE)
        for frame in decoded(container, stream):
            found += [made.to_ndarray() for made in resampler.resample(audible(frame))]
            if sum(part.shape[1] for part in found) >= most:
                break
    return np.concatenate(found, axis=1)[:, :most] if found else np.zeros((2, 0), np.float32)


def check_music(path: Path) -> None:
    """Check whether a file can serve as music. Meant to run in a worker; raises MediaFailed with
    what to do."""
    if not _music_of(path, CHECKED_SECONDS * RATE).shape[1]:
        raise MediaFailed("There is no sound in the music file. Choose another one.")


def _pieces(samples: Any) -> Iterator[Any]:
    for begin in range(0, samples.shape[1], _PIECE):
        yield samples[:, begin : begin + _PIECE]


def _frame(samples: Any) -> Any:
    import av
    import numpy as np

    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples, np.float32), format="fltp", layout="stereo"
    )
    frame.sample_rate = RATE
    return frame
