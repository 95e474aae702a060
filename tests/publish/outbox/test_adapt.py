"""What is decided before anything is sent: limits and the ladder down, copies that know one another, budget, order."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from PIL import Image

from publish import targets
from publish.errors import Offline, PayloadTooLarge
from publish.outbox.context import PublishContext
from publish.outbox.runner import queue, retry
from publish.outbox.target_status import pause_target
from publish.posts.model import Post, Remote
from publish.status import target_registry
from publish.status.progress import progress
from publish.targets.base import Limits
from reporter import secret_store
from reporter.enums import Kind
from reporter.moderation import decisions
from reporter.stories.takeaway_json import published_places
from tests.support.publish.fakes import FakePlace, FakeTarget, Kit, jpeg
from tests.support.publish.rounds import publish


class Blog(FakeTarget):
    """Posts that tell their links and copies; may go before their big files."""

    kind = "wordpress"
    files_may_follow = True
    stated_limits: Limits = Limits()
    host: str = ""

    def limits(self) -> Limits:
        return self.stated_limits

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        made = super().create(post, links)
        self._note(post)
        host = self.host or f"{self.name}.example"
        return Remote(made.id, f"https://{host}/{post.key}")

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        super().update(remote, post, links)
        self._note(post)
        return remote

    def _note(self, post: Post) -> None:
        self.place.posts[post.key] |= {
            "copies": [copy.url for copy in post.copies],
            "whole": [block.whole for block in post.blocks],
            "kinds": [media.kind for block in post.blocks for media in block.media],
        }


class Social(Blog):
    """One link is enough."""

    kind = "mastodon"
    copies_shown = 1
    files_may_follow = False


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakePlace]:
    """The server of each kind."""
    made = {}
    for cls in (Blog, Social):
        made[cls.kind] = FakePlace()
        monkeypatch.setattr(cls, "place", made[cls.kind], raising=False)
        monkeypatch.setattr(cls, "stated_limits", Limits())
        monkeypatch.setitem(targets.KINDS, cls.kind, cls)
    return made


def noise(edge: int = 900) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((edge, edge), 90).save(out, "JPEG", quality=95)
    return out.getvalue()


def video(kit: Kit, event: Any, size: int = 5_000_000) -> Any:
    row = kit.takeaway(event, "a walk", kind=Kind.VIDEO.value)
    made = {"play": b"v" * size, "poster": jpeg(3)}
    kit.attach(
        row,
        f"mov {size}".encode(),
        kind=Kind.VIDEO,
        renditions=made,
        types={"play": ("video/mp4", ".mp4")},
    )
    return row


def only(place: FakePlace) -> dict[str, Any]:
    [post] = place.posts.values()
    return post


def test_copies_link_one_another_and_it_converges(kit: Kit, at: dict[str, FakePlace]) -> None:
    kit.takeaway(kit.event(), "words")
    kit.target("social", "mastodon")
    kit.target("blog", "wordpress")
    publish(kit.session, kit.context)
    [key] = at["wordpress"].posts
    assert only(at["mastodon"])["copies"] == [f"https://blog.example/{key}"]
    assert only(at["wordpress"])["copies"] == [f"https://social.example/{key}"]
    # The canonical place went first: only it needed the link afterwards.
    assert (at["mastodon"].count("update"), at["wordpress"].count("update")) == (0, 1)
    for place in at.values():
        place.calls.clear()
    publish(kit.session, kit.context)
    assert [place.calls for place in at.values()] == [[], []]


def test_a_copy_that_moves_takes_the_links_of_the_others_along(
    kit: Kit, at: dict[str, FakePlace], monkeypatch: pytest.MonkeyPatch
) -> None:
    note = kit.takeaway(kit.event(), "words")
    kit.target("social", "mastodon")
    kit.target("blog", "wordpress")
    publish(kit.session, kit.context)
    [key] = at["wordpress"].posts
    # Somebody deleted the post; it is made again, elsewhere.
    at["wordpress"].posts.clear()
    monkeypatch.setattr(Blog, "host", "moved.example")
    decisions.change(kit.session, note, kit.actor, {"caption": "other words"})
    publish(kit.session, kit.context, names=["blog"])
    queue(kit.session, kit.context, names=["blog"])
    [social] = [row for row in kit.deliveries("story") if row.target.name == "social"]
    assert social.state == "changed", "its link leads nowhere"
    publish(kit.session, kit.context)
    assert only(at["mastodon"])["copies"] == [f"https://moved.example/{key}"]


def test_public_posts_do_not_lead_to_closed_doors(kit: Kit, at: dict[str, FakePlace]) -> None:
    kit.takeaway(kit.event(), "words")
    kit.target("intranet", "wordpress", audience="community")
    kit.target("social", "mastodon")
    publish(kit.session, kit.context)
    assert only(at["mastodon"])["copies"] == []
    assert len(only(at["wordpress"])["copies"]) == 1


def test_video_that_is_too_large_becomes_a_still_with_a_link(
    kit: Kit, at: dict[str, FakePlace]
) -> None:
    video(kit, kit.event())
    Social.stated_limits = Limits(video_bytes=1_000_000)
    kit.target("social", "mastodon")
    kit.target("blog", "wordpress")
    rows = publish(kit.session, kit.context)
    [key] = at["wordpress"].posts
    social = only(at["mastodon"])
    assert (social["kinds"], social["whole"]) == (["photo"], [f"https://blog.example/{key}"])
    assert at["mastodon"].count("put_media") == 1, "the video was not even tried"
    [parked] = [row for row in rows if row["state"] == "parked"]
    message = "The video (5.0 MB) is larger than social takes (1.0 MB); sent a still with a link."
    assert parked["error"] == message
    [story] = [row for row in rows if row["kind"] == "story" and row["target"] == "social"]
    assert (story["state"], story["error"]) == ("sent", message)
    Social.stated_limits = Limits()
    retry(kit.session, kit.context, names=["social"])
    assert {row["state"] for row in publish(kit.session, kit.context)} == {"sent"}
    assert only(at["mastodon"])["kinds"] == ["video"]


def test_refusal_teaches_the_limit_for_the_next(kit: Kit, at: dict[str, FakePlace]) -> None:
    video(kit, kit.event(), 6_000_000)
    kit.target("social", "mastodon")
    queue(kit.session, kit.context)
    [big] = [row for row in kit.deliveries("media") if row.bytes == 6_000_000]
    at["mastodon"].before[("put_media", big.key)] = [PayloadTooLarge("too large")]
    publish(kit.session, kit.context)
    assert only(at["mastodon"])["kinds"] == ["photo"]
    tried = at["mastodon"].count("put_media")
    video(kit, kit.event("Another"), 7_000_000)
    rows = publish(kit.session, kit.context)
    [last] = [row for row in rows if row["bytes"] == 7_000_000]
    assert last["state"] == "parked"
    assert (
        last["error"]
        == "The video (7.0 MB) is larger than social takes (6.0 MB); sent a still instead."
    )
    assert at["mastodon"].count("put_media") == tried


def test_photo_goes_as_large_as_the_place_takes(kit: Kit, at: dict[str, FakePlace]) -> None:
    photo = kit.takeaway(kit.event(), "sharp", kind=Kind.PHOTO.value)
    kit.attach(photo, b"original", kind=Kind.PHOTO, renditions={"view": noise()})
    Blog.stated_limits = Limits(image_bytes=150_000)
    kit.target("blog", "wordpress")
    rows = publish(kit.session, kit.context)
    [file] = at["wordpress"].files.values()
    assert 40_000 < len(file["bytes"]) <= 150_000
    with Image.open(io.BytesIO(file["bytes"])) as image:
        assert image.format == "JPEG"
    assert {row["state"] for row in rows} == {"sent"}
    assert any(row["error"].startswith("Sent smaller than it is") for row in rows)


def test_small_things_first_and_the_big_file_follows(kit: Kit, at: dict[str, FakePlace]) -> None:
    event = kit.event()
    video(kit, event)
    kit.photo(event, 1, "small")
    kit.target("blog", "wordpress")
    publish(kit.session, kit.context)
    order = [
        call for call, _key in at["wordpress"].calls if call in ("put_media", "create", "update")
    ]
    assert order == ["put_media", "put_media", "create", "put_media", "update"]
    assert sorted(only(at["wordpress"])["kinds"]) == ["photo", "video"]
    assert len(only(at["wordpress"])["files"]) == 3


def test_budget_holds_the_big_file_until_it_is_raised(kit: Kit, at: dict[str, FakePlace]) -> None:
    event = kit.event()
    video(kit, event)
    kit.photo(event, 1, "small")
    kit.target("blog", "wordpress")
    small = PublishContext(**{**vars(kit.context), "budget": 1_000_000})
    rows = publish(kit.session, small, wait=True)
    waiting = [row for row in rows if row["state"] == "waiting"]
    assert [(row["kind"], row["bytes"]) for row in waiting] == [("media", 5_000_000)]
    assert waiting[0]["error"].startswith("The budget of bytes is used up.")
    assert progress(kit.session, small).bytes - progress(kit.session, small).bytes_done == 5_000_000
    larger = PublishContext(**{**vars(kit.context), "budget": 20_000_000})
    assert {row["state"] for row in publish(kit.session, larger)} == {"sent"}


def test_time_left_counts_only_what_can_go(kit: Kit, at: dict[str, FakePlace]) -> None:
    kit.takeaway(kit.event(), "words")
    blog, social = kit.target("blog", "wordpress"), kit.target("social", "mastodon")
    queue(kit.session, kit.context)
    at["mastodon"].before[("find", "*")] = [Offline("no way there")] * 9
    publish(kit.session, kit.context)
    decisions.approve(kit.session, kit.takeaway(kit.event(), "more words"), kit.actor)
    queue(kit.session, kit.context)
    there, not_there = (progress(kit.session, kit.context, row) for row in (blog, social))
    assert (there.items - there.done, not_there.items - not_there.done) == (1, 2)
    assert there.seconds_left > 0
    assert not_there.seconds_left == 0
    assert progress(kit.session, kit.context).seconds_left == there.seconds_left


def test_held_target_waits_and_says_so(kit: Kit, at: dict[str, FakePlace]) -> None:
    kit.takeaway(kit.event(), "words")
    row = kit.target("blog", "wordpress")
    pause_target(kit.session, row, kit.clock(), on=True)
    [outcome] = publish(kit.session, kit.context, wait=True)
    assert (outcome["state"], outcome["error"]) == ("waiting", "This place is paused.")
    pause_target(kit.session, row, kit.clock(), on=False)
    assert [r["state"] for r in publish(kit.session, kit.context)] == ["sent"]


def test_takedown_tells_refusals_and_what_it_does_not_reach(
    kit: Kit, at: dict[str, FakePlace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Social, "copies_remain", "Copies on other servers may remain.")
    note = kit.takeaway(kit.event(), "words")
    kit.target("blog", "wordpress")
    kit.target("social", "mastodon")
    publish(kit.session, kit.context)
    at["wordpress"].before[("withdraw", "*")] = [PayloadTooLarge("may not delete", learns=False)]
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    publish(kit.session, kit.context)
    places = published_places(kit.session, note)
    assert [(one["target"], one["state"], one["note"]) for one in places] == [
        ("blog", "refused", "may not delete"),
        ("social", "withdrawn", "Copies on other servers may remain."),
    ]
    retry(kit.session, kit.context)
    publish(kit.session, kit.context)
    assert {one["state"] for one in published_places(kit.session, note)} == {"withdrawn"}


def test_planted_secret_stands_nowhere(
    kit: Kit,
    at: dict[str, FakePlace],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Blog, "secret_prompt", classmethod(lambda cls, options: "Password"))
    caplog.set_level(logging.DEBUG)
    kit.takeaway(kit.event(), "words")
    kit.target("blog", "wordpress")
    secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("blog"), "hush-hush")
    leak = "https://ada:hush-hush@blog.example said hush-hush"
    at["wordpress"].before[("create", "*")] = [ZeroDivisionError(leak)]
    at["wordpress"].before[("test", "*")] = [PayloadTooLarge(leak)]
    rows = publish(kit.session, kit.context)
    with pytest.raises(PayloadTooLarge) as caught:
        target_registry.test_target(kit.session, kit.context, "blog")
    outputs = [
        caplog.text,
        str(rows),
        str(caught.value),
        str(target_registry.list_targets(kit.session)),
    ]
    assert "ZeroDivisionError" in caplog.text
    assert [one for one in outputs if "hush-hush" in one] == []
    kit.session.commit()
    for path in kit.settings.folder.rglob("*"):
        assert not path.is_file() or b"hush-hush" not in path.read_bytes()
