"""What a bundle brings, and what was withdrawn here that it must not bring back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.services.merging import look
from publish.bundle.builder import make_bundle
from reporter import models
from reporter.codes import is_valid
from reporter.enums import Kind
from reporter.merge.bundle import merge_bundle
from reporter.merge.context import MergeReport
from tests.support.publish.fakes import Kit, jpeg, open_kit


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Kit]:
    with open_kit(tmp_path / "theirs", seed=2) as kit:
        yield kit


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    with open_kit(tmp_path / "ours") as kit:
        yield kit


def bundle_of(other: Kit, folder: Path) -> Path:
    now, rng = other.clock(), other.rng
    return make_bundle(other.session, other.store, folder, facts=other.facts, now=now, rng=rng).path


def merge(kit: Kit, folder: Path) -> MergeReport:
    done = merge_bundle(kit.session, kit.store, folder, kit.actor, look=look)
    kit.session.expire_all()
    return done


def bury(kit: Kit, sha256: str, code: str) -> None:
    """As a withdrawal of some takeaway with these bytes leaves it."""
    stone = models.Tombstone(takeaway_id=kit.id(), sha256=sha256, receipt="x", session_code=code)
    stone.withdrawn_at = kit.clock()
    kit.session.add(stone)
    kit.session.commit()


def test_tags_and_descriptions_come_along(kit: Kit, other: Kit, tmp_path: Path) -> None:
    row = other.photo(other.event(), 3, "Leeks")
    row.tags = [models.Tag(name="winter"), models.Tag(name="beds")]
    row.attachments[0].alt = "Two rows of leeks"
    other.session.commit()
    merge(kit, bundle_of(other, tmp_path / "bag"))
    ours = kit.session.get_one(models.Takeaway, row.id)
    assert sorted(tag.name for tag in ours.tags) == ["beds", "winter"]
    assert [one.alt for one in ours.attachments] == ["Two rows of leeks"]


@pytest.mark.parametrize(("session", "comes"), [("the same", False), ("another", True)])
def test_bytes_that_were_withdrawn_here_stay_away_from_their_session(
    kit: Kit, other: Kit, tmp_path: Path, session: str, *, comes: bool
) -> None:
    event = other.event()
    row = other.photo(event, 3, "Leeks")
    sha256 = row.attachments[0].media.sha256
    bury(kit, sha256, event.code if session == "the same" else "ELSEWHERE")
    done = merge(kit, bundle_of(other, tmp_path / "bag"))
    assert (done.takeaways, done.known) == ((1, 0) if comes else (0, 1))
    assert (kit.session.get(models.Takeaway, row.id) is not None) == comes
    assert (kit.store.find_original(sha256) is not None) == comes


def test_what_was_not_withdrawn_of_a_takeaway_comes(kit: Kit, other: Kit, tmp_path: Path) -> None:
    event = other.event()
    row = other.photo(event, 3, "Leeks")
    second = other.attach(row, jpeg(4), kind=Kind.PHOTO, renditions={"view": jpeg(4, (320, 240))})
    other.session.commit()
    bury(kit, second.sha256, event.code)
    merge(kit, bundle_of(other, tmp_path / "bag"))
    [left] = kit.session.get_one(models.Takeaway, row.id).attachments
    assert left.media.sha256 == row.attachments[0].media.sha256


def test_one_session_comes_of_a_code_that_is_none(kit: Kit, other: Kit, tmp_path: Path) -> None:
    """Whoever wrote such a bundle: each laptop checks codes before it looks for a session."""
    event = other.event()
    rows = [other.takeaway(event, text) for text in ("Leeks", "Beans")]
    folder = bundle_of(other, tmp_path / "bag")
    file = folder / "data" / "takeaways.json"
    file.write_text(file.read_text("utf-8").replace(json.dumps(event.code), '"no code"'), "utf-8")
    done = merge(kit, folder)
    assert (done.takeaways, done.sessions) == (2, 1)
    [ours] = {kit.session.get_one(models.Takeaway, row.id).session for row in rows}
    assert is_valid(ours.code)
    assert ours.title == event.title
