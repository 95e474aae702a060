"""What a route reads and answers beyond what Flask knows of it: said beside the route, put together in ``document``.

Fields are written in one line, apart by spaces: ``name``, ``name*`` (required), ``name[]`` (repeatable),
``name:type`` (``integer``, ``number``, ``uuid``, ``file``, ``date``) and ``name=one|two`` (one of these, or empty).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])

_FIELD = re.compile(
    r"(?P<name>[\w.-]+)(?P<many>\[\])?(?P<required>\*)?(?::(?P<type>\w+))?(?:=(?P<of>.+))?"
)


@dataclass(frozen=True)
class Field:
    """A field of a form, a query or a header."""

    name: str
    type: str = "string"
    choices: tuple[str, ...] = ()
    required: bool = False
    many: bool = False


@dataclass(frozen=True)
class Description:
    """See ``describe``."""

    query: tuple[Field, ...] = ()
    form: tuple[Field, ...] = ()
    headers: tuple[Field, ...] = ()
    json: str = ""
    body: str = ""
    answers: str = ""
    produces: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    other_fields: bool = False


_descriptions: dict[Callable[..., Any], Description] = {}


def describe(
    *,
    query: str = "",
    form: str = "",
    headers: str = "",
    json: str = "",
    body: str = "",
    answers: str = "",
    produces: str = "",
    statuses: tuple[int, ...] = (),
    other_fields: bool = False,
) -> Callable[[View], View]:
    """Describe a view for ``GET /openapi.json``.

    ``query``, ``form``, ``headers``: fields; ``other_fields``: the form's depend on settings or target. ``json``: the
    schema of a JSON body; ``body``: the media type of any other. ``answers``: the schema of a JSON answer,
    ``produces``: media types of other answers; ``statuses``: those of success, where they aren't the usual ones
    (200 for a page, 303 for a form).
    """
    description = Description(
        query=_fields(query),
        form=_fields(form),
        headers=_fields(headers),
        json=json,
        body=body,
        answers=answers,
        produces=tuple(produces.split()),
        statuses=statuses,
        other_fields=other_fields,
    )

    def note(view: View) -> View:
        _descriptions[view] = description
        return view

    return note


def description_of(view: Callable[..., Any]) -> Description | None:
    """Return a view's description, or None."""
    return _descriptions.get(view)


def _fields(text: str) -> tuple[Field, ...]:
    return tuple(_field(word) for word in text.split())


def _field(word: str) -> Field:
    match = _FIELD.fullmatch(word)
    if match is None:
        raise ValueError(f"{word!r} is no field")
    return Field(
        match["name"],
        match["type"] or "string",
        tuple((match["of"] or "").split("|")) if match["of"] else (),
        required=bool(match["required"]),
        many=bool(match["many"]),
    )
