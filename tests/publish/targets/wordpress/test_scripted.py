"""The WordPress target against its REST API played in memory: runs where no WordPress is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from werkzeug import Request

from publish.errors import AuthRefused, Gone, PayloadTooLarge, Permanent, RetryAfter
from publish.outbox.policy.decide import Withdrawn
from publish.outbox.runner import deliver_due, queue
from publish.outbox.upsert import WithdrawJob, execute
from publish.posts.model import Post, PostMedia, Remote
from publish.targets.wordpress.target import WordPressTarget
from reporter.moderation import decisions
from tests.support.publish.fakes import Kit
from tests.support.publish.target_kit import post_of
from tests.support.servers.fixture import Refusal
from tests.support.servers.wordpress_blog import API, ScriptedBlog


@pytest.fixture
def blog() -> Iterator[ScriptedBlog]:
    with closing(ScriptedBlog()) as blog:
        yield blog


@pytest.fixture
def target(kit: Kit, blog: ScriptedBlog) -> Iterator[WordPressTarget]:
    row = kit.target(
        "blog", "wordpress", options={"url": blog.url, "user": "ann", "status": "publish"}
    )
    with closing(kit.context.connect(row)) as target:
        assert isinstance(target, WordPressTarget)
        yield target


@pytest.fixture
def post(kit: Kit) -> Post:
    kit.photo(kit.event("Leeks & frost"), 1, "<b>Frost</b> #leeks", tags=[])
    return post_of(kit)


def photo_of(post: Post) -> PostMedia:
    photo = post.first_photo()
    assert photo is not None
    return photo


def test_a_file_has_its_alt_text_and_caption(
    target: WordPressTarget, blog: ScriptedBlog, post: Post
) -> None:
    photo = replace(photo_of(post), alt="A <leek>", caption="Frost & <snow>", credit="Ada")
    remote = target.put_media(photo)
    row = blog.only("media")
    # Alt text is plain, a caption is HTML.
    assert (row["alt_text"], row["caption"]) == ("A <leek>", "Frost &amp; &lt;snow&gt; — Ada")
    assert row["sha256"] == photo.sha256
    assert row["file"].startswith(f"{photo.key}-")
    assert remote == Remote(str(row["id"]), row["source_url"], {"page": row["link"]})
    assert target.find_media(photo.key, ".jpg") == remote
    target.update_media(remote, replace(photo, caption="", credit="Ada"))
    assert row["caption"] == "Ada"
    target.update_media(remote, replace(photo, caption="Snow", credit=""))
    assert row["caption"] == "Snow"
    for _ in range(2):
        target.withdraw_media(remote)
    assert blog.rows["media"] == {}


def test_the_caption_below_a_picture_in_a_post_has_words_author_and_intent(
    target: WordPressTarget, blog: ScriptedBlog, post: Post
) -> None:
    links = {photo_of(post).key: target.put_media(photo_of(post))}
    [block] = post.blocks
    remote = target.create(post, links)
    row = blog.only("posts")
    caption = '<figcaption class="wp-element-caption">%s</figcaption></figure>'
    assert caption % "&lt;b&gt;Frost&lt;/b&gt; #leeks — Ada · What I learned" in row["content"]
    # An organizer's caption comes before the contributor's words.
    target.update(remote, replace(post, blocks=(replace(block, caption="Snow", author=""),)), links)
    assert caption % "Snow — What I learned" in row["content"]
    target.update(remote, replace(post, blocks=(replace(block, intent="", author=""),)), links)
    assert caption % "&lt;b&gt;Frost&lt;/b&gt; #leeks" in row["content"]


def test_a_post_is_made_found_changed_and_deleted(
    target: WordPressTarget, blog: ScriptedBlog, post: Post
) -> None:
    assert target.find(post.key) is None
    photo = photo_of(post)
    links = {photo.key: target.put_media(photo)}
    remote = target.create(replace(post, tags=("frost", "frost")), links)
    row = blog.only("posts")
    [tag] = blog.rows["tags"]
    assert (row["title"], row["status"], row["slug"]) == ("Leeks &amp; frost", "publish", post.key)
    assert (row["tags"], row["featured_media"]) == ([tag, tag], blog.only("media")["id"])
    assert links[photo.key].url in row["content"]
    assert remote == Remote(str(row["id"]), row["link"])
    assert target.find(post.key) == remote
    target.update(remote, replace(post, title="Kale", tags=()), {})
    assert (row["title"], row["tags"], row["featured_media"]) == ("Kale", [], 0)
    for _ in range(2):
        target.withdraw(remote)
    assert blog.rows["posts"] == {}
    with pytest.raises(Gone):
        target.update(remote, post, {})


def test_a_post_in_the_trash_is_gone(
    target: WordPressTarget, blog: ScriptedBlog, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = target.create(post, {})
    trashed = {**blog.only("posts"), "status": "trash"}
    monkeypatch.setattr(blog, "change", lambda request, what, number: trashed)
    with pytest.raises(Gone, match="trash"):
        target.update(remote, post, {})


def test_the_first_of_two_kiosks_keeps_its_post(
    target: WordPressTarget, blog: ScriptedBlog, post: Post
) -> None:
    first = blog.add("posts", post.key, title="theirs")
    assert target.create(post, {}) == Remote(str(first["id"]), first["link"])
    assert blog.only("posts")["title"] == "Leeks &amp; frost"
    # Both were made at the same moment, under one name.
    blog.rows["posts"][99] = {**first, "id": 99}
    assert target.find(post.key) == Remote(str(first["id"]), first["link"])
    assert list(blog.rows["posts"]) == [first["id"]]


def test_something_else_under_our_name_is_said(
    target: WordPressTarget, blog: ScriptedBlog, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    blog.add("posts", post.key)
    monkeypatch.setattr(blog, "listed", lambda request, what: [])
    with pytest.raises(Permanent, match=f"short name \\({post.key}-2\\)"):
        target.create(post, {})
    assert len(blog.rows["posts"]) == 1, "ours is removed again"


def test_the_first_of_two_files_is_shown_and_the_other_goes(
    target: WordPressTarget, blog: ScriptedBlog, post: Post
) -> None:
    photo = photo_of(post)
    first = blog.add("media", photo.key)
    remote = target.put_media(photo)
    assert remote.id == str(first["id"])
    assert blog.only("media") is first
    later = blog.add("media", photo.key)
    links = target.only_files({photo.key: Remote(str(later["id"]), later["source_url"])})
    assert blog.only("media") is first
    assert links[photo.key].id == str(first["id"])


def test_the_ledger_knows_which_of_two_files_was_kept(kit: Kit, blog: ScriptedBlog) -> None:
    """Else whoever compares it with another laptop's takes down the file that the post shows."""
    place = {"url": blog.url, "user": "ann", "status": "publish"}
    kit.target("blog", "wordpress", options=place)
    kit.photo(kit.event(), 1, "Frost")
    queue(kit.session, kit.context)
    [row] = kit.deliveries("media")
    # Another laptop's, sent a moment before under the same name: the blog's slug is not one of both.
    first = blog.add("media", row.key)
    real = blog.listed
    blog.listed = lambda request, what: []  # type: ignore[method-assign]
    assert deliver_due(kit.session, kit.context) is not None
    blog.listed = real  # type: ignore[method-assign]
    assert kit.deliveries("media")[0].remote_id != str(first["id"])
    assert deliver_due(kit.session, kit.context) is not None
    assert blog.only("media") is first
    assert blog.only("posts")["featured_media"] == first["id"]
    [row] = kit.deliveries("media")
    assert (row.state, row.remote_id, row.url) == ("sent", str(first["id"]), first["source_url"])


