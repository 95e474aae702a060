"""Calendars in XML and JSON, rewritten as iCalendar: xCal (RFC 6321), its draft that Pentabarf, frab and pretalx write,
and jCal (RFC 7265)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

_JCAL = re.compile(r"\s*\[\s*(?:\[\s*)?\"vcalendar\"", re.IGNORECASE)
_XCAL = re.compile(r"<(?:[\w-]+:)?(?:icalendar|vcalendar)\b", re.IGNORECASE)
_COMPONENTS = re.compile(r"vcalendar|vevent|vtimezone|standard|daylight")
# Without a namespace, or in that of xCal; what Pentabarf adds is in another.
_OURS = re.compile(r"|\{.*(?:xcal|icalendar).*", re.IGNORECASE)
_CONTAINERS = ("properties", "components")
_DATED = frozenset({"dtstart", "dtend", "dtstamp", "recurrence-id", "rdate", "exdate", "until"})
_OFFSETS = frozenset({"tzoffsetfrom", "tzoffsetto"})
_MOST_DEPTH = 8


def as_icalendar(text: str, parse_xml: Callable[[], Element]) -> str:
    """The calendar as iCalendar text; "" for what is neither xCal nor jCal. ``parse_xml``: reads the file's root."""
    if _JCAL.match(text):
        try:
            lines = [*_of_json(json.loads(text), 0)]
        except (ValueError, TypeError, AttributeError, IndexError, RecursionError):
            return ""
    elif text.lstrip().startswith("<") and _XCAL.search(text[:4000]):
        lines = [*_of_xml(parse_xml(), 0)]
    else:
        return ""
    return "".join(f"{line}\r\n" for line in lines) if lines[:1] == ["BEGIN:VCALENDAR"] else ""


def _of_json(node: Any, depth: int) -> Iterator[str]:
    """The lines of a component: [name, properties, components]; or of a list of them."""
    if depth > _MOST_DEPTH or not node:
        return
    if not isinstance(node[0], str):
        for one in node:
            yield from _of_json(one, depth + 1)
        return
    name, properties, components = node[0].lower(), node[1], node[2]
    if not _COMPONENTS.fullmatch(name):
        return
    yield f"BEGIN:{name.upper()}"
    for key, params, _kind, *values in properties:
        texts = [_of_value(key.lower(), value) for value in values]
        yield _line(key, {k: str(v) for k, v in params.items()}, texts)
    yield from _of_json(components, depth + 1)
    yield f"END:{name.upper()}"


def _of_value(key: str, value: Any) -> str:
    if isinstance(value, dict):
        return _rule({k.lower(): v if isinstance(v, list) else [v] for k, v in value.items()})
    if isinstance(value, list):
        return ";".join(_of_value(key, one) for one in value)
    return _plain(key, str(value))


def _of_xml(node: Element, depth: int) -> Iterator[str]:
    name = _tag(node)
    if depth > _MOST_DEPTH:
        return
    if name == "icalendar" or name in _CONTAINERS:
        for part in node:
            yield from _of_xml(part, depth + 1)
    elif _COMPONENTS.fullmatch(name):
        yield f"BEGIN:{name.upper()}"
        for part in node:
            yield from _of_xml(part, depth + 1)
        yield f"END:{name.upper()}"
    elif _OURS.fullmatch(str(node.tag).rpartition("}")[0]):
        yield _property(node, name)


def _property(node: Element, name: str) -> str:
    """A property with elements for its parameters and values, or, in the draft, with a text."""
    params = {key.rpartition("}")[2]: value for key, value in node.attrib.items()}
    values: list[str] = []
    for part in node:
        if _tag(part) == "parameters":
            params |= {_tag(one): "".join(one.itertext()).strip() for one in part}
        elif _tag(part) == "recur":
            rule: dict[str, list[str]] = {}
            for one in part:
                rule.setdefault(_tag(one), []).append(one.text or "")
            values.append(_rule(rule))
        else:
            values.append(_plain(name, "".join(part.itertext()).strip()))
    return _line(name, params, values or [_plain(name, (node.text or "").strip())])


def _tag(node: Element) -> str:
    return str(node.tag).rpartition("}")[2].rpartition(":")[2].lower()


def _rule(parts: Mapping[str, list[Any]]) -> str:
    return ";".join(
        f"{key.upper()}={','.join(_plain(key, str(one).strip()) for one in values)}"
        for key, values in parts.items()
    )


def _plain(key: str, text: str) -> str:
    """A value as iCalendar writes it: dates and offsets without marks between, words with marks escaped."""
    if key in _DATED:
        return re.sub(r"(?<=\d)[-:](?=\d)", "", text)
    if key in _OFFSETS:
        return text.replace(":", "")
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\r\n", "\n").replace("\n", "\\n")


def _line(name: str, params: Mapping[str, str], values: list[str]) -> str:
    parameters = "".join(
        f';{key.upper()}="{_quotable(value)}"' for key, value in params.items() if value
    )
    return f"{re.sub(r'[^A-Za-z0-9-]', '', name).upper()}{parameters}:{','.join(values)}"


def _quotable(text: str) -> str:
    return re.sub(r"[\"\r\n]", " ", text)
