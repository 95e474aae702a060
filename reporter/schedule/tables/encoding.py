"""Decode text of unknown encoding, as saved by spreadsheets and calendars."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from typing import Final

from reporter.errors import BadInput
from reporter.schedule.dates.names import months_called, weekdays_called
from reporter.schedule.tables.headers import read_column

_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# Of equally plausible ones the first wins.
_OLD: Final = {
    "cp1252": "Windows-1252 (Western European)",
    "mac_roman": "Mac Roman",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "iso8859_2": "ISO 8859-2 (Central European)",
    "koi8_r": "KOI8-R (Cyrillic)",
    "cp850": "MS-DOS 850 (Western European)",
    "cp866": "MS-DOS 866 (Cyrillic)",
}
# Where nearly every pair of bytes is a valid letter, only column names are evidence.
_WIDE: Final = {
    "cp932": "Shift JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp949": "Windows-949 (Korean)",
}
_NAMES: Final = _OLD | _WIDE
_COMMON: Final = frozenset("àâäæçèéêëîïñòóôöùûüœßáíúåøãõìÄÖÜÉÀÇÑÅØÆÁÍÓÚąćęłńśźżčďěňřšťůžőűğışİ")
_COMMON_OTHERS: Final = frozenset("оеаинтсрвл" + "αοιετσνηυρκόάίέ" + "יוהלאמרתב" + "اليمنترو")
_ALONE: Final = frozenset("àéèóöåúáíæÀÉÅÖÓ")
_TYPOGRAPHY: Final = frozenset("“”„‘’‚–—…•€°«»§·×º¿¡")
# Enough to detect the encoding; the rest of a big file adds nothing.
_SAMPLE: Final = 200_000
_WORD: Final = re.compile(r"[^\W\d_]{2,40}")


def _refuse_documents(data: bytes) -> None:
    """Raise BadInput for files of office programs and archives; workbooks that are read don't come here."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadInput("This is a spreadsheet document. Save it as CSV (UTF-8) and import that.")
    if data.startswith(b"PK\x03\x04"):
        # The names of the first entries tell what it is.
        head = data[:4096]
        if b"word/" not in head and b"opendocument.text" not in head:
            office = (b"xl/", b"opendocument.spreadsheet", b"Index/")
            if any(name in head for name in office) or not zipfile.is_zipfile(io.BytesIO(data)):
                raise BadInput(
                    "This is a spreadsheet document. Save it as CSV (UTF-8) and import that."
                )
            raise BadInput("This is an archive (ZIP). Unpack it and choose the schedule in it.")
    elif not data.startswith((b"%PDF", b"{\\rtf")):
        return
    raise BadInput(
        "This is a text document. Copy its table into a spreadsheet, save that as CSV and import it."
    )


def decode_text(data: bytes) -> tuple[str, str]:
    """Decode; returns (the text, the name of a legacy encoding that had to be guessed or "").

    A byte order mark decides, else UTF-16 and UTF-8 by their structure, else the legacy encoding
    with the most plausible words. Raises BadInput for spreadsheets, empty files and binary data.
    """
    _refuse_documents(data)
    if re.match(rb"\s*BEGIN:V", data, re.I):
        # Lines may be folded within a multi-byte character (RFC 5545, 3.1).
        data = re.sub(rb"\r?\n[ \t](?=[\x80-\xbf])", b"", data)
    encoding = _unicode_encoding(data)
    guessed = "" if encoding else _old_encoding(data)
    try:
        text = data.decode(encoding or guessed)
    except (UnicodeDecodeError, LookupError) as error:
        raise BadInput(
            "This file is not text, or its encoding is unknown. Save it as UTF-8."
        ) from error
    if "\x00" in text:
        raise BadInput(
            "This is not a text file. Give CSV, iCalendar, schedule.json or schedule.xml."
        )
    text = text.lstrip("\ufeff")
    if not text.strip():
        raise BadInput("This file is empty. Export the schedule again.")
    return text, _NAMES[guessed] if guessed else ""


def _unicode_encoding(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    # UTF-16 without a byte order mark: spaces, digits, separators and line ends have a zero byte.
    start = data[:4_000]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    if least == 0 and most >= 2 and most * 14 >= len(start):
        return "utf-16-be" if even else "utf-16-le"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "utf-8"


def _old_encoding(data: bytes) -> str:
    known = {
        # Bytes of another encoding make many a short word by chance, but hardly a long one.
        name: sum(len(word) - 1 for word in _known_words(text[:20_000]))
        for name in _NAMES
        if (text := _sample(data, name))
    }
    wide = max(_WIDE, key=lambda name: known.get(name, 0))
    if known.get(wide, 0) > max((known[name] for name in known if name in _OLD), default=0):
        return wide
    scores: dict[str, float] = {}
    for encoding in _OLD:
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        scores[encoding] = _plausibility(data[:_SAMPLE].decode(encoding))
    return max(scores, key=lambda encoding: scores[encoding]) if scores else "cp1252"


def _sample(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _plausibility(text: str) -> float:
    """How much the text looks like words, by the neighbours of its non-ASCII letters."""
    score = 0.0
    padded = f" {text} "
    for index in range(1, len(padded) - 1):
        if padded[index] > "\x7f":
            score += _weight(padded[index], padded[index - 1], padded[index + 1])
    return score + 3.0 * len(_known_words(text[:20_000]))


def _known_words(text: str) -> set[str]:
    """The words with non-ASCII letters that are the name of a month, a weekday or a column."""
    return {
        word
        for word in set(_WORD.findall(text))
        if not word.isascii()
        and (months_called(word) or weekdays_called(word) or read_column(word).role)
    }


def _weight(char: str, before: str, after: str) -> float:
    if char in _TYPOGRAPHY:
        return -2.0 if before.isalpha() and after.isalpha() and char != "’" else 0.5
    if not char.isalpha():
        return -3.0 if unicodedata.category(char) != "Zs" else 0.0
    if not before.isalpha() and not after.isalpha():
        return 1.0 if char in _ALONE else -2.0
    if char.isupper() and before.islower():
        return -3.0
    if not unicodedata.name(char, "").startswith("LATIN"):
        # Cyrillic and Greek letters occur next to letters of their own script.
        if any(c.isascii() and c.isalpha() for c in (before, after)):
            return -4.0
        common = 0.5 if char in _COMMON_OTHERS else 0.0
        return 2.0 + common if before.isalpha() or after.isalpha() else -2.0
    crowded = before.isalpha() and before > "\x7f"
    return (2.0 if char in _COMMON else 0.5) - (3.0 if crowded else 0.0)
