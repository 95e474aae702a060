"""Texts for decisions: history, undo, edit conflicts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import format_datetime, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.i18n.clock_text import shown_clock
from kiosk.web.desk.identity import who_words
from reporter.annotations import edit_history
from reporter.models import Decision
from reporter.moderation.history import ADDED, ALT, fields_of
from reporter.review.conflicts import EditConflict

_ACTIONS = {
    "approved": later("approved"),
    "hidden": later("hidden"),
    "new": later("put back to waiting"),
    "undo": later("undone"),
    "withdrawn": later("taken back"),
    ADDED: later("added later"),
    edit_history.ACTION: later("picture edited"),
}
_FIELDS = {
    "state": later("decision"),
    "text": later("words"),
    "caption": later("caption"),
    "author": later("name"),
    "tags": later("tags"),
    "session_code": later("session"),
    "audience": later("who may see it"),
    "consent": later("agreed to be shown"),
    "intent": later("what it is"),
    "starred": later("star"),
    "prompt": later("question"),
    "licence": later("licence"),
    ADDED: later("added later"),
}


@dataclass(frozen=True)
class HistoryLine:
    """One line of a history."""

    who: str
    when: str
    what: str
    details: list[tuple[str, str, str]]
    step: str
    undone: bool


def field_words(name: str) -> str:
    """Return a field's label."""
    return _("description") if name.startswith(ALT) else str(_FIELDS.get(name, name))


def clock_words(moment: datetime) -> str:
    """Return the time of day at the gathering."""
    return shown_clock(moment)


def line_of(decision: Decision) -> HistoryLine:
    """Return a decision as a history line."""
    fields = fields_of(decision)
    names = list(dict.fromkeys(field_words(name) for name in fields.after))
    action = str(_ACTIONS.get(decision.action, "")) or _(
        "changed: %(what)s", what=_(", ").join(names)
    )
    can_undo = decision.step is not None and not decision.undone and decision.action != "withdrawn"
    details = [
        (field_words(name), value_words(fields.before.get(name)), value_words(value))
        for name, value in fields.after.items()
        if decision.action != edit_history.ACTION
    ]
    when = format_datetime(decision.at, "short")
    step = decision.step.hex if can_undo and decision.step else ""
    return HistoryLine(who_words(decision.who), when, action, details, step, decision.undone)


def value_words(value: Any) -> str:
    """Return a field's value for people."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return _(", ").join(map(str, value))
    return str(_ACTIONS.get(value, value) if isinstance(value, str) else value or "")


def clash_words(clash: EditConflict) -> str:
    """Describe what somebody else changed meanwhile."""
    return _(
        "%(who)s changed this at %(time)s, after you opened the page (%(field)s: %(value)s). Look again, then decide.",
        who=who_words(clash.who),
        time=clock_words(clash.at),
        field=field_words(clash.name),
        value=value_words(clash.theirs) or _("empty"),
    )


def step_words(session: Session, step: uuid.UUID) -> str:
    """Describe what an undo would revert; '' if nothing is left of it."""
    query = select(Decision).where(Decision.step == step, Decision.undone.is_(False))
    rows = session.scalars(query.limit(500)).all()
    if not rows:
        return ""
    what = line_of(rows[0]).what
    if len(rows) == 1:
        return what[:1].upper() + what[1:]
    return ngettext(
        "%(num)d takeaway: %(what)s", "%(num)d takeaways: %(what)s", len(rows), what=what
    )
