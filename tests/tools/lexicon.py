"""Builds ``reporter/themes/data/lexicon.npz``: ``python -m tests.tools.lexicon [-o FILE] FOLDER``.

``FOLDER`` holds the files of Debian's packages of ``PACKAGES`` (``/usr/share/dictd`` where they are installed). All of
them are free under the GNU GPL (versions 2 or 3, or later) or, WordNet, under its own permissive licence; so the
result may be distributed with this program, which is under the GPL, version 3. Takes some minutes.
"""

from __future__ import annotations

import argparse
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from reporter.search.text.languages import function_words, stem
from reporter.search.text.tokenizer import MOST_CHARS, normalize, tokenize
from reporter.themes.lexicon import foreign_stem

PACKAGES = (
    "dict-wn dict-gcide dict-freedict-{deu,spa,fra,por,ara}-eng "
    "dict-freedict-eng-{deu,spa,fra,por,ara} dict-freedict-spa-deu"
)
PAIRS = {"de": "deu", "es": "spa", "fr": "fra", "pt": "por", "ar": "ara"}
# Stems of definitions that are kept, the most frequent first; in how many definitions each has to be.
MOST_WORDS, LEAST_TIMES = 14_000, 12
# Longer definitions are of plants and animals; what stands far apart has little to do with one another.
MOST_STEMS = 60
# Words of a language, those first that the dictionaries tell most of; English stems kept a word.
MOST_FOREIGN = 30_000
SENSES, POINTS = 3, 9
# Words of a phrase that are still looked at; letters of a compound's part.
MOST_PHRASE, LEAST_PART = 3, 4
# For each foreign stem how much speaks for each English one.
Points = dict[str, dict[int, float]]
_WORDS = re.compile(r"[a-z]+")
# The notes of GCIDE and WordNet in between: sources, etymologies, parts of speech, pronunciations.
_NOTES = re.compile(
    r"\[(?!syn:)[^\]]*\]|\\[^\\]*\\|<[^>]*>|--[A-Z][\w. ]+|\([A-Z][a-z]+\.(?: & [A-Z]\w+\.)?\)"
)
_ASIDES = re.compile(r"/[^/]*/|<[^>]*>|\[[^\]]*\]|\([^)]*\)|^\s*\d+\.\s*|\{[^}]*\}")
_REMARKS = re.compile(r"^\s*(?:Synonyms?:|see:|Note:|\"|Antonyms?:|Hypernyms?:)")
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def entries(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """(headword, its text) of a dictionary in dictd's form; each text once."""
    with gzip.open(folder / f"{name}.dict.dz") as packed:
        data = packed.read()
    seen: set[int] = set()
    for line in (folder / f"{name}.index").read_text(encoding="utf-8").splitlines():
        headword, start, length = line.split("\t")[:3]
        at = _number(start)
        if not headword.startswith("00") and at not in seen:
            seen.add(at)
            yield headword, data[at : at + _number(length)].decode("utf-8", "replace")


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 64 + _BASE64.index(digit)
    return value


def english_stems(text: str) -> list[str]:
    """Stems of a text's words in order, without function words."""
    words = (word for word in _WORDS.findall(text.lower()) if len(word) > 1)
    return [normalize(stem(word, "en")) for word in words if word not in function_words("en")]


def definitions(folder: Path) -> Iterator[list[str]]:
    """The stems of each definition of WordNet and GCIDE, its headword among them."""
    for name in ("wn", "gcide"):
        for headword, text in entries(folder, name):
            plain = _NOTES.sub(" ", text)
            head = english_stems(headword)
            for sense in re.split(r"\n\s+(?:\w+ )?\d+[:.]|\n\n", plain):
                found = list(dict.fromkeys([*head, *english_stems(sense)]))
                if len(found) > 1:
                    yield found[:MOST_STEMS]


def translations(folder: Path, language: str) -> Iterator[tuple[str, str]]:
    """(foreign, English) as a dictionary of either direction says."""
    code = PAIRS[language]
    for headword, text in entries(folder, f"freedict-{code}-eng"):
        yield from ((written, translation) for written, translation in _pairs(headword, text))
    for headword, text in entries(folder, f"freedict-eng-{code}"):
        yield from ((translation, written) for written, translation in _pairs(headword, text))


def _pairs(headword: str, text: str) -> Iterator[tuple[str, str]]:
    lines = text.split("\n")
    # The first line has the headword as it is written; the index has it folded.
    written = _ASIDES.sub(" ", lines[0]).strip() or headword
    for line in lines[1:]:
        if not _REMARKS.match(line):
            for translation in re.split(r"[,;]", _ASIDES.sub(" ", line)):
                if translation.strip():
                    yield written, translation.strip()


def bridge(folder: Path, german: str) -> Points:
    """Spanish stems by way of German: the Spanish-English dictionary is small."""
    known = dict(line.split(" ", 1) for line in german.split("\n"))
    points: Points = defaultdict(lambda: defaultdict(float))
    for spanish, translation in spanish_of_german(folder):
        keys, words = _keys(spanish, "es"), _keys(translation, "de")
        lines = [known[word] for word in words if word in known]
        for key in keys:
            for row, found in (pair.split(":") for line in lines for pair in line.split()):
                points[key][int(row)] += int(found) / (2 * POINTS * len(lines) * len(keys) ** 2)
    return points


def spanish_of_german(folder: Path) -> Iterator[tuple[str, str]]:
    """(Spanish, German) as that dictionary says."""
    for headword, text in entries(folder, "freedict-spa-deu"):
        yield from _pairs(headword, text)


def table(
    folder: Path, language: str, number: dict[str, int], share: Any, begun: Points | None = None
) -> str:
    """Lines of a foreign stem and the English stems behind it, as ``stem ROW:POINTS …``."""
    points: Points = defaultdict(lambda: defaultdict(float), begun or {})
    for foreign, english in translations(folder, language):
        keys, rows = _keys(foreign, language), _rows(english, number)
        # A word of a phrase that is translated by a phrase says less than a word for a word.
        for key in keys:
            for row in rows:
                points[key][row] += 1 / (len(rows) * len(keys) ** 2)
    if language == "de":
        _drop_compounds(points)
    kept = sorted(points, key=lambda key: (-sum(points[key].values()), key))[:MOST_FOREIGN]
    return "\n".join(f"{key} {_line(points[key], share)}" for key in sorted(kept))


def _keys(foreign: str, language: str) -> list[str]:
    words = [word.plain for word in tokenize(foreign, (), sure=True)]
    written = [word for word in foreign.split() if normalize(word) in words]
    content_words = [word for word in written if normalize(word) not in function_words(language)]
    keys = [foreign_stem(word, normalize(word), language) for word in content_words]
    return [key for key in keys if key] if len(keys) <= MOST_PHRASE else []


def _rows(english: str, number: dict[str, int]) -> list[int]:
    stems = english_stems(english)
    return [number[one] for one in stems if one in number] if len(stems) <= MOST_PHRASE else []


def _drop_compounds(points: Points) -> None:
    """German words whose two parts are there say the same without a line of their own."""
    ends = range(LEAST_PART, MOST_CHARS)
    for key in sorted(points, key=len, reverse=True):
        cuts = (cut for cut in ends if cut <= len(key) - LEAST_PART)
        if any(key[:cut] in points and key[cut:] in points for cut in cuts):
            del points[key]


def _line(found: dict[int, float], share: Any) -> str:
    # Of those that are named as often the rarer word says more.
    best = sorted(found, key=lambda row: (-found[row], share[row], row))[:SENSES]
    total = sum(found[row] for row in best)
    return " ".join(f"{row}:{max(1, round(POINTS * found[row] / total))}" for row in best)


def build(folder: Path, out: Path) -> None:
    """Read the dictionaries and write the lexicon."""
    found = list(definitions(folder))
    spread = Counter(one for stems in found for one in stems)
    words = [word for word, times in spread.most_common(MOST_WORDS) if times >= LEAST_TIMES]
    number = {word: at for at, word in enumerate(words)}
    total = sum(spread.values())
    share = np.array([spread[word] / total for word in words], np.float32)
    tables = {code: table(folder, code, number, share) for code in PAIRS if code != "es"}
    tables["es"] = table(folder, "es", number, share, bridge(folder, tables["de"]))
    np.savez_compressed(
        out,
        words=_text("\n".join(words)),
        **{code: _text(lines) for code, lines in tables.items()},
    )
    print(f"{len(words)} English stems of {len(found)} definitions;", end=" ")
    print(", ".join(f"{code} {lines.count(chr(10)) + 1}" for code, lines in tables.items()))


def _text(words: str) -> Any:
    return np.frombuffer(words.encode(), np.uint8)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help=f"with the files of {PACKAGES}")
    parser.add_argument("-o", "--out", type=Path, default=Path("reporter/themes/data/lexicon.npz"))
    asked = parser.parse_args()
    build(asked.folder, asked.out)
