"""Parser for version 2 of schedule.json, and helpers shared with version 1 and the XML.

Field names follow the schema (https://github.com/voc/schedule, validator/json/schema2.json): a flat
list of events, each with start and end.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from reporter.errors import BadInput
from reporter.messages import Message
from reporter.schedule.calendars.content_lines import parse_duration
from reporter.schedule.dates.lengths import parse_length
from reporter.schedule.dates.moments import parse_when
from reporter.schedule.dates.zones import tell_clock_change, zone_of_name
from reporter.schedule.datetimes import to_utc
from reporter.schedule.parsed_session import (
    NO_END,
    Findings,
    ScheduledSession,
    SessionDraft,
    event_named,
    event_numbered,
    one_line,
    plain_text,
)

# The code of a talk in pretalx URLs.
_TALK = re.compile(r"/talk/([A-Z0-9]{5,8})(?:/|$)")
_GONE = {"CANCELED", "CANCELLED", "WITHDRAWN", "REJECTED", "DELETED", "DRAFT"}
_NOT_SAID = Message(
    "Version 2 of schedule.json doesn't say who asked not to be recorded. Ask the speakers, or import version 1; "
    "sessions known from it keep that wish."
)


def version_two(document: Any) -> tuple[dict[str, Any], list[Any]] | None:
    """(the conference, its events) of a version 2 document; None for others."""
    schedule = document.get("schedule", document) if isinstance(document, dict) else None
    if not isinstance(schedule, dict) or not isinstance(schedule.get("events"), list):
        return None
    if "schedule" not in document and not any(map(_is_of_version_two, schedule["events"])):
        return None  # another program's list of events
    conference = schedule.get("conference")
    return (conference if isinstance(conference, dict) else {}), schedule["events"]


def _is_of_version_two(event: Any) -> bool:
    fields = event if isinstance(event, dict) else {}
    return all(isinstance(fields.get(name), str) for name in ("guid", "title", "start"))


def conference_zone(name: str, zone: ZoneInfo, findings: Findings) -> ZoneInfo:
    """The zone of a conference, by its IANA, Windows or Rails name; else ``zone``, with a warning."""
    if not name:
        return zone
    found = zone_of_name(name)
    if found is None:
        findings.note(
            Message(
                "The zone “%(zone)s” is not known. Times without an offset were read as those of "
                "%(taken)s.",
                zone=one_line(name, 60),
                taken=zone.key,
            )
        )
        return zone
    if found.key != name:
        findings.note(
            Message(
                "The zone “%(zone)s” was taken as %(taken)s.",
                zone=one_line(name, 60),
                taken=found.key,
            )
        )
    return found


def read_events(
    conference: dict[str, Any], events: list[Any], zone: ZoneInfo, findings: Findings
) -> list[SessionDraft]:
    """Parse the sessions of version 2; see ``read_json``."""
    zone = conference_zone(text_of(conference.get("time_zone_name")), zone, findings)
    rooms, tracks = _by_slug(conference.get("rooms")), _by_slug(conference.get("tracks"))
    drafts: list[SessionDraft] = []
    for number, event in enumerate(events, start=1):
        where = event_numbered(number)
        title = one_line(text_of(event.get("title"))) if isinstance(event, dict) else ""
        if not title:
            findings.leave_out(
                Message(
                    "%(where)s has no title. Give it one and export the schedule again.",
                    where=where,
                )
            )
        elif text_of(event.get("state")).upper() in _GONE:
            findings.leave_out(
                Message(
                    "%(where)s is %(state)s.",
                    where=event_named(number, title),
                    state=text_of(event.get("state")).lower(),
                )
            )
        else:
            span = _span(event, zone, findings, event_named(number, title))
            session = _session(event, title, span)
            named = replace(
                session,
                room=one_line(_named(event.get("room"), rooms)),
                track=one_line(_named(event.get("track"), tracks)),
            )
            drafts.append(
                SessionDraft(
                    event_named(number, title), named, key=one_line(text_of(event.get("code")), 200)
                )
            )
    if drafts:
        findings.note(_NOT_SAID)
    return with_pretalx_codes(drafts)


def _session(
    event: dict[str, Any], title: str, span: tuple[datetime | None, datetime | None]
) -> ScheduledSession:
    return ScheduledSession(
        guid=one_line(text_of(event.get("guid")), 200),
        title=title,
        speakers=person_names(event.get("participants") or event.get("persons")),
        description=plain_text(
            *(text_of(event.get(part)) for part in ("subtitle", "abstract", "description"))
        ),
        starts_at=span[0],
        ends_at=span[1],
        language=one_line(text_of(event.get("language")), 35),
        aliases=aliases_of(event),
        unsaid=frozenset({"do_not_record", "licence"}),
    )


def _by_slug(entries: Any) -> dict[str, str]:
    """{slug: name} of the conference's rooms or tracks."""
    found: dict[str, str] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("slug"):
            found[text_of(entry["slug"])] = text_of(entry.get("name"))
    return found


