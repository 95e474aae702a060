"""Words spoken by eSpeak NG, where the extra ``demo`` is installed: its library comes in a wheel."""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

# https://github.com/espeak-ng/espeak-ng/blob/master/src/include/espeak-ng/speak_lib.h
_AUDIO_OUTPUT_RETRIEVAL, _CHARS_UTF8, _POS_CHARACTER, _RATE, _OK = 1, 1, 1, 1, 0
_WORDS_A_MINUTE = 150
_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)
# The library keeps one voice for the whole process.
_LOCK = threading.Lock()


def can_speak() -> bool:
    """Whether the library is installed."""
    from importlib.util import find_spec

    return find_spec("espeakng_loader") is not None


def speak(text: str, language: str) -> tuple[np.ndarray[Any, Any], int]:
    """Samples (int16, one channel) and their rate in Hz. Raises OSError where the library can't be used."""
    import espeakng_loader
    import numpy as np

    pieces: list[np.ndarray[Any, Any]] = []

    def keep(samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            pieces.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        return 0

    with _LOCK:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        rate = library.espeak_Initialize(
            _AUDIO_OUTPUT_RETRIEVAL, 0, espeakng_loader.get_data_path().encode(), 0
        )
        if rate <= 0 or library.espeak_SetVoiceByName(language.encode()) != _OK:
            raise OSError(f"eSpeak NG has no voice for {language}")
        callback = _CALLBACK(keep)
        library.espeak_SetSynthCallback(callback)
        library.espeak_SetParameter(_RATE, _WORDS_A_MINUTE, 0)
        encoded = text.encode()
        library.espeak_Synth(
            encoded, len(encoded) + 1, 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None
        )
        library.espeak_Synchronize()
        library.espeak_Terminate()
    return np.concatenate([*pieces, np.zeros(rate // 2, np.int16)]), int(rate)
