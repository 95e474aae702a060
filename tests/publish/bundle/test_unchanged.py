"""A bundle that would come out the same is left alone; one that would not, or isn't whole, is written anew."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from publish.bundle.bagit import check_bag, check_zip
from reporter.enums import Kind
from reporter.moderation import decisions
from tests.publish.bundle.test_builder import bundle, fill, telling_jpeg, tree
from tests.support.publish.fakes import Kit, jpeg


def stamps(goal: Path) -> list[tuple[str, int, int]]:
    """What tells whether something was written: names, inodes and times."""
    statuses = [(path, path.stat()) for path in sorted((goal, *goal.rglob("*")))]
    return [(str(path), stat.st_ino, stat.st_mtime_ns) for path, stat in statuses]


@pytest.mark.parametrize("name", ["bag", "bag.zip"])
def test_with_nothing_new_nothing_is_written(kit: Kit, tmp_path: Path, *, name: str) -> None:
    fill(kit)
    goal = tmp_path / "out" / name
    first = bundle(kit, goal)
    before = stamps(goal)
    kit.clock.forward(days=3)
    assert bundle(kit, goal) == first
    assert stamps(goal) == before
    assert [path.name for path in goal.parent.iterdir()] == [name]


def _new_words(kit: Kit) -> None:
    kit.takeaway(kit.event("Third"), "It was not there before")


def _new_photo(kit: Kit) -> None:
    row = kit.takeaway(kit.event("Third"), "Another", kind=Kind.PHOTO.value)
    kit.attach(
        row, telling_jpeg() + b"\0", kind=Kind.PHOTO, renditions={"view": jpeg(8, (400, 300))}
    )


def _hidden(kit: Kit) -> None:
    row = kit.takeaway(kit.event("Third"), "Only for a moment")
    decisions.hide(kit.session, row, kit.actor)
    first = kit.session.query(type(row)).filter_by(text="From my phone").one()
    decisions.hide(kit.session, first, kit.actor)


@pytest.mark.parametrize("name", ["bag", "bag.zip"])
@pytest.mark.parametrize("change", [_new_words, _new_photo, _hidden])
def test_what_is_new_or_gone_is_noticed(
    kit: Kit, tmp_path: Path, *, change: Callable[[Kit], None], name: str
) -> None:
    fill(kit)
    goal = tmp_path / name
    bundle(kit, goal)
    change(kit)
    again = bundle(kit, goal).path
    # As it would be without one before it.
    fresh = bundle(kit, tmp_path / "elsewhere" / name).path
    if name.endswith("zip"):
        assert again.read_bytes() == fresh.read_bytes()
    else:
        assert tree(again) == tree(fresh)


def _shorter(goal: Path) -> None:
    photo = next((goal / "data" / "media").iterdir())
    photo.write_bytes(photo.read_bytes()[:-1])


def _missing(goal: Path) -> None:
    next((goal / "data" / "originals").iterdir()).unlink()


def _more(goal: Path) -> None:
    (goal / "data" / "notes.txt").write_text("mine")


def _manifest_gone(goal: Path) -> None:
    (goal / "manifest-sha512.txt").unlink()


def _manifest_changed(goal: Path) -> None:
    path = goal / "manifest-sha512.txt"
    path.write_text(path.read_text("utf-8").replace("a", "b"), "utf-8")


@pytest.mark.parametrize("harm", [_shorter, _missing, _more, _manifest_gone, _manifest_changed])
def test_a_folder_that_is_not_whole_is_written_anew(
    kit: Kit, tmp_path: Path, *, harm: Callable[[Path], None]
) -> None:
    fill(kit)
    goal = bundle(kit, tmp_path / "bag").path
    whole = tree(goal)
    harm(goal)
    assert tree(bundle(kit, goal).path) == whole
    check_bag(goal)


def test_a_zip_that_is_cut_off_is_written_anew(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    goal = bundle(kit, tmp_path / "bag.zip").path
    whole = goal.read_bytes()
    goal.write_bytes(whole[:-100])
    assert bundle(kit, goal).path.read_bytes() == whole
    check_zip(goal)


def test_a_file_that_is_no_zip_is_written_over_as_before(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    goal = tmp_path / "bag.zip"
    goal.write_text("Nothing that could be read")
    assert bundle(kit, goal).path == goal
    check_zip(goal)


def test_one_without_originals_gets_them_once_they_are_there(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    aside = tmp_path / "aside"
    media = kit.store.folder / "media"
    shutil.move(media, aside)
    goal = bundle(kit, tmp_path / "bag").path
    assert not (goal / "data" / "originals").exists()
    shutil.move(aside, media)
    bundle(kit, goal)
    assert list((goal / "data" / "originals").iterdir())
