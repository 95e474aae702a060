"""Common parts of the print pack's pages: facts, margins, direction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from capture.codes.qr_writer import Wifi
from capture.printing.canvas import ACCENT, Align, Box, Canvas

MARGIN = 16.0


@dataclass(frozen=True)
class PosterSheet:
    """The printed data of one session.

    ``day`` and ``time`` are formatted for people, ``code`` is the six symbols, ``page_url`` the QR
    code's content (``capture.codes.qr_writer.session_url``), ``typed_address`` what a person types,
    as ``192.168.4.1:8000``.
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
class PrintedFacts:
    """Facts that all pages share. ``contact`` is whom to ask, ``keeps`` how long things are kept.

    ``notice`` is the privacy notice: headings, each with its sentences.
    """

    name: str
    wifi: Wifi | None = None
    contact: str = ""
    keeps: str = ""
    notice: tuple[tuple[str, tuple[str, ...]], ...] = ()


class PageParts:
    """Elements used on several kinds of pages of one document."""

    def __init__(
        self, sheet: Canvas, gathering: PrintedFacts, translate: Callable[[str], str]
    ) -> None:
        self.sheet = sheet
        self.gathering = gathering
        self.translate = translate
        self.inner = sheet.width - 2 * MARGIN
        # The side at which lines begin, whatever the direction of their words.
        self.start: Align = "right" if sheet.from_right else "left"

    def at(self, box: Box) -> Box:
        """The position of a box, mirrored on right-to-left pages, so that steps stay in reading
        order."""
        if not self.sheet.from_right:
            return box
        return Box(self.sheet.width - box.x - box.width, box.y, box.width, box.height)

    def masthead(self, words: str) -> None:
        self.sheet.fill(self.at(Box(MARGIN, 14, 20, 2.2)), ACCENT)
        box = Box(MARGIN, 19, self.inner, 7)
        self.sheet.write(words, box, size=15, least=9, bold=True, align=self.start)

    def _(self, words: str) -> str:
        return self.translate(words)
