"""Search facets: links with counts, and the active filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from babel.dates import format_skeleton
from flask import request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from kiosk.runtime.database import db
from kiosk.web.middleware.auth import at_desk
from kiosk.web.shared.template_context import INTENTS, KINDS, STATES
from reporter.gathering.sessions import all_sessions

# Most values listed per facet.
MOST = 8
FILTERS = ("session", "theme", "kind", "intent", "author", "tag", "day", "state")
Label = Callable[[str], str]


@dataclass(frozen=True)
class FacetValue:
    """One value: its label, its count, and the URL with it selected (or removed, if it is)."""

    label: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A group of values."""

    name: str
    title: str
    choices: list[FacetValue]


def facets(
    counts: Mapping[str, Mapping[str, int]],
    chosen: Mapping[str, str],
    themes: Mapping[str, str],
) -> list[Facet]:
    """Return all groups with values; states only at the desk. ``themes``: names by id."""
    titles = {
        "session": _("Session"),
        "theme": _("Theme"),
        "kind": _("Kind"),
        "intent": _("What it is"),
        "author": _("Person"),
        "tag": _("Tag"),
        "day": _("Day"),
        "state": _("State"),
    }
    labels, groups = _labels(themes), []
    for name in FILTERS:
        if name == "state" and not at_desk():
            continue
        wanted = chosen.get(name, "")
        values = dict(list(counts.get(name, {}).items())[:MOST])
        if wanted:
            values = {wanted: counts.get(name, {}).get(wanted, 0)}
        if len(values) > 1 or wanted:
            choices = [_choice(name, labels[name], pair, wanted) for pair in values.items()]
            groups.append(Facet(name, titles[name], choices))
    return groups


def _choice(name: str, label: Label, pair: tuple[str, int], wanted: str) -> FacetValue:
    value, count = pair
    return FacetValue(label(value), count, address(**{name: "" if wanted else value}), bool(wanted))


def address(**changed: str) -> str:
    """Return the search URL with other filters, without empty ones and without the page."""
    kept = {name: value for name, value in request.args.items() if name not in ("offset", "live")}
    filled = {name: value for name, value in {**kept, **changed}.items() if value}
    return url_for("search.search", **filled)  # type: ignore[arg-type]


def _labels(themes: Mapping[str, str]) -> dict[str, Label]:
    titles = {event.code: event.title for event in all_sessions(db.session())}
    words = {
        name: {value: str(label) for value, label in pairs}
        for name, pairs in (("kind", KINDS), ("intent", INTENTS), ("state", STATES))
    }
    return {
        "session": lambda code: titles.get(code, code),
        "theme": lambda theme: themes.get(theme, theme),
        "tag": lambda tag: f"#{tag}",
        "author": lambda author: author,
        "day": _day,
        **{name: partial(_label_of, labels) for name, labels in words.items()},
    }


def _label_of(labels: Mapping[str, str], value: str) -> str:
    return labels.get(value, value)


def _day(value: str) -> str:
    try:
        return str(format_skeleton("MMMEd", date.fromisoformat(value), locale=get_locale()))
    except ValueError:
        return value
