"""Writes PDF 1.7 (ISO 32000-1): pages with vector shapes and glyphs; each font is subset once, at
the end.

Coordinates are points from the lower left corner of a page.
"""

from __future__ import annotations

import hashlib
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from capture.printing.font_files import FontFace, core_widths, open_font

# Control point distance for a quarter circle as a Bézier curve.
_ARC = 0.5523


@dataclass(frozen=True)
class PlacedGlyph:
    """A glyph on a page: its id in the font, the letters it represents, and the position of its
    origin (points)."""

    gid: int
    text: str
    x: float
    y: float


@dataclass
class _Font:
    """The glyphs of a font that a document uses; each pair of glyph and text has its own code."""

    face: FontFace
    name: str
    codes: dict[tuple[int, str], int] = field(default_factory=dict)

    def code(self, glyph: PlacedGlyph) -> int:
        return self.codes.setdefault((glyph.gid, glyph.text), len(self.codes) + 1)


@dataclass(frozen=True)
class _Text:
    """Glyphs of one size and font, written after the font has been subset."""

    font: _Font
    size: float
    glyphs: tuple[PlacedGlyph, ...]


class PdfDocument:
    """Collects pages, then writes them all."""

    def __init__(self, width: float, height: float) -> None:
        """``width`` and ``height`` of all pages, in points."""
        self._size = (width, height)
        self._pages: list[list[str | _Text]] = []
        self._fonts: dict[FontFace, _Font] = {}
        self._forms: dict[str, tuple[str, float]] = {}
        self._images: dict[tuple[FontFace, int], tuple[int, int, bytes, bytes]] = {}
        self._photos: dict[bytes, tuple[int, int]] = {}

    def page(self) -> None:
        """Begin a new page."""
        self._pages.append([])

    def draw(self, operators: str) -> None:
        """Add operators of the content stream (ISO 32000-1, annex A) to the page."""
        self._pages[-1].append(operators)

    def text(self, face: FontFace, size: float, glyphs: Sequence[PlacedGlyph]) -> None:
        """Show glyphs of a font, ``size`` in points, in the current colour."""
        font = self._fonts.setdefault(face, _Font(face, f"F{len(self._fonts)}"))
        for glyph in glyphs:
            font.code(glyph)
        self._pages[-1].append(_Text(font, size, tuple(glyphs)))

    def form(self, name: str, path: str, side: float, at: tuple[float, float, float]) -> None:
        """Show a square drawing, stored once for all its uses: ``at`` is x, y and its side
        length."""
        self._forms.setdefault(name, (path, side))
        number = list(self._forms).index(name)
        x, y, shown = at
        self.draw(f"q {shown / side:.5f} 0 0 {shown / side:.5f} {x:.3f} {y:.3f} cm /X{number} Do Q")

    def images(self, face: FontFace, size: float, glyphs: Sequence[PlacedGlyph]) -> None:
        """Show the pictures of colour glyphs, ``size`` in points."""
        for glyph in glyphs:
            key = (face, glyph.gid)
            if key not in self._images:
                self._images[key] = open_font(face).picture(glyph.gid)
            number = list(self._images).index(key)
            left, bottom, right, top = open_font(face).ink(glyph.gid) or (0, 0, 1, 1)
            x, y = glyph.x + left * size, glyph.y + bottom * size
            width, height = (right - left) * size, (top - bottom) * size
            self.draw(f"q {width:.3f} 0 0 {height:.3f} {x:.3f} {y:.3f} cm /I{number} Do Q")

    def photo(
        self, jpeg: bytes, size: tuple[int, int], at: tuple[float, float, float, float]
    ) -> None:
        """Show an RGB JPEG of the given pixel size: ``at`` is x, y, width and height on the
        page."""
        self._photos.setdefault(jpeg, size)
        number = list(self._photos).index(jpeg)
        x, y, width, height = at
        self.draw(f"q {width:.3f} 0 0 {height:.3f} {x:.3f} {y:.3f} cm /P{number} Do Q")

    @contextmanager
    def meaning(self, text: str, glyphs: Sequence[PlacedGlyph]) -> Iterator[None]:
        """Mark glyphs with their replacement text (14.9.4) where it differs from their letters.

        Not for right-to-left text: readers (Poppler, PDFium) treat the replacement as visual order,
        and reverse it.
        """
        letters = [glyph.text for glyph in glyphs]
        marked = any(unicodedata.category(c).startswith("M") for c in text)
        plain = not marked and all(letters) and "".join(letters) == text
        from_right = any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)
        if from_right or (plain and len({round(glyph.y, 3) for glyph in glyphs}) <= 1):
            yield
            return
        self.draw(f"/Span << /ActualText {_string(text)} >> BDC")
        yield
        self.draw("EMC")

    def output(self, *, title: str, language: str, now: datetime) -> bytes:
        """Return the file; the same bytes for the same pages and the same ``now`` (aware)."""
        writer = _Writer()
        fonts = {font.name: _write_font(writer, font) for font in self._fonts.values()}
        forms = {f"X{n}": _write_form(writer, *form) for n, form in enumerate(self._forms.values())}
        images = {f"I{n}": _write_image(writer, one) for n, one in enumerate(self._images.values())}
        photos = {f"P{n}": _write_photo(writer, *one) for n, one in enumerate(self._photos.items())}
        resources = writer.add(
            f"<< /Font << {_references({n: ref for n, (ref, _) in fonts.items()})} >> "
            f"/XObject << {_references({**forms, **images, **photos})} >> >>"
        )
        tree = writer.reserve()
        mapped = {name: cids for name, (_, cids) in fonts.items()}
        kids = [
            self._write_page(writer, page, tree, resources, cids=mapped) for page in self._pages
        ]
        writer.set(
            tree,
            f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{k} 0 R' for k in kids)}] >>",
        )
        root = writer.add(f"<< /Type /Catalog /Pages {tree} 0 R /Lang {_string(language)} >>")
        stamp = now.strftime("D:%Y%m%d%H%M%S%z")
        info = writer.add(
            f"<< /Title {_string(title)} /Creator (Social Reporter) "
            f"/CreationDate ({stamp[:-2]}'{stamp[-2:]}') >>"
        )
        return writer.finish(root, info)

    def _write_page(
        self,
        writer: _Writer,
        page: list[str | _Text],
        tree: int,
        resources: int,
        *,
        cids: dict[str, dict[int, int]],
    ) -> int:
        parts = [
            part if isinstance(part, str) else _text_operators(part, cids[part.font.name])
            for part in page
        ]
        content = writer.stream("", "\n".join(parts).encode("ascii"))
        width, height = self._size
        return writer.add(
            f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] "
            f"/Resources {resources} 0 R /Contents {content} 0 R >>"
        )