def _named(reference: Any, names: dict[str, str]) -> str:
    if not isinstance(reference, dict):
        return text_of(reference)
    slug = text_of(reference.get("slug"))
    return text_of(reference.get("name")) or names.get(slug, "") or slug


def _span(
    event: dict[str, Any], zone: ZoneInfo, findings: Findings, where: str
) -> tuple[datetime | None, datetime | None]:
    start, end = text_of(event.get("start")), text_of(event.get("end"))
    try:
        starts = _instant(start, zone, findings, where) if start else None
    except (ValueError, BadInput):
        findings.note_unread(
            Message("Its start “%(text)s” is not understood.", text=one_line(start, 40)), where
        )
        return None, None
    if starts is None:
        findings.note(Message("It has no start, so it came in without a time."), where)
        return None, None
    try:
        length = text_of(event.get("duration"))
        if end:
            ends = _instant(end, zone, findings, where)
        elif length:
            ends = starts + _length(length)
        else:
            return starts, None
    except (ValueError, BadInput):
        findings.note_odd(Message.join([Message("Its end is not understood."), NO_END]), where)
        return starts, None
    if ends < starts:
        findings.note_odd(Message("It ends before it starts, so its end was left away."), where)
        return starts, None
    return starts, ends


def _instant(text: str, zone: ZoneInfo, findings: Findings, where: str) -> datetime:
    when = parse_when(text)
    moment = when.at()
    if moment is None or when.clock is None:
        raise ValueError(text)
    if moment.tzinfo is None:
        tell_clock_change(findings, where, moment, zone)
    return to_utc(moment, zone)


def _length(text: str) -> timedelta:
    if text.upper().startswith("P"):
        days, exact = parse_duration(text)
        return timedelta(days=days) + exact
    return parse_length(text)


def aliases_of(event: dict[str, Any]) -> tuple[str, ...]:
    """The id of the same talk in pretalx calendars; empty for other systems."""
    found = _TALK.search(text_of(event.get("url")))
    code = text_of(event.get("code")) or (found[1] if found else "")
    return (f"pretalx {code}",) if re.fullmatch(r"[A-Z0-9]{5,8}", code) else ()


def with_pretalx_codes(drafts: list[SessionDraft]) -> list[SessionDraft]:
    """The drafts, with aliases of repeated talks numbered by start like in pretalx."""
    slots: dict[str, list[datetime]] = {}
    for draft in drafts:
        if draft.session.aliases and draft.session.starts_at:
            slots.setdefault(draft.session.aliases[0], []).append(draft.session.starts_at)
    return [_numbered(draft, slots) for draft in drafts]


def _numbered(draft: SessionDraft, slots: dict[str, list[datetime]]) -> SessionDraft:
    session = draft.session
    starts = sorted(slots.get(session.aliases[0], [])) if session.aliases else []
    if len(starts) < 2 or session.starts_at is None:
        return draft
    alias = f"{session.aliases[0]}-{starts.index(session.starts_at)}"
    return replace(draft, session=replace(session, aliases=(alias,)))


def person_names(persons: Any) -> tuple[str, ...]:
    """Names of people given as strings or as objects."""
    names: list[str] = []
    for person in persons if isinstance(persons, list) else []:
        if isinstance(person, dict):
            person = next(
                (person[k] for k in ("public_name", "full_public_name", "name") if person.get(k)),
                "",
            )
        names.append(one_line(text_of(person)))
    return tuple(name for name in names if name)


def text_of(value: Any) -> str:
    """A field as text: strings and numbers; of a multilingual text the first."""
    if isinstance(value, dict):
        value = next((text for text in value.values() if isinstance(text, str) and text), "")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)[:100_000]
