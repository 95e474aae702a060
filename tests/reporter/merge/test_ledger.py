"""Ledgers of two laptops become one: no live post is taken for a double, no place for another."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from publish.errors import ConnectionLost
from publish.outbox.runner import deliver_due, queue
from reporter import models
from reporter.enums import ItemKind, Kind, Source
from reporter.moderation import decisions
from reporter.stories.queries import session_story
from tests.reporter.merge.test_takeaways import merge, twin
from tests.support.publish.fakes import FakePlace, Kit, jpeg, open_again, open_kit
from tests.support.publish.rounds import publish


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    with open_kit(tmp_path / "ours") as kit:
        yield kit


def story_row(kit: Kit) -> models.Delivery:
    [row] = [row for row in kit.deliveries(ItemKind.STORY) if row.key]
    return row


def recreated(kit: Kit, place: FakePlace, minutes: int) -> str:
    """As where a room or a page knows a new post under another id: the former one is gone."""
    kit.clock.forward(minutes=minutes)
    row = story_row(kit)
    post = place.posts.pop(row.remote_id)
    row.remote_id, row.sent_at = f"{row.key}-{minutes}", kit.clock()
    place.posts[row.remote_id] = post
    kit.session.commit()
    return row.remote_id


def test_a_film_that_another_laptop_has_published_stays(
    kit: Kit, place: FakePlace, tmp_path: Path
) -> None:
    event = kit.event(title="Film of the evening", guid="film-of-the-evening", retired=True)
    note = kit.takeaway(kit.event(guid="s1"), "seen in it")
    film = kit.takeaway(event, kind=Kind.VIDEO.value, source=Source.FILM.value)
    types = {"play": ("video/mp4", ".mp4")}
    kit.attach(film, b"film", kind=Kind.VIDEO, renditions={"play": b"play"}, types=types)
    film.parts = [models.FilmPart(part_id=note.id)]
    kit.target()
    folder = kit.settings.folder
    with open_kit(tmp_path / "hub", seed=2) as hub:
        publish(kit.session, kit.context)
        assert (len(place.posts), len(place.files)) == (2, 1)
        merge(hub, folder)
        hub.session.scalars(select(models.Target)).one().paused = ""
        publish(hub.session, hub.context)
        assert (len(place.posts), len(place.files)) == (2, 1)


@pytest.mark.parametrize("adopted", [True, False])
def test_a_post_that_was_made_anew_is_no_double(
    kit: Kit, place: FakePlace, tmp_path: Path, adopted: bool
) -> None:
    """``adopted``: the other laptop had a row of its own, not sent yet, when the post's came."""
    kit.takeaway(kit.event(guid="s1"), "words")
    kit.target()
    folder = twin(kit, tmp_path / "theirs")
    publish(kit.session, kit.context)
    with open_again(folder) as there:
        if adopted:
            row = story_row(kit)
            event = there.session.scalars(select(models.EventSession)).one()
            story = session_story(there.session, event, now=there.clock(), rng=there.rng)
            values = {"item_id": story.id, "key": row.key, "wanted": row.wanted}
            moments = {"due_at": there.clock(), "created_at": there.clock()}
            number = there.session.scalars(select(models.Target.id)).one()
            kind = ItemKind.STORY.value
            own = models.Delivery(
                id=there.id(), target_id=number, item_kind=kind, **values, **moments
            )
            there.session.add(own)
            there.session.commit()
        merge(there, kit.settings.folder)
        live = recreated(kit, place, 5)
        merge(there, kit.settings.folder)
        assert story_row(there).remote_id == live
        publish(there.session, there.context)
        publish(kit.session, kit.context)
        assert list(place.posts) == [live]
        # What is stale does not come back.
        newest = recreated(there, place, 90)
        merge(there, kit.settings.folder)
        assert story_row(there).remote_id == newest
        merge(kit, folder)
        publish(kit.session, kit.context)
    assert list(place.posts) == [newest]


def test_of_two_posts_the_later_stays_on_both_sides(
    kit: Kit, place: FakePlace, tmp_path: Path
) -> None:
    """Both have published it unaware of one another, under the same key, and merge before either looks again."""
    kit.photo(kit.event(guid="s1"), 3, "words")
    kit.target()
    folder = twin(kit, tmp_path / "theirs")
    publish(kit.session, kit.context)
    with open_again(folder, seed=5) as there:
        mine, place.posts, place.files = (place.posts, place.files), {}, {}
        there.clock.forward(minutes=9)
        publish(there.session, there.context)
        for row in there.deliveries():
            shelf = place.posts if row.item_kind == ItemKind.STORY else place.files
            moved = shelf.pop(row.remote_id)
            row.remote_id += "-too"
            shelf[row.remote_id] = moved
        [post] = place.posts.values()
        post["files"] = [f"{one}-too" for one in post["files"]]
        there.session.commit()
        place.posts |= mine[0]
        place.files |= mine[1]
        assert (len(place.posts), len(place.files)) == (2, 2)
        merge(kit, folder)
        merge(there, kit.settings.folder)
        before = {row.id for row in kit.deliveries()}
        assert merge(kit, folder).deliveries == 0
        assert {row.id for row in kit.deliveries()} == before
        publish(there.session, there.context)
    publish(kit.session, kit.context)
    assert [name.endswith("-too") for name in (*place.posts, *place.files)] == [True, True]


