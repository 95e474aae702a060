"""Publishing to a real WordPress on Apache: once, whole, changeable, and gone when taken back."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageChops
from sqlalchemy import select

from publish import places
from publish.outbox import publish
from reporter import curate, secrets
from reporter.models import Takeaway, Tombstone
from reporter.record import published_places
from tests.publish_fakes import FaultProxy, Kit, open_kit
from tests.wordpress_server import WordPress

pytestmark = pytest.mark.wordpress


class Blog:
    """What is really at the blog, asked with a client of the test's own."""

    def __init__(self, server: WordPress) -> None:
        self.server = server
        self.client = httpx.Client(auth=(server.user, server.app_password), timeout=60)

    def rows(self, what: str, mark: str) -> list[dict[str, Any]]:
        """Posts or media whose slug carries the gathering's mark, drafts and repeats (-2) too."""
        query = {"per_page": "100", "context": "edit"} | (
            {"status": "any"} if what == "posts" else {}
        )
        answer = self.client.get(f"{self.server.url}/wp-json/wp/v2/{what}", params=query)
        answer.raise_for_status()
        return [row for row in answer.json() if f"sr-{mark}" in row["slug"]]


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    monkeypatch.setenv(secrets.FILE_VARIABLE, str(tmp_path / "secrets.json"))
    seed = zlib.crc32(str(tmp_path).encode())
    with open_kit(tmp_path / "gathering", seed=seed) as kit:
        yield kit


@pytest.fixture
def blog(wordpress: WordPress) -> Iterator[Blog]:
    blog = Blog(wordpress)
    yield blog
    blog.client.close()


@pytest.fixture
def proxy(wordpress: WordPress) -> Iterator[FaultProxy]:
    proxy = FaultProxy(wordpress.port)
    yield proxy
    proxy.close()


def add_blog(kit: Kit, wordpress: WordPress, url: str = "", **options: str) -> None:
    given = {"url": url or wordpress.url, "user": wordpress.user, **options}
    places.add_target(kit.session, "wordpress", "blog", given, now=kit.clock(), rng=kit.rng)
    secrets.set_secret(str(kit.facts.id), places.secret_name("blog"), wordpress.app_password)


def same_picture(a: bytes, b: bytes) -> bool:
    left, right = Image.open(io.BytesIO(a)).convert("RGB"), Image.open(io.BytesIO(b)).convert("RGB")
    return left.size == right.size and ImageChops.difference(left, right).getbbox() is None


def rendition(kit: Kit, takeaway: Takeaway, name: str = "view") -> bytes:
    media = takeaway.attachments[0].media
    made = next(r for r in media.renditions if r.name == name)
    return kit.store.rendition(media.sha256, name, made.ext).read_bytes()


def test_publishing_twice_makes_one_post_with_the_right_picture(
    kit: Kit, wordpress: WordPress, blog: Blog
) -> None:
    event = kit.event()
    photo = kit.photo(
        event, 1, "Leeks stand the <script>alert(1)</script> frost [gallery]", author="Ben & Co"
    )
    curate.change(kit.session, photo, kit.hand, {"tags": ["garden", "winter & snow"]})
    kit.takeaway(event, "Ask the neighbours first.", intent="action")
    add_blog(kit, wordpress)

    first = publish(kit.session, kit.outbox)
    second = publish(kit.session, kit.outbox)

    assert [(r["kind"], r["state"], r["error"]) for r in first] == [
        ("media", "sent", ""),
        ("story", "sent", ""),
    ]
    assert second == first
    [post] = blog.rows("posts", kit.facts.mark)
    [media] = blog.rows("media", kit.facts.mark)
    assert post["status"] == "publish"
    assert post["title"]["raw"] == "Community gardens in winter"
    assert post["featured_media"] == media["id"]
    assert media["alt_text"] == photo.attachments[0].alt or media["alt_text"].startswith("Leeks")
    assert len(post["tags"]) == 2
    page = httpx.get(post["link"]).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "[gallery]" in page or "&#91;gallery&#93;" in page
    assert "Ask the neighbours first." in page
    assert "Ben &amp; Co" in page
    assert media["source_url"] in page
    assert same_picture(httpx.get(media["source_url"]).content, rendition(kit, photo))
    assert httpx.get(media["source_url"]).content == rendition(kit, photo)
    assert published_places(kit.session, photo) == [
        {"target": "blog", "url": post["link"], "state": "sent"}
    ]


