"""The outbox and its ledger against a target in memory: states, leases, failures, order."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from publish import targets
from publish.errors import AuthRefused, Offline, PayloadTooLarge, Permanent, RetryAfter
from publish.outbox.runner import MOST_ATTEMPTS, deliver_due, open_count, queue, retry
from publish.processes import pid_space
from publish.status import target_registry
from publish.targets.base import TargetConfig
from reporter import models, secret_store
from reporter.clock import utc_now
from reporter.enums import Kind, MediaState
from reporter.errors import BadInput, Conflict, NotFound
from reporter.moderation import decisions
from reporter.stories.takeaway_json import published_places
from tests.support.publish.fakes import FakeFaceTarget, FakePlace, FakeTarget, Kit, jpeg
from tests.support.publish.rounds import publish


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> FakePlace:
    """The server of the targets called "fake"; those of the kind "fakeface" share it."""
    place = FakePlace()
    monkeypatch.setattr(FakeTarget, "place", place, raising=False)
    monkeypatch.setitem(targets.KINDS, "fake", FakeTarget)
    monkeypatch.setitem(targets.KINDS, "fakeface", FakeFaceTarget)
    return place


def run(kit: Kit, **options: Any) -> list[dict[str, Any]]:
    return publish(kit.session, kit.context, **options)


def key_of(kit: Kit, kind: str) -> str:
    return kit.deliveries(kind)[0].key


def test_sends_files_first_and_a_second_time_nothing(kit: Kit, place: FakePlace) -> None:
    photo = kit.photo(kit.event(), 1, "Frost")
    kit.target()
    run(kit)
    assert [call for call, _ in place.calls] == ["find_media", "put_media", "find", "create"]
    assert place.posts[key_of(kit, "story")] == {
        "title": "Community gardens in winter",
        "texts": ["Frost"],
        "files": [key_of(kit, "media")],
    }
    assert place.files[key_of(kit, "media")]["bytes"] == jpeg(1, (320, 240))
    assert kit.deliveries("story")[0].remote["takeaways"] == [str(photo.id)]
    place.calls.clear()
    run(kit)
    assert place.calls == []


def test_gate_keeps_what_is_not_for_this_place(kit: Kit, place: FakePlace) -> None:
    event = kit.event()
    kit.takeaway(event, "for all")
    kit.takeaway(event, "for us", audience="community")
    kit.takeaway(event, "only here", audience="room")
    kit.takeaway(event, "with a child", consent="child")
    kit.takeaway(event, "not seen yet", state="new")
    kit.target()
    kit.target("intranet", audience="community")
    run(kit, names=["fake"])
    assert [post["texts"] for post in place.posts.values()] == [["for all"]]
    run(kit, names=["intranet"])
    assert [post["texts"] for post in place.posts.values()] == [["for all", "for us"]]


def test_media_that_failed_follows_when_it_is_ready_after_all(kit: Kit, place: FakePlace) -> None:
    photo = kit.photo(kit.event(), 1, "Frost")
    media = photo.attachments[0].media
    media.state = MediaState.FAILED.value
    kit.target()
    run(kit)
    assert [post["files"] for post in place.posts.values()] == [[]]
    media.state = MediaState.READY.value
    run(kit)
    assert [post["files"] for post in place.posts.values()] == [[key_of(kit, "media")]]
    assert place.count("create") == 1


def test_a_picture_whose_rendition_is_made_again_stays_in_its_story(
    kit: Kit, place: FakePlace
) -> None:
    photo = kit.photo(kit.event(), 1, "Frost")
    kit.target()
    run(kit)
    photo.attachments[0].media.state = MediaState.RECEIVED.value
    run(kit)
    assert [post["files"] for post in place.posts.values()] == [[key_of(kit, "media")]]
    assert place.count("update") == 0


def test_alt_text_changes_file_and_story(kit: Kit, place: FakePlace) -> None:
    photo = kit.photo(kit.event(), 1)
    kit.target()
    run(kit)
    sha256 = photo.attachments[0].media.sha256
    decisions.set_alt(kit.session, photo, kit.actor, {sha256: "Leeks in snow"})
    run(kit)
    assert [file["alt"] for file in place.files.values()] == ["Leeks in snow"]
    assert (place.count("put_media"), place.count("create"), place.count("update")) == (1, 1, 1)


@pytest.mark.parametrize("call", ["put_media", "create"])
def test_lost_answer_is_looked_up_not_repeated(kit: Kit, place: FakePlace, call: str) -> None:
    kit.photo(kit.event(), 1)
    kit.target()
    place.after[(call, "*")] = [RetryAfter("lost")]
    run(kit)
    assert ("due", "lost") in {(d.state, d.error) for d in kit.deliveries()}
    kit.clock.forward(minutes=1)
    run(kit)
    assert kit.states() == [("media", "sent"), ("story", "sent")]
    assert place.count(call) == 1


def test_process_that_died_after_sending_is_made_good(kit: Kit, place: FakePlace) -> None:
    kit.takeaway(kit.event(), "words")
    kit.target()

    class Killed(BaseException):
        pass

    place.after[("create", "*")] = [Killed()]  # type: ignore[list-item]
    with pytest.raises(Killed):
        run(kit)
    kit.session.rollback()
    assert kit.states() == [("story", "sending")]
    run(kit)
    assert place.count("create") == 1, "the lease was not respected"
    kit.clock.forward(minutes=10)
    run(kit)
    assert kit.states() == [("story", "sent")]
    assert place.count("create") == 1
    assert len(place.posts) == 1


def test_lease_of_a_killed_process_is_not_waited_for(kit: Kit, place: FakePlace) -> None:
    kit.takeaway(kit.event(), "words")
    kit.target()
    queue(kit.session, kit.context)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    [row] = kit.deliveries()
    row.state, row.attempts, row.due_at = "sending", 1, kit.clock() + timedelta(hours=1)
    row.lease = f"{pid_space()}/{os.getpid()}:1"
    kit.session.commit()
    run(kit)
    assert kit.states() == [("story", "sending")], "its owner lives: we do"
    kit.deliveries()[0].lease = f"{pid_space()}/{dead.pid}:1"
    kit.session.commit()
    run(kit)
    assert kit.states() == [("story", "sent")]


def test_composed_story_takes_a_takeaway_out_of_its_session(kit: Kit, place: FakePlace) -> None:
    event = kit.event()
    moves = kit.takeaway(event, "moves")
    kit.takeaway(event, "stays")
    kit.target()
    run(kit)
    story = models.Story(
        id=kit.id(), title="What we do next", lead="Three plans", created_at=kit.clock()
    )
    story.items.append(models.StoryItem(takeaway_id=moves.id))
    kit.session.add(story)
    kit.session.commit()
    run(kit)
    assert {post["title"]: post["texts"] for post in place.posts.values()} == {
        "Community gardens in winter": ["stays"],
        "What we do next": ["moves"],
    }
    assert [p["url"] for p in published_places(kit.session, moves)] == [
        row.url for row in kit.deliveries("story") if row.item_id == story.id
    ]


def test_whoever_holds_a_receipt_is_not_told_the_folders_of_the_laptop(
    kit: Kit, place: FakePlace
) -> None:
    row = kit.takeaway(kit.event(), "words")
    kit.target()
    run(kit)
    for url, shown in (("file:///home/ada/stick/site/1.html", ""), ("https://blog.example/1",) * 2):
        kit.deliveries("story")[0].url = url
        kit.session.commit()
        [published] = published_places(kit.session, row)
        assert (published["state"], published["url"]) == ("sent", shown)


def test_late_sleeper_does_not_overwrite_its_successor(kit: Kit, place: FakePlace) -> None:
    kit.takeaway(kit.event(), "words")
    kit.target()
    queue(kit.session, kit.context)
    fake_create = FakeTarget.create

    def sleeps_long(self: FakeTarget, post: Any, links: Any) -> Any:
        kit.clock.forward(hours=1)
        FakeTarget.create = fake_create  # type: ignore[method-assign]
        with Session(kit.engine) as other:
            assert deliver_due(other, kit.context) is not None
        raise Permanent("too late to matter")

    FakeTarget.create = sleeps_long  # type: ignore[method-assign]
    try:
        deliver_due(kit.session, kit.context)
    finally:
        FakeTarget.create = fake_create  # type: ignore[method-assign]
    assert kit.states() == [("story", "sent")]


def test_offline_costs_no_attempt_and_holds_only_its_target(kit: Kit, place: FakePlace) -> None:
    event = kit.event()
    for seed in range(3):
        kit.photo(event, seed)
    kit.target()
    place.before[("find_media", "*")] = [Offline("no way there")] * 2
    run(kit)
    assert place.count("find_media") == 1, "every item ran into the same wall"
    assert {d.attempts for d in kit.deliveries()} == {0}
    run(kit)
    assert place.count("find_media") == 2, "asking by hand tries at once"
    run(kit)
    assert {state for _, state in kit.states()} == {"sent"}


def test_other_targets_go_on_while_one_is_offline(kit: Kit, place: FakePlace) -> None:
    class Away(FakeTarget):
        kind = "away"

        def find(self, key: str) -> Any:
            raise Offline("no way there")

    targets.KINDS["away"] = Away
    try:
        kit.takeaway(kit.event(), "words")
        kit.target("first", "away")
        kit.target("second")
        rows = run(kit)
    finally:
        del targets.KINDS["away"]
    assert {r["target"]: r["state"] for r in rows} == {"first": "due", "second": "sent"}


def test_retry_after_is_kept_even_when_asked_by_hand(kit: Kit, place: FakePlace) -> None:
    event = kit.event()
    kit.photo(event, 1)
    kit.photo(event, 2)
    kit.target()
    place.before[("find_media", "*")] = [RetryAfter("slowly", 600)]
    run(kit)
    run(kit)
    assert place.count("find_media") == 1
    kit.clock.forward(seconds=601)
    run(kit)
    assert {state for _, state in kit.states()} == {"sent"}


def test_failures_back_off_and_end_parked(kit: Kit, place: FakePlace) -> None:
    kit.takeaway(kit.event(), "words")
    kit.target()
    place.before[("create", "*")] = [RetryAfter("stumbles")] * 50
    waits = []
    for _ in range(MOST_ATTEMPTS):
        run(kit)
        row = kit.deliveries()[0]
        waits.append(row.due_at - kit.clock())
        kit.clock.forward(hours=2)
    assert waits[4] > 4 * waits[0] > timedelta(0)
    assert kit.states() == [("story", "parked")]
    place.before.clear()
    assert run(kit)[0]["error"].startswith("stumbles")
    assert retry(kit.session, kit.context) == 1
    run(kit)
    assert kit.states() == [("story", "sent")]


def test_oversize_file_does_not_block_the_rest(kit: Kit, place: FakePlace) -> None:
    event = kit.event()
    kit.photo(event, 1, "big")
    kit.photo(event, 2, "small")
    kit.target()
    queue(kit.session, kit.context)
    big = next(d for d in kit.deliveries("media") if d.remote["title"] == "big")
    place.before[("put_media", big.key)] = [PayloadTooLarge("larger than the blog takes")]
    rows = run(kit)
    assert [(r["title"], r["state"]) for r in rows if r["kind"] == "media" and r["error"]] == [
        ("big", "parked")
    ]
    [story] = [r for r in rows if r["kind"] == "story"]
    assert (story["state"], story["error"]) == (
        "sent",
        "larger than the blog takes; sent the words instead.",
    )
    assert [len(post["files"]) for post in place.posts.values()] == [1]
    retry(kit.session, kit.context)
    run(kit)
    assert [len(post["files"]) for post in place.posts.values()] == [2]
    assert {state for _, state in kit.states()} == {"sent"}


def test_refused_story_stays_parked_until_it_changes(kit: Kit, place: FakePlace) -> None:
    note = kit.takeaway(kit.event(), "words")
    kit.takeaway(kit.event("Another"), "fine")
    kit.target()
    queue(kit.session, kit.context)
    refused = next(d for d in kit.deliveries() if d.remote["title"] != "Another").key
    place.before[("create", refused)] = [Permanent("refused")]
    run(kit)
    assert kit.states() == [("story", "parked"), ("story", "sent")]
    place.calls.clear()
    run(kit)
    assert place.calls == []
    decisions.change(kit.session, note, kit.actor, {"caption": "better words"})
    run(kit)
    assert kit.states() == [("story", "sent"), ("story", "sent")]


def test_refused_credentials_pause_the_target_alone(kit: Kit, place: FakePlace) -> None:
    event = kit.event()
    kit.photo(event, 1)
    kit.photo(event, 2)
    kit.target()
    place.before[("find_media", "*")] = [AuthRefused("wrong password")]
    rows = run(kit, wait=True)
    assert place.count("find_media") == 1
    assert {(r["state"], r["error"]) for r in rows} == {("waiting", "wrong password")}
    assert target_registry.list_targets(kit.session)[0]["paused"] == "wrong password"
    target_registry.test_target(kit.session, kit.context, "fake")
    run(kit)
    assert {state for _, state in kit.states()} == {"sent"}


def test_unexpected_error_is_logged_and_does_not_stop_the_rest(
    kit: Kit, place: FakePlace, caplog: pytest.LogCaptureFixture
) -> None:
    kit.takeaway(kit.event(), "one")
    kit.takeaway(kit.event("Another"), "two")
    kit.target()
    place.before[("create", "*")] = [ZeroDivisionError("bug")]
    run(kit)
    assert kit.states() == [("story", "due"), ("story", "sent")]
    assert "ZeroDivisionError" in caplog.text


def test_withdrawing_one_updates_and_then_removes_the_file(kit: Kit, place: FakePlace) -> None:
    event = kit.event()
    goes, stays = kit.photo(event, 1, "goes"), kit.photo(event, 2, "stays")
    kit.target()
    run(kit)
    assert published_places(kit.session, goes)[0]["state"] == "sent"
    decisions.withdraw(kit.session, goes, kit.actor, kit.store)
    kit.session.execute(delete(models.Media).where(models.Media.sha256 == "gone"))
    place.calls.clear()
    run(kit)
    assert [call for call, _ in place.calls] == ["update", "withdraw_media", "find_media"]
    assert [post["texts"] for post in place.posts.values()] == [["stays"]]
    assert len(place.files) == 1
    assert [p["state"] for p in published_places(kit.session, goes)] == ["withdrawn"]
    assert published_places(kit.session, stays)[0]["target"] == "fake"


def test_withdrawing_the_last_removes_all_and_it_stays_away(kit: Kit, place: FakePlace) -> None:
    photo = kit.photo(kit.event(), 1, "goes")
    kit.target()
    run(kit)
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    run(kit)
    assert (place.posts, place.files) == ({}, {})
    assert kit.states() == [("media", "withdrawn"), ("story", "withdrawn")]
    place.calls.clear()
    run(kit)
    assert place.calls == []


def test_withdrawal_finds_what_an_unanswered_try_left(kit: Kit, place: FakePlace) -> None:
    note = kit.takeaway(kit.event(), "words")
    kit.target()
    place.after[("create", "*")] = [RetryAfter("lost")]
    run(kit)
    assert len(place.posts) == 1
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    run(kit)
    assert place.posts == {}


def test_never_sent_is_not_asked_for_at_the_target(kit: Kit, place: FakePlace) -> None:
    note = kit.takeaway(kit.event(), "words")
    kit.target()
    queue(kit.session, kit.context)
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    run(kit)
    assert kit.states() == [("story", "withdrawn")]
    assert place.calls == []


def test_withdrawn_between_queue_and_sending_never_leaves(kit: Kit, place: FakePlace) -> None:
    photo = kit.photo(kit.event(), 1, "words")
    kit.target()
    queue(kit.session, kit.context)
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    while deliver_due(kit.session, kit.context) is not None:
        pass
    assert place.calls == []
    assert kit.states() == [("media", "withdrawn"), ("story", "withdrawn")]


def test_refused_takedown_is_parked_and_not_asked_again(kit: Kit, place: FakePlace) -> None:
    note = kit.takeaway(kit.event(), "words")
    kit.target()
    run(kit)
    place.before[("withdraw", "*")] = [Permanent("may not delete")]
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    run(kit)
    run(kit)
    assert kit.states() == [("story", "parked")]
    assert place.count("withdraw") == 1
    assert kit.deliveries()[0].error == "may not delete"


def test_takedown_alone_publishes_nothing_new(kit: Kit, place: FakePlace) -> None:
    note = kit.takeaway(kit.event(), "words")
    kit.target()
    run(kit)
    kit.takeaway(kit.event("Another"), "not asked for yet")
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    queue(kit.session, kit.context, only_known=True)
    while deliver_due(kit.session, kit.context) is not None:
        pass
    assert place.posts == {}
    assert len(kit.deliveries()) == 1


def test_hidden_and_approved_again_comes_back(kit: Kit, place: FakePlace) -> None:
    photo = kit.photo(kit.event(), 1, "words")
    kit.target()
    run(kit)
    decisions.hide(kit.session, photo, kit.actor)
    run(kit)
    assert (place.posts, place.files) == ({}, {})
    decisions.approve(kit.session, photo, kit.actor)
    run(kit)
    assert kit.states() == [("media", "sent"), ("story", "sent")]
    assert len(place.posts) == len(place.files) == 1


def test_post_that_somebody_deleted_is_made_again(kit: Kit, place: FakePlace) -> None:
    photo = kit.photo(kit.event(), 1, "words")
    kit.target()
    run(kit)
    place.posts.clear()
    place.files.clear()
    decisions.change(kit.session, photo, kit.actor, {"caption": "new words"})
    run(kit)
    assert [post["texts"] for post in place.posts.values()] == [["new words"]]
    assert len(place.files) == 1


def test_same_bytes_in_two_sessions_are_one_file(kit: Kit, place: FakePlace) -> None:
    first, second = kit.photo(kit.event(), 1), kit.photo(kit.event("Another"), 1)
    kit.target()
    run(kit)
    assert len(place.files) == 1
    assert len(place.posts) == 2
    decisions.withdraw(kit.session, first, kit.actor, kit.store)
    run(kit)
    assert len(place.files) == 1, "the other session still shows it"
    decisions.withdraw(kit.session, second, kit.actor, kit.store)
    run(kit)
    assert place.files == {}


def test_video_goes_with_its_poster_frame(kit: Kit, place: FakePlace) -> None:
    video = kit.takeaway(kit.event(), "a walk", kind=Kind.VIDEO.value)
    made = {"play": b"mp4 bytes", "poster": jpeg(3)}
    types = {"play": ("video/mp4", ".mp4")}
    kit.attach(video, b"mov bytes", kind=Kind.VIDEO, renditions=made, types=types)
    kit.target()
    run(kit)
    assert sorted(file["bytes"] for file in place.files.values()) == sorted([b"mp4 bytes", jpeg(3)])
    assert [len(post["files"]) for post in place.posts.values()] == [2]


def test_front_page_follows_every_change(kit: Kit, place: FakePlace) -> None:
    first = kit.takeaway(kit.event("First"), "one")
    kit.takeaway(kit.event("Second"), "two")
    kit.target(kind="fakeface")
    run(kit)
    assert place.face == ["First", "Second"]
    assert place.count("finish") == 1
    run(kit)
    assert place.count("finish") == 1
    decisions.withdraw(kit.session, first, kit.actor, kit.store)
    run(kit)
    assert place.face == ["Second"]


def test_threads_share_the_work_without_doubles(kit: Kit, place: FakePlace) -> None:
    for number in range(6):
        event = kit.event(f"Session {number}")
        for seed in range(4):
            kit.photo(event, number * 10 + seed)
    kit.target()
    outbox = replace(kit.context, clock=utc_now)
    queue(kit.session, kit.context)
    problems: list[BaseException] = []

    def work() -> None:
        try:
            with Session(kit.engine) as session:
                while open_count(session, outbox):
                    if deliver_due(session, outbox) is None:
                        time.sleep(0.05)
        except BaseException as error:  # noqa: BLE001 - told to the test
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert {state for _, state in kit.states()} == {"sent"}
    # FakeTarget itself fails when something is made twice.
    assert (place.count("create"), place.count("put_media")) == (6, 24)
    assert all(len(post["files"]) == 4 for post in place.posts.values())


def test_adding_targets_says_what_is_missing(kit: Kit) -> None:
    def add(kind: str, name: str, **given: str) -> models.Target:
        return target_registry.add_target(
            kit.session, kind, name, given, now=kit.clock(), rng=kit.rng
        )

    with pytest.raises(BadInput, match=r"There are: .*wordpress"):
        add("wordpres", "blog")
    with pytest.raises(BadInput, match=r"also needs url=… .* user=…"):
        add("wordpress", "blog")
    with pytest.raises(BadInput, match="has no option 'pass'"):
        add("wordpress", "blog", url="https://x", user="u", **{"pass": "geheim"})
    with pytest.raises(BadInput, match="publish or draft"):
        add("wordpress", "blog", url="https://x", user="u", status="later")
    add("wordpress", "blog", url="https://x", user="u", audience="community")
    with pytest.raises(Conflict):
        add("wordpress", "blog", url="https://x", user="u")
    with pytest.raises(NotFound):
        queue(kit.session, kit.context, names=["blgo"])
    [listed] = target_registry.list_targets(kit.session)
    assert listed["options"] == {"url": "https://x", "user": "u", "status": "publish"}
    assert listed["audience"] == "community"
    assert target_registry.secret_prompt("wordpress", listed["options"])


def test_secret_reaches_the_target_and_no_row(
    kit: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[TargetConfig] = []

    class Asking(FakeTarget):
        @classmethod
        def secret_prompt(cls, options: Any) -> str:
            return "Password"

        def __init__(self, setup: TargetConfig) -> None:
            super().__init__(setup)
            given.append(setup)

    monkeypatch.setitem(targets.KINDS, "fake", Asking)
    kit.takeaway(kit.event(), "words")
    kit.target()
    secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("fake"), "hush-hush")
    run(kit)
    assert {setup.secret for setup in given} == {"hush-hush"}
    if kit.engine.dialect.name == "sqlite":
        assert b"hush-hush" not in (kit.settings.folder / "reporter.db").read_bytes()
    sentence = target_registry.remove_target(
        kit.session, kit.facts, "fake", now=kit.context.clock()
    )
    assert "Posts that stay there: 1." in sentence
    assert secret_store.get_secret(str(kit.facts.id), target_registry.secret_name("fake")) is None
    assert kit.deliveries() == []