def test_a_ledger_that_both_know_follows_what_was_sent_later(
    kit: Kit, place: FakePlace, tmp_path: Path
) -> None:
    event = kit.event(guid="s1")
    first = kit.takeaway(event, "words")
    kit.target()
    publish(kit.session, kit.context)
    folder = twin(kit, tmp_path / "theirs")
    second = kit.takeaway(event, "more")
    kit.clock.forward(minutes=5)
    publish(kit.session, kit.context)
    with open_again(folder) as there:
        merge(there, kit.settings.folder)
        row, ours = story_row(there), story_row(kit)
        assert (row.sent, row.sent_at) == (ours.sent, ours.sent_at)
        assert row.memory.may_show == {first.id, second.id}
        assert merge(there, kit.settings.folder).deliveries == 0


def lose(kit: Kit, place: FakePlace) -> None:
    """Send what is due; the post arrives, its answer does not."""
    place.after[("update", "*")] = [ConnectionLost("lost")]
    queue(kit.session, kit.context)
    while deliver_due(kit.session, kit.context) is not None:
        pass
    assert story_row(kit).memory.tried


@pytest.mark.parametrize("first", ["who sent it", "the other"])
def test_what_has_left_a_story_is_forgotten_once_it_was_sent_without(
    kit: Kit, place: FakePlace, tmp_path: Path, first: str
) -> None:
    event = kit.event(guid="s1")
    stays, goes = kit.takeaway(event, "stays"), kit.takeaway(event, "goes")
    kit.target()
    publish(kit.session, kit.context)
    folder = twin(kit, tmp_path / "theirs")
    decisions.hide(kit.session, goes, kit.actor)
    kit.clock.forward(minutes=5)
    publish(kit.session, kit.context)
    with open_again(folder) as there:
        pair = [(there, kit.settings.folder), (kit, folder)]
        for one, other in (pair if first == "the other" else pair[::-1]) * 2:
            merge(one, other)
        for one in (kit, there):
            row = story_row(one)
            assert row.memory.may_show == {stays.id}
            assert (row.memory.trying, row.state, row.sent) == ((), "sent", row.wanted)
            one.takeaway(one.session.get_one(models.EventSession, event.id), "more")
            queue(one.session, one.context)
            assert not story_row(one).memory.urgent


@pytest.mark.parametrize("ahead", [0, 60], ids=["same-clocks", "other-clock-ahead"])
def test_a_lost_answer_is_known_elsewhere_until_a_later_one(
    kit: Kit, place: FakePlace, tmp_path: Path, ahead: int
) -> None:
    """``ahead``: minutes that the clock was ahead of ours where it was sent first."""
    event = kit.event(guid="s1")
    stays = kit.takeaway(event, "stays")
    kit.target()
    publish(kit.session, kit.context)
    row = story_row(kit)
    assert row.sent_at is not None
    row.sent_at += timedelta(minutes=ahead)
    folder = twin(kit, tmp_path / "theirs")
    unsure = kit.takeaway(event, "unsure")
    kit.clock.forward(minutes=1)
    lose(kit, place)
    with open_again(folder) as there:
        for _ in range(2):
            merge(there, kit.settings.folder)
            merge(kit, folder)
        assert set(story_row(there).memory.trying) == {stays.id, unsure.id}
        remembered = story_row(there).remote
        assert merge(there, kit.settings.folder).deliveries == 0
        assert story_row(there).remote == remembered
        decisions.hide(kit.session, unsure, kit.actor)
        kit.clock.forward(minutes=ahead + 9)
        publish(kit.session, kit.context)
        for _ in range(2):
            merge(kit, folder)
            merge(there, kit.settings.folder)
        for one in (kit, there):
            assert story_row(one).memory.may_show == {stays.id}
            assert story_row(one).memory.trying == ()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_laptops_agree_on_what_a_place_may_show(
    kit: Kit, place: FakePlace, tmp_path: Path, order: tuple[int, ...]
) -> None:
    """The first loses an answer, the second sends without a takeaway after that, the third loses an answer then."""
    event = kit.event(guid="s1")
    stays, goes = kit.takeaway(event, "stays"), kit.takeaway(event, "goes")
    kit.target()
    publish(kit.session, kit.context)
    folders = [twin(kit, tmp_path / str(number)) for number in (1, 2)]
    with ExitStack() as opened:
        second, third = (opened.enter_context(open_again(one, seed=20)) for one in folders)
        kits = [kit, second, third]
        for minutes, one in zip((2, 5, 10), kits, strict=True):
            one.clock.now = kit.clock.now + timedelta(minutes=minutes)
        kit.takeaway(event, "superseded")
        lose(kit, place)
        decisions.hide(second.session, second.session.get_one(models.Takeaway, goes.id), kit.actor)
        publish(second.session, second.context)
        unsure = third.takeaway(third.session.get_one(models.EventSession, event.id), "unsure")
        lose(third, place)
        for _ in range(2):
            for a, b in itertools.permutations(order, 2):
                merge(kits[a], kits[b].settings.folder)
        rows = [story_row(one) for one in kits]
        assert [row.memory.takeaways for row in rows] == [(stays.id,)] * 3
        assert [row.memory.begun for row in rows] == [rows[0].memory.begun] * 3
        takeaways = {stays.id, goes.id, unsure.id}
        assert [set(row.memory.trying) for row in rows] == [takeaways] * 3


