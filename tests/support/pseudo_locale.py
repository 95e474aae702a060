"""A language that nobody speaks: every sentence of ours 40 % longer and without a plain vowel.

A word with a plain vowel on a page is one that nobody can translate; what breaks a layout would break in a language
with long words. Made on the spot from the English sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from gettext import NullTranslations
from html.parser import HTMLParser
from unittest.mock import patch

from flask_babel import Domain

KEPT = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w+\}|<[^>]*>")
MARKS = str.maketrans("aeiouAEIOU", "áéíóúÁÉÍÓÚ")
# Words with a vowel, but for names of files, addresses and marks such as ``.ics``.
PLAIN = re.compile(r"\b[a-z]*[aeiou][a-z]+\b|\b[a-z]+[aeiou]\b", re.IGNORECASE)
SPOKEN = ("alt", "aria-label", "placeholder", "title")
LONGER = 0.4


def stretched(sentence: str) -> str:
    """The sentence with marks on its vowels, as one longer word at its end more; placeholders and tags stay.

    >>> stretched("Look at %(place)s")
    'Lóók át %(place)s ~~~~'
    """
    out, end = "", 0
    for kept in KEPT.finditer(sentence):
        out += sentence[end : kept.start()].translate(MARKS) + kept[0]
        end = kept.end()
    out += sentence[end:].translate(MARKS)
    return f"{out} {'~' * max(1, round(len(KEPT.sub('', sentence)) * LONGER))}"


class PseudoTranslations(NullTranslations):
    """Every sentence, stretched."""

    def ugettext(self, message: str) -> str:
        """Of one sentence."""
        return stretched(message)

    def ungettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Of a plural's form."""
        return stretched(msgid1 if n == 1 else msgid2)


@contextmanager
def pseudo_language() -> Iterator[None]:
    """All pages of this process speak it meanwhile."""
    with patch.object(Domain, "get_translations", lambda domain: PseudoTranslations()):
        yield


class _Words(HTMLParser):
    """Collects what a page says, without what people wrote (``dir=auto``), addresses, codes and lists of names."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        theirs = (
            (tag != "html" and attributes.get("dir") in ("auto", "ltr"))
            or ("lang" in attributes and tag != "html")
            or "code" in (attributes.get("class") or "").split()
            or tag in ("script", "style", "code", "kbd", "option", "title", "svg")
        )
        theirs = theirs or self._hidden()
        if not theirs or (tag == "input" and attributes.get("dir") == "auto"):
            self.texts += [words for name in SPOKEN if (words := attributes.get(name))]
        if tag not in (
            "area",
            "br",
            "col",
            "hr",
            "img",
            "input",
            "link",
            "meta",
            "source",
            "track",
            "wbr",
        ):
            self._open.append((tag, theirs))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._hidden() and data.strip():
            self.texts.append(data.strip())

    def _hidden(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def untranslated(html: str, known: tuple[str, ...] = ()) -> list[str]:
    """What a page in the pseudo language says in plain English; ``known`` are names that stay as they are."""
    words = _Words()
    words.feed(html)
    found = []
    for text in words.texts:
        rest = text
        for name in known:
            rest = rest.replace(name, "")
        if PLAIN.search(re.sub(r"https?://\S+", "", rest)):
            found.append(text)
    return found
