"""The kiosk's log on disk: bounded in size and number, and without anybody's words, names, addresses or receipts."""

from __future__ import annotations

import logging
import re
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

FOLDER, NAME = "logs", "kiosk.log"
# At most 3 MB altogether: some evenings with trouble.
BYTES, OLDER = 500_000, 5
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# What an exception says may be what somebody wrote: of those only the type stays.
_EXCEPTION = re.compile(
    r"^((?:\w+\.)*\w*(?:Error|Exception|Warning|Timeout|Expired)\w*): .*$", re.MULTILINE
)
# Quoted pieces but names of source files, which come after "File".
_QUOTED = re.compile(r"(?<!File )(?<![\w])(['\"])(?:(?!\1).){4,}\1")
_ADDRESS = re.compile(r"[^\s@<>'\"]+@[^\s@<>'\"]+\.\w+")
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_HEX = re.compile(r"\b[0-9a-f]{16,}\b", re.IGNORECASE)
_RECEIPT = re.compile(
    r"\b[0-9A-HJKMNP-TV-Z]{4}-?[0-9A-HJKMNP-TV-Z]{4}-?[0-9A-HJKMNP-TV-Z]{5}\b", re.IGNORECASE
)
_IP = re.compile(
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b", re.IGNORECASE
)


def redact(text: str) -> str:
    """A text without what may identify somebody: quotations, addresses, ids, receipts."""
    text = _EXCEPTION.sub(r"\1", text)
    text = _QUOTED.sub("[quoted]", text)
    text = _ADDRESS.sub("[address]", text)
    text = _UUID.sub("[id]", _HEX.sub("[id]", text))
    return _IP.sub("[ip]", _RECEIPT.sub(_receipt, text))


def _receipt(found: re.Match[str]) -> str:
    """A receipt has digits among its letters; a long word of the program has none."""
    return "[receipt]" if any(c.isdigit() for c in found[0]) else found[0]


class PrivateFormatter(logging.Formatter):
    """Log lines as usual, redacted."""

    def format(self, record: logging.LogRecord) -> str:
        """The line and, for exceptions, where they came from."""
        return redact(super().format(record))


class QuietFile(RotatingFileHandler):
    """A log that never gets in the way: a full or read-only disk is said elsewhere."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Leave out what can't be written."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def log_to_folder(folder: Path) -> QuietFile:
    """Write warnings into the gathering's ``logs`` from now on; the oldest lines go when it is full."""
    place = folder / FOLDER
    place.mkdir(exist_ok=True)
    handler = QuietFile(
        place / NAME, maxBytes=BYTES, backupCount=OLDER, encoding="utf-8", delay=True
    )
    handler.setFormatter(PrivateFormatter(_FORMAT))
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    return handler


def log_files(folder: Path) -> list[Path]:
    """The log and its older parts, the newest first."""
    return sorted((folder / FOLDER).glob(f"{NAME}*"), key=lambda path: path.name)
