"""One suite for all targets: create, find, update, withdraw, media, replies, answers, limits, refusal, lost answers."""

from __future__ import annotations

import os
import random
import uuid
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publish.errors import AuthRefused
from publish.net import http
from publish.outbox.items.answer import answer_key
from publish.posts.model import Remote
from publish.status import target_registry
from publish.status.dry_run import preview
from publish.targets import Target, target_class
from publish.targets.base import Answer, Limits, RemoteReply
from publish.targets.capabilities import AnswersReplies, PollsReplies, polls_replies
from reporter import secret_store
from reporter.enums import Kind, Source
from reporter.models import Delivery, EventSession, FilmPart, Takeaway
from reporter.moderation import decisions
from tests.publish.conformance.contract import Place, plain
from tests.publish.conformance.targets import PLACES
from tests.support.media.recordings import mp4
from tests.support.publish.fakes import FaultProxy, Kit
from tests.support.publish.rounds import publish, seeds

# Seconds that an answer is waited for where one never comes. Real servers answer sooner, a busy machine or not;
# should one be slower, it is as if its answer were lost.
PATIENCE = 4
HOSTILE = (
    "<script>alert(1)</script> [[Main Page]] {{Evil}} ~~~~ [gallery] &amp; ''x'' **y** //z// __w__ "
    "https://a.example/b。 end"
)


def places_to_try() -> list[Any]:
    """All, each beside the other tests of its server; the heavy ones skipped unless they are asked for.

    By marks, so that nothing is set up for what is skipped.
    """
    asked = os.environ.get("REAL_SERVERS", "").split()
    heavy = {name: name.removesuffix("-real") for name in PLACES if name.endswith("-real")}
    return [
        pytest.param(
            name,
            id=name,
            marks=[
                pytest.mark.xdist_group(name),
                pytest.mark.skipif(
                    name in heavy and heavy[name] not in asked,
                    reason=f"not asked for (REAL_SERVERS={heavy.get(name)})",
                ),
            ],
        )
        for name in PLACES
    ]


@pytest.fixture(params=places_to_try())
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with PLACES[request.param](request) as place:
        yield place


@pytest.fixture
def proxy(place: Place) -> Iterator[FaultProxy]:
    if place.port is None:
        pytest.skip("nothing is sent over HTTP there")
    proxy = FaultProxy(place.port)
    yield proxy
    proxy.close()


def add(kit: Kit, place: Place, url: str = "") -> None:
    given = place.options(url or (place.url if place.port else ""))
    target_registry.add_target(
        kit.session, place.kind, "there", given, now=kit.clock(), rng=kit.rng
    )
    secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("there"), place.secret)


def send(kit: Kit) -> list[dict[str, Any]]:
    """Publish until nothing is open, on the clock of the test."""
    return publish(
        kit.session,
        kit.context,
        wait=True,
        pause=lambda seconds: kit.clock.forward(seconds=seconds),
    )


def opened(kit: Kit) -> Target:
    return kit.context.connect(target_registry.find_target(kit.session, "there"))


def story_rows(kit: Kit) -> list[Delivery]:
    return kit.deliveries("story")


def remote_of(row: Delivery) -> Remote:
    return Remote(row.remote_id, row.url, row.remote.get("extra", {}))


def filled(kit: Kit) -> tuple[EventSession, Takeaway, Takeaway]:
    """One session with a photo and a note, both approved."""
    event = kit.event(title=f"Community gardens {kit.facts.mark}")
    photo = kit.photo(event, zlib.crc32(kit.facts.mark.encode()), "Leeks stand the frost.")
    note = kit.takeaway(event, "Ask the neighbours first.", intent="action", author="Ben")
    return event, photo, note


def picture(kit: Kit, takeaway: Takeaway) -> bytes:
    media = takeaway.attachments[0].media
    return kit.store.rendition(media.sha256, "view", ".jpg").read_bytes()


