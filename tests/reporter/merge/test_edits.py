"""Edits of pictures that two laptops have: one look at all of them, however many were edited."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from reporter.annotations import edit_history
from reporter.media.edits import Edits
from reporter.merge.edits import merge_edits
from reporter.merge.other_database import open_other
from tests.reporter.merge.test_takeaways import merge, twin
from tests.support.publish.fakes import Kit, open_kit


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    with open_kit(tmp_path / "ours") as kit:
        yield kit


def edit_one(kit: Kit, number: int) -> None:
    media = kit.photo(kit.event(guid=f"s{number}"), number).attachments[0].media
    edit_history.save(kit.session, kit.store, media, Edits(turn=90), actor=kit.actor)


def statements(kit: Kit, other: Session) -> int:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    engines = [session.get_bind() for session in (kit.session, other)]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    assert merge_edits(kit.session, other, kit.store, kit.actor) == []
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    return len(sent)


def test_what_both_know_costs_the_same_however_much_it_is(kit: Kit, tmp_path: Path) -> None:
    needed = []
    for number in range(3):
        edit_one(kit, number)
        folder = twin(kit, tmp_path / f"theirs {number}")
        merge(kit, folder)
        with open_other(folder) as other:
            needed.append(statements(kit, other))
    assert needed[0] == needed[1] == needed[2] <= 3
