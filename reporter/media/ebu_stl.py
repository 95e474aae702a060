"""Subtitles of broadcasters, EBU STL (Tech 3264-E): a head of 1024 bytes, then blocks of 128 bytes of text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from reporter.media.timed_text import Timed

_HEAD, _BLOCK, _TEXT = 1024, 128, 16
_BEGINS = re.compile(rb"(?:437|850|86[035])STL(\d\d)\.\d\d")
_CODE_PAGES = {b"01": "iso8859_5", b"02": "iso8859_6", b"03": "iso8859_7", b"04": "iso8859_8"}
# ISO 6937: an accent stands before its letter.
_ACCENTS = dict(
    zip(
        (0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF),
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u0327\u030b\u0328\u030c",
        strict=True,
    )
)
_LETTERS = dict(
    zip(range(0xA0, 0xC0), "\u00a0¡¢£$¥#§¤‘“«←↑→↓°±²³×µ¶·÷’”»¼½¾¿", strict=True)
) | dict(zip(range(0xE0, 0xFF), "ΩÆÐªĦ\ufffdĲĿŁØŒºÞŦŊŉĸæđðħıĳŀłøœßþŧŋ", strict=True))
_UNUSED = 0x8F


def is_ebu_stl(data: bytes) -> bool:
    """Whether the head is that of such a file."""
    return _BEGINS.match(data) is not None and len(data) >= _HEAD


def ebu_lines(data: bytes) -> Iterator[Timed]:
    """(begin, end, text) of each subtitle, from the start of the programme; a letter that is not known is U+FFFD."""
    found = _BEGINS.match(data)
    rate = int(found[1]) if found else 25
    page = data[12:14]
    start = _start_of_programme(data[256:264], rate)
    text = ""
    for at in range(_HEAD, len(data) - _BLOCK + 1, _BLOCK):
        block = data[at : at + _BLOCK]
        # Comments of the makers, and what is no text.
        if block[15] == 1 or block[3] == 0xFE:
            continue
        text += _text_of(block[_TEXT:], page)
        if block[3] == 0xFF:
            begin, end = _seconds(block[5:9], rate), _seconds(block[9:13], rate)
            shift = start if begin >= start else 0.0
            yield begin - shift, end - shift, text.strip()
            text = ""


def _seconds(code: bytes, rate: int) -> float:
    hours, minutes, seconds, frames = code
    return hours * 3600 + minutes * 60 + seconds + frames / rate


def _start_of_programme(code: bytes, rate: int) -> float:
    digits = code.decode("ascii", "replace")
    if not re.fullmatch(r"[0-9]{8}", digits):
        return 0.0
    return _seconds(bytes(int(digits[at : at + 2]) for at in range(0, 8, 2)), rate)


def _text_of(field: bytes, page: bytes) -> str:
    used = field.split(bytes([_UNUSED]), maxsplit=1)[0]
    lines = re.split(rb"\x8a+", used)
    # Codes for colours and heights stand where a blank is shown.
    plain = (re.sub(rb"[\x00-\x1f\x80-\x9f]+", b" ", line) for line in lines)
    return "\n".join(_decoded(line, page) for line in plain)


def _decoded(line: bytes, page: bytes) -> str:
    if page in _CODE_PAGES:
        return line.decode(_CODE_PAGES[page], "replace")
    letters: list[str] = []
    accent = ""
    for byte in line:
        if byte in _ACCENTS:
            accent = _ACCENTS[byte]
            continue
        letter = chr(byte) if byte < 0x80 else _LETTERS.get(byte, "\ufffd")
        letters.append(unicodedata.normalize("NFC", letter + accent))
        accent = ""
    return "".join(letters)