def test_sent_once_changed_in_place_and_taken_back(kit: Kit, place: Place) -> None:
    _, photo, note = filled(kit)
    add(kit, place)
    planned = preview(kit.session, kit.context)
    assert {row["action"] for row in planned} == {"create"}
    assert place.census(kit.facts).posts == []

    first = send(kit)
    assert {(row["state"], row["error"]) for row in first} == {("sent", "")}
    assert send(kit) == first
    [seen] = place.census(kit.facts).posts
    assert "Leeks stand the frost." in seen.words
    assert "Ask the neighbours first." in seen.words
    assert kit.facts.mark in seen.words
    assert list(seen.files) == [picture(kit, photo)]
    [row] = story_rows(kit)
    with closing(opened(kit)) as target:
        found = target.find(row.key)
        assert found is not None
        assert found.id == row.remote_id
        assert target.find(f"{row.key}zz") is None

    decisions.change(kit.session, note, kit.actor, {"text": "Ask the neighbours twice."})
    assert {row["state"] for row in send(kit)} == {"sent"}
    [seen] = place.census(kit.facts).posts
    assert "Ask the neighbours twice." in seen.words
    assert "Ask the neighbours first." not in seen.words
    assert list(seen.files) == [picture(kit, photo)]

    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    assert {row["state"] for row in send(kit)} <= {"sent", "withdrawn"}
    [seen] = place.census(kit.facts).posts
    assert "Leeks" not in seen.words
    assert list(seen.files) == []
    assert not place.census(kit.facts).library

    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    send(kit)
    left = place.census(kit.facts)
    assert (left.posts, left.library or 0) == ([], 0)
    with closing(opened(kit)) as target:
        assert target.find(row.key) is None


def film_of(kit: Kit, event: EventSession, *parts: Takeaway) -> Takeaway:
    """An approved film of these takeaways."""
    film = kit.takeaway(event, kind=Kind.VIDEO.value, source=Source.FILM.value)
    play_film(kit, film, 1.0, *parts)
    return film


def play_film(kit: Kit, film: Takeaway, seconds: float, *parts: Takeaway) -> None:
    """Another finished film in place of the former."""
    film.attachments.clear()
    film.parts = [FilmPart(part_id=part.id) for part in parts]
    still = kit.photo(kit.event(), round(seconds * 10), state="new").attachments[0].media
    poster = kit.store.rendition(still.sha256, "view", ".jpg").read_bytes()
    made = mp4(seconds).read_bytes()
    kit.attach(
        film,
        made,
        kind=Kind.VIDEO,
        renditions={"play": made, "poster": poster},
        types={"play": ("video/mp4", ".mp4")},
        alt="Film of the evening",
    )


def test_film_leaves_with_its_part_and_comes_back_without(kit: Kit, place: Place) -> None:
    _, _, note = filled(kit)
    other = kit.takeaway(note.session, "Bring gloves.")
    evening = kit.event(title=f"Film {kit.facts.mark}", starts_at=None, room="", retired=True)
    film = film_of(kit, evening, note, other)
    add(kit, place)
    # Where no films are taken its still goes.
    errors = {row["error"] for row in send(kit)} - {""}
    assert all("sent a still instead" in error for error in errors)
    [former] = films_at(kit, place)

    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    send(kit)
    assert films_at(kit, place) == []
    assert len(place.census(kit.facts).posts) == 1
    assert place.census(kit.facts).library in (None, 1)

    play_film(kit, film, 1.5, other)
    send(kit)
    [files] = films_at(kit, place)
    assert not set(files) & set(former)


def films_at(kit: Kit, place: Place) -> list[list[bytes]]:
    """The films, or what stands for them, in posts of the film."""
    posts = place.census(kit.facts).posts
    return [list(seen.files) for seen in posts if f"Film {kit.facts.mark}" in seen.words]


def test_words_of_people_are_shown_as_they_wrote_them(kit: Kit, place: Place) -> None:
    event = kit.event(title=f"Gardens & <b>more</b> {kit.facts.mark}")
    kit.takeaway(event, HOSTILE, author="Ben [[x]] <i>")
    add(kit, place)
    assert {(row["state"], row["error"]) for row in send(kit)} == {("sent", "")}
    [seen] = place.census(kit.facts).posts
    assert plain(HOSTILE) in plain(seen.words)
    assert "Gardens & <b>more</b>" in seen.words
    assert "Ben [[x]] <i>" in seen.words


