"""The print pack's pages for people: the reporter's brief, the opening statement, cards to wear."""

from __future__ import annotations

from capture.printing.canvas import ACCENT, INK, SOFT, WHITE, Box
from capture.printing.page_parts import MARGIN, PageParts


class Handouts(PageParts):
    """Draws the pages for people."""

    # The reporter's brief -------------------------------------------------------------------------

    def brief(self) -> None:
        """Draw the page for the volunteers who record: about one volunteer for twenty
        participants."""
        _ = self.translate
        self.sheet.page()
        self.masthead(self.gathering.name)
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
        right = self.sheet.from_right
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
        """Draw the statement for everybody at the start, in type for reading aloud."""
        _ = self.translate
        self.sheet.page()
        self.masthead(_("To read out at the opening"))
        y = 34.0
        for words in self._statement():
            box = Box(MARGIN, y, self.inner, self.sheet.height - y - 14)
            y += self.sheet.write(words, box, size=19, least=12, leading=1.32) + 6.5

    def _statement(self) -> list[str]:
        _ = self.translate
        keeps = _("What is kept, and for how long: %s") % self.gathering.keeps
        contact = _("If you have a question or a worry, talk to %s.") % self.gathering.contact
        paragraphs = [
            _("Welcome to %s. We would like to remember together what we take home.")
            % self.gathering.name,
            _(
                "A poster hangs at every session. Whoever likes can scan it and leave a sentence, a photo or a "
                "short recording. No app and no account is needed."
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
        paragraphs += [keeps] if self.gathering.keeps else []
        return paragraphs + ([contact] if self.gathering.contact else [])

    # The privacy notice ---------------------------------------------------------------------------

    def privacy(self) -> None:
        """Draw a page to hang up: what is kept, who sees it and for how long."""
        self.sheet.page()
        self.masthead(self.gathering.name)
        title = Box(MARGIN, 32, self.inner, 16)
        y = 38 + self.sheet.write(
            self._("What happens with what you give"), title, size=32, least=18, bold=True
        )
        letters = sum(
            len(words) for _heading, sentences in self.gathering.notice for words in sentences
        )
        # The font size at which the page holds this many letters; German needs a fifth more than
        # English.
        size = min(12.5, 19_500 / max(letters, 1))
        for heading, sentences in self.gathering.notice:
            box = Box(MARGIN, y, self.inner, 9)
            y += self.sheet.write(heading, box, size=16, least=11, bold=True, colour=ACCENT) + 1
            for words in sentences:
                y += self._point(words, y, size)
            y += 3

    def _point(self, words: str, y: float, size: float) -> float:
        """Draw a sentence of the notice; returns its height."""
        right = self.sheet.from_right
        self.sheet.disc(MARGIN + (self.inner - 1.2 if right else 1.2), y + 2.4, 0.8, ACCENT)
        box = Box(MARGIN + (0 if right else 5), y, self.inner - 5, 24)
        return self.sheet.write(words, box, size=size, least=8, leading=1.25) + 1.3

    # No photos, please ----------------------------------------------------------------------------

    def no_photos(self) -> None:
        """Draw eight cards per page, to cut apart and wear."""
        self.sheet.page()
        width, height = self.sheet.width / 2, self.sheet.height / 4
        for place in range(8):
            row, column = divmod(place, 2)
            self._no_photo(Box(column * width, row * height, width, height))
        for row in (1, 2, 3):
            self.sheet.cut((0, row * height), (self.sheet.width, row * height))
        self.sheet.cut((width, 0), (width, self.sheet.height))

    def _no_photo(self, box: Box) -> None:
        right = self.sheet.from_right
        camera = box.width - 28 if right else 28
        self._crossed_camera(box.x + camera, box.y + box.height / 2)
        left = box.x + (8 if right else 50)
        words = Box(left, box.y + box.height / 2 - 15, box.width - 58, 31)
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
