"""The folder target on a real disk and in fsspec's memory: whole files, a front page that follows, missing sticks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import feedparser
import fsspec
import pytest
from werkzeug import Request

from publish.drives import is_stick
from publish.drives.disk import DiskDrive
from publish.errors import Offline
from publish.status import target_registry
from reporter.moderation import decisions
from tests.support.publish.fakes import Kit, jpeg, site_files
from tests.support.publish.rounds import publish
from tests.support.servers.fixture import FixtureServer

ASSETS = Path(__file__).parents[4] / "static"


def add(kit: Kit, url: str, **options: str) -> None:
    target_registry.add_target(
        kit.session, "folder", "stick", {"url": url, **options}, now=kit.clock(), rng=kit.rng
    )


def run(kit: Kit, **options: Any) -> list[dict[str, Any]]:
    return publish(kit.session, places_outbox(kit), **options)


def places_outbox(kit: Kit) -> Any:
    return target_registry.make_publish_context(
        kit.store, kit.facts, clock=kit.clock, rng=kit.rng, assets=ASSETS
    )


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_pages_files_and_front_page_arrive_once(kit: Kit, tmp_path: Path) -> None:
    kit.photo(kit.event(), 1, "Frost")
    goal = tmp_path / "stick" / "site"
    goal.parent.mkdir()
    add(kit, goal.as_uri())
    rows = run(kit)
    assert {row["state"] for row in rows} == {"sent"}
    story, media = kit.deliveries("story")[0].key, kit.deliveries("media")[0].key
    assert names(goal) == site_files(story, media)
    assert (goal / f"media/{media}.jpg").read_bytes() == jpeg(1, (320, 240))
    assert f'src="media/{media}.jpg"' in (goal / f"{story}.html").read_text()
    assert f'href="{story}.html"' in (goal / "index.html").read_text()
    assert next(r["url"] for r in rows if r["kind"] == "story") == (goal / f"{story}.html").as_uri()
    before = {path: (goal / path).stat().st_mtime_ns for path in names(goal)}
    run(kit)
    assert {path: (goal / path).stat().st_mtime_ns for path in names(goal)} == before


def test_change_and_takedown_reach_every_page(kit: Kit, tmp_path: Path) -> None:
    event = kit.event()
    goes, stays = kit.photo(event, 1, "goes"), kit.takeaway(event, "stays", intent="question")
    goal = tmp_path / "site"
    add(kit, str(goal), web="https://example.org/spring/")
    rows = run(kit)
    story = kit.deliveries("story")[0].key
    assert (
        next(r["url"] for r in rows if r["kind"] == "story")
        == f"https://example.org/spring/{story}.html"
    )
    decisions.change(kit.session, stays, kit.actor, {"text": "stays, changed"})
    decisions.withdraw(kit.session, goes, kit.actor, kit.store)
    run(kit)
    assert "stays, changed" in (goal / "index.html").read_text()
    searched = (goal / "search" / "words.js").read_text()
    assert "stays, changed" in searched
    assert "goes" not in searched
    page = (goal / f"{story}.html").read_text()
    assert "goes" not in page
    assert "stays, changed" in page
    assert [name for name in names(goal) if name.startswith("media/")] == []
    decisions.withdraw(kit.session, stays, kit.actor, kit.store)
    run(kit)
    assert names(goal) == [
        "feed.json",
        "feed.xml",
        "index.html",
        "search/search.js",
        "search/words.js",
        "sitemap.xml",
        "style/site.css",
        "style/tokens.css",
    ]
    assert "stays" not in (goal / "index.html").read_text()


class Hub(FixtureServer):
    """A WebSub hub as https://pubsubhubbub.github.io/PubSubHubbub/pubsubhubbub-core-0.4.html#publishing says."""

    routes = (("POST", r"/hub", "publish"),)

    def __init__(self) -> None:
        super().__init__()
        self.pings: list[tuple[str, str]] = []
        self.status = 204

    def publish(self, request: Request) -> tuple[str, int]:
        """Keeps what it was told."""
        self.pings.append((request.form["hub.mode"], request.form["hub.url"]))
        return "", self.status


@pytest.mark.parametrize("status", [204, 503])
def test_hub_is_named_in_the_feeds_and_told_when_they_are_new(
    kit: Kit, tmp_path: Path, *, status: int
) -> None:
    takeaway = kit.takeaway(kit.event(), "words")
    hub = Hub()
    hub.status = status
    goal = tmp_path / "site"
    try:
        add(kit, goal.as_uri(), web="https://example.org/spring/", hub=f"{hub.url}/hub")
        assert {row["state"] for row in run(kit)} == {"sent"}
        feeds = [f"https://example.org/spring/{name}" for name in ("feed.xml", "feed.json")]
        read = feedparser.parse((goal / "feed.xml").read_bytes())
        links = {link.rel: link.href for link in read.feed.links}
        assert (links["hub"], links["self"]) == (f"{hub.url}/hub", feeds[0])
        feed = json.loads((goal / "feed.json").read_text())
        assert feed["hubs"] == [{"type": "WebSub", "url": f"{hub.url}/hub"}]
        # One that is busy holds nothing back.
        assert hub.pings == [("publish", url) for url in feeds[: 1 if status == 503 else 2]]
        before = len(hub.pings)
        run(kit)
        assert len(hub.pings) == before, "nothing is new"
        decisions.change(kit.session, takeaway, kit.actor, {"text": "other words"})
        run(kit)
        assert len(hub.pings) == 2 * before
    finally:
        hub.close()


