"""Renders a film's text: title, sessions, quotes, credits, the closing card, and captions below
pictures."""

from __future__ import annotations

from typing import Any

from capture.codes.qr_writer import QUIET_ZONE, qr_matrix
from capture.films.frames import frame_of, planes
from capture.films.typesetting import PixelTypesetter, RenderedText
from capture.printing.canvas import ACCENT, INK, SOFT, WASH, WHITE, Colour
from capture.printing.line_breaks import unbroken
from capture.printing.text_runs import isolate
from reporter.films.script import BETWEEN, Piece, PieceKind

PAPER: Colour = (255, 251, 245)
# Side margins of a card, as a share of its shorter side.
MARGIN = 0.11
# Opacity of the strip behind a caption.
STRIP = 0.62


class CardPainter:
    """Renders the cards of one film as RGB pictures of its size."""

    def __init__(self, size: tuple[int, int], language: str = "en") -> None:
        self._wide, self._high = size
        self._unit = min(size)
        self._language = language
        self._type = PixelTypesetter(language=language)

    def card(self, piece: Piece) -> Any:
        """Render the card of a piece, H × W × 3 uint8."""
        if piece.kind == PieceKind.CLOSING:
            return self._closing(piece)
        ground, ink, soft = _COLOURS.get(piece.kind, (PAPER, INK, SOFT))
        pixels = self._ground(ground)
        if piece.kind == PieceKind.QUOTE:
            self._stack(pixels, self._quote(piece), (INK, SOFT), is_marked=True)
        elif piece.kind == PieceKind.CREDITS:
            self._stack(pixels, self._credits(piece), (ACCENT, INK))
        else:
            self._stack(pixels, self._titles(piece), (ink, soft))
        return pixels

    def line(self, piece: Piece) -> LowerThird | None:
        """Render a picture's caption: its words and its author; None where there are none."""
        words = " · ".join(isolate(part) for part in (piece.words, piece.credit) if part)
        if not words:
            return None
        edge = round(self._unit * 0.045)
        room = (self._wide - 2 * edge, round(self._unit * 0.12))
        block = self._type.set_text(words, room, size=self._unit * 0.042, least=self._unit * 0.03)
        return LowerThird(self._wide, edge, block)

    def _ground(self, colour: Colour) -> Any:
        import numpy as np

        return np.full((self._high, self._wide, 3), colour, np.uint8)

    def _box(self, share: float) -> tuple[int, int]:
        return self._wide - 2 * round(self._unit * MARGIN), round(self._high * share)

    def _titles(self, piece: Piece) -> list[RenderedText]:
        heading = self._type.set_text(
            piece.heading,
            self._box(0.5),
            size=self._unit * 0.115,
            least=self._unit * 0.05,
            bold=True,
        )
        return [heading, *self._below(piece.words, 0.052)]

    def _quote(self, piece: Piece) -> list[RenderedText]:
        words = self._type.set_text(
            piece.words,
            self._box(0.66),
            size=self._unit * 0.088,
            least=self._unit * 0.04,
            bold=True,
        )
        return [words, *self._below(piece.credit, 0.048)]

    def _credits(self, piece: Piece) -> list[RenderedText]:
        heading = self._type.set_text(
            piece.heading,
            self._box(0.2),
            size=self._unit * 0.06,
            least=self._unit * 0.03,
            bold=True,
        )
        # Each name in its own direction, and on one line where that is possible.
        names = (unbroken(name, self._language) for name in piece.words.split(BETWEEN))
        listed = BETWEEN.join(map(isolate, names))
        credited = self._type.set_text(
            listed, self._box(0.6), size=self._unit * 0.062, least=self._unit * 0.03
        )
        return [heading, credited]

    def _below(self, text: str, share: float) -> list[RenderedText]:
        if not text:
            return []
        size = self._unit * share
        return [self._type.set_text(text, self._box(0.16), size=size, least=size * 0.6)]

    def _centred(self, text: str, part: float, size: float, *, bold: bool) -> RenderedText:
        return self._type.set_text(
            text,
            self._box(part),
            size=self._unit * size,
            least=self._unit * 0.03,
            bold=bold,
            is_centred=True,
        )

    def _stack(
        self,
        pixels: Any,
        blocks: list[RenderedText],
        colours: tuple[Colour, Colour],
        *,
        is_marked: bool = False,
    ) -> None:
        """Stack blocks vertically, centred in the height."""
        gap = round(self._unit * 0.04)
        left = (self._wide - blocks[0].ink.shape[1]) // 2
        whole = sum(block.ink.shape[0] for block in blocks) + gap * (len(blocks) - 1)
        top = (self._high - whole) // 2
        if is_marked:
            bar, away = round(self._unit * 0.012), round(self._unit * 0.045)
            x = left - away if not blocks[0].from_right else self._wide - left + away - bar
            pixels[top : top + whole, x : x + bar] = ACCENT
        for number, block in enumerate(blocks):
            _paint(pixels, block, (left, top), colours[min(number, 1)])
            top += block.ink.shape[0] + gap

    def _closing(self, piece: Piece) -> Any:
        import numpy as np

        pixels = self._ground(WASH)
        side = round(self._unit * (0.42 if piece.url else 0))
        blocks = [
            self._centred(text, part, size, bold=bold)
            for text, part, size, bold in (
                (piece.heading, 0.2, 0.08, True),
                (piece.words, 0.12, 0.052, False),
            )
            if text
        ]
        gap = round(self._unit * 0.04)
        whole = side + sum(block.ink.shape[0] + gap for block in blocks)
        top, left = (self._high - whole) // 2, round(self._unit * MARGIN)
        if side:
            code = _code(piece.url, side)
            x = (self._wide - len(code)) // 2
            pixels[top : top + len(code), x : x + len(code)] = np.dstack([code] * 3)
            top += side + gap
        for block, colour in zip(blocks, (INK, ACCENT), strict=False):
            _paint(pixels, block, (left, top), colour)
            top += block.ink.shape[0] + gap
        return pixels


