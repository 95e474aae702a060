"""Parse wiki comment signatures: author and time, in the wiki's language and date format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import partial
from typing import Any

from babel.dates import get_month_names

from publish.rendering.html import find_locale
from publish.targets.wiki.talk_page import Manner, Signature

_CLOCK = re.compile(r"\b(\d{1,2})[:.](\d{2})\b")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_ISO = re.compile(r"((?:19|20)\d{2})[-/](\d{1,2})[-/](\d{1,2})")
_DAY = re.compile(r"(?<![\d:])(\d{1,2})(?![\d:])")
# MediaWiki namespace numbers: user page, user talk page.
_USER, _USER_TALK = 2, 3
# DokuWiki's signature button: --- //[[mail|Name]] 2026/11/24 12:34//
_DOKU = re.compile(
    r"---\s*//\s*(?:\[\[(?:[^\]|]*\|)?(?P<link>[^\]|]*)\]\]|(?P<plain>[^/\[\]]*?))\s+(?P<when>(?:\d{1,2}\.\d{1,2}\.)?(?:19|20)\d{2}.*?)//"
)
# Date format as configured: 2026/11/24, 2026-11-24, 24.11.2026.
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.((?:19|20)\d{2})")


def mediawiki_manner(site: Mapping[str, Any]) -> Manner:
    """Comment conventions of a MediaWiki; ``site`` is its siteinfo (general, namespaces)."""
    general, spaces = site.get("general", {}), site.get("namespaces", {})
    names = {"User", "User talk", "Special:Contributions"}
    for number in (_USER, _USER_TALK):
        space = spaces.get(str(number), {})
        names |= {str(space.get("name", "")), str(space.get("canonical", ""))} - {""}
    pattern = "|".join(
        re.escape(name).replace(r"\ ", "[ _]") for name in sorted(names, key=len, reverse=True)
    )
    # Special pages are named differently in each language; the user follows the slash.
    link = re.compile(
        rf"\[\[:?(?:(?:{pattern})[:/]|[^\[\]|:]+:[^\[\]|/]+/)([^\[\]|#/]+)", re.IGNORECASE
    )
    zone = timezone(timedelta(minutes=int(general.get("timeoffset") or 0)))
    sign = partial(
        _mediawiki_sign, link=link, months=month_numbers(str(general.get("lang", "en"))), zone=zone
    )
    return Manner(sign, re.compile(r"[:*#]+[ \t]*"), re.compile(r"^=+.*=+\s*$"))


def dokuwiki_manner(zone: tzinfo = UTC) -> Manner:
    """Comment conventions of a DokuWiki: quotes (>) or lists show what answers what.

    The time zone is not reported; the gathering's is the best guess.
    """
    return Manner(
        partial(_dokuwiki_sign, zone=zone),
        re.compile(r"(?:>+[ \t]*|(?:[ \t]{2})+[*-][ \t]*)"),
        re.compile(r"^\s*={2,}.*={2,}\s*$"),
        key=re.compile(r"\[\[#(sra?-\S+?)\|\u2060\]\]"),
        step=re.compile(r">|[ \t]{2}(?=[ \t]*[*-])"),
    )


def month_numbers(language: str) -> dict[str, int]:
    """Month names, full and abbreviated, in a language and in English, in lower case."""
    found: dict[str, int] = {}
    for locale in (find_locale("en"), find_locale(language)):
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                names = get_month_names(width, context, locale)
                found |= {name.lower().rstrip("."): number for number, name in names.items()}
    return found


def _mediawiki_sign(
    line: str, *, link: re.Pattern[str], months: Mapping[str, int], zone: timezone
) -> Signature | None:
    links = list(link.finditer(line))
    if not links:
        return None
    moment = read_moment(line[links[-1].end() :], months, zone)
    if moment is None:
        return None
    author = links[-1].group(1).replace("_", " ").strip()
    own = [found for found in links if found.group(1).replace("_", " ").strip() == author]
    # A signature is the last run of links to one person.
    return Signature(author, moment, own[-2].start() if len(own) > 1 else own[-1].start())


def _dokuwiki_sign(line: str, *, zone: tzinfo) -> Signature | None:
    found = next(reversed(list(_DOKU.finditer(line))), None)
    if found is None:
        return None
    when = _DOTTED.sub(r"\3-\2-\1", found["when"])
    moment = read_moment(when, month_numbers("en"), zone)
    author = (found["link"] or found["plain"] or "").strip()
    return Signature(author, moment, found.start()) if moment and author else None


def read_moment(text: str, months: Mapping[str, int], zone: tzinfo) -> datetime | None:
    """Parse a date with time, such as "12:34, 5 May 2026 (UTC)", "5. Mai 2026, 12:34" or "2026/05/05 12:34"."""
    clock = _CLOCK.search(text)
    if clock is None:
        return None
    iso = _ISO.search(text)
    rest = _CLOCK.sub(" ", text)
    year = _YEAR.search(rest)
    if iso is not None:
        date = iso.group(1), iso.group(2), iso.group(3)
    elif year is not None and (month := _month(rest, months)):
        day = _DAY.search(_YEAR.sub(" ", rest))
        date = year.group(1), str(month), day.group(1) if day else "0"
    else:
        return None
    try:
        parts = [int(part) for part in (*date, clock.group(1), clock.group(2))]
        return datetime(parts[0], parts[1], parts[2], parts[3], parts[4], tzinfo=zone)
    except ValueError:
        return None


def _month(text: str, months: Mapping[str, int]) -> int | None:
    words = (word.lower() for word in re.findall(r"[^\W\d_]+", text))
    return next((months[word] for word in words if word in months), None)
