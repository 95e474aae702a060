"""MediaWiki: one page per session with a section per story, media files, and replies from the discussion page.

Our section is between markers; everything else on the page belongs to other people and is preserved. Login, errors
and uploads: ``client``; reading and saving pages: ``pages``. https://www.mediawiki.org/wiki/API:Edit
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from publish.errors import AuthRefused, BeingMadeAgain, Gone, PayloadTooLarge, Permanent
from publish.i18n import page_text
from publish.posts.model import Post, PostMedia, Remote
from publish.targets.base import (
    Answer,
    Draft,
    Limits,
    RemoteReply,
    Target,
    TargetConfig,
    TargetOption,
    address_option,
    user_option,
)
from publish.targets.capabilities import AnswersReplies, MediaLibrary, PollsReplies
from publish.targets.mediawiki import wikitext
from publish.targets.mediawiki.client import Wiki, WikiError
from publish.targets.mediawiki.pages import SUMMARY, WikiPages, remote_of, text_of
from publish.targets.wiki.page_section import (
    heard_of,
    keyed,
    merged_part,
    with_answer,
    with_part,
    without_part,
)
from publish.targets.wiki.signatures import mediawiki_manner
from publish.targets.wiki.talk_page import read_comments, remove_answer
from reporter.messages import N_, Message, comma_separated

_NEEDED = {"edit": Message("change pages"), "createpage": Message("make pages")}
_SAME = ("fileexists-no-change", "fileexists-forbidden")


class MediaWikiTarget(MediaLibrary, PollsReplies, AnswersReplies, Target):
    """A wiki."""

    kind = "mediawiki"
    title = "MediaWiki"
    about = page_text(
        "A wiki. In the wiki, open Special:BotPasswords, make one with the rights to edit and "
        "upload, and paste it here."
    )
    files_may_follow = True
    last_sent = frozenset({"sent"})
    copies_remain = Message(
        "Older versions stay in the page's history. Ask the wiki's admins to hide them "
        "where that matters."
    )
    options = (
        address_option(page_text("the wiki's address, as https://wiki.example.org")),
        user_option(page_text("the bot's name, as Anna@reporter")),
        TargetOption(
            "under",
            page_text("the page that all pages lie under; empty: one named after the gathering"),
            label=page_text("Page above all others"),
        ),
        TargetOption(
            "category",
            page_text("a category for all pages; empty: one named after the gathering"),
            label=page_text("Category"),
        ),
    )

    def __init__(self, setup: TargetConfig) -> None:
        super().__init__(setup)
        self._wiki = Wiki(
            setup.name, setup.options["url"], (setup.options["user"], setup.secret), setup.state
        )
        self._pages = WikiPages(self._wiki)

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """A bot password: it has limited permissions and can be revoked."""
        return page_text("Bot password (in the wiki: Special:BotPasswords)")

    @classmethod
    def options_fingerprint(cls, options: Mapping[str, str]) -> str:
        """The category is part of what is sent."""
        return options.get("category", "")

    def close(self) -> None:
        """Close pooled connections."""
        self._wiki.close()

    def test(self) -> str:
        """Query the account's name and permissions."""
        me = self._wiki.query(meta="userinfo", uiprop="rights|blockinfo")["userinfo"]
        may = set(me.get("rights", ()))
        if "blockid" in me:
            raise AuthRefused(
                "%(who)s is blocked at %(name)s. Ask its admins.", who=me["name"], name=self.name
            )
        if lacking := [words for right, words in _NEEDED.items() if right not in may]:
            raise AuthRefused(
                "%(who)s may not %(what)s at %(name)s. Ask its admins for these rights.",
                who=me["name"],
                what=comma_separated(lacking),
                name=self.name,
            )
        files = self._takes_files() and "upload" in may
        answers = Message(
            N_("%(name)s answers; %(who)s may write pages there, files too.")
            if files
            else N_("%(name)s answers; %(who)s may write pages there, but it takes no files."),
            name=self.name,
            who=me["name"],
        )
        if "delete" in may:
            return answers
        emptied = Message(
            "Only its admins can delete pages there: ours are emptied when taken back."
        )
        return Message.join([answers, emptied])

    def limits(self) -> Limits:
        """Limits from siteinfo. https://www.mediawiki.org/wiki/API:Siteinfo"""
        self._wiki.query(meta="userinfo")
        if not self._takes_files():
            return Limits(types=frozenset())
        most = int(self._wiki.site.get("general", {}).get("maxuploadsize", 0)) or None
        names = (f"x.{one['ext']}" for one in self._wiki.site.get("fileextensions", ()))
        types = frozenset(
            kind for kind in (mimetypes.guess_type(name)[0] for name in names) if kind
        )
        return Limits(image_bytes=most, video_bytes=most, types=types or None)

    def _takes_files(self) -> bool:
        return bool(self._wiki.site.get("general", {}).get("uploadsenabled", True))

    # --- Pages -----------------------------------------------------------------------------------------

    @property
    def _category(self) -> str:
        return wikitext.page_name(self.setup.options.get("category") or self.setup.facts.title)

    @property
    def _own_category(self) -> str:
        """Category by which our pages are found again, even after people have moved them."""
        return f"Social Reporter {self.setup.facts.mark}"

    def _page(self, post: Post) -> str:
        under = self.setup.options.get("under") or wikitext.page_name(self.setup.facts.title)
        own = post.slot.title if post.slot and post.slot.title else post.title
        return f"{under.strip().rstrip('/')}/{wikitext.page_name(own)}"

    def _part(self, post: Post, links: Mapping[str, Remote]) -> str:
        return wikitext.part_of(post, links, [self._category, self._own_category])

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """Our part of the page."""
        return Draft(self._page(post), self._part(post, links), "text/x-wiki")

    def find(self, key: str) -> Remote | None:
        """The page that contains our part."""
        more: dict[str, Any] = {}
        while True:
            answer = self._wiki.query(
                generator="categorymembers",
                gcmtitle=f"Category:{self._own_category}",
                gcmlimit=50,
                prop="revisions|info",
                rvprop="content|ids",
                rvslots="main",
                inprop="url",
                **more,
            )
            for page in answer.get("pages", ()):
                if wikitext.find_part(text_of(page), key):
                    return keyed(remote_of(page), key)
            if "continue" not in answer:
                return None
            more = answer["continue"]

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Create the page, or insert our part into an existing one."""
        title, part = self._page(post), self._part(post, links)
        try:
            answer = self._pages.edit({"title": title, "text": part, "createonly": 1})
        except WikiError as error:
            if error.code != "articleexists":
                raise
            changed = self._pages.change(
                {"titles": title}, lambda text: _with_part(text, post.key, part)
            )
            return keyed(changed, post.key, part)
        return keyed(self._pages.there({"pageids": answer["pageid"]}), post.key, part)

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Update our part, keeping people's changes to lines that we don't change."""
        part, base = self._part(post, links), remote.extra.get("sent")

        where = f"{self.name} ({remote.extra.get('title', '')})"

        def change(text: str) -> str:
            return merged_part(text, wikitext.find_part(text, post.key), base, part, where=where)

        return keyed(self._pages.change({"pageids": remote.id}, change), post.key, part)

    def withdraw(self, remote: Remote) -> None:
        """Remove our parts from the page; delete the page if nothing else is on it."""
        page = self._pages.look({"pageids": remote.id})
        if page is None:
            return
        key = str(remote.extra["key"])
        span = wikitext.find_part(text_of(page), key)
        if span is None:
            return
        left = (text_of(page)[: span[0]] + text_of(page)[span[1] :]).strip()
        if left or not self._pages.delete({"pageid": remote.id}):
            self._pages.change({"pageids": remote.id}, lambda text: _without_part(text, key))

    # --- Files -------------------------------------------------------------------------------------------

    def find_media(self, key: str, ext: str) -> Remote | None:
        """The file with our name."""
        answer = self._wiki.query(
            titles=f"File:{key}{ext}", prop="imageinfo", iiprop="url|sha1|size"
        )
        page: dict[str, Any] = next(iter(answer["pages"]), {})
        return _remote_file(page["title"], page["imageinfo"][0]) if page.get("imageinfo") else None

    def put_media(self, media: PostMedia) -> Remote:
        """Upload a file. If the wiki already has an identical one, use that and never delete it."""
        if not media.path.is_file():
            raise BeingMadeAgain
        same = self._wiki.same_file(media.path)
        if same is not None and (ours := _whose(same["title"], media.key)) is not None:
            return _remote_file(same["title"], same, foreign=not ours)
        words = {"comment": SUMMARY, "text": self._file_page(media)}
        try:
            answer = self._wiki.upload(media.path, media.filename, media.mime, words)
        except WikiError as error:
            # Another kiosk has uploaded the same content under the same name since we looked.
            there = self.find_media(media.key, media.ext) if error.code in _SAME else None
            if there is None:
                raise self._no_file(error, media) from error
            return there
        info = answer["imageinfo"]
        return _remote_file(f"File:{answer['filename'].replace('_', ' ')}", info)

    def _no_file(self, error: WikiError, media: PostMedia) -> Permanent:
        size = f"{media.bytes / 1e6:.1f} MB"
        if error.code in ("uploaddisabled", "permissiondenied"):
            return Permanent(
                "%(name)s takes no files (from this account). Ask its admins.", name=self.name
            )
        if error.code in ("empty-file", "http-bad-status"):
            return PayloadTooLarge(
                "%(name)s takes no files of %(size)s.", name=self.name, size=size
            )
        return Permanent(
            "%(name)s does not take this file (%(size)s, %(type)s): %(what)s",
            name=self.name,
            size=size,
            type=media.mime,
            what=error.message,
        )

    def _file_page(self, media: PostMedia) -> str:
        return wikitext.file_page(media, self._category)

    def update_media(self, remote: Remote, media: PostMedia) -> Remote:
        """Update the file's description. Alt texts are in the pages."""
        if remote.extra.get("foreign"):
            return remote
        if self.find_media(media.key, media.ext) is None:
            raise Gone("The file is not there any more at %(name)s.", name=self.name)
        words = self._file_page(media)
        self._pages.change({"titles": remote.id}, lambda text: _with_part(text, media.key, words))
        return remote

    def withdraw_media(self, remote: Remote) -> None:
        """Delete the file."""
        if not remote.extra.get("foreign") and not self._pages.delete({"title": remote.id}):
            raise Permanent(
                "Only the admins of %(name)s can delete files. Ask one to delete %(file)s.",
                name=self.name,
                file=remote.id,
            )

    # --- Replies -------------------------------------------------------------------------------------------

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Signed comments on the discussion pages."""
        for post in posts:
            page = self._talk(post)
            if page is not None:
                manner = mediawiki_manner(self._wiki.site)
                for comment in read_comments(text_of(page), manner):
                    yield heard_of(comment, post, str(page.get("fullurl", "")), wikitext.words_of)

    def _talk(self, post: Remote) -> dict[str, Any] | None:
        name = self._talk_name(post)
        return self._pages.look({"titles": name}) if name else None

    def _talk_name(self, post: Remote) -> str:
        page = self._pages.look({"pageids": post.id}) if post.id else None
        return str(page.get("associatedpage", f"Talk:{page['title']}")) if page else ""

    def find_answer(self, post: Remote, answer: Answer) -> Remote | None:
        """The comment with our key."""
        page = self._talk(post)
        found = page is not None and f"<!-- social-reporter-answer {answer.key} -->" in text_of(
            page
        )
        if page is None or not found:
            return None
        return Remote(answer.key, page["fullurl"], {"page": page["title"]})

    def put_answer(self, post: Remote, answer: Answer) -> Remote:
        """Insert an indented, signed line below what it answers, as people do; without one, add a new section."""
        name = self._talk_name(post)
        if not name:
            raise Gone("The page is not there any more at %(name)s.", name=self.name)

        def line(depth: int) -> str:
            words = wikitext.safe_lines(answer.text)
            return f"{':' * depth}{words}<!-- social-reporter-answer {answer.key} --> ~~~~"

        if not answer.to or answer.to == post.id:
            section = wikitext.safe(self.setup.facts.title)
            self._pages.edit({"title": name, "appendtext": f"\n\n== {section} ==\n{line(0)}"})
            return Remote(answer.key, self._pages.there({"titles": name}).url, {"page": name})
        manner = mediawiki_manner(self._wiki.site)

        def change(text: str) -> str:
            return with_answer(text, manner, answer, line, name=self.name)

        return Remote(answer.key, self._pages.change({"titles": name}, change).url, {"page": name})

    def withdraw_answer(self, post: Remote, remote: Remote) -> None:
        """Remove our line from the page."""
        # Without the page its discussion is found by name alone.
        name = str(remote.extra.get("page", "")) or self._talk_name(post)
        manner = mediawiki_manner(self._wiki.site)
        if name and self._pages.look({"titles": name}) is not None:
            self._pages.change(
                {"titles": name}, lambda text: remove_answer(text, manner, remote.id)
            )


def _with_part(text: str, key: str, part: str) -> str:
    return with_part(text, wikitext.find_part(text, key), part)


def _without_part(text: str, key: str) -> str | None:
    return without_part(text, wikitext.find_part(text, key))


def _whose(title: str, key: str) -> bool | None:
    """True: our file; False: the wiki's own; None: another gathering's, which deletes it on withdrawal."""
    name = title.partition(":")[2].replace(" ", "_").lower()
    return True if name.startswith(key) else None if re.match(r"sr-[0-9a-f]{8}-", name) else False


def _remote_file(title: str, info: Mapping[str, Any], *, foreign: bool = False) -> Remote:
    extra = {"page": str(info.get("descriptionurl", "")), **({"foreign": True} if foreign else {})}
    return Remote(title, str(info["url"]), extra)
