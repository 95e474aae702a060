"""A blurred face is blurred in every file that leaves, in pixels: bundle, site, targets; the old file is taken down."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from capture.decoding.process_pool import DecoderPool
from capture.renditions.worker import process_due
from publish.bundle.builder import make_bundle
from publish.errors import PublishError
from publish.status import target_registry
from reporter import secret_store
from reporter.annotations import edit_history, face_review
from reporter.config import LimitSettings
from reporter.enums import Kind
from reporter.errors import Conflict
from reporter.media.edits import Edits, Region
from reporter.models import Media, Takeaway
from reporter.moderation import decisions
from tests.support.media.faces import detail, portrait_jpeg
from tests.support.publish.fakes import Kit
from tests.support.publish.rounds import publish
from tests.support.servers.wordpress import WordPress

FACE = (0.36, 0.39, 0.18, 0.29)
BLUR = Edits(blur=(Region("oval", (0.32, 0.32, 0.26, 0.42)),))


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(1, 3000) as pool:
        yield pool


def make(kit: Kit, pool: DecoderPool) -> None:
    """Let the real workers make what is due."""
    while process_due(kit.session, kit.store, pool, now=kit.clock, limits=LimitSettings()):
        pass


def portrait(kit: Kit, pool: DecoderPool, text: str = "Compost stays warm") -> Takeaway:
    """An approved photo with one face, its renditions made by the real workers."""
    row = kit.takeaway(kit.event(), text, kind=Kind.PHOTO.value)
    media = kit.attach(row, portrait_jpeg().read_bytes(), kind=Kind.PHOTO, renditions={})
    media.state = "received"
    kit.session.commit()
    make(kit, pool)
    return row


def blur(kit: Kit, row: Takeaway) -> None:
    kit.clock.forward(seconds=5)
    edit_history.save(kit.session, kit.store, row.attachments[0].media, BLUR, actor=kit.actor)


def detail_of(data: bytes) -> float:
    with Image.open(io.BytesIO(data)) as image:
        return detail(np.asarray(image.convert("RGB")), FACE)


def bundled(kit: Kit, goal: Path) -> dict[str, float]:
    """What can be recognized in each picture of a bundle, by its name."""
    made = make_bundle(kit.session, kit.store, goal, facts=kit.facts, now=kit.clock(), rng=kit.rng)
    return {
        path.relative_to(made.path).as_posix(): detail_of(path.read_bytes())
        for path in sorted(made.path.rglob("*.jpg"))
    }


def test_a_bundle_holds_no_file_with_the_face(kit: Kit, pool: DecoderPool, tmp_path: Path) -> None:
    row = portrait(kit, pool)
    before = bundled(kit, tmp_path / "before")
    # The view, its two smaller copies for phones, and the original.
    assert sorted(name.split("/")[1] for name in before) == [*["media"] * 3, "originals"]
    assert min(before.values()) > 15
    blur(kit, row)
    make(kit, pool)
    after = bundled(kit, tmp_path / "after")
    assert [name.split("/")[1] for name in after] == ["media"] * 3
    assert max(after.values()) < 6
    document = json.loads((tmp_path / "after" / "data" / "takeaways.json").read_text())
    media = document["takeaways"][0]["media"][0]
    assert media["original"] is None
    assert set(media["renditions"]) == {"view"}


def test_nothing_leaves_between_saving_and_ready(
    kit: Kit, pool: DecoderPool, tmp_path: Path
) -> None:
    row = portrait(kit, pool)
    blur(kit, row)
    assert bundled(kit, tmp_path / "meanwhile") == {}
    target = kit.target("stick", "folder", options={"url": (tmp_path / "stick").as_uri()})
    assert target.name == "stick"
    publish(kit.session, kit.context)
    assert list((tmp_path / "stick").rglob("*.jpg")) == []
    make(kit, pool)
    publish(kit.session, kit.context)
    sent = list((tmp_path / "stick").rglob("*.jpg"))
    assert len(sent) == 3
    assert max(detail_of(path.read_bytes()) for path in sent) < 6


@pytest.mark.parametrize("how", ["blur", "withdraw", "hide"])
def test_what_changes_while_a_bundle_is_written_does_not_leave_in_it(
    kit: Kit, tmp_path: Path, how: str
) -> None:
    row = kit.photo(kit.event(), 1, "Compost stays warm")
    kit.takeaway(kit.event("Another"), "A note")
    changed: list[str] = []

    def meanwhile(_done: int, _total: int, _what: str) -> None:
        if changed:
            return
        changed.append(how)
        if how == "blur":
            blur(kit, row)
        elif how == "hide":
            decisions.hide(kit.session, row, kit.actor)
        else:
            decisions.withdraw(kit.session, row, kit.actor, kit.store)

    goal = tmp_path / "bundle"
    with pytest.raises((Conflict, PublishError)):
        make_bundle(
            kit.session,
            kit.store,
            goal,
            facts=kit.facts,
            now=kit.clock(),
            rng=kit.rng,
            progress=meanwhile,
        )
    assert changed == [how]
    assert list(tmp_path.glob("*bundle*")) == []


def test_a_published_site_gets_the_new_picture_and_loses_the_old(
    kit: Kit, pool: DecoderPool, tmp_path: Path
) -> None:
    row = portrait(kit, pool)
    kit.target("stick", "folder", options={"url": (tmp_path / "stick").as_uri()})
    publish(kit.session, kit.context)
    old = {path.name: detail_of(path.read_bytes()) for path in (tmp_path / "stick").rglob("*.jpg")}
    assert len(old) == 3
    assert min(old.values()) > 15
    blur(kit, row)
    make(kit, pool)
    publish(kit.session, kit.context)
    new = {path.name: detail_of(path.read_bytes()) for path in (tmp_path / "stick").rglob("*.jpg")}
    assert len(new) == 3
    assert new.keys().isdisjoint(old)
    assert max(new.values()) < 6
    pages = "".join(page.read_text() for page in (tmp_path / "stick").rglob("*.html"))
    assert all(name in pages for name in new)
    assert not any(name in pages for name in old)


def test_the_same_file_brought_again_is_blurred_from_the_start(
    kit: Kit, pool: DecoderPool, tmp_path: Path
) -> None:
    row = portrait(kit, pool)
    blur(kit, row)
    make(kit, pool)
    again = kit.takeaway(kit.event("Another session"), "Brought twice", kind=Kind.PHOTO.value)
    kit.attach(again, portrait_jpeg().read_bytes(), kind=Kind.PHOTO, renditions={})
    after = bundled(kit, tmp_path / "bundle")
    assert len(kit.session.scalars(select(Media)).all()) == 1
    assert after != {}
    assert max(after.values()) < 6


def test_back_to_the_original_is_the_very_picture_again(kit: Kit, pool: DecoderPool) -> None:
    row = portrait(kit, pool)
    media = row.attachments[0].media

    def made() -> dict[str, str]:
        kit.session.expire_all()
        return {one.name: one.sha256 for one in media.renditions}

    first = made()
    blur(kit, row)
    make(kit, pool)
    assert made() != first
    kit.clock.forward(seconds=5)
    edit_history.save(kit.session, kit.store, media, Edits(), actor=kit.actor)
    make(kit, pool)
    assert made() == first
    for name, sha256 in first.items():
        path = kit.store.rendition(media.sha256, name, ".jpg")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def test_faces_wait_at_bundle_and_targets_until_a_person_has_looked(
    kit: Kit, pool: DecoderPool, tmp_path: Path
) -> None:
    row = portrait(kit, pool)
    kit.target("stick", "folder", options={"url": (tmp_path / "stick").as_uri()})
    publish(kit.session, kit.context)
    assert len(list((tmp_path / "stick").rglob("*.jpg"))) == 3
    face_review.set_check(kit.session, True)
    publish(kit.session, kit.context)
    assert list((tmp_path / "stick").rglob("*.jpg")) == []
    assert bundled(kit, tmp_path / "held") == {}
    face_review.decide(kit.session, row.attachments[0].media, kit.actor)
    publish(kit.session, kit.context)
    assert len(list((tmp_path / "stick").rglob("*.jpg"))) == 3
    assert len(bundled(kit, tmp_path / "looked")) == 4


@pytest.mark.wordpress
def test_wordpress_shows_the_blurred_picture_and_has_the_old_no_more(
    kit: Kit,
    pool: DecoderPool,
    wordpress: WordPress,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv(secret_store.FILE_VARIABLE, str(tmp_path / "secrets.json"))
    given = {"url": wordpress.url, "user": wordpress.user}
    target_registry.add_target(
        kit.session, "wordpress", "blog", given, now=kit.clock(), rng=kit.rng
    )
    secret_store.set_secret(
        str(kit.facts.id), target_registry.secret_name("blog"), wordpress.app_password
    )
    row = portrait(kit, pool)
    publish(kit.session, kit.context)
    with httpx.Client(auth=(wordpress.user, wordpress.app_password), timeout=60) as client:
        [old] = at_blog(client, wordpress, kit)
        assert detail_of(client.get(old["source_url"]).content) > 15
        blur(kit, row)
        make(kit, pool)
        publish(kit.session, kit.context)
        [new] = at_blog(client, wordpress, kit)
        assert new["id"] != old["id"]
        sizes = {size["source_url"] for size in new["media_details"]["sizes"].values()}
        for address in {new["source_url"], *sizes}:
            data = client.get(address).content
            with Image.open(io.BytesIO(data)) as image:
                # WordPress cuts its smallest size square.
                whole = image.width * 2 == image.height * 3
            assert not whole or detail_of(data) < 6
        gone = {size["source_url"] for size in old["media_details"]["sizes"].values()}
        for address in {old["source_url"], *gone}:
            assert client.get(address).status_code == 404, address


def at_blog(client: httpx.Client, blog: WordPress, kit: Kit) -> list[dict[str, Any]]:
    """The files of this gathering that the blog has."""
    rows = client.get(
        f"{blog.url}/wp-json/wp/v2/media", params={"per_page": "100", "context": "edit"}
    )
    return [row for row in rows.json() if f"sr-{kit.facts.mark}" in row["slug"]]
