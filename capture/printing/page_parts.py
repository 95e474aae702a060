"""What the pages of the print pack have in common: their facts, their margins, their direction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from capture.codes.qr_writer import Wifi
from capture.printing.canvas import ACCENT, Align, Box, Canvas

MARGIN = 16.0


@dataclass(frozen=True)
class PosterSheet:
    """One session as it is printed.

    ``day`` and ``time`` are texts for people, ``code`` the six symbols, ``page_url`` what the QR code holds
    (``capture.codes.qr_writer.session_url``), ``typed_address`` what a person types, as ``192.168.4.1:8000``.
    """

    title: str
    code: str
    page_url: str
    typed_address: str
    room: str = ""
    day: str = ""
    time: str = ""
    speakers: str = ""
    do_not_record: bool = False


@dataclass(frozen=True)
class GatheringFacts:
    """What all pages share. ``contact`` is whom to ask, ``keeps`` how long things are kept.

    ``notice`` is the privacy notice: headings, each with its sentences.
    """

    name: str
    wifi: Wifi | None = None
    contact: str = ""
    keeps: str = ""
    notice: tuple[tuple[str, tuple[str, ...]], ...] = ()


class PageParts:
    """What is drawn on several kinds of pages of one document."""

    def __init__(
        self, sheet: Canvas, gathering: GatheringFacts, translate: Callable[[str], str]
    ) -> None:
        self.sheet = sheet
        self.gathering = gathering
        self.translate = translate
        self.inner = sheet.width - 2 * MARGIN
        # Where a line of a page begins, whatever the direction of its words.
        self.start: Align = "right" if sheet.from_right else "left"

    def at(self, box: Box) -> Box:
        """Where a box lies on pages that read from the right: mirrored, so that steps follow one another."""
        if not self.sheet.from_right:
            return box
        return Box(self.sheet.width - box.x - box.width, box.y, box.width, box.height)

    def masthead(self, words: str) -> None:
        self.sheet.fill(self.at(Box(MARGIN, 14, 20, 2.2)), ACCENT)
        box = Box(MARGIN, 19, self.inner, 7)
        self.sheet.write(words, box, size=15, least=9, bold=True, align=self.start)

    def _(self, words: str) -> str:
        return self.translate(words)
