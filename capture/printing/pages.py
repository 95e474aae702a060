"""Layout of the print pack's session pages.

A poster has to work from three metres (the title), from one metre (the QR codes) and at arm's
length (what to type). One accent colour, much white space.
"""

from __future__ import annotations

from collections.abc import Sequence

from capture.codes.qr_writer import Wifi, wifi_text
from capture.printing.canvas import (
    ACCENT,
    INK,
    LINE,
    SOFT,
    WASH,
    WHITE,
    Align,
    Box,
    Colour,
    is_tall,
)
from capture.printing.page_parts import MARGIN, PageParts, PosterSheet
from capture.printing.text_runs import LRI, PDI, RLI, isolate, reads_from_right


class Pages(PageParts):
    """Draws posters, marker cards and end cards."""

    # A poster -------------------------------------------------------------------------------------

    def poster(self, session: PosterSheet) -> None:
        """Draw an A4 or Letter poster, portrait: title, Wi-Fi, page, code."""
        self.sheet.page()
        self.masthead(self.gathering.name)
        steps = self.sheet.height - 153
        self._headline(session, Box(MARGIN, 32, self.inner, steps - 56))
        self._invitation(session, steps - 15)
        wifi = self.gathering.wifi
        if wifi is not None:
            half = (self.inner - 8) / 2
            self._join(wifi, self.at(Box(MARGIN, steps, half, 93)))
            self._scan(session, self.at(Box(MARGIN + half + 8, steps, half, 93)), step=2)
        else:
            self._scan(session, Box(MARGIN, steps, self.inner, 93), step=1)
        self._type(session, Box(MARGIN, steps + 99, self.inner, 29), step=3 if wifi else 2)
        self._footnote()

    def _headline(self, session: PosterSheet, box: Box) -> None:
        title = self._title(session)
        below = 25 if session.speakers else 16
        used = self.sheet.write(
            title,
            Box(box.x, box.y, box.width, box.height - below),
            size=76,
            least=24,
            bold=True,
            leading=1.32 if is_tall(title) else 1.08,
        )
        side = self._side_of(title)
        used += 5
        used += self.sheet.write(
            self._place(session),
            Box(box.x, box.y + used, box.width, 11),
            size=24,
            least=12,
            bold=True,
            colour=ACCENT,
            align=side,
            from_right=self.sheet.from_right,
        )
        place = Box(box.x, box.y + used + 0.5, box.width, 8)
        self.sheet.write(session.speakers, place, size=17, least=10, colour=SOFT, align=side)

    def _place(self, session: PosterSheet) -> str:
        """Room, day and time in the gathering's direction, each isolated from the others whatever
        its script.

        A room in letters that no font has becomes a line to write it on.
        """
        room = session.room
        if room and not any(c.isalnum() for c in self.sheet.shown(room, bold=True)):
            room = "_" * 14
        parts = (isolate(room), *(self._isolated(one) for one in (session.day, session.time)))
        return "  ·  ".join(filter(None, parts))

    def _isolated(self, text: str) -> str:
        """Isolate words in the gathering's language: digits alone follow its direction too."""
        return f"{RLI if self.sheet.from_right else LRI}{text}{PDI}" if text else ""

    def _side_of(self, title: str) -> Align:
        """Text under a title is aligned to the same side as the title."""
        return "right" if reads_from_right(title, self.sheet.from_right) else "left"

    def _title(self, session: PosterSheet) -> str:
        """The session's title, or its code when no font has any letter of the title."""
        shown = self.sheet.shown(session.title, bold=True)
        if any(c.isalnum() for c in shown):
            return session.title
        return self._("Session %s") % spaced(session.code)

    def _invitation(self, session: PosterSheet, y: float) -> None:
        _ = self.translate
        if session.do_not_record:
            self.sheet.fill(Box(MARGIN, y - 2, self.inner, 13), ACCENT, radius=2)
            words = _("Words only here: no photos, no recordings in this session.")
            box = Box(MARGIN + 5, y + 0.6, self.inner - 10, 9)
            self.sheet.write(words, box, size=19, least=11, bold=True, colour=WHITE)
            return
        words = _("What will you take home from this? Keep it here.")
        self.sheet.write(words, Box(MARGIN, y, self.inner, 10), size=21, least=12)

    def _join(self, wifi: Wifi, box: Box) -> None:
        _ = self.translate
        self._panel(box)
        self._step(1, _("Join the Wi-Fi"), box)
        side = 58.0
        self.sheet.qr(wifi_text(wifi), Box(box.x + (box.width - side) / 2, box.y + 16, side, side))
        name = Box(box.x + 5, box.y + 75.5, box.width - 10, 7)
        self.sheet.write(wifi.ssid, name, size=15, least=8, bold=True, align="centre")
        if wifi.password:
            words = _("Password: %s") % wifi.password
            below = Box(box.x + 5, box.y + 83, box.width - 10, 6)
            self.sheet.write(words, below, size=13, least=6, colour=SOFT, align="centre")

    def _scan(self, session: PosterSheet, box: Box, *, step: int) -> None:
        self._panel(box)
        self._step(step, self._("Scan, and keep something"), box)
        side = 72.0
        place = Box(box.x + (box.width - side) / 2, box.y + 16, side, side)
        self.sheet.qr(session.page_url, place)

    def _type(self, session: PosterSheet, box: Box, *, step: int) -> None:
        _ = self.translate
        self.sheet.fill(box, WASH, radius=3)
        left = Box(box.x, box.y, box.width * 0.54, box.height)
        self._step(step, _("Can't scan? Type this"), self.at(left))
        address = self.at(Box(box.x + 6, box.y + 15.5, left.width - 8, 10))
        typed_address = session.typed_address
        self.sheet.write(
            typed_address, address, size=22, least=10, bold=True, align=self.start, from_right=False
        )
        x = box.x + left.width + 2
        width = box.width - left.width - 7
        words = self.at(Box(x, box.y + 3.4, width, 6))
        self.sheet.write(_("and this code"), words, size=12, least=8, colour=SOFT, align=self.start)
        code = self.at(Box(x, box.y + 8.6, width, 20))
        self._code(session.code, code, size=50, least=30, colour=ACCENT, leading=1)

    def _code(
        self,
        code: str,
        box: Box,
        *,
        size: float,
        least: float,
        colour: Colour = INK,
        leading: float = 1.18,
    ) -> None:
        """A code reads left to right in every language."""
        self.sheet.write(
            spaced(code),
            box,
            size=size,
            least=least,
            bold=True,
            colour=colour,
            align=self.start,
            leading=leading,
            from_right=False,
        )

    def _footnote(self) -> None:
        words = self._(
            "No app, no account. Nothing is shown to others before an organizer has looked at it, "
            "and you can take back what you gave."
        )
        box = Box(MARGIN, self.sheet.height - 19.5, self.inner, 10)
        self.sheet.write(words, box, size=11, least=8, colour=SOFT)

    def _panel(self, box: Box) -> None:
        self.sheet.frame(box, LINE, width=0.5, radius=3)

    def _step(self, number: int, words: str, box: Box) -> None:
        """Draw a number in a disc and an instruction; the number comes first in reading
        direction."""
        right = self.sheet.from_right
        centre = box.x + (box.width - 9 if right else 9)
        self.sheet.disc(centre, box.y + 8.5, 4.6, ACCENT)
        digit = Box(centre - 4.6, box.y + 5.0, 9.2, 8)
        self.sheet.write(
            str(number), digit, size=17, bold=True, colour=WHITE, align="centre", leading=1.15
        )
        words_box = Box(box.x + (4 if right else 16), box.y + 5.0, box.width - 20, 8)
        self.sheet.write(words, words_box, size=18, least=9, bold=True, align=self.start)

    # Marker cards ---------------------------------------------------------------------------------

    def markers(self, sessions: Sequence[PosterSheet]) -> None:
        """Draw up to two cards per page, to cut apart: the first photo on a camera card identifies
        the session.

        The code fills the card, because readers need it at a tenth of the picture's width.
        """
        self.sheet.page()
        half = self.sheet.height / 2
        for place, session in enumerate(sessions):
            self._marker(session, place * half, half)
        self.sheet.cut((0, half), (self.sheet.width, half))

    def _marker(self, session: PosterSheet, top: float, height: float) -> None:
        _ = self.translate
        side = height - 16
        self.sheet.qr(session.page_url, self.at(Box(6, top + 8, side, side)))
        x = side + 8
        width = self.sheet.width - x - 10
        self.sheet.fill(self.at(Box(x, top + 18, 14, 2.2)), ACCENT)
        first = self.at(Box(x, top + 24, width, 30))
        used = self.sheet.write(
            _("Photograph me first"),
            first,
            size=24,
            least=13,
            bold=True,
            colour=ACCENT,
            align=self.start,
        )
        shown = self._title(session)
        title = self.at(Box(x, top + 29 + used, width, height - used - 80))
        leading = 1.32 if is_tall(shown) else 1.18
        used += self.sheet.write(shown, title, size=21, least=9, bold=True, leading=leading)
        self.sheet.write(
            self._place(session),
            self.at(Box(x, top + 32 + used, width, 12)),
            size=12,
            least=8,
            colour=SOFT,
            align=self._side_of(shown),
            from_right=self.sheet.from_right,
        )
        self._code(session.code, self.at(Box(x, top + height - 34, width, 16)), size=30, least=18)

    def endings(self, url: str) -> None:
        """Draw two cards per page: shots after them belong to no session."""
        _ = self.translate
        self.sheet.page()
        half = self.sheet.height / 2
        side = half - 16
        x, width = side + 14, self.sheet.width - side - 24
        for top in (0.0, half):
            self.sheet.qr(url, self.at(Box(6, top + 8, side, side)))
            self.sheet.fill(self.at(Box(x, top + 18, 14, 2.2)), ACCENT)
            words = self.at(Box(x, top + 24, width, 40))
            used = self.sheet.write(
                _("End of session"), words, size=24, least=13, bold=True, align=self.start
            )
            more = _("Photograph me when you leave the session and go on taking pictures.")
            below = self.at(Box(x, top + 29 + used, width, 50))
            self.sheet.write(more, below, size=14, least=9, colour=SOFT, align=self.start)
        self.sheet.cut((0, half), (self.sheet.width, half))


def spaced(code: str) -> str:
    """A session code in two groups, for easier reading: ``K7Q 2MX``."""
    return f"{code[:3]} {code[3:]}"
