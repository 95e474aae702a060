"""Drafts captions from speech; needs the extra ``captions`` (faster-whisper) and a model that the
user provides.

Everything runs on this laptop; nothing is downloaded, and a draft is shown to nobody before a
person has accepted it.
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capture.decoding.film import real_audio
from capture.decoding.formats.sound_samples import audible
from capture.decoding.safe_open import decoded, open_media
from reporter.media.webvtt import Cue, webvtt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Files of a model's folder. Without tokenizer.json the library would try to download one.
FILES = ("model.bin", "config.json", "tokenizer.json")
RATE = 16_000


def can_hear(folder: str) -> bool:
    """Whether the extra is installed and a model is in this folder; '' means no folder."""
    if not folder or importlib.util.find_spec("faster_whisper") is None:
        return False
    return all((Path(folder).expanduser() / name).is_file() for name in FILES)


def hear(path: Path, mime: str, folder: str) -> str:
    """Transcribe a recording as WebVTT; empty for no speech. Runs in a worker of
    ``capture.decoding.process_pool``.

    Raises MediaFailed for what can't be opened. A small model takes about as long as the recording,
    and 500 MB.
    """
    sound = _sound(path, mime)
    if not sound.size:
        return ""
    segments, _ = _model(str(Path(folder).expanduser())).transcribe(
        # Segments are independent: a mistake does not carry over to the next.
        sound,
        condition_on_previous_text=False,
        beam_size=5,
    )
    cues = (Cue(piece.start, piece.end, piece.text.strip()) for piece in segments)
    return webvtt(cue for cue in cues if cue.text and cue.end > cue.begin)


def _sound(path: Path, mime: str) -> NDArray[np.float32]:
    """Decode to mono, 16 kHz, -1 to 1, with our own reader, which has its safeguards on."""
    import av
    import numpy as np

    resampler = av.AudioResampler("flt", "mono", RATE)
    pieces: list[NDArray[np.float32]] = []
    with open_media(path, mime) as container:
        stream = real_audio(container)
        if stream is None:
            return np.empty(0, np.float32)
        for frame in decoded(container, stream):
            frame.pts = None
            pieces += [made.to_ndarray()[0] for made in resampler.resample(audible(frame))]
        pieces += [made.to_ndarray()[0] for made in resampler.resample(None)]
    return np.concatenate(pieces) if pieces else np.empty(0, np.float32)


@functools.lru_cache(maxsize=1)
def _model(folder: str) -> Any:
    """Load the model once per worker: loading takes seconds."""
    from faster_whisper import WhisperModel

    return WhisperModel(
        folder, device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True
    )
