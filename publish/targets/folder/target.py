"""A folder on a disk, USB stick, SFTP, WebDAV, S3 or anything else fsspec supports (``publish/drives``).

It holds the same pages as the bundle's site.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from urllib.parse import urlencode

from publish.drives import Login, open_drive, scheme_of, wants_password
from publish.drives.base import hash_pieces, is_part
from publish.errors import BeingMadeAgain, Gone, PauseTarget, PublishError
from publish.i18n import page_text
from publish.net.http import HttpClient
from publish.posts.model import Post, PostMedia, Remote
from publish.site.feeds import ATOM, JSON_FEED, feed_files
from publish.site.pages import (
    calendar_file,
    front_page,
    media_name,
    page_name,
    sheets,
    story_page,
    summarize,
)
from publish.site.search_index import search_files
from publish.site.smaller_pictures import smaller_files, smaller_names
from publish.targets.base import (
    Draft,
    FrontPageEntry,
    RemoteReply,
    Target,
    TargetConfig,
    TargetOption,
    address_option,
)
from publish.targets.capabilities import MediaLibrary, PollsReplies, TellsThemes
from publish.targets.webmentions import mentions
from reporter.messages import Message

log = logging.getLogger(__name__)

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class FolderTarget(MediaLibrary, TellsThemes, PollsReplies, Target):
    """Static pages in a folder."""

    kind = "folder"
    title = page_text("USB stick or web space")
    about = page_text(
        "Web pages in a folder: on a USB stick, or on a web space over SFTP, WebDAV or S3. A stick needs no password."
    )
    tells_replies = True
    options = (
        address_option(
            page_text(
                "where it is, as file:///media/stick/site, sftp://host/path, webdavs://host/path or s3://bucket/path"
            )
        ),
        TargetOption(
            "user",
            page_text("who signs in, where that is needed"),
            label=page_text("User name"),
            common=True,
        ),
        TargetOption(
            "key",
            page_text("the file of a private key, for SFTP without a password"),
            label=page_text("Key file"),
        ),
        TargetOption(
            "endpoint",
            page_text("the address of an S3-compatible service that is not Amazon's"),
            label=page_text("Address of the storage service"),
        ),
        TargetOption(
            "check",
            page_text(
                "size: compare how much arrived; read: read all of it back (a disk always is)"
            ),
            label=page_text("How it is checked"),
            default="size",
            choices={
                "size": page_text("compare how much arrived"),
                "read": page_text("read all of it back (slower)"),
            },
        ),
        TargetOption(
            "web",
            page_text("the address under which others see it, as https://example.org/spring"),
            label=page_text("Address for readers"),
        ),
        TargetOption(
            "hub",
            page_text(
                "a WebSub hub that tells subscribers of its feeds at once, as https://pubsubhubbub.appspot.com/"
            ),
            label=page_text("WebSub hub"),
        ),
        TargetOption(
            "webmentions",
            page_text(
                "a service that received webmentions for its pages, as "
                "https://webmention.io/api/mentions.jf2"
            ),
            label=page_text("Webmention service"),
        ),
    )

    def __init__(self, setup: TargetConfig) -> None:
        super().__init__(setup)
        options = setup.options
        login = Login(
            setup.name,
            user=options.get("user", ""),
            password=setup.secret,
            key=options.get("key", ""),
            endpoint=options.get("endpoint", ""),
            state=setup.state,
        )
        self._web, self._hub = options.get("web", ""), options.get("hub", "")
        self._drive = open_drive(options["url"], login)
        self._drive.read_back |= options.get("check") == "read"

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """A password for storage that requires one; local folders don't."""
        url, user = options.get("url", ""), options.get("user", "")
        if not wants_password(url, user=user, key=options.get("key", "")):
            return ""
        return page_text("Secret key") if scheme_of(url) == "s3" else page_text("Password")

    @classmethod
    def linkable(cls, options: Mapping[str, str]) -> bool:
        """Whether the folder is served on the web; a stick has no URL that others can open."""
        return bool(options.get("web"))

    @classmethod
    def home(cls, options: Mapping[str, str]) -> str:
        """The site's front page."""
        return options.get("web", "")

    @classmethod
    def free(cls, options: Mapping[str, str]) -> bool:
        """Disks and sticks use no mobile data."""
        return scheme_of(options.get("url", "")) == "file"

    @classmethod
    def listens(cls, options: Mapping[str, str]) -> bool:
        """Public pages can receive webmentions, through a service that collects them."""
        return bool(options.get("web") and options.get("webmentions"))

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Webmentions of our pages."""
        if not self.listens(self.setup.options):
            return
        web = HttpClient(self.name)
        try:
            yield from mentions(web, self.setup.options["webmentions"], posts, since)
        finally:
            web.close()

    def close(self) -> None:
        """Close connections."""
        self._drive.close()

    def test(self) -> str:
        """Write, read back and remove a small file."""
        self._drive.ready()
        name, words = f".sr-test-{self.setup.facts.mark}", b"Social Reporter was here."
        self._drive.put(name, words)
        kept = b"".join(self._drive.read(name))
        self._drive.forget(name)
        if kept != words:
            raise PauseTarget("%(name)s returned other bytes than it was sent.", name=self.name)
        return Message("%(name)s can be written to.", name=self.name)

    # --- Stories -----------------------------------------------------------------------------------

    def find(self, key: str) -> Remote | None:
        """The story's page."""
        return self._existing(page_name(key))

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """The page's HTML."""
        page = story_page(post, self.setup.facts, _local(links), self._web)
        return Draft(post.title, page, "text/html")

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Write the story's page."""
        local, name = _local(links), page_name(post.key)
        self._put(name, self.draft(post, links).body.encode())
        return Remote(name, self._link(name), {"name": name, "summary": summarize(post, local)})

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Rewrite the story's page."""
        return self.create(post, links)

    def withdraw(self, remote: Remote) -> None:
        """Remove the page."""
        self._forget(remote.id)

    # --- Files -------------------------------------------------------------------------------------

    def find_media(self, key: str, ext: str) -> Remote | None:
        """The file with our key. It was verified before it got this name, and is verified again
        where reading is cheap.
        """
        name = media_name(key + ext) if ext else self._name_of(key)
        found = self._existing(name) if name else None
        if found is None or not self._drive.near:
            return self._with_smaller(found.id) if found else None
        # A key ends with the first digits of the content hash.
        whole = hash_pieces(self._drive.read(found.id)).startswith(key.rpartition("-")[2])
        return self._with_smaller(found.id) if whole else None

    def _name_of(self, key: str) -> str:
        """File name for a key whose extension is unknown; empty if there is none."""
        self._drive.ready()
        names = (n for n in self._drive.names("media") if PurePosixPath(n).stem == key)
        return next((media_name(n) for n in names if not is_part(n)), "")

    def put_media(self, media: PostMedia) -> Remote:
        """Copy the file under a temporary name, verify it, then rename it."""
        name = media_name(media.filename)
        if not media.path.is_file():
            raise BeingMadeAgain
        self._put(name, media.path)
        for smaller, data in smaller_files(media):
            self._put(media_name(smaller), data)
        return self._with_smaller(name)

    def update_media(self, remote: Remote, media: PostMedia) -> Remote:
        """Its texts are in the pages; the file itself never changes under its name."""
        if self._existing(remote.id) is None:
            raise Gone("%(file)s is not at %(name)s any more.", file=remote.id, name=self.name)
        return remote

    def withdraw_media(self, remote: Remote) -> None:
        """Remove the file, its smaller copies first, since remaining copies are found by its name."""
        for name in smaller_names(remote.id).values():
            self._forget(name)
        self._forget(remote.id)

    def _with_smaller(self, name: str) -> Remote:
        """The file and its existing smaller copies."""
        copies = smaller_names(name)
        there = {key: one for key, one in copies.items() if self._drive.size(one) is not None}
        return Remote(name, self._link(name), {"name": name, "smaller": there})

    # --- The front page ----------------------------------------------------------------------------

    def update_front_page(self, entries: Sequence[FrontPageEntry], known: Remote | None) -> Remote:
        """Write front page, feeds, search index and style sheets."""
        for name, data in (*sheets(self.setup.assets), *calendar_file(self.setup.facts)):
            self._put(name, data)
        summaries = [dict(e.extra["summary"]) for e in entries if "summary" in e.extra]
        feeds = feed_files(self.setup.facts, summaries, self._web, self._hub)
        for name, data in (*search_files(summaries), *feeds):
            self._put(name, data)
        facts = replace(self.setup.facts, themes=self.themes)
        self._put("index.html", front_page(facts, summaries, self._web).encode())
        if self._web and self._hub:
            self._tell_hub()
        return self._remote("index.html")

    def _tell_hub(self) -> None:
        """Notify the WebSub hub of new feed content. Failures are ignored: readers poll as well."""
        web = HttpClient(self.name)
        try:
            for name in (ATOM, JSON_FEED):
                form = urlencode({"hub.mode": "publish", "hub.url": self._link(name)})
                web.raw(self._hub, form.encode(), _FORM)
        except PublishError as error:
            log.warning("%s: the hub was not told: %s", self.name, error.message)
        finally:
            web.close()

    # --- Connection -------------------------------------------------------------------------------

    def _existing(self, name: str) -> Remote | None:
        self._drive.ready()
        return None if self._drive.size(name) is None else self._remote(name)

    def _put(self, name: str, source: bytes | Path) -> None:
        self._drive.ready()
        self._drive.put(name, source)

    def _forget(self, name: str) -> None:
        self._drive.ready()
        self._drive.forget(name)

    def _remote(self, name: str) -> Remote:
        return Remote(name, self._link(name), {"name": name})

    def _link(self, name: str) -> str:
        """The public URL, or that of the folder itself."""
        base = self._web or self._drive.link()
        return f"{base.rstrip('/')}/{name}"


def _local(links: Mapping[str, Remote]) -> dict[str, str]:
    """Paths of files relative to the pages."""
    files = {key: str(remote.extra["name"]) for key, remote in links.items()}
    for remote in links.values():
        files.update(remote.extra.get("smaller") or {})
    return files
