"""The language of the laptop, for what is said outside of pages."""

from __future__ import annotations

import locale
from collections.abc import Callable
from pathlib import Path


def translator() -> Callable[[str], str]:
    """A function that gives a sentence in the desktop's language, or back in English."""
    from babel.support import Translations

    language = locale.getlocale()[0] or "en"
    folder = Path(__file__).parents[1] / "translations"
    gettext: Callable[[str], str] = Translations.load(folder, [language]).gettext
    return gettext