class _Writer:
    """The objects of a file, in the order of their numbers."""

    def __init__(self) -> None:
        self._objects: list[bytes] = []

    def reserve(self) -> int:
        self._objects.append(b"null")
        return len(self._objects)

    def set(self, number: int, body: str | bytes) -> None:
        self._objects[number - 1] = body.encode("ascii") if isinstance(body, str) else body

    def add(self, body: str | bytes) -> int:
        number = self.reserve()
        self.set(number, body)
        return number

    def stream(self, entries: str, data: bytes) -> int:
        packed = zlib.compress(data, 6)
        head = f"<< {entries} /Filter /FlateDecode /Length {len(packed)} >>\nstream\n"
        return self.add(head.encode("ascii") + packed + b"\nendstream")

    def finish(self, root: int, info: int) -> bytes:
        out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for number, body in enumerate(self._objects, 1):
            places.append(len(out))
            out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
        identity = hashlib.sha256(out).hexdigest()[:32]
        table = "".join(f"{place:010d} 00000 n \n" for place in places)
        size = len(self._objects) + 1
        out_end = (
            f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root {root} 0 R "
            f"/Info {info} 0 R /ID [<{identity}> <{identity}>] >>\nstartxref\n{len(out)}\n%%EOF\n"
        )
        return bytes(out) + out_end.encode("ascii")


def _references(named: dict[str, int]) -> str:
    return " ".join(f"/{name} {number} 0 R" for name, number in named.items())


def _string(text: str) -> str:
    """A text string (7.9.2.2) as hexadecimal UTF-16."""
    return f"<FEFF{text.encode('utf-16-be').hex()}>"


def _text_operators(text: _Text, cids: dict[int, int]) -> str:
    """Glyphs on one baseline form one string, so that readers recognize words; marks off it are
    separate."""
    digits = 2 if text.font.face.path is None else 4
    parts = [f"BT /{text.font.name} {text.size:.3f} Tf"]
    for y, group in groupby(text.glyphs, key=lambda glyph: round(glyph.y, 3)):
        glyphs = list(group)
        pen = glyphs[0].x
        shown = []
        for glyph in glyphs:
            shift = round((pen - glyph.x) * 1000 / text.size)
            if shift:
                shown.append(str(shift))
            shown.append(f"<{cids[text.font.code(glyph)]:0{digits}X}>")
            pen += (_width(text.font.face, glyph.gid) - shift) * text.size / 1000
        parts.append(f"1 0 0 1 {glyphs[0].x:.3f} {y:.3f} Tm [{''.join(shown)}] TJ")
    return "\n".join([*parts, "ET"]).replace("><", "")


def _width(face: FontFace, gid: int) -> float:
    """The advance of a glyph that the file states, in thousandths of an em."""
    if face.path is None:
        return core_widths(face.bold)[bytes([gid]).decode("cp1252")]
    return round(open_font(face).advance(gid) * 1000, 1)


# Fonts --------------------------------------------------------------------------------------------