def test_server_stopped_half_way_waits_and_is_delivered_once(
    kit: Kit, wordpress: WordPress, blog: Blog
) -> None:
    kit.photo(kit.event(), 2, "Half way")
    add_blog(kit, wordpress)

    def stop_after_media(outcome: Any, left: int) -> None:
        if outcome.kind == "media" and outcome.state == "sent":
            wordpress.stop()

    rows = publish(kit.session, kit.outbox, on_progress=stop_after_media)
    assert [(r["kind"], r["state"]) for r in rows] == [("media", "sent"), ("story", "due")]
    assert "can't be reached" in rows[1]["error"]
    assert [d.attempts for d in kit.deliveries("story")] == [0]

    wordpress.start()
    kit.clock.forward(minutes=1)
    rows = publish(kit.session, kit.outbox)
    assert [(r["kind"], r["state"], r["error"]) for r in rows] == [
        ("media", "sent", ""),
        ("story", "sent", ""),
    ]
    assert len(blog.rows("posts", kit.facts.mark)) == 1
    assert len(blog.rows("media", kit.facts.mark)) == 1


def test_changed_caption_updates_in_place(kit: Kit, wordpress: WordPress, blog: Blog) -> None:
    photo = kit.photo(kit.event(), 3, "before")
    add_blog(kit, wordpress)
    publish(kit.session, kit.outbox)
    [before] = blog.rows("posts", kit.facts.mark)

    curate.change(kit.session, photo, kit.hand, {"caption": "Frost on the leeks"})
    publish(kit.session, kit.outbox)

    [after] = blog.rows("posts", kit.facts.mark)
    assert after["id"] == before["id"]
    assert "Frost on the leeks" in after["content"]["raw"]
    [media] = blog.rows("media", kit.facts.mark)
    assert media["caption"]["raw"] == "Frost on the leeks — Ada"


def test_withdrawn_takeaway_goes_with_post_and_file(
    kit: Kit, wordpress: WordPress, blog: Blog
) -> None:
    photo = kit.photo(kit.event(), 4, "Take me back")
    add_blog(kit, wordpress)
    publish(kit.session, kit.outbox)
    [media] = blog.rows("media", kit.facts.mark)

    curate.withdraw(kit.session, photo, kit.hand, kit.store)
    rows = publish(kit.session, kit.outbox)

    assert [(r["kind"], r["state"], r["url"]) for r in rows] == [
        ("media", "withdrawn", ""), ("story", "withdrawn", ""),
    ]  # fmt: skip
    assert blog.rows("posts", kit.facts.mark) == []
    assert blog.rows("media", kit.facts.mark) == []
    assert httpx.get(media["source_url"]).status_code == 404
    receipts = set(kit.session.scalars(select(Tombstone.receipt)))
    assert receipts == {photo.receipt}
    publish(kit.session, kit.outbox)
    assert blog.rows("posts", kit.facts.mark) == []


def test_one_of_two_withdrawn_leaves_the_other(kit: Kit, wordpress: WordPress, blog: Blog) -> None:
    event = kit.event()
    stays, goes = kit.photo(event, 5, "stays"), kit.photo(event, 6, "goes")
    add_blog(kit, wordpress)
    publish(kit.session, kit.outbox)
    curate.withdraw(kit.session, goes, kit.hand, kit.store)
    publish(kit.session, kit.outbox)
    [post] = blog.rows("posts", kit.facts.mark)
    [media] = blog.rows("media", kit.facts.mark)
    assert "goes" not in post["content"]["raw"]
    assert "stays" in post["content"]["raw"]
    assert httpx.get(media["source_url"]).content == rendition(kit, stays)


