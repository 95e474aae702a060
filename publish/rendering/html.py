"""Render posts as HTML. All user-written text is escaped here: WordPress lets Editors post <script>."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_time
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from publish.i18n import INTENTS, direction, translations
from publish.markup.markdown import blog_markdown, markdown_html, markdown_text
from publish.posts.model import Post, Remote
from publish.rendering.soft_hyphens import with_soft_hyphens
from publish.rendering.text_language import text_language
from publish.rendering.web_addresses import linked
from reporter.languages import spoken_locale
from reporter.media.webvtt import read_cues, spoken_text

_SIGNS = {ord(sign): f"&#{ord(sign)};" for sign in "[]{}"}


@lru_cache(maxsize=8)
def environment(language: str) -> Environment:
    """Jinja environment for ``publish/templates`` in a language, with autoescaping."""
    env = Environment(
        loader=PackageLoader("publish"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    words = translations(language)
    env.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    env.filters["lines"] = _lines
    env.filters["linked"] = linked
    env.filters["lang"] = partial(_lang, page=language)
    env.filters["soft"] = partial(_soft, page=language)
    env.filters["beside"] = alt_beside
    env.filters["data_url"] = _data_url
    env.filters["spoken"] = spoken_words
    env.filters["wp"] = _blog_words
    env.filters["markdown"] = markdown_html
    env.filters["wpmarkdown"] = blog_markdown
    env.filters["plain"] = markdown_text
    env.filters["clock"] = partial(_clock, language=language)
    env.filters["day"] = partial(_day, language=language)
    env.filters["weekday"] = partial(_weekday, language=language)
    env.globals["intent_label"] = lambda intent: (
        words.gettext(INTENTS[intent]) if intent in INTENTS else ""
    )
    env.globals["language"] = language
    env.globals["direction"] = direction(language)
    return env


def blog_html(post: Post, links: Mapping[str, Remote]) -> str:
    """Body of a blog post as WordPress blocks; media without a link are mentioned in a sentence instead."""
    return render("wordpress.html", post.language, post=post, links=links, zone=ZoneInfo(post.zone))


def indie_html(post: Post, links: Mapping[str, Remote]) -> str:
    """Body of a post for a Micropub blog: one HTML block that survives whatever software renders the blog.

    Many blogs put it into a Markdown file for a static site generator. Without blank lines Markdown
    leaves the block alone (CommonMark 4.6, kind 6), and with brackets and braces as entities it
    contains no shortcodes or Liquid tags.
    """
    html = render("micropub.html", post.language, post=post, links=links, zone=ZoneInfo(post.zone))
    return re.sub(r"\n\s*\n+", "\n", html).strip().translate(_SIGNS)


def render(template: str, language: str, **values: Any) -> str:
    """Render one page or fragment."""
    return environment(language).get_template(template).render(**values)


def alt_beside(alt: str, *shown: str) -> str:
    """A picture's alt text; '' if it only repeats words that stand beside it, which a screen reader would read twice.

    >>> alt_beside("Leeks under s…", "Leeks under snow"), alt_beside("Rows of leeks", "Leeks under snow")
    ('', 'Rows of leeks')
    """
    alt = " ".join(alt.split())
    beside = [" ".join(words.split()) for words in shown]
    # Proposed from the words, it may be cut.
    cut = alt.endswith("…") and any(words.startswith(alt[:-1]) for words in beside)
    return "" if cut or alt in beside else alt


def _data_url(captions: str) -> str:
    """Captions as a data URL: a browser can't load a separate file for a page opened from disk."""
    return "data:text/vtt;base64," + base64.b64encode(captions.encode()).decode("ascii")


def spoken_words(captions: str) -> str:
    """Caption text without timestamps."""
    return spoken_text(read_cues(captions))


def _lang(text: str, page: str) -> Markup:
    """A ``lang`` attribute with a leading space, or nothing if the text is in the page's language."""
    language = text_language(text, page)
    return Markup(' lang="{}"').format(language) if language else Markup("")


def _soft(text: str, page: str) -> str:
    """Insert soft hyphens in long words according to the text's own language."""
    return with_soft_hyphens(text, text_language(text, page) or page)


def _lines(text: str) -> Markup:
    """Escape text, with line breaks as <br>."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


def _blog_words(text: str) -> Markup:
    """Escape text, keep line breaks, and neutralize shortcodes such as [gallery], which WordPress would execute."""
    return Markup(str(_lines(text)).replace("[", "&#91;").replace("]", "&#93;"))  # noqa: S704  # escaped


def find_locale(language: str) -> Locale:
    """The locale of a language tag; English if Babel does not know it."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def period(first: datetime, last: datetime, zone: tzinfo, language: str) -> str:
    """A date range in the language's own format, such as "9 – 10 May 2026"."""
    start, end = first.astimezone(zone).date(), last.astimezone(zone).date()
    if start == end:
        return _day(first, zone, language)
    return format_interval(start, end, "yMMMd", locale=spoken_locale(language))


def _day(moment: datetime, zone: tzinfo, language: str) -> str:
    return format_date(moment.astimezone(zone), "long", locale=spoken_locale(language))


def day_words(day: date, language: str) -> str:
    """A date in the language's own format."""
    return format_date(day, "long", locale=spoken_locale(language))


def day_and_time(moment: datetime, zone: tzinfo, language: str) -> str:
    """A date and time in the language's own format, such as "Saturday, 9 May 2026, 14:00"."""
    local = moment.astimezone(zone)
    return f"{format_date(local, 'full', locale=spoken_locale(language))}, {_clock(moment, zone, language)}"


def _weekday(moment: datetime, zone: tzinfo, language: str) -> str:
    return format_date(moment.astimezone(zone), "EEEE", locale=spoken_locale(language))


def _clock(moment: datetime, zone: tzinfo, language: str) -> str:
    return format_time(moment.astimezone(zone), "short", locale=spoken_locale(language))
