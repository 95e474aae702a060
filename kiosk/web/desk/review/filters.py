"""Review filters in the URL, so that each is a link."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later
from sqlalchemy.orm import Session

from kiosk.web.shared.template_context import INTENTS, KINDS, STATES
from reporter.enums import Source, TakeawayState
from reporter.errors import BadRequest
from reporter.models import Takeaway
from reporter.review import queries as sheets

FLAGS = (
    ("starred", later("Starred")),
    ("alt", later("No description")),
    ("alike", later("Look alike")),
    ("blurred", later("Blurred or black")),
    ("held", later("Held words")),
    ("no_consent", later("Agreed to be shown?")),
)
# Query fields of a view, in the notation of kiosk.web.openapi.describe.
VIEW_QUERY = (
    "state session kind intent source group time after before show undo "
    "starred alt alike blurred held no_consent"
)
SOURCES = (
    (Source.PHONE.value, later("Phone")),
    (Source.STATION.value, later("Station")),
    (Source.CARD.value, later("Card")),
    (Source.FILM.value, later("Film")),
)
# About three thousand years; the sum of both stays a valid date.
_SPAN = re.compile(r"(-?\d{1,10})\.(\d{1,8})", re.ASCII)
_TABS = (*STATES, (sheets.ALL, later("All")))


@dataclass(frozen=True)
class View:
    """A filter and a page within it."""

    criteria: sheets.Filter
    after: str = ""
    before: str = ""
    show: str = ""

    @classmethod
    def from_request(cls, show: str = "") -> View:
        """Read the filter from the URL; forms carry it along."""
        args = request.args
        state = args.get("state", "")
        group = args.get("group", "")
        known = state if state in dict(_TABS) else TakeawayState.NEW.value
        try:
            number = uuid.UUID(group) if group else None
        except ValueError as error:
            raise _broken() from error
        flags = tuple(name for name, _words in FLAGS if args.get(name))
        criteria = sheets.Filter(
            sheets.ALL if number else known,
            args.get("session", ""),
            args.get("kind", ""),
            args.get("intent", ""),
            args.get("source", ""),
            flags,
            number,
            read_span(args.get("time", "")),
        )
        return cls(criteria, args.get("after", ""), args.get("before", ""), show)

    @property
    def state(self) -> str:
        """The selected state."""
        return self.criteria.state

    @property
    def args(self) -> dict[str, str]:
        """URL arguments, without empty ones."""
        arguments = {**self.filters, "after": self.after, "before": self.before}
        return {name: value for name, value in arguments.items() if value}

    @property
    def filters(self) -> dict[str, str]:
        """URL arguments of the filter's first page."""
        criteria = self.criteria
        arguments = {
            name: getattr(criteria, name)
            for name in ("state", "session", "kind", "intent", "source")
        }
        arguments["group"] = criteria.group.hex if criteria.group else ""
        arguments["time"] = span_text(*criteria.span) if criteria.span else ""
        arguments |= dict.fromkeys(criteria.flags, "1")
        return {name: value for name, value in arguments.items() if value}

    @property
    def narrowed(self) -> bool:
        """Whether more than a state is asked for."""
        return set(self.filters) > {"state"}

    def but(self, **changed: str) -> dict[str, str]:
        """URL arguments with some replaced; '' removes one."""
        arguments = {**self.filters, **changed}
        arguments.pop("group", None)
        return {name: value for name, value in arguments.items() if value}

    def page(self, session: Session, size: int) -> sheets.ReviewPage:
        """The selected page; raises BadRequest for an invalid one."""
        try:
            return sheets.page(
                session, self.criteria, size=size, after=self.after, before=self.before
            )
        except ValueError as error:
            raise _broken() from error

    def onward(self, session: Session, takeaway: Takeaway, size: int) -> str:
        """The receipt to select next: the following one on the page, or the preceding one."""
        rows = self.page(session, size + 1).rows
        receipts = [row.receipt for row in rows]
        if takeaway.receipt not in receipts:
            return ""
        at = receipts.index(takeaway.receipt)
        rest = receipts[at + 1 : at + 2] or receipts[max(0, at - 1) : at]
        return rest[0] if rest else ""


def span_text(begin: datetime, end: datetime) -> str:
    """Format a time span for the URL: seconds since 1970, and its length in minutes."""
    return f"{int(begin.timestamp())}.{(end - begin) // timedelta(minutes=1)}"


def read_span(text: str) -> tuple[datetime, datetime] | None:
    """Parse ``span_text``; None for ''. Raises BadRequest."""
    if not text:
        return None
    match = _SPAN.fullmatch(text)
    if match is None:
        raise _broken()
    begin = datetime.fromtimestamp(int(match[1]), UTC)
    return begin, begin + timedelta(minutes=int(match[2]))


def _broken() -> BadRequest:
    return BadRequest(_("This page's address is broken. Go back to the desk."))


def tabs(session: Session, view: View) -> list[tuple[str, Any, int]]:
    """Return (state, label, count) of each state."""
    counts = sheets.state_counts(session, view.criteria)
    counts.pop(TakeawayState.WITHDRAWN.value, None)
    counts[sheets.ALL] = sum(counts.values())
    return [(state, words, counts.get(state, 0)) for state, words in _TABS]


def choices(view: View) -> list[tuple[str, Any, tuple[tuple[str, Any], ...], str]]:
    """Return (argument, label, labelled values, current value) of the filters with a list of values."""
    criteria = view.criteria
    return [
        ("kind", _("Kind"), KINDS, criteria.kind),
        ("intent", _("What it is"), INTENTS, criteria.intent),
        ("source", _("From"), SOURCES, criteria.source),
    ]