@pytest.mark.parametrize("fault", ["cut", "500"])
@pytest.mark.parametrize("path", ["/wp/v2/media", "/wp/v2/posts"])
def test_lost_answers_leave_one_of_each(
    kit: Kit, wordpress: WordPress, blog: Blog, proxy: FaultProxy, *, fault: str, path: str
) -> None:
    photo = kit.photo(kit.event(), 7, "Lost answer")
    add_blog(kit, wordpress, proxy.url)
    left = [fault]

    def lose_first_post(method: str, asked: str) -> str | None:
        hit = method == "POST" and asked.split("?")[0].endswith(path)
        return left.pop() if hit and left else None

    proxy.fault = lose_first_post
    for _ in range(4):
        rows = publish(kit.session, kit.outbox)
        kit.clock.forward(minutes=5)
    assert left == []
    assert [(r["kind"], r["state"], r["error"]) for r in rows] == [
        ("media", "sent", ""),
        ("story", "sent", ""),
    ]
    assert len(blog.rows("posts", kit.facts.mark)) == 1
    [media] = blog.rows("media", kit.facts.mark)
    assert media["alt_text"] == "Lost answer"
    assert httpx.get(media["source_url"]).content == rendition(kit, photo)
    sent = [
        size for method, asked, size in proxy.seen if method == "POST" and asked.endswith("/media")
    ]
    assert len(sent) == 1


def test_sign_in_page_costs_no_attempt(
    kit: Kit, wordpress: WordPress, proxy: FaultProxy, blog: Blog
) -> None:
    kit.photo(kit.event(), 8, "Behind a portal")
    add_blog(kit, wordpress, proxy.url)
    proxy.fault = lambda method, path: "portal"
    rows = publish(kit.session, kit.outbox)
    assert {r["state"] for r in rows} == {"due"}
    assert "sign in" in rows[0]["error"]
    assert {d.attempts for d in kit.deliveries()} == {0}
    proxy.fault = lambda method, path: None
    assert {r["state"] for r in publish(kit.session, kit.outbox)} == {"sent"}
    assert len(blog.rows("posts", kit.facts.mark)) == 1


def test_refused_password_pauses_until_it_is_mended(
    kit: Kit, wordpress: WordPress, blog: Blog
) -> None:
    kit.takeaway(kit.event(), "Words")
    add_blog(kit, wordpress)
    secrets.set_secret(str(kit.facts.id), places.secret_name("blog"), "wrong")
    rows = publish(kit.session, kit.outbox, wait=True)
    assert [r["state"] for r in rows] == ["due"]
    assert "refused user name or password" in rows[0]["error"]

    secrets.set_secret(str(kit.facts.id), places.secret_name("blog"), wordpress.app_password)
    assert "may publish" in places.try_target(kit.session, kit.outbox, "blog")
    assert [r["state"] for r in publish(kit.session, kit.outbox)] == ["sent"]
    assert len(blog.rows("posts", kit.facts.mark)) == 1


def test_two_kiosks_of_one_gathering_make_one_post(
    kit: Kit, wordpress: WordPress, blog: Blog
) -> None:
    kit.photo(kit.event(), 9, "Both have it")
    add_blog(kit, wordpress)
    publish(kit.session, kit.outbox)
    # The other kiosk has the same content and an empty ledger.
    places.remove_target(kit.session, kit.facts, "blog")
    add_blog(kit, wordpress)
    publish(kit.session, kit.outbox)
    assert len(blog.rows("posts", kit.facts.mark)) == 1
    assert len(blog.rows("media", kit.facts.mark)) == 1


def test_drafts_stay_drafts(kit: Kit, wordpress: WordPress, blog: Blog) -> None:
    kit.takeaway(kit.event(), "Not yet public")
    add_blog(kit, wordpress, status="draft")
    publish(kit.session, kit.outbox)
    publish(kit.session, kit.outbox)
    [post] = blog.rows("posts", kit.facts.mark)
    assert post["status"] == "draft"
