"""Themes travel: what organizers there decided comes along, what was decided here stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.services.merging import look
from reporter.merge.context import MergeContext
from reporter.merge.other_database import open_other
from reporter.merge.takeaways import merge_takeaways
from reporter.merge.themes import merge_themes
from reporter.models import Theme, ThemeMember
from reporter.themes.decisions import rename_theme, split_theme
from tests.support.publish.fakes import Kit, open_again
from tests.support.servers.on_postgresql import copy_gathering


def merge(kit: Kit, folder: Path) -> None:
    with open_other(folder) as other:
        work = MergeContext(kit.session, other, kit.store, folder, kit.actor, look)
        merge_takeaways(work)
        merge_themes(work)
    kit.session.expire_all()


@pytest.mark.parametrize("is_decided_here", [False, True])
def test_decisions_of_the_other_side_come_where_none_was_made(
    kit: Kit, tmp_path: Path, *, is_decided_here: bool
) -> None:
    event = kit.event()
    rows = [kit.takeaway(event, text) for text in ("Leeks", "Beans")]
    kit.session.commit()
    folder = tmp_path / "theirs"
    copy_gathering(kit.settings.folder, folder)
    with open_again(folder) as there:
        theirs = [there.session.get_one(type(row), row.id) for row in rows]
        theme = split_theme(there.session, theirs, "Beds", there.actor)
        rename_theme(there.session, theme, "Winter beds", there.actor)
        number = theme.id
    if is_decided_here:
        split_theme(kit.session, rows[:1], "Ours", kit.actor)
    for _ in range(2):
        merge(kit, folder)
    assert kit.session.get_one(Theme, number).name == "Winter beds"
    placed = {kit.session.get_one(ThemeMember, row.id).theme_id == number for row in rows[:1]}
    assert placed == {not is_decided_here}
    assert kit.session.get_one(ThemeMember, rows[1].id).theme_id == number


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_theme_that_is_kept_comes_with_those_that_were_found_for_it(
    kit: Kit, tmp_path: Path, *, is_kept: bool
) -> None:
    """Nobody placed them by hand. What nobody kept is found again here."""
    row = kit.takeaway(kit.event(), "Leeks")
    kit.session.commit()
    folder = tmp_path / "theirs"
    copy_gathering(kit.settings.folder, folder)
    with open_again(folder) as there:
        theme = Theme(id=there.id(), name="Beds", pinned=is_kept, created_at=there.clock())
        theme.changed_at = there.clock() if is_kept else None
        there.session.add(theme)
        there.session.flush()
        there.session.add(ThemeMember(takeaway_id=row.id, theme_id=theme.id, similarity=0.7))
        there.session.commit()
        number = theme.id
    merge(kit, folder)
    assert (kit.session.get(Theme, number) is not None) == is_kept
    member = kit.session.get(ThemeMember, row.id)
    assert (member and (member.theme_id, member.similarity)) == ((number, 0.7) if is_kept else None)


@pytest.mark.parametrize("is_placed_here", [False, True], ids=["found here", "placed by hand here"])
def test_of_decisions_without_a_date_each_side_keeps_its_own(
    kit: Kit, tmp_path: Path, *, is_placed_here: bool
) -> None:
    """Earlier versions did not note when. What nobody decided gives way."""
    [row] = [kit.takeaway(kit.event(), "Leeks")]
    folder = tmp_path / "theirs"
    kit.session.commit()
    copy_gathering(kit.settings.folder, folder)
    with open_again(folder) as there:
        theirs = Theme(id=there.id(), name="Theirs", pinned=True, created_at=there.clock())
        there.session.add(theirs)
        there.session.add(ThemeMember(takeaway_id=row.id, theme_id=theirs.id, by_hand=True))
        there.session.commit()
        number = theirs.id
    ours = Theme(id=kit.id(), name="Ours", created_at=kit.clock())
    kit.session.add(ours)
    kit.session.add(ThemeMember(takeaway_id=row.id, theme_id=ours.id, by_hand=is_placed_here))
    kit.session.commit()
    merge(kit, folder)
    assert kit.session.get_one(ThemeMember, row.id).theme_id == (
        ours.id if is_placed_here else number
    )
