"""Translations of the few phrases in posts and on the site, in the gathering's language."""

from __future__ import annotations

import gettext
from pathlib import Path

from reporter.enums import Intent, Kind
from reporter.languages import spoken_language

# Languages written from right to left that have an ISO 639-1 code.
_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})


def _(message: str) -> str:
    """Mark a phrase for translation; it is looked up when used."""
    return message


def page_text(message: str) -> str:
    """Mark phrases shown on the kiosk's pages, which translate them (``make translations``)."""
    return message


INTENTS = {
    Intent.LEARNED.value: _("What I learned"),
    Intent.IDEA.value: _("An idea"),
    Intent.QUESTION.value: _("An open question"),
    Intent.ACTION.value: _("What I will do"),
}
KINDS = {
    Kind.PHOTO.value: _("Photo"),
    Kind.VIDEO.value: _("Video"),
    Kind.AUDIO.value: _("Recording"),
    Kind.NOTE.value: _("Note"),
}


def translations(language: str) -> gettext.NullTranslations:
    """The message catalogue of a language; English if there is none."""
    folder = Path(__file__).parent / "translations"
    return gettext.translation(
        "publish", folder, languages=[spoken_language(language) or "en"], fallback=True
    )


def direction(language: str) -> str:
    """``rtl`` or ``ltr``: the HTML ``dir`` of a language tag (BCP 47)."""
    return "rtl" if language.split("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def takeaway_phrase(language: str, n: int) -> str:
    """Format as '3 takeaways'."""
    words = translations(language)
    return words.ngettext("%(num)s takeaway", "%(num)s takeaways", n) % {"num": n}


def others_phrase(language: str, n: int) -> str:
    """Format as 'and 3 more', at the end of a list."""
    words = translations(language)
    return words.ngettext("and %(num)s more", "and %(num)s more", n) % {"num": n}


def count_phrase(language: str, kind: str, n: int) -> str:
    """Format as '3 photos'. Each phrase is spelled out so that it is extracted with its plural forms."""
    words = translations(language)
    if kind == Kind.PHOTO:
        phrase = words.ngettext("%(num)s photo", "%(num)s photos", n)
    elif kind == Kind.VIDEO:
        phrase = words.ngettext("%(num)s video", "%(num)s videos", n)
    elif kind == Kind.AUDIO:
        phrase = words.ngettext("%(num)s recording", "%(num)s recordings", n)
    else:
        phrase = words.ngettext("%(num)s note", "%(num)s notes", n)
    return phrase % {"num": n}