def test_gone_there_is_made_again_when_it_changes(kit: Kit, place: Place) -> None:
    _, _, note = filled(kit)
    add(kit, place)
    send(kit)
    [row] = story_rows(kit)
    with closing(opened(kit)) as target:
        target.withdraw(remote_of(row))
        target.withdraw(remote_of(row))
        assert target.find(row.key) is None
    assert place.census(kit.facts).posts == []
    decisions.change(kit.session, note, kit.actor, {"text": "Once more."})
    assert {row["state"] for row in send(kit)} == {"sent"}
    [seen] = place.census(kit.facts).posts
    assert "Once more." in seen.words


def test_second_ledger_takes_over_what_is_there(kit: Kit, place: Place) -> None:
    """The ledger was lost, or another kiosk has the same gathering: nothing is made twice."""
    filled(kit)
    add(kit, place)
    send(kit)
    before = {row.key: row.remote_id for row in story_rows(kit)}
    target_registry.remove_target(kit.session, kit.facts, "there", now=kit.context.clock())
    add(kit, place)
    assert {row["state"] for row in send(kit)} == {"sent"}
    assert {row.key: row.remote_id for row in story_rows(kit)} == before
    census = place.census(kit.facts)
    assert len(census.posts) == 1
    assert census.library in (None, 1)


# Fixtures run in this process, and their form parser drops the file of a request that was cut.
@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("seed", seeds(int(os.environ.get("CONFORMANCE_SEEDS", "2"))))
def test_whatever_breaks_on_the_way_each_is_there_once(
    kit: Kit, place: Place, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch, *, seed: int
) -> None:
    _, photo, note = filled(kit)
    kit.takeaway(kit.event(title=f"Second {kit.facts.mark}"), "Another session.")
    add(kit, place, proxy.url)
    monkeypatch.setattr(http, "_TIMEOUT", {**dict.fromkeys(http._TIMEOUT, 60), "read": PATIENCE})
    rng = random.Random(seed)
    kinds = ["cut", "cut", "500", "before", "within", "portal", "drip", None]
    faults = [rng.choice(kinds) for _ in range(9)]
    if seed % 4 == 1:
        # One that costs all of our patience.
        faults[rng.randrange(9)] = "stall"

    def fault(method: str, path: str) -> str | None:
        return faults.pop() if faults and rng.random() < 0.6 else None

    proxy.fault = fault
    assert {row["state"] for row in send(kit)} == {"sent"}
    seen = place.census(kit.facts)
    assert len(seen.posts) == 2
    assert sorted(data for post in seen.posts for data in post.files) == [picture(kit, photo)]
    assert seen.library in (None, 1)
    assert sum("Leeks stand the frost." in post.words for post in seen.posts) == 1

    faults += ["cut", "500", "cut", "before"]
    decisions.change(kit.session, note, kit.actor, {"text": "Ask the neighbours twice."})
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    assert {row["state"] for row in send(kit)} <= {"sent", "withdrawn"}
    seen = place.census(kit.facts)
    assert len(seen.posts) == 2
    assert not seen.library
    assert not any("Leeks" in post.words for post in seen.posts)
    assert sum("Ask the neighbours twice." in post.words for post in seen.posts) == 1


def test_unreachable_and_sign_in_pages_cost_no_attempt(
    kit: Kit, place: Place, proxy: FaultProxy
) -> None:
    filled(kit)
    add(kit, place, proxy.url)
    proxy.fault = lambda method, path: "portal"
    rows = publish(kit.session, kit.context)
    assert {row["state"] for row in rows} <= {"due", "waiting"}
    assert any("sign in" in row["error"] for row in rows)
    assert {row.attempts for row in kit.deliveries()} == {0}
    proxy.fault = lambda method, path: None
    assert {row["state"] for row in send(kit)} == {"sent"}


def test_refused_secret_pauses_the_target_and_nothing_is_lost(kit: Kit, place: Place) -> None:
    if not place.secret:
        pytest.skip("no secret is needed there")
    filled(kit)
    add(kit, place)
    secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("there"), "wrong")
    rows = publish(kit.session, kit.context)
    assert {row["state"] for row in rows} <= {"due", "waiting"}
    assert target_registry.find_target(kit.session, "there").paused
    assert "wrong" not in target_registry.find_target(kit.session, "there").paused.split()
    with pytest.raises(AuthRefused):
        target_registry.test_target(kit.session, kit.context, "there")
    secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("there"), place.secret)
    target_registry.test_target(kit.session, kit.context, "there")
    assert {row["state"] for row in send(kit)} == {"sent"}
    assert len(place.census(kit.facts).posts) == 1


