"""What is on each page of the print pack.

A poster has to work from three metres (the title), from one metre (the QR codes) and at arm's
length (what to type). One accent, much paper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from capture.codes.qr_writer import Wifi, wifi_text
from capture.printing.canvas import (
    ACCENT,
    INK,
    LINE,
    SOFT,
    WASH,
    WHITE,
    Box,
    Canvas,
    is_tall,
    reads_from_right,
)

MARGIN = 16.0


@dataclass(frozen=True)
class PosterSheet:
    """One session as it is printed.

    ``time`` is text for people, ``code`` the six symbols, ``page_url`` what the QR code holds
    (``capture.codes.qr_writer.session_url``), ``typed_address`` what a person types, as ``192.168.4.1:8000``.
    """

    title: str
    code: str
    page_url: str
    typed_address: str
    room: str = ""
    time: str = ""
    do_not_record: bool = False


@dataclass(frozen=True)
class GatheringFacts:
    """What all pages share. ``contact`` is whom to ask, ``keeps`` how long things are kept."""

    name: str
    wifi: Wifi | None = None
    contact: str = ""
    keeps: str = ""


class Pages:
    """Draws pages onto one document."""

    def __init__(
        self, sheet: Canvas, gathering: GatheringFacts, translate: Callable[[str], str]
    ) -> None:
        self.sheet = sheet
        self.gathering = gathering
        self.translate = translate
        self.inner = sheet.width - 2 * MARGIN

    # A poster -------------------------------------------------------------------------------------

    def poster(self, session: PosterSheet) -> None:
        """A4 or Letter, upright: title, Wi-Fi, page, code."""
        self.sheet.page()
        self._masthead(self.gathering.name)
        steps = self.sheet.height - 153
        self._headline(session, Box(MARGIN, 32, self.inner, steps - 56))
        self._invitation(session, steps - 15)
        wifi = self.gathering.wifi
        if wifi is not None:
            half = (self.inner - 8) / 2
            self._join(wifi, Box(MARGIN, steps, half, 93))
            self._scan(session, Box(MARGIN + half + 8, steps, half, 93), step=2)
        else:
            self._scan(session, Box(MARGIN, steps, self.inner, 93), step=1)
        self._type(session, Box(MARGIN, steps + 99, self.inner, 29), step=3 if wifi else 2)
        self._footnote()

    def _masthead(self, words: str) -> None:
        self.sheet.fill(Box(MARGIN, 14, 20, 2.2), ACCENT)
        self.sheet.write(words, Box(MARGIN, 19, self.inner, 7), size=15, least=9, bold=True)

    def _headline(self, session: PosterSheet, box: Box) -> None:
        title = self._title(session)
        used = self.sheet.write(
            title,
            Box(box.x, box.y, box.width, box.height - 16),
            size=76,
            least=24,
            bold=True,
            leading=1.32 if is_tall(title) else 1.08,
        )
        place = "  ·  ".join(filter(None, (session.room, session.time)))
        self.sheet.write(
            place,
            Box(box.x, box.y + used + 5, box.width, 11),
            size=24,
            least=12,
            bold=True,
            colour=ACCENT,
            align=_side_of(title),
        )

    def _title(self, session: PosterSheet) -> str:
        """The session's title, or its code when no font has any letter of the title."""
        shown = self.sheet.choose(session.title, bold=True).text
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
        self._step(step, _("Can't scan? Type this"), left)
        address = Box(box.x + 6, box.y + 15.5, left.width - 8, 10)
        self.sheet.write(session.typed_address, address, size=22, least=10, bold=True)
        x = box.x + left.width + 2
        width = box.width - left.width - 7
        self.sheet.write(
            _("and this code"), Box(x, box.y + 3.4, width, 6), size=12, least=8, colour=SOFT
        )
        code = Box(x, box.y + 8.6, width, 20)
        self.sheet.write(
            spaced(session.code), code, size=50, least=30, bold=True, colour=ACCENT, leading=1
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
        """A number in a disc and what to do; the number is first in reading direction."""
        right = reads_from_right(words)
        centre = box.x + (box.width - 9 if right else 9)
        self.sheet.disc(centre, box.y + 8.5, 4.6, ACCENT)
        digit = Box(centre - 4.6, box.y + 5.0, 9.2, 8)
        self.sheet.write(
            str(number), digit, size=17, bold=True, colour=WHITE, align="centre", leading=1.15
        )
        words_box = Box(box.x + (4 if right else 16), box.y + 5.0, box.width - 20, 8)
        self.sheet.write(words, words_box, size=18, least=9, bold=True)

    # Marker cards ---------------------------------------------------------------------------------

    def markers(self, sessions: Sequence[PosterSheet]) -> None:
        """Up to two cards a page, to cut apart: the first photo on a camera card names the session.

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
        self.sheet.qr(session.page_url, Box(6, top + 8, side, side))
        x = side + 8
        width = self.sheet.width - x - 10
        self.sheet.fill(Box(x, top + 18, 14, 2.2), ACCENT)
        first = Box(x, top + 24, width, 30)
        used = self.sheet.write(
            _("Photograph me first"), first, size=24, least=13, bold=True, colour=ACCENT
        )
        title = Box(x, top + 29 + used, width, height - used - 80)
        used += self.sheet.write(self._title(session), title, size=21, least=9, bold=True)
        place = " · ".join(filter(None, (session.room, session.time)))
        self.sheet.write(place, Box(x, top + 32 + used, width, 12), size=12, least=8, colour=SOFT)
        code = Box(x, top + height - 34, width, 16)
        self.sheet.write(spaced(session.code), code, size=30, least=18, bold=True)

    def endings(self, url: str) -> None:
        """Two cards a page: what follows on the camera belongs to no session any more."""
        _ = self.translate
        self.sheet.page()
        half = self.sheet.height / 2
        side = half - 16
        x, width = side + 14, self.sheet.width - side - 24
        for top in (0.0, half):
            self.sheet.qr(url, Box(6, top + 8, side, side))
            self.sheet.fill(Box(x, top + 18, 14, 2.2), ACCENT)
            words = Box(x, top + 24, width, 40)
            used = self.sheet.write(_("End of session"), words, size=24, least=13, bold=True)
            more = _("Photograph me when you leave the session and go on taking pictures.")
            self.sheet.write(
                more, Box(x, top + 29 + used, width, 50), size=14, least=9, colour=SOFT
            )
        self.sheet.cut((0, half), (self.sheet.width, half))

    # The reporter's brief -------------------------------------------------------------------------

    def brief(self) -> None:
        """One page for the volunteers who record: about one for twenty participants."""
        _ = self.translate
        self.sheet.page()
        self._masthead(self.gathering.name)
        y = 34.0
        y += self.sheet.write(
            _("You are a reporter"), Box(MARGIN, y, self.inner, 22), size=46, least=24, bold=True
        )
        lead = _(
            "Help people say what they take home. Short is good: a sentence, a photo, a minute."
        )
        y += 3 + self.sheet.write(lead, Box(MARGIN, y + 2, self.inner, 20), size=18, colour=SOFT)
        y += 7
        for number, (head, words) in enumerate(self._duties(), start=1):
            y += self._duty(number, head, words, y) + 7.5
        if self.gathering.contact:
            words = _("Questions? Ask %s.") % self.gathering.contact
            box = Box(MARGIN, self.sheet.height - 24, self.inner, 8)
            self.sheet.write(words, box, size=15, least=9, bold=True, colour=ACCENT)

    def _duty(self, number: int, head: str, words: str, y: float) -> float:
        right = reads_from_right(head)
        self.sheet.disc(MARGIN + (self.inner - 4.6 if right else 4.6), y + 4.4, 4.6, ACCENT)
        digit = Box(MARGIN + (self.inner - 9.2 if right else 0), y + 0.9, 9.2, 8)
        self.sheet.write(
            str(number), digit, size=17, bold=True, colour=WHITE, align="centre", leading=1.15
        )
        x, width = MARGIN + (0 if right else 14), self.inner - 14
        used = self.sheet.write(head, Box(x, y, width, 9), size=20, least=11, bold=True)
        used += self.sheet.write(words, Box(x, y + used + 0.5, width, 24), size=15.5, least=9)
        return used

    def _duties(self) -> list[tuple[str, str]]:
        _ = self.translate
        return [
            (
                _("Ask before you record"),
                _(
                    "A nod is enough. For children, ask a parent. Leave out who wears a no-photo card."
                ),
            ),
            (
                _("Start with the poster or the marker card"),
                _(
                    "Scan its code with the phone. With a camera, photograph the code before "
                    "anything else in that session: it sorts all pictures that follow."
                ),
            ),
            (
                _("Ask one good question"),
                _("“What will you do differently?” brings more than “How was it?”"),
            ),
            (
                _("Keep it short"),
                _(
                    "Video and voice under a minute. Hold the phone still, go close, mind the light."
                ),
            ),
            (
                _("Wait for “Safe on the kiosk”"),
                _(
                    "Only then it is stored. If the Wi-Fi is away it waits on the phone: keep the "
                    "page open and come back into the room."
                ),
            ),
            (
                _("Give them the receipt"),
                _(
                    "With its code people can look at what they gave, change it, or take it back. "
                    "Text-only sessions stay text only."
                ),
            ),
        ]

    # The opening statement ------------------------------------------------------------------------

    def opening(self) -> None:
        """What is said to everybody at the start, in letters for reading aloud."""
        _ = self.translate
        self.sheet.page()
        self._masthead(_("To read out at the opening"))
        y = 34.0
        for words in self._statement():
            box = Box(MARGIN, y, self.inner, self.sheet.height - y - 14)
            y += self.sheet.write(words, box, size=19, least=12, leading=1.32) + 6.5

    def _statement(self) -> list[str]:
        _ = self.translate
        keeps = _("What is kept, and for how long: %s") % self.gathering.keeps
        contact = _("If you have a question or a worry, talk to %s.") % self.gathering.contact
        said = [
            _("Welcome to %s. We would like to remember together what we take home.")
            % self.gathering.name,
            _(
                "At every session hangs a poster. Whoever likes scans it and leaves a sentence, a "
                "photo or a short recording. No app and no account is needed."
            ),
            _(
                "Nobody has to be in a picture. If you don't want to be photographed or recorded, "
                "take one of the no-photo cards and wear it where it can be seen. Reporters leave "
                "you out. Children are only recorded if a parent agrees."
            ),
            _(
                "Everything stays on a laptop in this building until an organizer has looked at "
                "it. You choose who may see what you give: everyone, our community, or only the "
                "people here today."
            ),
            _(
                "You get a code for everything you give. With it you can change it or take it "
                "back, also later. If you see yourself in a picture and don't want that, tell us: "
                "we take it down or make you unrecognizable."
            ),
        ]
        said += [keeps] if self.gathering.keeps else []
        return said + ([contact] if self.gathering.contact else [])

    # No photos, please ----------------------------------------------------------------------------

    def no_photos(self) -> None:
        """Eight cards a page, to cut apart and wear."""
        self.sheet.page()
        width, height = self.sheet.width / 2, self.sheet.height / 4
        for place in range(8):
            row, column = divmod(place, 2)
            self._no_photo(Box(column * width, row * height, width, height))
        for row in (1, 2, 3):
            self.sheet.cut((0, row * height), (self.sheet.width, row * height))
        self.sheet.cut((width, 0), (width, self.sheet.height))

    def _no_photo(self, box: Box) -> None:
        self._crossed_camera(box.x + 28, box.y + box.height / 2)
        words = Box(box.x + 50, box.y + box.height / 2 - 15, box.width - 58, 31)
        used = self.sheet.write(
            self._("No photos of me, please"), words, size=22, least=11, bold=True
        )
        below = Box(words.x, words.y + used + 1, words.width, 7)
        self.sheet.write(self.gathering.name, below, size=10, least=6, colour=SOFT)

    def _crossed_camera(self, x: float, y: float) -> None:
        self.sheet.fill(Box(x - 4, y - 9.2, 8, 5), INK, radius=1.2)
        self.sheet.fill(Box(x - 11, y - 6.5, 22, 15), INK, radius=2.2)
        self.sheet.disc(x, y + 1, 5.2, WHITE)
        self.sheet.disc(x, y + 1, 3.4, INK)
        self.sheet.ring(x, y, 16, width=2.6, colour=ACCENT)
        reach = 16 * 0.7071
        self.sheet.line((x - reach, y - reach), (x + reach, y + reach), width=2.6, colour=ACCENT)

    def _(self, words: str) -> str:
        return self.translate(words)


def _side_of(title: str) -> Literal["start", "right"]:
    """What stands under a title begins at the same side as the title."""
    return "right" if reads_from_right(title) else "start"


def spaced(code: str) -> str:
    """A session code in two groups, so that the eye keeps its place: ``K7Q 2MX``."""
    return f"{code[:3]} {code[3:]}"
