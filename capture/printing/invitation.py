"""Renders the picture of an invitation: what, when, where, and a QR code. Square, because every
service shows that uncropped."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capture.codes.qr_writer import qr_matrix
from capture.printing.fonts import FontShelf

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

SIZE = 1200
_MARGIN = 90
_PAPER, _INK, _ACCENT = (250, 245, 236), (43, 35, 32), (166, 58, 27)
_CODE = 340
# Length limit of a title or line; longer ones would be too small to read.
_CHARS = 160


def invitation_picture(title: str, lines: list[str], address: str = "") -> bytes:
    """Render a PNG of ``SIZE`` × ``SIZE`` pixels with a title, lines below it, and the QR code
    of an address ('' for none)."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (SIZE, SIZE), _PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle([0, 0, SIZE, 26], fill=_ACCENT)
    shelf = FontShelf()
    room = SIZE - 2 * _MARGIN - (_CODE + 60 if address else 0)
    wide = SIZE - 2 * _MARGIN
    pen = _Pen(draw, shelf, wide)
    top = pen.write(title[:_CHARS], 130, size=112, most=room // 2, colour=_INK, bold=True)
    # Beside the code, not below it.
    pen = _Pen(draw, shelf, wide - _CODE - 60 if address else wide)
    for line in lines:
        top = pen.write(line[:_CHARS], top + 36, size=52, most=170, colour=_ACCENT)
    if address:
        _draw_code(draw, address)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


@dataclass(frozen=True)
class _Pen:
    """Writes into a column of a given width in pixels, from the left margin."""

    draw: ImageDraw
    shelf: FontShelf
    width: int

    def write(
        self,
        text: str,
        top: int,
        *,
        size: int,
        most: int,
        colour: tuple[int, int, int],
        bold: bool = False,
    ) -> int:
        """Draw words within ``most`` pixels of height, smaller where there are many; returns the
        y position below them."""
        words, at = " ".join(text.split()), (_MARGIN, top)
        if not words:
            return top
        while True:
            font, shown = _font(self.shelf, words, size, bold=bold)
            wrapped = self._wrapped(shown, font)
            box = self.draw.multiline_textbbox(at, wrapped, font=font, spacing=size // 4)
            if box[3] - top <= most or size <= 28:
                self.draw.multiline_text(at, wrapped, font=font, fill=colour, spacing=size // 4)
                return int(box[3])
            size = size * 9 // 10

    def _wrapped(self, text: str, font: FreeTypeFont) -> str:
        """Wrap lines at the width: between words, or inside one where a script has no spaces."""
        lines = [""]
        for word in text.split(" "):
            wider = f"{lines[-1]} {word}".strip()
            if self.draw.textlength(wider, font=font) <= self.width:
                lines[-1] = wider
            else:
                lines += self._pieces(word, font)
        return "\n".join(line for line in lines if line)

    def _pieces(self, word: str, font: FreeTypeFont) -> list[str]:
        pieces = [""]
        for letter in word:
            if pieces[-1] and self.draw.textlength(pieces[-1] + letter, font=font) > self.width:
                pieces.append("")
            pieces[-1] += letter
        return pieces


def _font(shelf: FontShelf, text: str, size: int, *, bold: bool) -> tuple[FreeTypeFont, str]:
    from PIL import ImageFont

    choice = shelf.choose(text, bold=bold)
    face = next((face for face in choice.faces if face.path is not None), None)
    if face is None or face.path is None:
        # Pillow's default font; it covers only Latin.
        return ImageFont.load_default(size), choice.text  # type: ignore[return-value]
    return ImageFont.truetype(str(face.path), size, index=face.number), choice.text


def _draw_code(draw: ImageDraw, address: str) -> None:
    """Draw the QR code in the lower corner, with its white border of four modules (ISO/IEC
    18004)."""
    matrix = qr_matrix(address)
    module = _CODE // (len(matrix) + 8)
    side = module * (len(matrix) + 8)
    left, top = SIZE - _MARGIN - side, SIZE - _MARGIN - side
    draw.rectangle([left, top, left + side, top + side], fill=(255, 255, 255))
    for row, line in enumerate(matrix):
        for column, dark in enumerate(line):
            if dark:
                x, y = left + module * (column + 4), top + module * (row + 4)
                draw.rectangle([x, y, x + module - 1, y + module - 1], fill=(0, 0, 0))