_COLOURS: dict[PieceKind, tuple[Colour, Colour, Colour]] = {
    PieceKind.TITLE: (ACCENT, WHITE, WASH),
    PieceKind.SESSION: (WASH, INK, ACCENT),
}


class LowerThird:
    """A line of text over a dark strip at the lower edge, drawn on every frame of a picture."""

    def __init__(self, width: int, edge: int, block: RenderedText) -> None:
        import numpy as np

        # yuv420p: two rows and two columns share one colour sample.
        high = (block.ink.shape[0] + 2 * edge) // 2 * 2
        self._high = high
        pixels, opacity = block.layer(WHITE)
        letters, shown = np.zeros((high, width, 3), np.uint8), np.zeros((high, width), np.float32)
        # Above the letters the strip fades in.
        place = np.s_[edge : edge + block.ink.shape[0], edge : edge + block.ink.shape[1]]
        letters[place], shown[place] = pixels, opacity
        shade = np.minimum(np.arange(high, dtype=np.float32) / edge, 1)[:, None] * STRIP
        light, *colours = planes(frame_of(letters))
        self._keep = (1 - shade) * (1 - shown)
        self._add = 16 * shade * (1 - shown) + light * shown
        self._grey = self._keep[::2, ::2]
        self._tints = [128 + (one - 128.0) * shown[::2, ::2] for one in colours]

    def put_on(self, frame: Any) -> None:
        """Draw the line on the frame, in place."""
        light, *colours = planes(frame)
        light[-self._high :] = light[-self._high :] * self._keep + self._add
        for colour, tint in zip(colours, self._tints, strict=True):
            part = colour[-(self._high // 2) :]
            part[:] = (part - 128.0) * self._grey + tint


def _paint(pixels: Any, block: RenderedText, at: tuple[int, int], colour: Colour) -> None:
    x, y = at
    high = min(block.ink.shape[0], pixels.shape[0] - y)
    part = pixels[y : y + high, x : x + block.ink.shape[1]]
    letters, opacity = block.layer(colour)
    share = opacity[:high, :, None]
    part[:] = part * (1 - share) + letters[:high] * share


def _code(text: str, side: int) -> Any:
    """Render a QR code with its white border, about ``side`` pixels wide: each module is a whole
    number of pixels."""
    import numpy as np

    matrix = np.pad(np.array(qr_matrix(text), bool), QUIET_ZONE)
    each = max(2, side // len(matrix))
    return np.where(np.kron(matrix, np.ones((each, each), bool)), 0, 255).astype(np.uint8)