def _write_font(writer: _Writer, font: _Font) -> tuple[int, dict[int, int]]:
    """Write a font; returns (the font's object, {our code: the file's code})."""
    if font.face.path is None:
        return _write_core_font(writer, font)
    cut = open_font(font.face).subset({gid for gid, _ in font.codes})
    order = {code: key for key, code in font.codes.items()}
    # Only TrueType has a table from codes to glyphs; in CFF the code is the glyph id (9.7.4.2).
    cids = {
        code: code if cut.truetype else cut.numbers[gid] for (gid, _), code in font.codes.items()
    }
    widths = " ".join(f"{cids[c]} [{_width(font.face, order[c][0])}]" for c in order)
    name = f"{_tag(font)}+{font.name}"
    program = writer.stream(
        f"/Length1 {len(cut.data)}" if cut.truetype else "/Subtype /CIDFontType0C", cut.data
    )
    where = "FontFile2" if cut.truetype else "FontFile3"
    box = " ".join(f"{edge:.0f}" for edge in (-1000, cut.descent, 3000, cut.ascent))
    descriptor = writer.add(
        f"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [{box}] /ItalicAngle 0 "
        f"/Ascent {cut.ascent:.0f} /Descent {cut.descent:.0f} /CapHeight 700 /StemV 80 "
        f"/{where} {program} 0 R >>"
    )
    kind = "CIDFontType0"
    table = ""
    if cut.truetype:
        kind = "CIDFontType2"
        glyphs = [0] + [cut.numbers[order[code][0]] for code in sorted(order)]
        packed = b"".join(number.to_bytes(2, "big") for number in glyphs)
        table = f"/CIDToGIDMap {writer.stream('', packed)} 0 R"
    below = writer.add(
        f"<< /Type /Font /Subtype /{kind} /BaseFont /{name} /DW 1000 /W [{widths}] {table} "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        f"/FontDescriptor {descriptor} 0 R >>"
    )
    meaning = writer.stream("", _to_unicode({cids[code]: key[1] for code, key in order.items()}))
    made = writer.add(
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H "
        f"/DescendantFonts [{below} 0 R] /ToUnicode {meaning} 0 R >>"
    )
    return made, cids


def _write_core_font(writer: _Writer, font: _Font) -> tuple[int, dict[int, int]]:
    base = "Helvetica-Bold" if font.face.bold else "Helvetica"
    made = writer.add(
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{base} /Encoding /WinAnsiEncoding >>"
    )
    return made, {code: gid for (gid, _), code in font.codes.items()}


def _tag(font: _Font) -> str:
    """Six letters that mark a font as a subset (9.6.4)."""
    digest = hashlib.sha256(repr((font.name, sorted(font.codes))).encode()).digest()
    return "".join(chr(ord("A") + byte % 26) for byte in digest[:6])


def _to_unicode(meaning: dict[int, str]) -> bytes:
    """The CMap from codes to text (9.10.3), so that pages can be searched and read aloud."""
    # A glyph without letters of its own maps to nothing; without an entry readers would show its
    # number.
    mapping = {code: text or "\u200b" for code, text in meaning.items()}
    rows = [f"<{code:04X}> <{text.encode('utf-16-be').hex()}>" for code, text in mapping.items()]
    blocks = [rows[at : at + 100] for at in range(0, len(rows), 100)]
    listed = "\n".join(
        f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{listed}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    ).encode("ascii")


# Drawings and pictures ----------------------------------------------------------------------------


def _write_form(writer: _Writer, path: str, side: float) -> int:
    return writer.stream(
        f"/Type /XObject /Subtype /Form /BBox [0 0 {side} {side}] /Resources << >>",
        path.encode("ascii"),
    )


def _write_image(writer: _Writer, picture: tuple[int, int, bytes, bytes]) -> int:
    width, height, rgb, alpha = picture
    size = f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8"
    mask = writer.stream(f"{size} /ColorSpace /DeviceGray", alpha)
    return writer.stream(f"{size} /ColorSpace /DeviceRGB /SMask {mask} 0 R", rgb)


def _write_photo(writer: _Writer, jpeg: bytes, size: tuple[int, int]) -> int:
    width, height = size
    shape = f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8"
    head = f"<< {shape} /ColorSpace /DeviceRGB /Filter /DCTDecode /Length {len(jpeg)} >>\nstream\n"
    return writer.add(head.encode("ascii") + jpeg + b"\nendstream")


def rectangle(x: float, y: float, width: float, height: float, *, radius: float = 0) -> str:
    """The path of a rectangle, its corners rounded by ``radius``."""
    if not radius:
        return f"{x:.3f} {y:.3f} {width:.3f} {height:.3f} re"
    right, top, bend = x + width, y + height, radius * (1 - _ARC)
    return " ".join(
        [
            f"{x + radius:.3f} {y:.3f} m {right - radius:.3f} {y:.3f} l",
            f"{right - bend:.3f} {y:.3f} {right:.3f} {y + bend:.3f} {right:.3f} {y + radius:.3f} c",
            f"{right:.3f} {top - radius:.3f} l",
            f"{right:.3f} {top - bend:.3f} {right - bend:.3f} {top:.3f} {right - radius:.3f} {top:.3f} c",
            f"{x + radius:.3f} {top:.3f} l",
            f"{x + bend:.3f} {top:.3f} {x:.3f} {top - bend:.3f} {x:.3f} {top - radius:.3f} c",
            f"{x:.3f} {y + radius:.3f} l",
            f"{x:.3f} {y + bend:.3f} {x + bend:.3f} {y:.3f} {x + radius:.3f} {y:.3f} c h",
        ]
    )
