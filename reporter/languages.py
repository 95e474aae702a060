"""The languages that pages, posters, posts and mails speak: those with a catalogue in ``translations``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

# Catalogue and the language's name in itself, in the order of the switch.
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
# Chinese of these is written in traditional characters, which our catalogue does not have.
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})


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
    """CLDR's locale for dates and numbers beside our words; English where there is no catalogue for the tag.

    A region is kept (``de-AT``); without a catalogue, dates of the language would stand beside English words.
    """
    from babel import Locale, UnknownLocaleError

    code = spoken_language(tag) or "en"
    try:
        found = Locale.parse(tag.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale(code)
    return found if found.language == code else Locale(code)
