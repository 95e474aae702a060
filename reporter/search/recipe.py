"""What the index is made for: a change of any of it means that the index is built again."""

from __future__ import annotations

import functools
import hashlib
import inspect
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from reporter.config import Settings
from reporter.search.text import languages, tokenizer
from reporter.search.text.languages import stemmable

# Raised when documents change: an older index is then built again.
VERSION = 4


@dataclass(frozen=True)
class Recipe:
    """What documents depend on besides the rows: another one means another index."""

    zone: str = "UTC"
    language: str = "en"
    languages: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "languages", stemmable(self.language))

    @classmethod
    def of(cls, settings: Settings) -> Recipe:
        """Of a gathering."""
        return cls(settings.gathering.timezone, settings.gathering.language)

    def told(self) -> dict[str, Any]:
        """For the file that stands beside the index."""
        told = {"version": VERSION, "zone": self.zone, "languages": list(self.languages)}
        return told | {"analysis": analysis()}


@functools.cache
def analysis() -> str:
    """What makes words of texts: versions of the libraries and of Unicode, and our own code, as one hash.

    Another one finds other words: the stemming library 3.1 has other stems for "evening" and for all of Dutch than 2.2.
    """
    own = hashlib.sha256()
    for module in (tokenizer, languages):
        # Without source files VERSION has to do.
        with suppress(OSError):
            own.update(inspect.getsource(module).encode())
    libraries = [f"{name} {version(name)}" for name in ("snowballstemmer", "whoosh-reloaded")]
    return " ".join([*libraries, f"unicode {unicodedata.unidata_version}", own.hexdigest()[:12]])
