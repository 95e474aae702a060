"""Fonts for print: selects installed fonts that have all the letters of a text.

No fonts are committed to the repository. The package ``weblate-fonts`` (SIL Open Font License)
provides Source Sans 3 for the look and Kurinto Sans for almost every script; the system's own fonts
take precedence where they look better (Japanese), and fill its gaps. A text is set entirely in one
font where one has all its letters, since letters of one word shaped by two fonts don't join.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import groupby, pairwise
from pathlib import Path

from capture.printing.font_files import BUILT_IN, FontFace, open_font
from capture.printing.line_breaks import letter_points

# System fonts that are designed for a language and better than our packaged ones.
_PREFERRED = (
    "NotoSansCJK-Bold.ttc",
    "NotoSansJP-Bold.otf",
    "SourceHanSans-Bold.ttc",
    "Hiragino Sans GB.ttc",
    "ヒラギノ角ゴシック W6.ttc",
    "YuGothB.ttc",
    "meiryob.ttc",
    "BIZ-UDGothicB.ttc",
)
_PACKAGED = {
    False: ("source-sans/ttf/SourceSans3-Regular.ttf", "kurinto/ttf/KurintoSans-Rg.ttf"),
    True: ("source-sans/ttf/SourceSans3-Bold.ttf", "kurinto/ttf/KurintoSans-Bd.ttf"),
}
_SUFFIXES = (".ttf", ".otf", ".ttc")
_MAX_SYSTEM_FONTS = 1500
# Typographic characters that the built-in fonts lack.
_TYPEWRITTEN = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "•": "·"}
)


@dataclass(frozen=True)
class FontChoice:
    """How a text is set: its remaining text, the fonts (the first for as much as possible), and
    the letters that no font has."""

    text: str
    faces: tuple[FontFace, ...]
    missing: str = ""


class FontShelf:
    """The fonts of this machine, best first. Reads the disk only when a text needs it."""

    def __init__(
        self, packaged: Path | None = None, system: tuple[Path, ...] | None = None
    ) -> None:
        """``packaged`` and ``system`` replace the folders to search; an empty tuple: none."""
        self._packaged = packaged if packaged is not None else packaged_folder()
        self._system = system if system is not None else system_folders()
        self._files: dict[str, Path] | None = None
        self._sorted: dict[bool, list[FontFace]] = {}

    def choose(self, text: str, *, bold: bool = False) -> FontChoice:
        """Choose the first font with all the letters; else the one with most, and others for the
        rest.

        A run of letters that no font has becomes one “…”, emoji are dropped; both are listed as
        missing.
        """
        text = unicodedata.normalize("NFC", text)
        lacks: list[tuple[FontFace, set[str]]] = []
        for face in self.faces(text, bold=bold):
            missing = face.missing(text)
            if not missing:
                return FontChoice(text, (face,))
            lacks.append((face, missing))
        chosen, lacking = _fewest(lacks)
        if chosen == [BUILT_IN]:
            text = text.translate(_TYPEWRITTEN)
            lacking = BUILT_IN.missing(text)
        left = _left_of(text, lacking, "…" if chosen[0].covers("…") else "...")
        return FontChoice(left, tuple(chosen), "".join(sorted(lacking)))

    def readable(self, text: str, *, bold: bool = False, language: str = "") -> FontChoice:
        """The part of a text that any font can show; the rest is treated as in ``choose``."""
        text = " ".join(unicodedata.normalize("NFC", text).split())
        lacking, first = set(text), None
        for face in self.faces(text, bold=bold, language=language):
            first = first or face
            lacking = face.missing("".join(lacking))
            if not lacking:
                return FontChoice(text, (face,))
        assert first is not None
        written = text.translate({ord(c): _TYPEWRITTEN.get(ord(c), c) for c in lacking})
        lacking -= {c for c in lacking if ord(c) in _TYPEWRITTEN}
        hole = "…" if first.covers("…") else "..."
        return FontChoice(_left_of(written, lacking, hole), (first,), "".join(sorted(lacking)))

    def faces_for(
        self, part: str, whole: str, *, bold: bool, language: str, emoji: bool = False
    ) -> list[tuple[str, FontFace]]:
        """Split a text into pieces, each with its font: as few as possible, never between a letter
        and its marks.

        An emoji gets a font that draws it as one glyph, where there is one.
        """
        faces = list(self.faces(whole, bold=bold, language=language))
        if emoji:
            faces = [*self._emoji(), *faces]
            drawn = (f for f in faces if f.path and f.covers(part) and open_font(f).draws_one(part))
            one = next(drawn, None)
            if one is not None:
                return [(part, one)]
        return [(piece, _heavier(piece, face)) for piece, face in _in_pieces(part, faces)]

    def _emoji(self) -> Iterator[FontFace]:
        for name, path in sorted(self._system_files().items()):
            if "emoji" in name.lower() or name.lower() == "seguiemj.ttf":
                yield FontFace(path)

    def faces(
        self, text: str = "", *, bold: bool = False, language: str = ""
    ) -> Iterator[FontFace]:
        """Yield the fonts in order of preference; script and language decide among the East
        Asian ones."""
        look, wide = self._from_package(bold)
        if look:
            yield look
        if _is_east_asian(text):
            yield from self._preferred()
            yield from self._east_asian(text, bold, language)
        if wide:
            yield wide
        yield from self._of_system(bold)
        yield BUILT_IN

    def _from_package(self, bold: bool) -> tuple[FontFace | None, FontFace | None]:
        if self._packaged is None:
            return None, None
        look, wide = (self._packaged / name for name in _PACKAGED[bold])
        return (
            FontFace(look, bold=bold) if look.is_file() else None,
            FontFace(wide, bold=bold) if wide.is_file() else None,
        )

    def _east_asian(self, text: str, bold: bool, page_language: str) -> Iterator[FontFace]:
        if self._packaged is None:
            return
        kana = any("\u3040" <= c <= "\u30ff" for c in text)
        for language in _languages(text, page_language):
            # Kurinto's kana are thin in both weights: regular and emboldened, they match.
            weight = "Bd" if bold and not kana else "Rg"
            path = self._packaged / f"kurinto/ttf/KurintoSans{language}-{weight}.ttf"
            if path.is_file():
                yield FontFace(path, bold=bold, embolden=bold and kana)

    def _preferred(self) -> Iterator[FontFace]:
        files = self._system_files()
        yield from (FontFace(files[name], bold=True) for name in _PREFERRED if name in files)

    def _of_system(self, bold: bool) -> list[FontFace]:
        if bold not in self._sorted:
            files = sorted(self._system_files().items())
            heavy = [FontFace(path, bold=True) for name, path in files if _sounds_bold(name)]
            plain = [FontFace(path) for name, path in files if not _sounds_bold(name)]
            self._sorted[bold] = [*heavy, *plain] if bold else [*plain, *heavy]
        return self._sorted[bold]

    def _system_files(self) -> dict[str, Path]:
        if self._files is None:
            self._files = {}
            for folder in self._system:
                for path in _font_files(folder):
                    if len(self._files) < _MAX_SYSTEM_FONTS:
                        self._files.setdefault(path.name, path)
        return self._files


def _fewest(lacks: list[tuple[FontFace, set[str]]]) -> tuple[list[FontFace], set[str]]:
    """The font that lacks fewest letters, then those that fill its gaps; and the letters that
    remain missing."""
    chosen: list[FontFace] = []
    lacking: set[str] | None = None
    while True:
        # The built-in fonts can't be shaped, so they can't be combined with others.
        usable = [(f, m) for f, m in lacks if not chosen or f is not BUILT_IN]
        known = lacking
        face, missing = min(
            usable,
            key=lambda pair: len(pair[1]) if known is None else len(known & pair[1]),
        )
        left = missing if known is None else known & missing
        if known is not None and len(left) == len(known):
            return chosen, known
        chosen.append(face)
        lacking = left
        if not left or face is BUILT_IN:
            return chosen, left


def _in_pieces(part: str, faces: list[FontFace]) -> Iterator[tuple[str, FontFace]]:
    for pieces in ([part], re.findall(r"\s+|\S+", part), _clusters(part), list(part)):
        chosen = [next((face for face in faces if face.covers(piece)), None) for piece in pieces]
        if None not in chosen or len(pieces) == len(part):
            break
    for face, group in groupby(zip(pieces, chosen, strict=True), key=lambda pair: pair[1]):
        yield "".join(piece for piece, _ in group), face or faces[-1]


def _heavier(piece: str, face: FontFace) -> FontFace:
    """The same font, marked where its bold is too thin for these letters."""
    thin = face.bold and face.path is not None and face.path.name == "KurintoSans-Bd.ttf"
    if thin and any("\u0900" <= c <= "\u09ff" for c in piece):
        return replace(face, embolden=True)
    return face


def _clusters(part: str) -> list[str]:
    places = list(letter_points(part))
    return [part[a:b] for a, b in pairwise([0, *places, len(part)])]


def _left_of(text: str, lacking: set[str], hole: str) -> str:
    kept: list[str] = []
    for letter in text:
        if letter not in lacking:
            kept.append(letter)
        elif unicodedata.category(letter)[0] in "LMN" and kept[-1:] != [hole]:
            kept.append(hole)
    return " ".join("".join(kept).split())


def _is_east_asian(text: str) -> bool:
    return any(unicodedata.east_asian_width(c) in "WF" and c.isalpha() for c in text)


def _languages(text: str, page_language: str) -> tuple[str, ...]:
    page_language = page_language.lower().replace("_", "-")
    if page_language.startswith("ja") or any("\u3040" <= c <= "\u30ff" for c in text):
        return ("JP", "KR", "TC", "SC")
    if any("\uac00" <= c <= "\ud7a3" for c in text):
        return ("KR", "JP", "TC", "SC")
    if page_language.startswith(("zh-tw", "zh-hk", "zh-hant")):
        return ("TC", "SC", "JP", "KR")
    return ("SC", "TC", "JP", "KR")


def _sounds_bold(name: str) -> bool:
    low = name.lower()
    slanted = any(word in low for word in ("italic", "oblique", "condensed", "mono"))
    return not slanted and any(
        word in low for word in ("bold", "black", "heavy", "-bd", "semibold")
    )


def _font_files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(_SUFFIXES):
                yield Path(root, name)


def packaged_folder() -> Path | None:
    """The font folder of the package ``weblate-fonts``; None when it is not installed."""
    spec = find_spec("weblate_fonts")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "static" / "weblate_fonts"
    return folder if folder.is_dir() else None


def system_folders() -> tuple[Path, ...]:
    """The font folders of Windows, macOS and Linux, those that exist."""
    home = Path.home()
    if sys.platform == "win32":
        windows = Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"
        local = Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft/Windows/Fonts"
        places = [windows, local]
    elif sys.platform == "darwin":
        places = [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    else:
        places = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".fonts"]
        places.append(home / ".local/share/fonts")
    return tuple(place for place in places if place.is_dir())
