"""WordPress through its REST API with an application password.

Sources: https://developer.wordpress.org/rest-api/reference/ (posts, media, tags),
https://developer.wordpress.org/rest-api/using-the-rest-api/authentication/ and, for lost upload answers,
https://core.trac.wordpress.org/ticket/47987 (``X-WP-Upload-Attachment-ID``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from secrets import token_hex
from typing import Any

from publish.errors import AuthRefused, BeingMadeAgain, Gone, PayloadTooLarge, Permanent, RetryAfter
from publish.i18n import page_text
from publish.net.http import HttpResponse
from publish.net.transfer_meter import cleaning_up
from publish.posts.model import Post, PostMedia, Remote
from publish.rendering.html import blog_html
from publish.targets.base import Answer as OwnAnswer
from publish.targets.base import (
    Draft,
    RemoteReply,
    Target,
    TargetConfig,
    TargetOption,
    address_option,
    user_option,
)
from publish.targets.capabilities import AnswersReplies, MediaLibrary, PollsReplies
from publish.targets.wordpress.client import Blog
from publish.targets.wordpress.comments import Comments
from publish.targets.wordpress.discovery import blog_of
from reporter.messages import Message, comma_separated

# Our slug can only belong to our own item; trashed items are given another slug.
_STATUSES = "publish,future,draft,pending,private"
# PHP discards a body above post_max_size, and WordPress then reports missing parameters.
_DROPPED = ("rest_upload_no_data", "rest_upload_no_content_disposition", "rest_upload_file_too_big")
# Keys per query, each with three slugs: some servers refuse URLs of more than 2,000 characters.
_SLUGS = 12
# What WordPress puts behind a slug that another item has: our own, where a try was carried out late or not answered.
_POST_COPIES = ("", *(f"-{number}" for number in range(2, 10)))
_FILE_COPIES = ("", "-2", "-3")
_NEEDED = {
    "upload_files": Message("upload files"),
    "publish_posts": Message("publish posts"),
    "delete_posts": Message("delete posts"),
}
# Unpublishing a published post requires a permission of its own.
_NEEDED_PUBLIC = {
    "edit_published_posts": Message("change published posts"),
    "delete_published_posts": Message("take posts down"),
}


class WordPressTarget(MediaLibrary, PollsReplies, AnswersReplies, Target):
    """A blog: one post a story, its files in the media library."""

    kind = "wordpress"
    title = "WordPress"
    about = page_text(
        "A blog. In the blog, open Users, Profile, Application Passwords, make one called "
        "Social Reporter, and paste it here."
    )
    files_may_follow = True
    may_double = True
    options = (
        address_option(page_text("the blog's address, as https://blog.example.org")),
        user_option(page_text("who writes there")),
        TargetOption(
            "status",
            page_text("publish, or draft for a last look at the blog"),
            label=page_text("When it arrives"),
            common=True,
            default="publish",
            choices={
                "publish": page_text("published at once"),
                "draft": page_text("a draft, for a last look there"),
            },
        ),
    )

    def __init__(self, setup: TargetConfig) -> None:
        super().__init__(setup)
        self._site = Blog(
            setup.name, setup.options["url"], (setup.options["user"], setup.secret), setup.state
        )
        self._call = self._site.call
        self._tags: dict[str, int] = {}
        self._comments = Comments(self._call, setup.name)

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """An application password, created in the blog under Users, Profile."""
        return page_text(
            "Application password (in the blog: Users, Profile, Application Passwords)"
        )

    @classmethod
    def options_fingerprint(cls, options: Mapping[str, str]) -> str:
        """Whether posts are published or drafts."""
        return options["status"]

    @classmethod
    def linkable(cls, options: Mapping[str, str]) -> bool:
        """False for drafts, which require signing in."""
        return options["status"] == "publish"

    @classmethod
    def home(cls, options: Mapping[str, str]) -> str:
        """The blog, also where the address of one of its own pages was given."""
        return blog_of(options["url"])

    def close(self) -> None:
        """Close pooled connections."""
        self._site.close()

    def test(self) -> str:
        """Query the account's name and permissions."""
        me = self._call("GET", "/wp/v2/users/me", params={"context": "edit"}).data
        may = me.get("capabilities", {})
        needed = dict(_NEEDED)
        if self.setup.options["status"] == "publish":
            needed |= _NEEDED_PUBLIC
        lacking = [words for right, words in needed.items() if not may.get(right)]
        if lacking:
            raise AuthRefused(
                "%(who)s may not %(what)s at %(name)s. Ask for the role Author or Editor there.",
                who=me.get("name") or self.setup.options["user"],
                what=comma_separated(lacking),
                name=self.name,
            )
        return Message(
            "%(name)s answers; %(who)s may publish there and take things down.",
            name=self.name,
            who=me.get("name", "the account"),
        )

    # --- Posts ---------------------------------------------------------------------------------

    def find(self, key: str) -> Remote | None:
        """The post with our slug, drafts too. Of several the first is kept.

        Several: created at the same moment, or a try without an answer was carried out late, and its slug got a number.
        """
        slugs = [f"{key}{more}" for more in _POST_COPIES]
        params = {"slug": ",".join(slugs), "status": _STATUSES, "per_page": 100}
        found = self._call(
            "GET", "/wp/v2/posts", params=params | {"context": "edit", "_fields": "id,link,slug"}
        )
        ours = (row for row in found.data if row["slug"] in slugs)
        rows = sorted(ours, key=lambda row: (row["slug"] != key, _number(row)))
        for later in rows[1:]:
            self._delete(f"/wp/v2/posts/{later['id']}")
        return _remote(rows[0]) if rows else None

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Create the post. If another kiosk was faster with our slug, use its post and delete ours."""
        body = {**self._body(post, links), "slug": post.key}
        created = self._call("POST", "/wp/v2/posts", json=body).data
        if created["slug"] == post.key:
            return _remote(created)
        with cleaning_up():
            self._delete(f"/wp/v2/posts/{created['id']}")
        first = self.find(post.key)
        if first is None:
            raise Permanent(
                "%(name)s gives our post another short name (%(slug)s): something else there is "
                "called %(key)s. Rename or remove that.",
                name=self.name,
                slug=created["slug"],
                key=post.key,
            )
        return self.update(first, post, links)

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Update the post in place."""
        answer = self._call("POST", f"/wp/v2/posts/{remote.id}", json=self._body(post, links))
        if answer.data.get("status") == "trash":
            raise Gone("The post lies in the blog's trash.")
        return _remote(answer.data)

    def withdraw(self, remote: Remote) -> None:
        """Delete the post permanently, bypassing the trash."""
        self._delete(f"/wp/v2/posts/{remote.id}")

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """The post's blocks."""
        return Draft(post.title, blog_html(post, links), "text/html")

    def _body(self, post: Post, links: Mapping[str, Remote]) -> dict[str, Any]:
        # WordPress treats a title as HTML, and Editors may use any.
        lead = post.first_photo()
        featured = links.get(lead.key) if lead else None
        return {
            "title": escape(post.title),
            "content": self.draft(post, links).body,
            "excerpt": escape(post.lead),
            "status": self.setup.options["status"],
            "tags": [self._tag(name) for name in post.tags],
            "featured_media": int(featured.id) if featured else 0,
        }

    def _tag(self, name: str) -> int:
        """Id of a tag; WordPress returns the existing id if it was already created."""
        if name not in self._tags:
            answer = self._call("POST", "/wp/v2/tags", json={"name": name}, accept={400})
            known = answer.data.get("code") == "term_exists"
            if answer.status == 400 and not known:
                raise Permanent(
                    "%(name)s does not take the tag %(tag)s.", name=self.name, tag=f"{name!r}"
                )
            self._tags[name] = int(answer.data["data"]["term_id"] if known else answer.data["id"])
        return self._tags[name]

    # --- Files -----------------------------------------------------------------------------------

    def find_media(self, key: str, ext: str) -> Remote | None:
        """The attachment whose slug is our key; the oldest if there are several."""
        return next((_remote_media(row) for _key, row in self._files([key])), None)

    def _files(self, keys: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
        """(our key, attachment), oldest first: those whose slug is the key, or the key with a suffix."""
        slugs = {f"{key}{more}": key for key in keys for more in _FILE_COPIES}
        found = self._call(
            "GET",
            "/wp/v2/media",
            params={
                "slug": ",".join(slugs),
                "context": "edit",
                "per_page": 100,
                "_fields": "id,link,slug,source_url",
            },
        )
        rows = sorted((row for row in found.data if row["slug"] in slugs), key=_number)
        return [(slugs[row["slug"]], row) for row in rows]

    def only_files(self, links: Mapping[str, Remote]) -> Mapping[str, Remote]:
        """Of duplicates (uploaded by another kiosk at the same moment, or after a lost response) the first is kept.

        Everybody agrees on which that is, since ids only increase. Queried once per post: WordPress gives two
        simultaneous uploads the same slug.
        """
        keys, first = sorted(links), dict[str, Remote]()
        for start in range(0, len(keys), _SLUGS):
            for key, row in self._files(keys[start : start + _SLUGS]):
                there = first.setdefault(key, _remote_media(row))
                # Two attachments with one URL share the file, which must stay.
                if there.id != str(row["id"]) and there.url != str(row["source_url"]):
                    self._delete(f"/wp/v2/media/{row['id']}")
        return {**links, **first}

    def put_media(self, media: PostMedia) -> Remote:
        """Upload as multipart: an interruption leaves nothing behind, and 64 MB of PHP memory suffice for a video.

        The file name is new each time: two simultaneous uploads with one name share one file on the blog's disk, and
        deleting one attachment would break the other. It is found again by its slug, which is our key.
        """
        name = f"{media.key}-{token_hex(3)}{media.ext}"
        try:
            with media.path.open("rb") as file:
                answer = self._call(
                    "POST",
                    "/wp/v2/media",
                    files={"file": (name, file, media.mime)},
                    data={"title": media.key, **_media_words(media)},
                    accept={400, 500},
                )
        except FileNotFoundError as error:
            raise BeingMadeAgain from error
        if answer.status >= 400:
            answer = self._recover(answer, media)
        return self._only(answer.data, media)

    def _recover(self, answer: HttpResponse, media: PostMedia) -> HttpResponse:
        """After a 500 with the file stored, let the blog finish its thumbnails; raise anything else."""
        number = answer.headers.get("X-WP-Upload-Attachment-ID", "")
        if answer.status == 500 and number.isdigit():
            return self._call(
                "POST",
                f"/wp/v2/media/{number}/post-process",
                json={"action": "create-image-subsizes"},
            )
        code = answer.data.get("code", "") if isinstance(answer.data, dict) else ""
        reason = answer.data.get("message", "") if isinstance(answer.data, dict) else ""
        size = f"{media.bytes / 1e6:.1f} MB"
        if "upload_max_filesize" in reason or code in _DROPPED:
            raise PayloadTooLarge(
                "%(name)s takes no files of %(size)s. Its host can raise PHP's upload_max_filesize.",
                name=self.name,
                size=size,
            )
        if answer.status == 500 and code != "rest_upload_sideload_error":
            raise RetryAfter(
                "%(name)s failed on a file of %(size)s. It is tried again.",
                name=self.name,
                size=size,
            )
        raise Permanent(
            "%(name)s does not take this file (%(size)s, %(type)s).%(what)s",
            name=self.name,
            size=size,
            type=media.mime,
            what=f" {reason}".rstrip(),
        )

    def _only(self, created: dict[str, Any], media: PostMedia) -> Remote:
        """Ensure uniqueness: a changed slug means that ours already existed."""
        remote = _remote_media(created)
        if created.get("slug") == media.key:
            return remote
        with cleaning_up():
            first = self.find_media(media.key, media.ext)
            if first is None or first.id == remote.id:
                return remote
            self.withdraw_media(remote)
        return self.update_media(first, media)

    def update_media(self, remote: Remote, media: PostMedia) -> Remote:
        """Set alt text and caption."""
        answer = self._call("POST", f"/wp/v2/media/{remote.id}", json=_media_words(media))
        return _remote_media(answer.data)

    def withdraw_media(self, remote: Remote) -> None:
        """Delete the attachment and its files."""
        self._delete(f"/wp/v2/media/{remote.id}")

    # --- Comments --------------------------------------------------------------------------------

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Comments and pingbacks, including those held for moderation if our account may see them."""
        return self._comments.all_of(posts, since)

    def find_answer(self, post: Remote, answer: OwnAnswer) -> Remote | None:
        """Our comment with this key."""
        return self._comments.find(post, answer)

    def put_answer(self, post: Remote, answer: OwnAnswer) -> Remote:
        """Comment as our account below the comment it answers."""
        return self._comments.put(post, answer)

    def withdraw_answer(self, post: Remote, remote: Remote) -> None:
        """Delete our comment."""
        self._comments.withdraw(remote)

    def _delete(self, path: str) -> None:
        self._call("DELETE", path, params={"force": "true"}, accept={404, 410})


def _media_words(media: PostMedia) -> dict[str, str]:
    """Text fields of a file: WordPress treats alt text as plain text, caption and description as HTML."""
    credit = f" — {media.credit}" if media.credit else ""
    return {"alt_text": media.alt, "caption": escape(f"{media.caption}{credit}".strip(" —"))}


def _number(row: Mapping[str, Any]) -> int:
    """Sort key: lower ids are older."""
    return int(row["id"])


def _remote(row: Mapping[str, Any]) -> Remote:
    return Remote(str(row["id"]), str(row.get("link") or ""))


def _remote_media(row: Mapping[str, Any]) -> Remote:
    return Remote(str(row["id"]), str(row["source_url"]), {"page": str(row.get("link") or "")})