@pytest.mark.parametrize("then", ["changed", "left alone"])
def test_a_post_that_was_made_late_goes(kit: Kit, blog: ScriptedBlog, then: str) -> None:
    """Of a try without an answer, which the blog carried out when the next one had been acknowledged."""
    place = {"url": blog.url, "user": "ann", "status": "publish"}
    kit.target("blog", "wordpress", options=place)
    note = kit.takeaway(kit.event(), "words")
    queue(kit.session, kit.context)
    real, asked = blog.make, []

    def lose(request: Request, what: str) -> Any:
        asked.append(dict(request.get_json()))
        raise Refusal(502, "")

    blog.make = lose  # type: ignore[method-assign]
    assert deliver_due(kit.session, kit.context) is not None
    blog.make = real  # type: ignore[method-assign]
    kit.clock.forward(minutes=1)
    assert deliver_due(kit.session, kit.context) is not None
    [row] = kit.deliveries()
    assert row.state == "sent"
    assert deliver_due(kit.session, kit.context) is None
    late = blog.add("posts", asked[0].pop("slug"), **asked[0])
    assert late["slug"] == f"{row.key}-2"
    if then == "changed":
        decisions.change(kit.session, note, kit.actor, {"text": "other words"})
        queue(kit.session, kit.context)
    else:
        # By then nothing is carried out late any more.
        kit.clock.forward(minutes=11)
    assert deliver_due(kit.session, kit.context) is not None
    assert blog.only("posts")["id"] == int(row.remote_id)
    assert ("other words" in blog.only("posts")["content"]) is (then == "changed")
    # Once more at most: then it is believed.
    for _ in range(2):
        kit.clock.forward(minutes=11)
        deliver_due(kit.session, kit.context)
    [row] = kit.deliveries()
    assert (row.state, row.memory.doubtful) == ("sent", False)
    blog.asked.clear()
    kit.clock.forward(minutes=11)
    assert deliver_due(kit.session, kit.context) is None
    assert blog.asked == []


