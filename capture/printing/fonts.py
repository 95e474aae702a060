"""Fonts for print: which of the machine's fonts has all the letters of a text.

Nothing is committed. The package ``weblate-fonts`` (SIL Open Font License) brings Source Sans 3 for
the look and Kurinto Sans for almost every script; the system's own fonts come before it where they
look better (Japanese), and after it for what it lacks. A text is set in one font as a whole where
one has all its letters, since letters of one word shaped by two fonts don't join.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

# Fonts of systems that are drawn for a language and better than our packaged ones.
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
# What typographers use and the built-in fonts lack.
_TYPEWRITTEN = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "•": "·"}
)


@dataclass(frozen=True)
class Face:
    """A font file (one of several in a collection); without a path the PDF's built-in Helvetica.

    ``embolden`` marks a face whose strokes are too thin for a poster.
    """

    path: Path | None
    number: int = 0
    bold: bool = False
    embolden: bool = False

    def covers(self, text: str) -> bool:
        """Whether the face has a glyph for every letter of the text."""
        return not self.missing(text)

    def missing(self, text: str) -> set[str]:
        """The letters of the text that the face has no glyph for."""
        return {c for c in text if not self._has(c)}

    def _has(self, letter: str) -> bool:
        # Joiners, marks of direction and variation selectors need no glyph of their own.
        if letter.isspace() or unicodedata.category(letter) in ("Cf", "Cc"):
            return True
        if "\ufe00" <= letter <= "\ufe0f":
            return True
        if self.path is None:
            return letter in _HELVETICA
        return ord(letter) in _letters(self.path, self.number)


# The built-in fonts of PDF are limited to Latin-1 here (fpdf2's encoding of core fonts).
_HELVETICA = frozenset(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x100)]))
BUILT_IN = Face(None)


@cache
def _letters(path: Path, number: int) -> frozenset[int]:
    """The code points of a font file; none for a file that can't be read as a font."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with path.open("rb") as file, TTFont(file, fontNumber=number, lazy=True) as font:
            if not {"glyf", "CFF "} & set(font.keys()):
                return frozenset()
            return frozenset(font.getBestCmap() or ())
    # Besides its own error the parser lets those of damaged tables through.
    except (TTLibError, OSError, ValueError, KeyError, AssertionError, AttributeError, EOFError):
        return frozenset()


@dataclass(frozen=True)
class Choice:
    """How a text is set: what is left of it, in which faces (the first for all that it can), and
    which letters no font could show.
    """

    text: str
    faces: tuple[Face, ...]
    missing: str = ""


class FontShelf:
    """The fonts of this machine, best first. Looks at the disk only when a text needs it."""

    def __init__(
        self, packaged: Path | None = None, system: tuple[Path, ...] | None = None
    ) -> None:
        """``packaged`` and ``system`` replace the places to look in; an empty tuple: nowhere."""
        self._packaged = packaged if packaged is not None else packaged_folder()
        self._system = system if system is not None else system_folders()
        self._files: dict[str, Path] | None = None

    def choose(self, text: str, *, bold: bool = False) -> Choice:
        """The first face with all the letters; else the one with most, and others for the rest.

        Of letters that nothing shows a run becomes one “…”, emoji go without a trace; both are
        listed as missing.
        """
        text = unicodedata.normalize("NFC", text)
        lacks: list[tuple[Face, set[str]]] = []
        for face in self.faces(text, bold=bold):
            missing = face.missing(text)
            if not missing:
                return Choice(text, (face,))
            lacks.append((face, missing))
        chosen, lacking = _fewest(lacks)
        if chosen == [BUILT_IN]:
            text = text.translate(_TYPEWRITTEN)
            lacking = BUILT_IN.missing(text)
        left = _left_of(text, lacking, chosen[0])
        return Choice(left, tuple(chosen), "".join(sorted(lacking)))

    def faces(self, text: str = "", *, bold: bool = False) -> Iterator[Face]:
        """Faces in the order to try them; the text's script decides among the East Asian ones."""
        look, wide = self._from_package(bold)
        if look:
            yield look
        if _is_east_asian(text):
            yield from self._preferred()
            yield from self._east_asian(text, bold)
        if wide:
            yield wide
        yield from self._of_system(bold)
        yield BUILT_IN

    def _from_package(self, bold: bool) -> tuple[Face | None, Face | None]:
        if self._packaged is None:
            return None, None
        look, wide = (self._packaged / name for name in _PACKAGED[bold])
        return (
            Face(look, bold=bold) if look.is_file() else None,
            Face(wide, bold=bold) if wide.is_file() else None,
        )

    def _east_asian(self, text: str, bold: bool) -> Iterator[Face]:
        if self._packaged is None:
            return
        kana = any("\u3040" <= c <= "\u30ff" for c in text)
        for language in _languages(text):
            # Kurinto's kana are thin in both weights: regular and emboldened, they fit together.
            weight = "Bd" if bold and not kana else "Rg"
            path = self._packaged / f"kurinto/ttf/KurintoSans{language}-{weight}.ttf"
            if path.is_file():
                yield Face(path, bold=bold, embolden=bold and kana)

    def _preferred(self) -> Iterator[Face]:
        files = self._found()
        yield from (Face(files[name], bold=True) for name in _PREFERRED if name in files)

    def _of_system(self, bold: bool) -> Iterator[Face]:
        heavy = {name: path for name, path in self._found().items() if _sounds_bold(name)}
        plain = {name: path for name, path in self._found().items() if name not in heavy}
        for group in (heavy, plain) if bold else (plain, heavy):
            for name in sorted(group):
                yield Face(group[name], bold=_sounds_bold(name))

    def _found(self) -> dict[str, Path]:
        if self._files is None:
            self._files = {}
            for folder in self._system:
                for path in _font_files(folder):
                    if len(self._files) < _MAX_SYSTEM_FONTS:
                        self._files.setdefault(path.name, path)
        return self._files


def _fewest(lacks: list[tuple[Face, set[str]]]) -> tuple[list[Face], set[str]]:
    """The face that lacks least, then those that fill its gaps; and the letters that stay out."""
    chosen: list[Face] = []
    lacking: set[str] | None = None
    while True:
        # The built-in fonts can't be shaped, so they stand alone or not at all.
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


def _left_of(text: str, lacking: set[str], face: Face) -> str:
    hole = "…" if face.covers("…") else "..."
    kept: list[str] = []
    for letter in text:
        if letter not in lacking:
            kept.append(letter)
        elif unicodedata.category(letter)[0] in "LMN" and kept[-1:] != [hole]:
            kept.append(hole)
    return " ".join("".join(kept).split())


def _is_east_asian(text: str) -> bool:
    return any(unicodedata.east_asian_width(c) in "WF" and c.isalpha() for c in text)


def _languages(text: str) -> tuple[str, ...]:
    if any("\u3040" <= c <= "\u30ff" for c in text):
        return ("JP", "KR", "TC", "SC")
    if any("\uac00" <= c <= "\ud7a3" for c in text):
        return ("KR", "JP", "TC", "SC")
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
    """Where the package ``weblate-fonts`` keeps its fonts; None when it is not installed."""
    spec = find_spec("weblate_fonts")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "static" / "weblate_fonts"
    return folder if folder.is_dir() else None


def system_folders() -> tuple[Path, ...]:
    """The folders where Windows, macOS and Linux keep fonts, those that exist."""
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
