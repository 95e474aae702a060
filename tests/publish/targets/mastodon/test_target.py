"""What is special about Mastodon and the like: threads, counting, files that are not ready, keys that run out."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from publish.errors import RetryAfter
from publish.posts.model import CrossLink
from publish.rendering.thread import PostLimits, picture_bytes, plan, still_of
from publish.targets.capabilities import PollsReplies
from publish.targets.mastodon.character_count import count
from publish.targets.mastodon.client import MastodonAccount
from publish.targets.mastodon.target import MastodonTarget
from reporter import secret_store
from reporter.moderation import decisions
from tests.publish.conformance.mastodon import ME, TOKEN, VISITOR, Mastodon, MastodonPlace
from tests.support.publish.fakes import FaultProxy, Kit, open_kit
from tests.support.publish.rounds import publish, seeds
from tests.support.publish.target_kit import add, opened, post_of, send


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    monkeypatch.setenv(secret_store.FILE_VARIABLE, str(tmp_path / "secrets.json"))
    monkeypatch.setattr(MastodonAccount, "pause", staticmethod(lambda seconds: None))
    with open_kit(tmp_path / "gathering") as kit:
        yield kit


@pytest.fixture
def place() -> Iterator[MastodonPlace]:
    server = Mastodon()
    with closing(MastodonPlace(port=server.port, secret=TOKEN, server=server)) as place:
        yield place


def test_long_story_is_a_thread_with_every_part_within_the_limit(
    kit: Kit, place: MastodonPlace
) -> None:
    event = kit.event()
    for number in range(6):
        kit.photo(event, number, f"Takeaway {number}: " + "leeks and frost, " * 15)
    add(kit, place, warning="Vegetables")
    assert {row["state"] for row in send(kit)} == {"sent"}
    made = sorted(place.server.statuses.values(), key=lambda s: int(s["id"]))
    assert len(made) > 2
    assert [s["in_reply_to_id"] for s in made] == [None, *(s["id"] for s in made[:-1])]
    assert {s["spoiler_text"] for s in made} == {"Vegetables"}
    assert sum(len(s["media_attachments"]) for s in made) == 6
    assert max(len(s["media_attachments"]) for s in made) <= 4
    assert all(m["description"] for s in made for m in s["media_attachments"])
    words = place.census(kit.facts).posts[0].words
    assert all(f"Takeaway {number}:" in words for number in range(6))
    assert f"(1/{len(made)})" in words


def test_edit_leaves_files_and_other_parts_as_they_are(kit: Kit, place: MastodonPlace) -> None:
    event = kit.event()
    kit.photo(event, 1, "Leeks " * 60)
    note = kit.takeaway(event, "Ask the neighbours " * 15)
    add(kit, place)
    send(kit)
    before = {number: list(s["media_attachments"]) for number, s in place.server.statuses.items()}
    place.server.asked.clear()
    decisions.change(kit.session, note, kit.actor, {"text": "Ask twice " * 20})
    send(kit)
    assert [ask for ask in place.server.asked if ask == ("POST", "/api/v2/media")] == []
    assert len([1 for method, _ in place.server.asked if method == "PUT"]) == 1
    assert {number: s["media_attachments"] for number, s in place.server.statuses.items()} == before


def test_what_is_taken_back_stays_in_no_earlier_version(kit: Kit, place: MastodonPlace) -> None:
    event = kit.event()
    kit.photo(event, 1, "Leeks " * 60)
    goes = kit.takeaway(event, "Elderflower " * 30)
    stays = kit.takeaway(event, "Ask the neighbours " * 25)
    add(kit, place)
    send(kit)
    # Edited once, so that its words stand in an earlier version, too.
    decisions.change(kit.session, goes, kit.actor, {"text": "Elderflower syrup " * 20})
    send(kit)
    decisions.withdraw(kit.session, goes, kit.actor, kit.store)
    assert {row["state"] for row in send(kit)} == {"sent"}
    assert place.server.statuses
    versions = [words for status in place.server.statuses.values() for words in status["versions"]]
    assert not any("Elderflower" in words for words in versions)
    [seen] = place.census(kit.facts).posts
    assert "Ask the neighbours" in seen.words
    assert len(seen.files) == 1
    # What was never more than it is now needs no new post: the next one is edited in place.
    number = min(place.server.statuses)
    decisions.change(kit.session, stays, kit.actor, {"text": "Ask them twice " * 25})
    send(kit)
    assert min(place.server.statuses) == number


@pytest.mark.parametrize("part", [0, 1], ids=["first", "middle"])
def test_of_a_thread_that_somebody_has_cut_nothing_stays(
    kit: Kit, place: MastodonPlace, part: int
) -> None:
    event = kit.event()
    notes = [kit.takeaway(event, f"Takeaway {n}: " + "leeks and frost, " * 25) for n in range(4)]
    add(kit, place)
    send(kit)
    made = sorted(place.server.statuses, key=int)
    assert len(made) > 3
    place.server.remove(made[part])
    decisions.change(kit.session, notes[0], kit.actor, {"text": "Takeaway 0: other words"})
    send(kit)
    words = " ".join(status["content"] for status in place.server.statuses.values())
    assert [words.count(f"Takeaway {n}:") for n in range(4)] == [1, 1, 1, 1]
    place.server.remove(min(place.server.statuses, key=int))
    for note in notes:
        decisions.withdraw(kit.session, note, kit.actor, kit.store)
    send(kit)
    assert place.server.statuses == {}


def test_a_new_thread_whose_answer_is_lost_is_not_made_a_third_time(
    kit: Kit, place: MastodonPlace
) -> None:
    event = kit.event()
    stays = kit.takeaway(event, "Leeks")
    goes = kit.takeaway(event, "Elderflower")
    proxy = FaultProxy(place.server.port)
    with closing(proxy):
        add(kit, place, proxy.url)
        send(kit)
        decisions.withdraw(kit.session, goes, kit.actor, kit.store)
        proxy.fault = lambda method, path: "cut" if method == "POST" else None
        publish(kit.session, kit.context)
        [made] = place.server.statuses
        assert "Elderflower" not in place.server.statuses[made]["content"]
        proxy.fault = lambda method, path: None
        assert {row["state"] for row in send(kit)} == {"sent"}
    assert list(place.server.statuses) == [made]
    assert stays.text in place.server.statuses[made]["content"]


def test_lost_answer_is_found_after_the_key_has_run_out(kit: Kit, place: MastodonPlace) -> None:
    """And within its hour, when the server answers a repeat with 500."""
    kit.takeaway(kit.event(), "Leeks")
    proxy = FaultProxy(place.server.port)
    with closing(proxy):
        add(kit, place, proxy.url)
        proxy.fault = lambda method, path: "cut" if method == "POST" else None
        [row] = publish(kit.session, kit.context)
        assert (row["state"], len(place.server.statuses)) == ("due", 1)
        proxy.fault = lambda method, path: None
        place.server.now += timedelta(hours=9)
        assert {row["state"] for row in send(kit)} == {"sent"}
    assert len(place.server.statuses) == 1


def test_server_that_asks_for_patience_gets_it(kit: Kit, place: MastodonPlace) -> None:
    kit.takeaway(kit.event(), "Leeks")
    add(kit, place)
    place.server.too_many = 1
    [row] = publish(kit.session, kit.context)
    assert "Too many requests" in row["error"]
    [delivery] = kit.deliveries()
    assert delivery.due_at == kit.clock() + timedelta(seconds=7)
    assert {row["state"] for row in send(kit)} == {"sent"}


def test_file_that_takes_too_long_is_tried_again_later(kit: Kit, place: MastodonPlace) -> None:
    kit.photo(kit.event(), 1, "Leeks")
    add(kit, place)
    place.server.polls = 1000
    [row] = publish(kit.session, kit.context)
    assert (row["state"], "working on a file" in row["error"]) == ("due", True)
    assert place.server.statuses == {}
    # It is not sent again: the server has it, and works on it.
    [file] = place.server.media.values()
    file["polls"] = 3
    assert {row["state"] for row in send(kit)} == {"sent"}
    assert len(place.server.media) == 1
    assert len(place.census(kit.facts).posts[0].files) == 1


def test_post_with_a_file_that_is_not_ready_waits(kit: Kit, place: MastodonPlace) -> None:
    add(kit, place)
    with closing(opened(kit)) as target:
        assert isinstance(target, MastodonTarget)
        place.server.media["1"] = {"data": b"", "alt": "", "polls": 5, "on": ""}
        with pytest.raises(RetryAfter) as caught:
            target._api.say("POST", "/api/v1/statuses", {"status": "x", "media_ids": ["1"]}, "")
    assert caught.value.seconds == 15


@pytest.mark.parametrize("limit", [0, "many", None, -5])
def test_limit_that_makes_no_sense_is_not_believed(
    kit: Kit, place: MastodonPlace, limit: object
) -> None:
    place.server.characters = limit
    add(kit, place)
    with closing(opened(kit)) as target:
        assert target.limits().characters == 500


def test_nobody_is_called_by_somebody_elses_words(kit: Kit, place: MastodonPlace) -> None:
    kit.takeaway(kit.event(), "Thanks @everyone@social.example and ann@example.org")
    add(kit, place)
    send(kit)
    [status] = place.server.statuses.values()
    assert "@everyone" not in status["content"]
    assert "ann@example.org" in status["content"]


def test_boosts_and_likes_are_heard(kit: Kit, place: MastodonPlace) -> None:
    kit.takeaway(kit.event(), "Leeks")
    add(kit, place)
    send(kit)
    [number] = place.server.statuses
    place.server.cheering = {(number, "reblogged_by"): ["7"], (number, "favourited_by"): ["7", "8"]}
    with closing(opened(kit)) as target:
        found = target.find(post_of(kit).key)
        assert found is not None
        assert isinstance(target, PollsReplies)
        replies = list(target.replies([found], None))
    assert sorted((h.kind, h.author) for h in replies) == [
        ("boost", "Fan7"),
        ("favourite", "Fan7"),
        ("favourite", "Fan8"),
    ]


def test_messages_to_few_people_are_not_heard(kit: Kit, place: MastodonPlace) -> None:
    kit.takeaway(kit.event(), "Leeks")
    add(kit, place)
    send(kit)
    [root] = place.server.statuses
    for who, visibility in (
        (ME, "direct"),
        (VISITOR, "direct"),
        (VISITOR, "private"),
        (VISITOR, "unlisted"),
    ):
        text = f"@ann {visibility} words"
        place.server.add(who, {"status": text, "in_reply_to_id": root, "visibility": visibility})
    with closing(opened(kit)) as target:
        found = target.find(post_of(kit).key)
        assert found is not None
        assert isinstance(target, PollsReplies)
        assert [one.text for one in target.replies([found], None)] == ["unlisted words"]


def test_other_gatherings_and_longer_keys_are_not_ours(kit: Kit, place: MastodonPlace) -> None:
    place.server.add(ME, {"status": "See https://blog.example/sr-1a2b3c4d-abcde2/"})
    place.server.add(ME, {"status": "#sr1a2b3c4dabcde2"})
    add(kit, place)
    with closing(opened(kit)) as target:
        assert target.find("sr-1a2b3c4d-abcde") is None
        found = place.server.add(
            ME, {"status": "See https://blog.example/sr-1a2b3c4d-abcde/ there"}
        )
        remote = target.find("sr-1a2b3c4d-abcde")
        assert remote is not None
        assert remote.id == found["id"]


def test_characters_are_counted_as_the_server_does() -> None:
    assert count("a https://example.org/" + "x" * 100) == 25
    assert count("@ann@social.example hi") == 7
    assert count("ann@example.org") == 15


def test_plan_never_exceeds_its_shape(kit: Kit) -> None:
    rng = random.Random(5)
    event = kit.event()
    for number in range(8):
        words = " ".join("x" * rng.randrange(1, 90) for _ in range(rng.randrange(1, 30)))
        kit.photo(event, number, words)
    post = post_of(kit)
    for characters in (80, 140, 300, 500):
        for most in (1, 3, 50):
            parts = plan(post, PostLimits(characters, 2, most, still_of))
            assert 1 <= len(parts) <= most
            assert max(len(part.text) for part in parts) <= characters + (0 if most > 1 else 2)
            assert max(len(part.files) for part in parts) <= 2


def test_short_text_with_a_link_is_one_post(kit: Kit) -> None:
    kit.photo(kit.event(), 1, "Leeks " * 200)
    post = replace(
        post_of(kit),
        short="Come and see.",
        copies=(CrossLink("wordpress", "blog", "https://blog.example/x/"),),
    )
    [part] = plan(post, PostLimits(500, 4, 8, still_of))
    mark = post.key.replace("-", "")
    assert part.text == f"Come and see.\n\nhttps://blog.example/x/ #{mark}"
    assert len(part.files) == 1
    linked = replace(
        post, copies=(CrossLink("wordpress", "blog", f"https://blog.example/{post.key}/"),)
    )
    assert (
        plan(linked, PostLimits(500, 4, 8, still_of))[0].text
        == f"Come and see.\n\nhttps://blog.example/{post.key}/"
    )


def test_pictures_are_made_to_fit(kit: Kit) -> None:
    kit.photo(kit.event(), 1, "Leeks")
    [media] = post_of(kit).media()
    assert picture_bytes(media, None)[0] == media.path.read_bytes()
    small, mime, size = picture_bytes(media, 4000)
    assert len(small) <= 4000
    assert mime == "image/jpeg"
    assert max(size) <= 320


# What Mastodon's own rules give (StatusLengthValidator; 23 for a link, names without their server).
COUNTED = {
    "": 0,
    "words": 5,
    "https://example.org/" + "a" * 80: 23,
    "http://a.io": 23,
    "see https://example.org.": 4 + 23 + 1,
    "https://example.orgへどうぞ": 23 + 4,
    "https://example.org/庭へどうぞ": 23,
    "https://example.org/庭「冬」": 23 + 1,
    "https://example.org/a(b": 23 + 2,
    "https://example.org/a_(b)": 23,
    "https://example.org/a(庭)": 23 + 3,
    "(https://example.org/a)": 1 + 23 + 1,
    "https://example.org?q=庭&b=1.": 23 + 1,
    "https://example.org:8080/x#top": 23,
    "https://example.org#top": 23 + 4,
    "xhttps://example.org/abcdefghijklmn": 35,
    "@ann@social.example": 4,
    "@ann": 4,
    "@ann@social.example, @bob@other.example!": 4 + 2 + 4 + 1,
    "@ann@social.example@third.example": 33,
    "ann@social.example": 18,
    "https://social.example.org/@ann@other.example": 23,
}


@pytest.mark.parametrize(("text", "size"), COUNTED.items())
def test_characters_count_as_mastodon_counts_them(text: str, size: int) -> None:
    assert count(text) == size


def test_what_may_be_no_link_counts_for_the_larger_number() -> None:
    long = "https://kiosk.unlisted/" + "a" * 80
    assert count(long) >= len(long)
    assert count("http://10.0.0.7:8080/a") >= 23


PIECES = [
    "https://example.org/a(庭へ",
    "https://example.orgへどうぞ",
    "https://kiosk.local/very/long/" + "x" * 60,
    "@ann@social.example",
    "@bob@a.very.long.server.example",
    "leeks and frost",
    "庭" * 30,
    "(",
    "🌱" * 9,
    "https://example.org/" + "p" * 120 + "?q=1、",
    "#winter",
    "x" * 130,
]


@pytest.mark.parametrize("warning", ["", "Vegetables", "W" * 240, "Long words of warning " * 40])
@pytest.mark.parametrize(
    "link", ["", "https://example.org/garden", "https://kiosk.local/" + "p" * 300]
)
@pytest.mark.parametrize("seed", seeds(3))
def test_no_post_of_a_thread_is_over_the_limit(
    kit: Kit, place: MastodonPlace, warning: str, link: str, *, seed: int
) -> None:
    rng = random.Random(f"{warning}{link}{seed}")
    add(kit, place, warning=warning, thread="12")
    kit.photo(kit.event(), 1, "@a@b.example " * 10)
    post = post_of(kit)
    copies = (CrossLink("folder", "site", link),) if link else ()
    with closing(opened(kit)) as target:
        assert isinstance(target, MastodonTarget)
        for _ in range(4):
            words = " ".join(rng.choices(PIECES, k=rng.randint(1, 60)))
            blocks = tuple(replace(block, text=words) for block in post.blocks)
            changed = replace(
                post, title=words[:90], lead=words[:300], blocks=blocks, copies=copies
            )
            for short in ("", words[:600]):
                remote = target.create(replace(changed, short=short), {})
                for status in place.server.statuses.values():
                    size = count(status["text"]) + len(status["spoiler_text"])
                    assert size <= 500, status["text"]
                target.withdraw(remote)
                place.server.keys.clear()


def test_ten_names_of_other_servers_go_out_within_the_limit(kit: Kit, place: MastodonPlace) -> None:
    names = " ".join(f"@gardener{n}@allotments.of.the.north.example" for n in range(10))
    kit.takeaway(kit.event(), f"{names} " + "leeks " * 60)
    add(kit, place)
    assert {row["state"] for row in send(kit)} == {"sent"}