def test_missing_parent_is_offline_and_never_made_up(kit: Kit, tmp_path: Path) -> None:
    kit.takeaway(kit.event(), "words")
    add(kit, (tmp_path / "not-in" / "site").as_uri())
    rows = run(kit)
    assert {row["state"] for row in rows} <= {"due", "waiting"}
    assert "Put the stick in" in rows[-1]["error"] + rows[0]["error"]
    assert not (tmp_path / "not-in").exists()
    with pytest.raises(Offline):
        target_registry.test_target(kit.session, places_outbox(kit), "stick")
    (tmp_path / "not-in").mkdir()
    assert {row["state"] for row in run(kit)} == {"sent"}
    assert "can be written to" in target_registry.test_target(
        kit.session, places_outbox(kit), "stick"
    )
    assert not [name for name in names(tmp_path / "not-in") if "sr-test" in name]


@pytest.mark.parametrize(
    ("path", "stick"),
    [
        ("/media/ada/STICK", True),
        ("/media/STICK", True),
        ("/run/media/ada/STICK", True),
        ("/Volumes/STICK", True),
        ("/media/ada/STICK/site", False),
        ("/home/ada/site", False),
    ],
)
def test_what_counts_as_a_stick_itself(path: str, *, stick: bool) -> None:
    assert is_stick(path) is stick


def test_truncated_copy_is_noticed_and_written_again(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.photo(kit.event(), 1, "Frost")
    add(kit, str(tmp_path / "site"))
    whole = DiskDrive.write
    broken = [True]

    def truncating(self: DiskDrive, name: str, source: bytes | Path, size: int) -> None:
        whole(self, name, source, size)
        if ".jpg." in name and broken:
            broken.pop()
            os.truncate(tmp_path / "site" / name, 100)

    monkeypatch.setattr(DiskDrive, "write", truncating)
    rows = run(kit)
    assert "did not keep" in next(r["error"] for r in rows if r["kind"] == "media")
    assert [name for name in names(tmp_path / "site") if name.startswith("media/")] == []
    kit.clock.forward(minutes=1)
    assert {row["state"] for row in run(kit)} == {"sent"}
    [media] = [name for name in names(tmp_path / "site") if name.startswith("media/")]
    assert (tmp_path / "site" / media).read_bytes() == jpeg(1, (320, 240))


def test_any_fsspec_address_will_do(kit: Kit) -> None:
    memory = fsspec.filesystem("memory")
    photo = kit.photo(kit.event(), 1, "Frost")
    add(kit, f"memory://spring-{kit.facts.mark}")
    assert {row["state"] for row in run(kit)} == {"sent"}
    root = f"/spring-{kit.facts.mark}"
    assert "Frost" in memory.cat(f"{root}/{kit.deliveries('story')[0].key}.html").decode()
    assert len(memory.ls(f"{root}/media")) == 1
    decisions.change(kit.session, photo, kit.actor, {"caption": "Hoar frost"})
    run(kit)
    assert "Hoar frost" in memory.cat(f"{root}/{kit.deliveries('story')[0].key}.html").decode()
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    run(kit)
    assert sorted(p.rsplit("/", 1)[1] for p in memory.find(root)) == [
        "feed.json",
        "feed.xml",
        "index.html",
        "search.js",
        "site.css",
        "tokens.css",
        "words.js",
    ]


def test_address_that_cannot_work_pauses_with_a_sentence(kit: Kit) -> None:
    kit.takeaway(kit.event(), "words")
    add(kit, "nosuch://place")
    rows = run(kit)
    assert {row["state"] for row in rows} <= {"due", "waiting"}
    assert "can't be used" in rows[0]["error"]
    assert target_registry.list_targets(kit.session)[0]["paused"]


def test_preview_lists_without_touching_anything(kit: Kit, tmp_path: Path) -> None:
    from publish.status.dry_run import preview

    photo = kit.photo(kit.event(), 1, "Frost")
    add(kit, str(tmp_path / "site"))
    actions = [(row["action"], row["kind"]) for row in preview(kit.session, places_outbox(kit))]
    assert sorted(actions) == [("create", "front_page"), ("create", "media"), ("create", "story")]
    assert kit.deliveries() == []
    assert not (tmp_path / "site").exists()
    run(kit)
    assert preview(kit.session, places_outbox(kit)) == []
    decisions.change(kit.session, photo, kit.actor, {"caption": "Hoar frost"})
    actions = [(row["action"], row["kind"]) for row in preview(kit.session, places_outbox(kit))]
    assert actions == [("update", "media"), ("update", "story")]
    decisions.hide(kit.session, photo, kit.actor)
    actions = [(row["action"], row["kind"]) for row in preview(kit.session, places_outbox(kit))]
    assert actions == [("withdraw", "media"), ("withdraw", "story")]
    assert {state for _, state in kit.states()} == {"sent"}
