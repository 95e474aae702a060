"""A line that breaks again and again: what goes on from where it was, what goes smaller, what stays and says so."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from publish import targets
from publish.errors import ConnectionLost, Offline
from publish.net.transfer_meter import count_resumable, count_sent
from publish.outbox.policy import interruptions
from publish.outbox.runner import retry
from publish.posts.model import PostMedia, Remote
from publish.status import target_registry
from reporter import secret_store
from reporter.enums import Kind
from tests.publish.conformance.targets import PLACES
from tests.support.publish.fakes import FakePlace, FakeTarget, FaultProxy, Kit, jpeg, open_kit
from tests.support.publish.rounds import publish

pytestmark = pytest.mark.slow


class NarrowTarget(FakeTarget):
    """Its line breaks in every file of more than ``reach`` bytes; ``goes_on``: it keeps what came through."""

    kind = "narrow"
    reach = 0
    goes_on = False
    error: type[Exception] = ConnectionLost
    there: dict[str, int] = {}  # noqa: RUF012 - one for the test that sets it

    def put_media(self, media: PostMedia) -> Remote:
        left = media.bytes - self.there.get(media.key, 0)
        if left <= self.reach:
            count_sent(left)
            return super().put_media(media)
        self.place.calls.append(("broken", media.key))
        count_sent(self.reach)
        if self.goes_on:
            count_resumable(self.reach)
            self.there[media.key] = self.there.get(media.key, 0) + self.reach
        raise self.error("It broke.")


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    monkeypatch.setitem(targets.KINDS, "narrow", NarrowTarget)
    monkeypatch.setattr(NarrowTarget, "place", FakePlace(), raising=False)
    monkeypatch.setattr(NarrowTarget, "there", {})
    with open_kit(tmp_path / "gathering") as kit:
        yield kit


def film(kit: Kit, size: int) -> str:
    """A film of so many bytes with its still picture, in a session of its own; what the film is called there."""
    row = kit.takeaway(kit.event("The long one"), "A walk", kind=Kind.VIDEO.value)
    kit.attach(
        row,
        b"mov",
        kind=Kind.VIDEO,
        renditions={"play": random.Random(size).randbytes(size), "poster": jpeg(size, (320, 240))},
        types={"play": ("video/mp4", ".mp4"), "poster": ("image/jpeg", ".jpg")},
    )
    return "A walk"


def big_photo(kit: Kit, size: int) -> None:
    """A photo whose rendition has about so many bytes: noise does not shrink."""
    from PIL import Image

    edge = int((size / 0.55) ** 0.5)
    path = kit.settings.folder / "noise.jpg"
    Image.frombytes("RGB", (edge, edge), random.Random(size).randbytes(edge * edge * 3)).save(
        path, quality=60
    )
    row = kit.takeaway(kit.event("The market"), "Stalls", kind=Kind.PHOTO.value)
    kit.attach(row, b"jpg", kind=Kind.PHOTO, renditions={"view": path.read_bytes()})


def send(kit: Kit) -> list[dict[str, Any]]:
    pause = lambda seconds: kit.clock.forward(seconds=seconds)  # noqa: E731
    return publish(kit.session, kit.context, wait=True, pause=pause)


@pytest.mark.parametrize("error", [ConnectionLost, Offline])
def test_film_that_never_passes_stays_and_its_still_goes(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(NarrowTarget, "reach", 1_000_000)
    monkeypatch.setattr(NarrowTarget, "error", error)
    film(kit, 3_000_000)
    kit.photo(kit.event("Another"), 5, "Frost")
    kit.target("place", "narrow")
    rows = send(kit)
    place = NarrowTarget.place
    assert place.count("broken") == interruptions.FILE_CUTS
    assert [row["state"] for row in rows if row["kind"] == "story"] == ["sent", "sent"]
    [row] = [row for row in rows if row["state"] == "parked"]
    assert row["error"].startswith("The video (3.0 MB) waits for a better line")
    assert f"(attempts: {interruptions.FILE_CUTS})" in row["error"]
    [story] = [row for row in rows if row["title"] == "The long one"]
    assert "sent a still instead" in story["error"]
    assert sorted(len(post["files"]) for post in place.posts.values()) == [1, 1]
    # Nothing more goes into it, until somebody says so.
    assert send(kit) == rows
    assert place.count("broken") == interruptions.FILE_CUTS

    monkeypatch.setattr(NarrowTarget, "reach", 10_000_000)
    assert retry(kit.session, kit.context) == 1
    rows = send(kit)
    assert {row["state"] for row in rows} == {"sent"}
    assert {row["error"] for row in rows} == {""}
    assert {len(one["bytes"]) for one in place.files.values()} >= {3_000_000}


def test_photo_that_never_passes_goes_smaller_and_says_so(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NarrowTarget, "reach", 300_000)
    big_photo(kit, 900_000)
    kit.target("place", "narrow")
    rows = send(kit)
    assert {row["state"] for row in rows} == {"sent"}
    [photo] = [row for row in rows if row["kind"] == "media"]
    assert photo["error"].startswith("Sent smaller than it is (")
    assert photo["error"].endswith("the line to place kept breaking.")
    [there] = NarrowTarget.place.files.values()
    assert 20_000 < len(there["bytes"]) <= 300_000
    assert NarrowTarget.place.count("broken") == interruptions.PHOTO_CUTS


def test_a_photo_that_was_cut_once_is_sent_as_it_is(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NarrowTarget, "reach", 10_000_000)
    big_photo(kit, 900_000)
    kit.target("place", "narrow")
    NarrowTarget.place.before[("put_media", "*")] = [ConnectionLost("It broke.")]
    assert {(row["state"], row["error"]) for row in send(kit)} == {("sent", "")}
    [row] = kit.deliveries("media")
    [there] = NarrowTarget.place.files.values()
    assert len(there["bytes"]) == row.bytes
    assert not {"cuts", "reach", "most"} & set(row.remote)


@pytest.mark.parametrize("error", [ConnectionLost, Offline])
def test_a_place_that_goes_on_is_never_given_up(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(NarrowTarget, "reach", 250_000)
    monkeypatch.setattr(NarrowTarget, "goes_on", True)
    monkeypatch.setattr(NarrowTarget, "error", error)
    film(kit, 6_000_000)
    kit.target("place", "narrow")
    assert {row["state"] for row in send(kit)} == {"sent"}
    assert NarrowTarget.place.count("broken") == 23


# Where files travel inside of posts: the address that takes them.
UPLOADS = {"mastodon": "/api/v2/media", "bluesky": "uploadBlob", "facebook": "/photos"}


@pytest.mark.parametrize("name", UPLOADS)
def test_uploads_that_arrived_before_a_cut_are_not_sent_again(
    kit: Kit, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(secret_store.FILE_VARIABLE, str(kit.settings.folder / "secrets.json"))
    event = kit.event(f"Three {kit.facts.mark}")
    for number in range(3):
        kit.photo(event, 70 + number, f"Photo {number}")
    with PLACES[name](request) as place, closing(FaultProxy(place.port or 0)) as proxy:
        options = place.options(proxy.url)
        target_registry.add_target(
            kit.session, name, "there", options, now=kit.clock(), rng=kit.rng
        )
        secret_store.set_secret(
            str(kit.facts.id), target_registry.secret_name("there"), place.secret
        )
        lines = iter([None, None, "before", "cut", "before"])
        proxy.fault = lambda method, path: next(lines, None) if UPLOADS[name] in path else None
        assert {(row["state"], row["error"]) for row in send(kit)} == {("sent", "")}
        # The one whose answer was lost went twice: nobody told its number.
        assert sum(UPLOADS[name] in path for method, path, _ in proxy.seen if method == "POST") == 4
        [seen] = place.census(kit.facts).posts
        assert len(seen.files) == 3
