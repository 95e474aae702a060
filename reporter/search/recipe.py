"""The index recipe: everything besides the rows that documents depend on; any change requires a rebuild."""

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

# Increment when documents change: older indexes are then rebuilt.
VERSION = 4


@dataclass(frozen=True)
class Recipe:
    """What documents depend on besides the rows; a different recipe needs a new index."""

    zone: str = "UTC"
    language: str = "en"
    languages: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "languages", stemmable(self.language))

    @classmethod
    def of(cls, settings: Settings) -> Recipe:
        """The recipe of a gathering."""
        return cls(settings.gathering.timezone, settings.gathering.language)

    def as_json(self) -> dict[str, Any]:
        """As stored in the file beside the index."""
        values = {"version": VERSION, "zone": self.zone, "languages": list(self.languages)}
        return values | {"analysis": analysis()}


@functools.cache
def analysis() -> str:
    """Hash of everything that affects tokenizing: versions of the libraries and of Unicode, and our own code.

    Different versions find different words: the stemming library 3.1 has other stems for "evening"
    and for all of Dutch than 2.2.
    """
    own = hashlib.sha256()
    for module in (tokenizer, languages):
        # Without source files, VERSION alone has to suffice.
        with suppress(OSError):
            own.update(inspect.getsource(module).encode())
    libraries = [f"{name} {version(name)}" for name in ("snowballstemmer", "whoosh-reloaded")]
    return " ".join([*libraries, f"unicode {unicodedata.unidata_version}", own.hexdigest()[:12]])
