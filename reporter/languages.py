"""The languages of pages, posters, posts and mails: those with a catalogue in ``translations``."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

# Catalogue and the language's own name, in the order of the language switch.
LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "pt": "Português",
    "uk": "Українська",
    "ar": "العربية",
    "hi": "हिन्दी",
    "zh": "简体中文",
}
# Chinese in these regions uses traditional characters, which our catalogue does not have.
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
# Languages that write few words together, so that a long word with these letters in their texts is a German compound.
_WITHOUT_COMPOUNDS = frozenset({"ca", "en", "es", "fr", "it", "pt"})
_COMPOUND = re.compile(r"(?=.*(?:[äöüß]|sch|tz|ungs|[hk]eit|haft))[^\W\d_]{16,}", re.IGNORECASE)


def hyphenated_as(word: str, language: str) -> str:
    """The language whose patterns divide a word of a text in ``language``. A language of another script has none for a
    word in Latin letters; such a word is divided as English.

    >>> [hyphenated_as(word, "en") for word in ("Nachbarschaftshilfenetzwerk", "internationalization")]
    ['de', 'en']
    >>> [hyphenated_as(word, "ar") for word in ("Nachbarschaftshilfenetzwerk", "internationalization")]
    ['de', 'en']
    """
    own = language.lower().replace("_", "-").split("-")[0]
    foreign = _is_latin(word) and not _written_in_latin(own)
    if (foreign or own in _WITHOUT_COMPOUNDS) and _COMPOUND.fullmatch(word):
        return "de"
    return "en" if foreign else language


def _is_latin(word: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in word)


@cache
def _written_in_latin(language: str) -> bool:
    """By CLDR's likely subtags; true of a language that they don't have."""
    from babel.core import get_global

    return "_Latn" in get_global("likely_subtags").get(language, "_Latn")


def spoken_language(tag: str) -> str:
    """The catalogue that serves a language tag (BCP 47, or with ``_``); '' where there is none.

    >>> [spoken_language(tag) for tag in ("pt-BR", "uk_UA", "zh-CN", "zh-Hant", "fi")]
    ['pt', 'uk', 'zh', '', '']
    """
    code, *parts = tag.lower().replace("_", "-").split("-")
    if code == "zh" and "hans" not in parts and _TRADITIONAL.intersection(parts):
        return ""
    return code if code in LANGUAGES else ""


def spoken_locale(tag: str) -> Locale:
    """The CLDR locale for dates and numbers next to our text; English if there is no catalogue for the tag.

    A region is kept (``de-AT``); without a catalogue, dates in the language would appear next to
    English text.
    """
    from babel import Locale, UnknownLocaleError

    code = spoken_language(tag) or "en"
    try:
        found = Locale.parse(tag.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale(code)
    return found if found.language == code else Locale(code)
