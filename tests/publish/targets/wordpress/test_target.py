"""Publishing to a real WordPress on Apache: once, whole, changeable, and gone when taken back."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageChops
from sqlalchemy import select

from publish.errors import AuthRefused
from publish.status import target_registry
from reporter import secret_store
from reporter.enums import Kind
from reporter.models import Takeaway, Tombstone
from reporter.moderation import decisions
from reporter.stories.takeaway_json import published_places
from tests.support.publish.fakes import FaultProxy, Kit, jpeg
from tests.support.publish.rounds import publish, seeds
from tests.support.servers.wordpress import WordPress

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
    target_registry.add_target(
        kit.session, "wordpress", "blog", given, now=kit.clock(), rng=kit.rng
    )
    secret_store.set_secret(
        str(kit.facts.id), target_registry.secret_name("blog"), wordpress.app_password
    )


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
    decisions.change(kit.session, photo, kit.actor, {"tags": ["garden", "winter & snow"]})
    kit.takeaway(event, "Ask the neighbours first.", intent="action")
    add_blog(kit, wordpress)

    first = publish(kit.session, kit.context)
    second = publish(kit.session, kit.context)

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
    assert "Spring gathering · May 9, 2026, 4:00" in page
    assert "Ben &amp; Co" in page
    assert media["source_url"] in page
    assert same_picture(httpx.get(media["source_url"]).content, rendition(kit, photo))
    assert httpx.get(media["source_url"]).content == rendition(kit, photo)
    assert published_places(kit.session, photo) == [
        {"target": "blog", "url": post["link"], "state": "sent"}
    ]


def test_a_file_that_arrived_twice_goes_with_the_next_change(
    kit: Kit, wordpress: WordPress, blog: Blog
) -> None:
    """As after an upload whose answer was lost while another kiosk sent the same file."""
    event = kit.event()
    photo, note = kit.photo(event, 1, "Leeks stand the frost"), kit.takeaway(event, "Ask first.")
    add_blog(kit, wordpress)
    publish(kit.session, kit.context)
    [media] = blog.rows("media", kit.facts.mark)
    again = {"file": (f"{media['slug']}-0.jpg", rendition(kit, photo), "image/jpeg")}
    address = f"{wordpress.url}/wp-json/wp/v2/media"
    blog.client.post(address, files=again, data={"title": media["slug"]}).raise_for_status()
    assert len(blog.rows("media", kit.facts.mark)) == 2
    decisions.change(kit.session, note, kit.actor, {"text": "Ask twice."})
    publish(kit.session, kit.context)
    assert [row["id"] for row in blog.rows("media", kit.facts.mark)] == [media["id"]]
    [post] = blog.rows("posts", kit.facts.mark)
    assert post["featured_media"] == media["id"]
    assert httpx.get(media["source_url"]).content == rendition(kit, photo)


def test_server_stopped_half_way_waits_and_is_delivered_once(
    kit: Kit, wordpress: WordPress, blog: Blog
) -> None:
    kit.photo(kit.event(), 2, "Half way")
    add_blog(kit, wordpress)

    def stop_after_media(outcome: Any, left: int) -> None:
        if outcome.kind == "media" and outcome.state == "sent":
            wordpress.stop()

    rows = publish(kit.session, kit.context, on_progress=stop_after_media)
    assert [(r["kind"], r["state"]) for r in rows] == [("media", "sent"), ("story", "due")]
    assert "can't be reached" in rows[1]["error"]
    assert [d.attempts for d in kit.deliveries("story")] == [0]

    wordpress.start()
    kit.clock.forward(minutes=1)
    rows = publish(kit.session, kit.context)
    assert [(r["kind"], r["state"], r["error"]) for r in rows] == [
        ("media", "sent", ""),
        ("story", "sent", ""),
    ]
    assert len(blog.rows("posts", kit.facts.mark)) == 1
    assert len(blog.rows("media", kit.facts.mark)) == 1


def test_changed_caption_updates_in_place(kit: Kit, wordpress: WordPress, blog: Blog) -> None:
    photo = kit.photo(kit.event(), 3, "before")
    add_blog(kit, wordpress)
    publish(kit.session, kit.context)
    [before] = blog.rows("posts", kit.facts.mark)

    decisions.change(kit.session, photo, kit.actor, {"caption": "Frost on the leeks"})
    publish(kit.session, kit.context)

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
    publish(kit.session, kit.context)
    [media] = blog.rows("media", kit.facts.mark)

    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    rows = publish(kit.session, kit.context)

    assert [(r["kind"], r["state"], r["url"]) for r in rows] == [
        ("media", "withdrawn", ""),
        ("story", "withdrawn", ""),
    ]
    assert blog.rows("posts", kit.facts.mark) == []
    assert blog.rows("media", kit.facts.mark) == []
    assert httpx.get(media["source_url"]).status_code == 404
    receipts = set(kit.session.scalars(select(Tombstone.receipt)))
    assert receipts == {photo.receipt}
    publish(kit.session, kit.context)
    assert blog.rows("posts", kit.facts.mark) == []


def test_one_of_two_withdrawn_leaves_the_other(kit: Kit, wordpress: WordPress, blog: Blog) -> None:
    event = kit.event()
    stays, goes = kit.photo(event, 5, "stays"), kit.photo(event, 6, "goes")
    add_blog(kit, wordpress)
    publish(kit.session, kit.context)
    decisions.withdraw(kit.session, goes, kit.actor, kit.store)
    publish(kit.session, kit.context)
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
        rows = publish(kit.session, kit.context)
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
    rows = publish(kit.session, kit.context)
    assert {r["state"] for r in rows} <= {"due", "waiting"}
    assert "sign in" in rows[0]["error"]
    assert {d.attempts for d in kit.deliveries()} == {0}
    proxy.fault = lambda method, path: None
    assert {r["state"] for r in publish(kit.session, kit.context)} == {"sent"}
    assert len(blog.rows("posts", kit.facts.mark)) == 1


def test_refused_password_pauses_until_it_is_corrected(
    kit: Kit, wordpress: WordPress, blog: Blog
) -> None:
    kit.takeaway(kit.event(), "Words")
    add_blog(kit, wordpress)
    secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("blog"), "wrong")
    rows = publish(kit.session, kit.context, wait=True)
    assert [r["state"] for r in rows] == ["waiting"]
    assert "refused user name or password" in rows[0]["error"]

    secret_store.set_secret(
        str(kit.facts.id), target_registry.secret_name("blog"), wordpress.app_password
    )
    assert "may publish" in target_registry.test_target(kit.session, kit.context, "blog")
    assert [r["state"] for r in publish(kit.session, kit.context)] == ["sent"]
    assert len(blog.rows("posts", kit.facts.mark)) == 1


def test_two_kiosks_of_one_gathering_make_one_post(
    kit: Kit, wordpress: WordPress, blog: Blog
) -> None:
    kit.photo(kit.event(), 9, "Both have it")
    add_blog(kit, wordpress)
    publish(kit.session, kit.context)
    # The other kiosk has the same content and an empty ledger.
    target_registry.remove_target(kit.session, kit.facts, "blog", now=kit.context.clock())
    add_blog(kit, wordpress)
    publish(kit.session, kit.context)
    assert len(blog.rows("posts", kit.facts.mark)) == 1
    assert len(blog.rows("media", kit.facts.mark)) == 1


def test_drafts_stay_drafts(kit: Kit, wordpress: WordPress, blog: Blog) -> None:
    kit.takeaway(kit.event(), "Not yet public")
    add_blog(kit, wordpress, status="draft")
    publish(kit.session, kit.context)
    publish(kit.session, kit.context)
    [post] = blog.rows("posts", kit.facts.mark)
    assert post["status"] == "draft"


def test_works_where_permalinks_are_plain(
    kit: Kit, wordpress: WordPress, proxy: FaultProxy, blog: Blog
) -> None:
    photo = kit.photo(kit.event(), 10, "Plain addresses")
    decisions.change(kit.session, photo, kit.actor, {"tags": ["plain"]})
    add_blog(kit, wordpress, proxy.url)
    proxy.fault = lambda method, path: "missing" if path.startswith("/wp-json") else None
    assert {r["state"] for r in publish(kit.session, kit.context)} == {"sent"}
    assert len(blog.rows("posts", kit.facts.mark)) == 1
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    assert {r["state"] for r in publish(kit.session, kit.context)} == {"withdrawn"}
    assert blog.rows("posts", kit.facts.mark) == []
    assert blog.rows("media", kit.facts.mark) == []


@pytest.mark.parametrize(
    "limits", [{"UPLOAD_MAX": "200K"}, {"UPLOAD_MAX": "200K", "POST_MAX": "250K"}]
)
def test_photo_over_the_blogs_limit_goes_smaller_and_says_so(
    kit: Kit, wordpress: WordPress, blog: Blog, *, limits: dict[str, str]
) -> None:
    event = kit.event()
    big = kit.takeaway(event, "too big for them", kind=Kind.PHOTO.value)
    noise = io.BytesIO()
    Image.effect_noise((900, 900), 90).save(noise, "JPEG", quality=95)
    assert len(noise.getvalue()) > 300_000
    kit.attach(big, b"original", kind=Kind.PHOTO, renditions={"view": noise.getvalue()})
    kit.photo(event, 11, "fits")
    add_blog(kit, wordpress)
    try:
        wordpress.start(**limits)
        rows = publish(kit.session, kit.context)
    finally:
        wordpress.start()
    assert {r["state"] for r in rows} == {"sent"}
    [error] = [r["error"] for r in rows if r["title"] == "too big for them"]
    assert error.startswith("Sent smaller than it is (")
    assert len(blog.rows("media", kit.facts.mark)) == 2
    [post] = blog.rows("posts", kit.facts.mark)
    assert post["content"]["raw"].count("<img") == 2
    assert not list(kit.store.incoming.glob("*.fit.jpg"))


def test_video_plays_with_its_poster(
    kit: Kit, wordpress: WordPress, blog: Blog, tmp_path: Path
) -> None:
    video = kit.takeaway(kit.event(), "A walk", kind=Kind.VIDEO.value)
    made = {"play": mp4(tmp_path / "walk.mp4"), "poster": jpeg(12)}
    types = {"play": ("video/mp4", ".mp4")}
    kit.attach(video, b"mov", kind=Kind.VIDEO, renditions=made, types=types)
    add_blog(kit, wordpress)
    assert {r["state"] for r in publish(kit.session, kit.context)} == {"sent"}
    [post] = blog.rows("posts", kit.facts.mark)
    files = {m["mime_type"]: m["source_url"] for m in blog.rows("media", kit.facts.mark)}
    assert set(files) == {"video/mp4", "image/jpeg"}
    page = httpx.get(post["link"]).text
    assert f'poster="{files["image/jpeg"]}"' in page
    assert f'src="{files["video/mp4"]}"' in page
    assert httpx.get(files["video/mp4"]).content == made["play"]


def test_subscriber_is_told_what_is_lacking(kit: Kit, wordpress: WordPress) -> None:
    subscriber = wordpress.accounts["subscriber"]
    add_blog(kit, wordpress, user=subscriber.user)
    secret_store.set_secret(
        str(kit.facts.id), target_registry.secret_name("blog"), subscriber.app_password
    )
    with pytest.raises(AuthRefused, match=r"may not upload files.* at blog"):
        target_registry.test_target(kit.session, kit.context, "blog")


def mp4(path: Path) -> bytes:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(5):
            frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), "green"))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()


@pytest.mark.parametrize("seed", seeds(int(os.environ.get("FAULT_RUNS_BLOG", "2"))))
def test_every_item_once_at_a_blog_behind_a_bad_line(
    kit: Kit, wordpress: WordPress, proxy: FaultProxy, blog: Blog, *, seed: int
) -> None:
    chance = random.Random(seed)
    events = [kit.event("One"), kit.event("Two")]
    for number in range(4):
        kit.photo(events[number % 2], 5000 + 10 * seed + number, f"Photo {number}")
    add_blog(kit, wordpress, proxy.url)
    struck: list[str] = []

    def fault(method: str, path: str) -> str | None:
        if len(struck) < 12 and chance.random() < 0.4:
            struck.append(chance.choice(["before", "within", "cut", "500", "portal", "drip"]))
            return struck[-1]
        return None

    proxy.fault = fault
    for _turn in range(60):
        rows = publish(kit.session, kit.context)
        if {row["state"] for row in rows} == {"sent"}:
            break
        kit.clock.forward(hours=2)
    assert {row["state"] for row in rows} == {"sent"}
    assert len(struck) > 3
    posts, files = blog.rows("posts", kit.facts.mark), blog.rows("media", kit.facts.mark)
    assert sorted(post["title"]["raw"] for post in posts) == ["One", "Two"]
    assert len(files) == len({row["slug"] for row in files}) == 4
    shown = "".join(post["content"]["raw"] for post in posts)
    assert all(f'wp-image-{row["id"]}"' in shown for row in files), "an orphan"
