"""What the index is made for: a change of any of it means that the index is built again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reporter.config import Settings
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
        return {"version": VERSION, "zone": self.zone, "languages": list(self.languages)}
