"""IndieWeb blogs through Micropub: micro.blog, Known, Indiekit, WordPress with its plugin, and self-written ones.

https://www.w3.org/TR/micropub/, https://indieweb.org/Micropub-extensions (mp-slug, post-status, lists, media lists).
A post is requested with our name (``mp-slug``) and carries it as a class in its HTML. It is found again in the blog's
list of posts or, without a list, on its front page.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from importlib.util import find_spec
from typing import Any, ClassVar
from urllib.parse import urlsplit

from publish.errors import BeingMadeAgain, Gone, PauseTarget, Permanent, PublishError, RetryAfter
from publish.i18n import page_text
from publish.net.http import HttpClient
from publish.net.http import HttpResponse as Reply
from publish.net.remote_values import url_parts
from publish.posts.model import Post, PostMedia, Remote
from publish.rendering.html import indie_html
from publish.targets.base import (
    Draft,
    Limits,
    RemoteReply,
    Target,
    TargetConfig,
    TargetOption,
    address_option,
)
from publish.targets.capabilities import MediaLibrary, PollsReplies
from publish.targets.micropub.client import Micropub, error_of
from publish.targets.micropub.identify import in_list, on_front_page
from publish.targets.micropub.media_endpoint import LACKING, MediaEndpoint
from publish.targets.micropub.microformats import values
from publish.targets.micropub.properties import (
    Properties,
    changes,
    field,
    filled,
    first_properties,
    form,
    inside,
    is_wordpress,
    post_properties,
)
from publish.targets.micropub.replies import replies_at
from publish.targets.webmentions import mentions
from reporter.messages import Message

# A post accepted with 202, or whose response was lost, is looked up this often, a few seconds apart.
_POLLS = 5
# Certainly not processed, only postponed; any other 5xx may hide a post that was created.
_BUSY = frozenset({408, 425, 429, 503})


class MicropubTarget(MediaLibrary, PollsReplies, Target):
    """A blog of the IndieWeb: one post a story."""

    kind = "micropub"
    title = page_text("Micropub blog")
    about = page_text(
        "A blog that speaks Micropub: micro.blog, Known, Indiekit, WordPress with a plugin. "
        "In its settings, make an access token that may create, update, delete and send "
        "media, and paste it here."
    )
    files_may_follow = True
    copies_remain = Message(
        "Services that the blog tells of its posts may have taken copies; some blogs keep a trash."
    )
    options = (
        address_option(
            page_text("the blog's address, as https://blog.example.org, or its Micropub endpoint")
        ),
        TargetOption(
            "status",
            page_text("published, or draft for a last look at the blog"),
            label=page_text("When it arrives"),
            common=True,
            default="published",
            choices={
                "published": page_text("published at once"),
                "draft": page_text("a draft, for a last look there"),
            },
        ),
        TargetOption(
            "dated",
            page_text(
                "sent: posts bear the day when they are sent; session: the day of the session"
            ),
            label=page_text("Day of the posts"),
            default="sent",
            choices={
                "sent": page_text("the day when it is sent"),
                "session": page_text("the day of the session"),
            },
        ),
        TargetOption(
            "webmentions",
            page_text(
                "a service that receives webmentions for the blog, as "
                "https://webmention.io/api/mentions.jf2"
            ),
            label=page_text("Webmention service"),
        ),
    )
    pause: ClassVar[Callable[[float], Any]] = staticmethod(time.sleep)

    def __init__(self, setup: TargetConfig) -> None:
        super().__init__(setup)
        if find_spec("mf2py") is None:
            raise PauseTarget(
                "%(name)s needs packages that are not installed. Install them with: %(command)s",
                name=self.name,
                command="pip install 'social-reporter[indieweb]'",
            )
        self._blog = Micropub(setup.name, setup.options["url"], setup.secret.strip(), setup.state)
        self._files = MediaEndpoint(self._blog)
        self._draft = setup.options.get("status") == "draft"

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """A token, created in the blog's settings."""
        return page_text(
            "Access token with the rights create, update, delete and media (micro.blog: Account, App tokens; "
            "WordPress: Users, Manage Tokens; Known and Indiekit: their settings)"
        )

    @classmethod
    def options_fingerprint(cls, options: Mapping[str, str]) -> str:
        """Whether posts are published or drafts."""
        return options.get("status", "")

    @classmethod
    def linkable(cls, options: Mapping[str, str]) -> bool:
        """False for drafts, which only their owner can read."""
        return options.get("status") != "draft"

    @classmethod
    def home(cls, options: Mapping[str, str]) -> str:
        """The blog."""
        return options.get("url", "")

    @classmethod
    def listens(cls, options: Mapping[str, str]) -> bool:
        """False for drafts, which have no page that others could answer."""
        return cls.linkable(options)

    def close(self) -> None:
        """Close pooled connections."""
        self._blog.close()

    def test(self) -> str:
        """Discover the endpoint and query its capabilities."""
        self._blog.forget()
        where = urlsplit(self._blog.endpoint)
        sentences = [f"{self.name} answers at {where.netloc}{where.path}."]
        if self._blog.latest_posts(1, {}) is None:
            sentences.append(
                Message(
                    "It does not list its posts: should an answer get lost, a story may wait for you "
                    "to look there."
                )
            )
        if not self._blog.media_endpoint:
            sentences.append(
                Message(
                    "It takes files only together with a post, so another photo makes a post anew."
                )
            )
        if self._draft:
            sentences.append(Message("Not every blog knows drafts: look at the first one."))
        sentences.append(Message("Whether the token may write shows with the first post."))
        return Message.join(sentences)

    def limits(self) -> Limits:
        """Micropub reports no limits; they are learnt from refusals."""
        return Limits()

    # --- Stories ---------------------------------------------------------------------------------------

    def find(self, key: str) -> Remote | None:
        """Our post in the blog's list, else on its front page."""
        url = in_list(self._blog, key)
        if url is None:
            url = on_front_page(self._blog, key)
        return Remote(url, url) if url else None

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Create the post. Without a media endpoint its files are sent in the same request."""
        files = inside(post, links)
        properties = post_properties(post, self.draft(post, links).body, self._blog.endpoint)
        with ExitStack() as stack:
            parts = self._parts(post, properties, files, stack)
            try:
                answer = self._blog.send(accept=_BUSY, **parts)
            except RetryAfter as error:
                return self._after_lost(post.key, error)
        if answer.status in _BUSY:
            raise self._blog.refused(answer, self._blog.endpoint)
        url = self._blog.location(answer)
        if not url:
            return self._somewhere(post.key)
        created = self._ledger_entry(
            url, properties, files, later=answer.status == 202 and not self._appears(url)
        )
        return self._only(created, post, links)

    def _parts(
        self, post: Post, properties: Properties, files: Sequence[PostMedia], stack: ExitStack
    ) -> dict[str, Any]:
        """The request: JSON, or a form with files."""
        by_session = self.setup.options.get("dated") == "session"
        whole = properties | first_properties(
            post, self.setup.facts, draft=self._draft, by_session=by_session
        )
        whole |= {name: [value] for name, value in self._blog.destination.items()}
        if not files:
            return {
                "json": {"type": ["h-entry"], "properties": {k: v for k, v in whole.items() if v}}
            }
        try:
            sent = [
                (
                    field(one, files),
                    (one.filename, stack.enter_context(one.path.open("rb")), one.mime),
                )
                for one in files
            ]
        except FileNotFoundError as error:
            raise BeingMadeAgain from error
        return {"data": form(whole, files), "files": sent}

    def _ledger_entry(
        self, url: str, properties: Properties, files: Sequence[PostMedia], *, later: bool = False
    ) -> Remote:
        """Ledger data. ``later``: accepted with 202 and not seen yet."""
        extra: dict[str, Any] = {"told": filled(properties)}
        if files:
            extra["files"] = [one.key for one in files]
        return Remote(url, url, {**extra, "later": True} if later else extra)

    def _after_lost(self, key: str, error: RetryAfter) -> Remote:
        """The response was lost, so the post may exist. Where posts are listed, the next try looks it up; elsewhere
        it has to be found now.

        Drafts are missing in some lists.
        """
        if not self._draft and self._lists():
            raise error
        for _ in range(_POLLS):
            with suppress(PublishError):
                if found := self.find(key):
                    return found
            type(self).pause(3)
        raise Permanent(
            "The answer of %(name)s got lost, and it can't be asked whether it has the post. "
            "Look at the blog, delete the post if it is there, and try again here.",
            name=self.name,
        )

    def _lists(self) -> bool:
        try:
            return self._blog.latest_posts(1, {}) is not None
        except PublishError:
            return self._blog.has_listed

    def _somewhere(self, key: str) -> Remote:
        """Find a post that was accepted without a Location."""
        if found := self.find(key):
            return found
        raise Permanent(
            "%(name)s took the post and did not tell where it is. Look at the blog before you "
            "try again.",
            name=self.name,
        )

    def _appears(self, url: str) -> bool:
        for number in range(_POLLS):
            if number:
                type(self).pause(2)
            if self._blog.is_there(url):
                return True
        return False

    def _only(self, created: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """If a number was added to our name, another kiosk was faster: use its post and delete ours."""
        if not re.search(rf"{re.escape(post.key)}-\d+(\.\w+)?/?$", url_parts(created.id).path):
            return created
        first = in_list(self._blog, post.key, besides=created.id)
        if not first:
            return created
        self.withdraw(created)
        return self.update(Remote(first, first), post, links)

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Update the post in place, or recreate it where that is impossible (Known; changed embedded files)."""
        files = inside(post, links)
        if not self._has_files(remote, [one.key for one in files]):
            return self._renew(remote, post, links)
        properties = post_properties(post, self.draft(post, links).body, self._blog.endpoint)
        body = changes(
            remote.id, properties, remote.extra.get("told", ()), published=not self._draft
        )
        if is_wordpress(self._blog.endpoint):
            # Otherwise its plugin derives a new slug from the title, which changes the URL.
            body["replace"]["mp-slug"] = [post.key]
        body |= self._blog.destination
        answer = self._blog.send(json=body, accept={400, 404, 410, *LACKING})
        if answer.status in LACKING or error_of(answer)[0] == "not_implemented":
            return self._renew(remote, post, links)
        if answer.status >= 400:
            raise self._missing(remote, answer)
        url = self._blog.location(answer) if answer.status in (201, 202) else ""
        return self._ledger_entry(url or remote.id, properties, files)

    def _has_files(self, remote: Remote, keys: Sequence[str]) -> bool:
        """Whether the post has the files sent with it; if it was found again, their number decides."""
        if "told" in remote.extra or not keys:
            return list(remote.extra.get("files", ())) == list(keys)
        there = self._blog.ask({"q": "source", "url": remote.id}) or {}
        return sum(len(values(there, name)) for name in ("photo", "video", "audio")) == len(keys)

    def _renew(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        self.withdraw(remote)
        return self.create(post, links)

    def _missing(self, remote: Remote, answer: Reply) -> Exception:
        """WordPress and Indiekit answer 400 to missing posts and invalid requests alike: check the post itself."""
        there = self._blog.is_there(remote.id)
        if remote.extra.get("later") and not there:
            return RetryAfter("%(name)s has not shown this post yet.", 60, name=self.name)
        if there is False or (there is None and answer.status in (404, 410)):
            return Gone("The post is not there any more at %(name)s.", name=self.name)
        return self._blog.refused(answer, self._blog.endpoint)

    def withdraw(self, remote: Remote) -> None:
        """Delete the post, form-encoded because Known accepts nothing else here."""
        request = {"action": "delete", "url": remote.id, **self._blog.destination}
        answer = self._blog.send(data=request, accept={400, 404, 410, *LACKING})
        if answer.status < 300:
            return
        why = self._missing(remote, answer)
        if isinstance(why, Gone):
            return
        if answer.status in LACKING:
            raise Permanent(
                "%(name)s lets no program delete posts. Delete it there: %(address)s. Then try "
                "again here.",
                name=self.name,
                address=remote.url,
            )
        raise why

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """The post's HTML."""
        return Draft(post.title, indie_html(post, links), "text/html")

    # --- Files -----------------------------------------------------------------------------------------

    def find_media(self, key: str, ext: str) -> Remote | None:
        """Our file in the media endpoint's list."""
        return self._files.find(key)

    def put_media(self, media: PostMedia) -> Remote:
        """Upload to the media endpoint; without one the file is sent with the post and has no URL yet."""
        return self._files.put(media)

    def update_media(self, remote: Remote, media: PostMedia) -> Remote:
        """Nothing to do: its texts are in the post."""
        return remote

    def withdraw_media(self, remote: Remote) -> None:
        """Delete the file if the media endpoint supports it; else a person has to, and is told where."""
        self._files.withdraw(remote)

    # --- Replies -----------------------------------------------------------------------------------------

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Webmentions received by a service, else the replies shown on the posts' own pages."""
        service = self.setup.options.get("webmentions", "")
        if service:
            web = HttpClient(self.name)
            try:
                yield from mentions(web, service, posts, since)
            finally:
                web.close()
            return
        self.unread = set()
        for post in posts:
            yield from replies_at(self._blog, post, self.unread)
