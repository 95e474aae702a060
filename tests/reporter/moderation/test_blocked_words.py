"""The word list: what it finds, and that nobody sees what it holds before an organizer has."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event as events
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.errors import ConfigError
from reporter.models import EventSession, Takeaway
from reporter.moderation.blocked_words import (
    FILE_NAME,
    contains,
    holds,
    read_list,
    read_words,
    rescreen,
    screen,
)
from reporter.moderation.decisions import approve, change_own
from reporter.moderation.visibility import Scope, may_show, showable
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("what a DAMN winter", True),
        ("Damn", True),
        ("ｄａｍｎ", True),
        ("goddamn", False),
        ("damned", False),
        ("spammers all over", True),
        ("no spa here", False),
        ("two  bad\nwords", True),
        ("bad. words", False),
        ("Straße", True),
        ("STRASSE", True),
        ("это плохо", True),
        ("", False),
    ],
)
def test_what_is_found(text: str, found: bool) -> None:
    assert contains(text, ["damn", "spam*", "bad words", "strasse", "плохо"]) is found


def test_the_file(tmp_path: Path) -> None:
    assert read_words(tmp_path) == []
    assert not contains("anything", [])
    text = "# ours\n  Damn \n\nbad   words # two\nSpam*\n"
    (tmp_path / FILE_NAME).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_words(tmp_path) == ["damn", "bad words", "spam*"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_file_as_windows_editors_save_it(tmp_path: Path, encoding: str) -> None:
    (tmp_path / FILE_NAME).write_bytes("# Größe\r\nScheiße\r\nmaño*".encode(encoding))
    found = read_list(tmp_path)
    assert found.words == ["scheisse", "maño*"]
    assert found.is_guessed is (encoding == "cp1252")
    assert holds(tmp_path, "So eine SCHEISSE", "")
    assert not holds(tmp_path, "So ein Glück", "")


def no_text(path: Path) -> None:
    path.write_bytes("damn".encode("utf-16-le"))


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("broken", [no_text, a_folder])
def test_a_list_that_cannot_be_read_holds_everything_until_it_can(
    session: Session,
    event: EventSession,
    rng: random.Random,
    tmp_path: Path,
    broken: Callable[[Path], None],
) -> None:
    waiting = add_takeaway(session, event, rng, text="A cold winter")
    broken(tmp_path / FILE_NAME)
    with pytest.raises(ConfigError, match="UTF-8"):
        read_words(tmp_path)
    assert holds(tmp_path, "A mild winter", "")
    added = add_takeaway(session, event, rng, text="A mild winter")
    assert screen(added, tmp_path)
    session.commit()
    assert rescreen(session, tmp_path) == 0
    assert (added.held, bool(waiting.held)) == (True, False)
    if (tmp_path / FILE_NAME).is_dir():
        (tmp_path / FILE_NAME).rmdir()
    (tmp_path / FILE_NAME).write_text("cold\n", encoding="utf-8")
    assert rescreen(session, tmp_path) == 2
    assert (added.held, waiting.held) == (False, True)


def shown(session: Session, row: Takeaway) -> tuple[bool, bool]:
    """At a wall of all new: by the rule on a row, and by the one in queries. They must agree."""
    query = select(Takeaway.id).where(Takeaway.id == row.id, showable(Scope.ROOM, new_too=True))
    return may_show(row, Scope.ROOM, new_too=True), session.scalar(query) is not None


def test_held_until_somebody_has_looked(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock, tmp_path: Path
) -> None:
    (tmp_path / FILE_NAME).write_text("damn\n")
    row = add_takeaway(session, event, rng, text="A damn cold winter")
    assert shown(session, row) == (True, True)
    before = row.revision
    assert rescreen(session, tmp_path) == 1
    assert row.revision > before
    assert shown(session, row) == (False, False)
    assert rescreen(session, tmp_path) == 0
    approve(session, row, actor(clock))
    assert shown(session, row) == (True, True)


def test_words_that_are_changed_later_are_looked_at_too(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock, tmp_path: Path
) -> None:
    (tmp_path / FILE_NAME).write_text("damn\n")
    row = add_takeaway(session, event, rng, text="A cold winter")
    approve(session, row, actor(clock))
    change_own(
        session,
        row,
        actor(clock, "contributor"),
        {"author": "Damn"},
        screen=lambda takeaway: screen(takeaway, tmp_path),
    )
    assert (row.held, row.state) == (True, "new")
    assert shown(session, row) == (False, False)
    change_own(
        session,
        row,
        actor(clock, "contributor"),
        {"author": "Dana"},
        screen=lambda takeaway: screen(takeaway, tmp_path),
    )
    assert shown(session, row) == (True, True)


def test_a_star_alone_holds_everything_a_photo_without_words_too(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("*\n", encoding="utf-8")
    assert holds(tmp_path, "", "")


def test_checking_again_loads_only_what_changes(
    session: Session, event: EventSession, rng: random.Random, tmp_path: Path
) -> None:
    (tmp_path / FILE_NAME).write_text("compost", encoding="utf-8")
    for number in range(20):
        add_takeaway(session, event, rng, text=f"Words {number}")
    add_takeaway(session, event, rng, text="Compost stays warm")
    session.expunge_all()
    loaded: list[object] = []
    events.listen(session, "loaded_as_persistent", lambda _session, row: loaded.append(row))
    assert rescreen(session, tmp_path) == 1
    assert [type(row) for row in loaded].count(Takeaway) == 1
