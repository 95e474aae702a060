"""The type of a supported file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MediaType:
    """A supported file type: ``kind`` is photo, video or audio, ``ext`` begins with a dot."""

    kind: str
    mime: str
    ext: str
