"""OCR of pictures such as flip charts; needs the extra ``ocr`` (rapidocr and its models, 55 MB).

The models come with the package and run on this laptop; nothing is downloaded.
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import Any

from capture.decoding.safe_open import BROKEN_PHOTO
from reporter.errors import MediaFailed

# Least confidence. Leaves, bicycles and bookshelves look like letters, too.
SURE = 0.7
# A single letter is rarely a word; it is often a wheel.
SHORTEST = 2
# Too small for a word, or a strip, on which the reader's own scaling fails.
LEAST_SIDE, STRIP = 24, 16


def can_read() -> bool:
    """Whether the extra is installed."""
    return all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime"))


def read_words(path: Path) -> str:
    """Return the lines of text in a JPEG, from top to bottom; empty if there are none.

    Runs in a worker of ``capture.decoding.process_pool``.

    Raises MediaFailed for a picture that can't be opened. Takes about a second, and 650 MB.
    """
    import cv2

    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise MediaFailed(BROKEN_PHOTO)
    if min(pixels.shape[:2]) < LEAST_SIDE or max(pixels.shape[:2]) > STRIP * min(pixels.shape[:2]):
        return ""
    result = _engine()(pixels)
    lines = zip(result.txts or (), result.scores or (), strict=True)
    return "\n".join(text.strip() for text, score in lines if score >= SURE and _is_word(text))


def _is_word(text: str) -> bool:
    return len(text.strip()) >= SHORTEST and any(letter.isalnum() for letter in text)


@functools.cache
def _engine() -> Any:
    """Load the engine once per worker: loading takes a second."""
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "error",
            # One core only: OCR has the lowest priority on this laptop.
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            # Preallocated memory would count against the worker's limit.
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
        }
    )