def test_trying_a_target_leaves_nothing_there_and_limits_are_told(kit: Kit, place: Place) -> None:
    add(kit, place)
    assert "there" in target_registry.test_target(kit.session, kit.context, "there")
    census = place.census(kit.facts)
    assert (census.posts, census.library or 0) == ([], 0)
    with closing(opened(kit)) as target:
        limits = target.limits()
    assert isinstance(limits, Limits)
    for limit in (limits.image_bytes, limits.video_bytes, limits.files, limits.characters):
        assert limit is None or limit > 0


# --- Replies and answers ---------------------------------------------------------------------------------


@pytest.fixture
def post(kit: Kit, place: Place) -> Remote:
    """A post that is there, where replies are heard."""
    options = place.options(place.url if place.port else "")
    if not polls_replies(target_class(place.kind), options):
        pytest.skip("no replies come back from there")
    filled(kit)
    add(kit, place)
    send(kit)
    return remote_of(story_rows(kit)[0])


def replies_by_id(target: Target, post: Remote) -> dict[str, RemoteReply]:
    """Replies by id, those that are gone left out; no id twice."""
    assert isinstance(target, PollsReplies)
    found = [h for h in target.replies([post], None) if h.kind == "reply"]
    assert len({h.remote_id for h in found}) == len(found)
    return {h.remote_id: h for h in found if h.state != "deleted"}


def test_replies_come_home_follow_changes_and_go(kit: Kit, place: Place, post: Remote) -> None:
    with closing(opened(kit)) as target:
        assert replies_by_id(target, post) == {}
        place.outsider(post, "Where do the seeds come from?")
        [first] = replies_by_id(target, post).values()
        assert first.text == "Where do the seeds come from?"
        assert first.post_id == post.id
        assert first.in_reply_to in ("", post.id)
        assert first.author
        assert first.key == ""
        assert abs(datetime.now(UTC) - first.written_at) < timedelta(days=1)

        place.outsider(post, "From <b>the</b> library & friends.", to=first.remote_id)
        both = replies_by_id(target, post)
        assert both[first.remote_id] == first
        [second] = [h for h in both.values() if h.remote_id != first.remote_id]
        assert second.text == "From <b>the</b> library & friends."
        assert second.in_reply_to == first.remote_id

        place.outsider_edits(post, second.remote_id, "From the seed library.")
        texts = {h.text for h in replies_by_id(target, post).values()}
        assert texts == {"Where do the seeds come from?", "From the seed library."}
        place.outsider_deletes(post, second.remote_id)
        assert set(replies_by_id(target, post)) == {first.remote_id}


def test_answer_is_there_once_under_what_it_answers(kit: Kit, place: Place, post: Remote) -> None:
    if not issubclass(target_class(place.kind), AnswersReplies):
        pytest.skip("no answers are taken there")
    with closing(opened(kit)) as target:
        place.outsider(post, "Where do the seeds come from?")
        place.outsider(post, "And the tools?")
        question = next(h for h in replies_by_id(target, post).values() if "seeds" in h.text)
        key = answer_key(uuid.uuid4(), kit.facts)
        answer = Answer(key, "From the library & friends.", question.remote_id, datetime.now(UTC))
        assert isinstance(target, AnswersReplies)
        assert target.find_answer(post, answer) is None
        made = target.put_answer(post, answer)
        found = target.find_answer(post, answer)
        assert found is not None
        assert found.id == made.id
        now = replies_by_id(target, post)
        assert len(now) == 3
        assert now[made.id].text == "From the library & friends."
        assert now[made.id].in_reply_to == question.remote_id
        # Where nothing unseen can be put into an answer, it is known to be ours by its account.
        assert now[made.id].key in (key, "own")
        assert [h.key for h in now.values() if h.remote_id != made.id] == ["", ""]
        target.withdraw_answer(post, made)
        target.withdraw_answer(post, made)
        assert target.find_answer(post, answer) is None
        assert len(replies_by_id(target, post)) == 2
