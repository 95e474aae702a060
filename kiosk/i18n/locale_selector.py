"""Which language a page speaks: the one that was chosen, else the phone's, else the gathering's."""

from __future__ import annotations

import gettext
from gettext import NullTranslations
from pathlib import Path

from flask import Flask, has_request_context, request
from flask_babel import Babel, get_locale
from werkzeug.wrappers import Response

from kiosk.i18n.clock_text import shown_clock
from kiosk.runtime.context import current_kiosk
from reporter.languages import LANGUAGES, spoken_language

RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur"})
COOKIE = "lang"

babel = Babel()


def init_app(app: Flask) -> None:
    """Choose a language for each request; ``?lang=`` is remembered in a cookie."""
    babel.init_app(app, locale_selector=choose, timezone_selector=_zone)
    app.context_processor(_template_words)
    app.add_template_filter(shown_clock, "clock")
    app.after_request(_remember)


def choose() -> str:
    """The language code of this request; outside of one, the gathering's."""
    # A language without a catalogue would be half used: its dates beside English words.
    own = spoken_language(current_kiosk().settings.gathering.language) or "en"
    if not has_request_context():
        return own
    for wanted in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    return preferred_language() or own


def preferred_language() -> str:
    """The first language of the browser that pages speak; '' if there is none."""
    languages = (spoken_language(tag) for tag, weight in request.accept_languages if weight > 0)
    return next(filter(None, languages), "")


def _zone() -> str:
    return current_kiosk().settings.gathering.timezone


def _template_words() -> dict[str, object]:
    code = str(get_locale() or "en")
    return {
        "lang": code,
        "dir": text_direction(code),
        "languages": LANGUAGES,
    }


def text_direction(code: str) -> str:
    """``rtl`` or ``ltr``, as HTML's ``dir`` has it, of a language's code."""
    return "rtl" if code.split("_")[0] in RIGHT_TO_LEFT else "ltr"


def _remember(response: Response) -> Response:
    wanted = request.args.get("lang")
    if wanted in LANGUAGES:
        response.set_cookie(
            COOKIE,
            wanted,
            max_age=90 * 86400,
            samesite="Lax",
            httponly=True,
            secure=request.is_secure,
        )
    return response


def catalogue(tag: str) -> NullTranslations:
    """The words of a language outside of a request (posters); English where there is no catalogue."""
    return gettext.translation(
        "messages",
        Path(__file__).parents[1] / "translations",
        [spoken_language(tag) or "en"],
        fallback=True,
    )
