"""The desk's settings for the wall: which cards, light or dark, animation, and a message for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reporter.errors import BadInput
from reporter.models import Gathering

LATEST, NOW, QUESTIONS, MAP, THEMES = "latest", "now", "questions", "map", "themes"
MODES = (LATEST, NOW, QUESTIONS, MAP, THEMES)
# Modes without cards.
CHARTS = (MAP, THEMES)
LINE_CHARS = 160
COLUMNS = (
    Gathering.wall_mode,
    Gathering.wall_paused,
    Gathering.wall_light,
    Gathering.announcement,
)


@dataclass(frozen=True)
class Wallboard:
    """Settings of the wall."""

    mode: str = LATEST
    paused: bool = False
    light: bool = False
    line: str = ""


def board_of(session: Session) -> Wallboard:
    """The current settings."""
    return board_from(session.execute(select(*COLUMNS)).one())


def board_from(row: Sequence[Any]) -> Wallboard:
    """Build from the values of ``COLUMNS`` when they were queried together with others."""
    mode, paused, light, line = row
    return Wallboard(mode or LATEST, paused, light, line)


def set_board(
    session: Session,
    *,
    mode: str | None = None,
    paused: bool | None = None,
    light: bool | None = None,
    line: str | None = None,
) -> None:
    """Change some settings; the rest stay. Raises BadInput for an unknown mode or a message that is
    too long. Commits."""
    if mode is not None and mode not in MODES:
        raise BadInput("The wall can show %(choices)s.", choices=", ".join(MODES))
    words = " ".join(line.split()) if line is not None else None
    if words is not None and len(words) > LINE_CHARS:
        raise BadInput(
            "At most %(count)s characters can be read from the back row.", count=LINE_CHARS
        )
    wanted = {
        "wall_mode": mode,
        "wall_paused": paused,
        "wall_light": light,
        "announcement": words,
    }
    values = {name: value for name, value in wanted.items() if value is not None}
    if values:
        session.execute(update(Gathering).values(**values))
        session.commit()