def test_a_file_that_was_made_late_goes(kit: Kit, blog: ScriptedBlog) -> None:
    place = {"url": blog.url, "user": "ann", "status": "publish"}
    kit.target("blog", "wordpress", options=place)
    kit.photo(kit.event(), 1, "Frost")
    queue(kit.session, kit.context)
    blog.refuse = [Refusal(502, "")]
    assert deliver_due(kit.session, kit.context) is not None
    kit.clock.forward(minutes=1)
    while deliver_due(kit.session, kit.context) is not None:
        pass
    assert kit.states() == [("media", "sent"), ("story", "sent")]
    first = blog.only("media")
    blog.add("media", kit.deliveries("media")[0].key)
    kit.clock.forward(minutes=11)
    assert deliver_due(kit.session, kit.context) is not None
    assert blog.only("media") is first


def test_a_worker_that_slept_while_it_sent_takes_back_what_it_made_too_much(
    kit: Kit, blog: ScriptedBlog
) -> None:
    """And does not put its own, older words over what another has sent meanwhile."""
    place = {"url": blog.url, "user": "ann", "status": "publish"}
    kit.target("blog", "wordpress", options=place)
    kit.takeaway(kit.event(), "older words")
    queue(kit.session, kit.context)
    [row] = kit.deliveries()
    real = blog.make

    def late(request: Request, what: str) -> Any:
        kit.clock.forward(minutes=6)
        blog.add("posts", row.key, content="newer words")
        return real(request, what)

    blog.make = late  # type: ignore[method-assign]
    assert deliver_due(kit.session, kit.context) is not None
    assert blog.only("posts")["content"] == "newer words"
    assert kit.states() == [("story", "due")]


def test_all_copies_of_a_post_are_taken_down(
    target: WordPressTarget, blog: ScriptedBlog, post: Post
) -> None:
    for _ in range(3):
        blog.add("posts", post.key)
    withdrawn = execute(target, WithdrawJob(None, post.key))
    assert withdrawn == Withdrawn()
    assert blog.rows["posts"] == {}


@pytest.mark.parametrize(
    ("refusal", "error", "words"),
    [
        (Refusal(400, {"code": "rest_upload_no_data"}), PayloadTooLarge, "upload_max_filesize"),
        (
            Refusal(500, {"code": "x", "message": "exceeds the upload_max_filesize"}),
            PayloadTooLarge,
            "takes no files of 0.0 MB",
        ),
        (Refusal(500, "<p>There has been a critical error"), RetryAfter, "failed on"),
        (
            Refusal(500, {"code": "rest_upload_sideload_error", "message": "Not allowed."}),
            Permanent,
            "image/jpeg\\). Not allowed.",
        ),
        (Refusal(400, {"code": "rest_other"}), Permanent, "image/jpeg\\)\\.$"),
    ],
)
def test_why_a_file_was_not_taken(
    target: WordPressTarget,
    blog: ScriptedBlog,
    post: Post,
    refusal: Refusal,
    error: type[Exception],
    words: str,
) -> None:
    blog.refuse = [refusal]
    with pytest.raises(error, match=words) as found:
        target.put_media(photo_of(post))
    assert type(found.value) is error


def test_an_upload_that_php_broke_off_over_is_finished(
    target: WordPressTarget, blog: ScriptedBlog, post: Post
) -> None:
    photo = photo_of(post)
    kept = blog.add("media", photo.key)
    blog.refuse = [Refusal(500, "", X_WP_Upload_Attachment_ID=str(kept["id"]))]
    assert target.put_media(photo).id == str(kept["id"])
    assert blog.asked[-1] == ("POST", f"{API}/media/{kept['id']}/post-process")


def test_a_tag_that_the_blog_has_is_used_and_one_that_it_refuses_named(
    target: WordPressTarget, blog: ScriptedBlog, post: Post
) -> None:
    known = blog.add("tags", "frost")
    target.create(replace(post, tags=("frost",)), {})
    assert blog.only("posts")["tags"] == [known["id"]]
    with pytest.raises(Permanent, match="the tag '!'"):
        target.create(replace(post, tags=("!",)), {})


def test_rights_that_lack_are_named(target: WordPressTarget, blog: ScriptedBlog) -> None:
    assert "Ann may publish there" in target.test()
    blog.rights["upload_files"] = False
    with pytest.raises(AuthRefused, match=r"Ann may not .* at blog"):
        target.test()