def test_what_was_taken_down_here_stays_down(kit: Kit, place: FakePlace, tmp_path: Path) -> None:
    event = kit.event(guid="s1")
    kit.takeaway(event, "words")
    kit.target()
    publish(kit.session, kit.context)
    folder = twin(kit, tmp_path / "theirs")
    kit.session.scalars(select(models.Takeaway)).one().state = "hidden"
    kit.session.commit()
    publish(kit.session, kit.context)
    assert place.posts == {}
    assert merge(kit, folder).deliveries == 0
    assert story_row(kit).state == "withdrawn"


def test_a_file_that_could_not_be_taken_stays_where_it_is(
    kit: Kit, place: FakePlace, tmp_path: Path
) -> None:
    photo = kit.photo(kit.event(guid="s1"), 3, "words")
    kit.target()
    publish(kit.session, kit.context)
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as there:
        row = there.session.get_one(models.Takeaway, photo.id)
        view = {"view": jpeg(8, (320, 240))}
        there.attach(row, jpeg(8), kind=Kind.PHOTO, renditions=view)
        decisions.bump_revision(there.session, row)
        there.session.commit()
        publish(there.session, there.context)
        sha256 = row.attachments[1].media.sha256
        there.store.original(sha256, ".jpg").write_bytes(b"damaged")
    assert len(place.files) == 2
    assert merge(kit, folder).left
    kit.clock.forward(minutes=5)
    publish(kit.session, kit.context)
    assert place.count("withdraw_media") == 0


PLACES: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("matrix", {"url": "https://m.example", "room": "#a"}, {"room": "#b"}),
    ("facebook", {"page": "1"}, {"page": "2"}),
    ("email", {"host": "mail.example", "to": "a@example.org"}, {"to": "b@example.org"}),
    ("git", {"url": "https://g.example/r.git", "branch": "main"}, {"branch": "site"}),
    ("folder", {"url": "s3://box", "endpoint": "https://a"}, {"endpoint": "https://b"}),
    ("mediawiki", {"url": "https://w.example", "user": "A", "under": "X"}, {"under": "Y"}),
    ("wordpress", {"url": "https://b.example", "user": "A"}, {"user": "B"}),
)


@pytest.mark.parametrize(("kind", "options", "other"), PLACES)
def test_places_are_told_apart(
    kit: Kit, tmp_path: Path, kind: str, options: dict[str, Any], other: dict[str, Any]
) -> None:
    kit.target("one", kind, options=options)
    kit.target("two", kind, options=options | other)
    with open_kit(tmp_path / "theirs", seed=2) as there:
        ours = {
            name: row for row in kit.session.scalars(select(models.Target)) for name in [row.name]
        }
        there.target("two", kind, options=options | other)
        there.target("another", kind, options=options)
        assert merge(kit, there.settings.folder).targets == 0
        there.target("third", kind, options={**options, **dict.fromkeys(other, "else")})
        assert merge(kit, there.settings.folder).targets == 1
    names = kit.session.scalars(select(models.Target.name)).all()
    assert sorted(names) == ["one", "third", "two"]
    assert ours["one"].place != ours["two"].place


def test_two_accounts_at_one_server_are_told_apart_by_name(kit: Kit, tmp_path: Path) -> None:
    options = {"url": "https://social.example"}
    kit.target("ours", "mastodon", options=options)
    with open_kit(tmp_path / "theirs", seed=2) as there:
        there.target("theirs", "mastodon", options=options)
        merge(kit, there.settings.folder)
        assert merge(kit, there.settings.folder).targets == 0
    rows = kit.session.scalars(select(models.Target).order_by(models.Target.name)).all()
    assert [(row.name, bool(row.paused)) for row in rows] == [("ours", False), ("theirs", True)]
