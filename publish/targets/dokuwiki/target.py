"""DokuWiki: one page per session with a section per story, media files, and replies from a discussion page.

Our section is between markers; everything else on the page belongs to other people and is
preserved. API, locks, permissions and errors: ``client``; generated markup: ``markup``.
https://www.dokuwiki.org/devel:xmlrpc
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from publish.errors import BeingMadeAgain, Gone
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
from publish.targets.dokuwiki import markup
from publish.targets.dokuwiki.attachments import Attachments
from publish.targets.dokuwiki.client import CREATE, DELETE, UPLOAD, Doku, WikiPage
from publish.targets.wiki.page_section import (
    heard_of,
    keyed,
    merged_part,
    with_answer,
    with_part,
    without_part,
)
from publish.targets.wiki.signatures import dokuwiki_manner
from publish.targets.wiki.talk_page import Manner, read_comments, remove_answer
from reporter.messages import Message

_SUMMARY = "From the gathering, with Social Reporter"


class DokuWikiTarget(MediaLibrary, PollsReplies, AnswersReplies, Target):
    """A wiki that keeps its pages as plain files."""

    kind = "dokuwiki"
    title = "DokuWiki"
    about = page_text(
        "A wiki. Its administrator opens Configuration Settings there, switches on remote, "
        "and names the account under remoteuser. Best is an account made for this."
    )
    files_may_follow = True
    last_sent = frozenset({"sent"})
    copies_remain = Message(
        "Older versions of pages and files stay in the wiki's history. Ask its administrator to "
        "remove them where that matters."
    )
    options = (
        address_option(page_text("the wiki's address, as https://wiki.example.org")),
        user_option(page_text("the account's name there")),
        TargetOption(
            "under",
            page_text("the namespace of all pages and files; empty: one named after the gathering"),
            label=page_text("Page above all others"),
        ),
        TargetOption(
            "talk",
            page_text("the namespace of the discussion pages, in front of the page's own name"),
            label=page_text("Namespace of discussions"),
            default="talk",
        ),
    )

    def __init__(self, setup: TargetConfig) -> None:
        super().__init__(setup)
        self._wiki = Doku(setup.name, setup.options["url"], setup.options["user"], setup.secret)
        self._files = Attachments(self._wiki)

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """The account's password, preferably of a dedicated account with minimal permissions."""
        return page_text("Password of the account")

    @classmethod
    def options_fingerprint(cls, options: Mapping[str, str]) -> str:
        """The discussion page's address is part of what is sent."""
        return options.get("talk", "")

    def close(self) -> None:
        """Close pooled connections."""
        self._wiki.close()

    def test(self) -> str:
        """Query the account's permissions in the namespace of our pages."""
        may, user = self._may(), self._wiki.user
        if may < CREATE:
            raise self._wiki.lacking(Message("make pages in %(page)s", page=self._under))
        if may < UPLOAD:
            return Message(
                "%(name)s answers (%(version)s); %(who)s may write pages in %(page)s, but it takes "
                "no files from this account.",
                name=self.name,
                version=self._wiki.version,
                who=user,
                page=self._under,
            )
        answers = Message(
            "%(name)s answers (%(version)s); %(who)s may write pages in %(page)s, files too.",
            name=self.name,
            version=self._wiki.version,
            who=user,
            page=self._under,
        )
        if may >= DELETE:
            return answers
        stay = Message("Only its administrator can delete files there.")
        return Message.join([answers, stay])

    def limits(self) -> Limits:
        """The wiki reports accepted types and sizes only by refusing."""
        return Limits(types=None if self._may() >= UPLOAD else frozenset())

    def _may(self) -> int:
        return self._wiki.rights(f"{self._under}:sr-probe")

    # --- Pages -----------------------------------------------------------------------------------------

    @property
    def _under(self) -> str:
        given = self.setup.options.get("under", "").replace("/", ":").strip(": ")
        facts = self.setup.facts
        return given or markup.page_name(facts.title, f"gathering-{facts.mark}")

    def _page(self, post: Post) -> str:
        own = post.slot.title if post.slot and post.slot.title else post.title
        return f"{self._under}:{markup.page_name(own, post.key)}"

    def _talk(self, page: str) -> str:
        return f"{self.setup.options.get('talk', '').strip(': ') or 'talk'}:{page}"

    def _part(self, post: Post, links: Mapping[str, Remote], page: str) -> str:
        return markup.part_of(post, links, self._talk(page))

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """Our part of the page."""
        page = self._page(post)
        return Draft(page, self._part(post, links, page), "text/x-wiki")

    def find(self, key: str) -> Remote | None:
        """The page with our part, even if people have moved it."""
        page = next(self._pages_with(key), None)
        return self._remote(page, key) if page else None

    def _pages_with(self, key: str) -> Iterator[WikiPage]:
        for name in self._wiki.search(key):
            page = self._wiki.page(name)
            if page is not None and markup.find_part(page.text, key):
                yield page

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Create the page, or insert our part into an existing one."""

        def change(page: WikiPage) -> str:
            span = markup.find_part(page.text, post.key)
            return with_part(page.text, span, self._part(post, links, page.id))

        changed_page = self._wiki.change(self._page(post), change, _SUMMARY, may_make=True)
        return self._remote(changed_page, post.key, self._part(post, links, changed_page.id))

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Update our part, also on a page that was moved; other people's changes are preserved."""
        try:
            return self._updated(remote.id, remote.extra.get("sent"), post, links)
        except Gone:
            moved = self.find(post.key)
            if moved is None:
                raise
            return self._updated(moved.id, remote.extra.get("sent"), post, links)

    def _updated(
        self, at: str, sent: str | None, post: Post, links: Mapping[str, Remote]
    ) -> Remote:
        part = self._part(post, links, at)

        def change(page: WikiPage) -> str:
            span = markup.find_part(page.text, post.key)
            return merged_part(page.text, span, sent, part, where=f"{self.name} ({at})")

        return self._remote(self._wiki.change(at, change, _SUMMARY), post.key, part)

    def withdraw(self, remote: Remote) -> None:
        """Remove our part from its page and from pages it was copied to; a page without other text is deleted."""
        key = str(remote.extra["key"])

        def change(page: WikiPage) -> str | None:
            return without_part(page.text, markup.find_part(page.text, key))

        with suppress(Gone):
            self._wiki.change(remote.id, change, _SUMMARY)
        for page in self._pages_with(key):
            with suppress(Gone):
                self._wiki.change(page.id, change, _SUMMARY)

    def _remote(self, page: WikiPage, key: str, sent: str = "") -> Remote:
        return keyed(Remote(page.id, self._wiki.page_url(page.id)), key, sent)

    # --- Files -------------------------------------------------------------------------------------------

    def find_media(self, key: str, ext: str) -> Remote | None:
        """The file with our name."""
        file = f"{self._under}:{key}{ext}"
        return self._file(file) if self._files.size(file) else None

    def _file(self, file: str) -> Remote:
        return Remote(file, self._wiki.file_url(file))

    def put_media(self, media: PostMedia) -> Remote:
        """Upload the file."""
        if not media.path.is_file():
            raise BeingMadeAgain
        return self._file(self._files.put(f"{self._under}:{media.filename}", media.path))

    def update_media(self, remote: Remote, media: PostMedia) -> Remote:
        """Nothing to do: files have no texts of their own there; alt texts are in the pages."""
        if not self._files.size(remote.id):
            raise Gone("The file is not there any more at %(name)s.", name=self.name)
        return remote

    def withdraw_media(self, remote: Remote) -> None:
        """Delete the file."""
        self._files.delete(remote.id)

    # --- Replies -------------------------------------------------------------------------------------------

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Signed comments on the discussion pages."""
        manner = dokuwiki_manner(self.setup.facts.zone)
        for post in posts:
            page = self._wiki.page(self._talk(post.id))
            if page is not None:
                url = self._wiki.page_url(page.id)
                for comment in read_comments(page.text, manner):
                    yield heard_of(comment, post, url, markup.words_of)

    def find_answer(self, post: Remote, answer: Answer) -> Remote | None:
        """The comment with our key."""
        page = self._wiki.page(self._talk(post.id))
        if page is None or markup.answer_mark(answer.key) not in page.text:
            return None
        return Remote(answer.key, self._wiki.page_url(page.id), {"page": page.id})

    def put_answer(self, post: Remote, answer: Answer) -> Remote:
        """Insert a signed line below what it answers, quoted as people do; without one, add a new section."""
        manner = dokuwiki_manner(self.setup.facts.zone)
        at = answer.written_at.astimezone(self.setup.facts.zone)
        line = f"{markup.safe_lines(answer.text)}{markup.answer_mark(answer.key)}"
        signed = f"{line} --- //{self._wiki.user} {at:%Y/%m/%d %H:%M}//"
        below = answer.to and answer.to != post.id

        def change(page: WikiPage) -> str:
            if below:
                listed = _is_listed(page.text, manner, answer.to)
                return with_answer(
                    page.text,
                    manner,
                    answer,
                    lambda depth: _indent(depth, listed=listed) + signed,
                    name=self.name,
                )
            title = markup.heading(self.setup.facts.title, 2)
            return f"{page.text.rstrip()}\n\n{title}\n{signed}\n".lstrip()

        page = self._wiki.change(self._talk(post.id), change, _SUMMARY, may_make=not below)
        return Remote(answer.key, self._wiki.page_url(page.id), {"page": page.id})

    def withdraw_answer(self, post: Remote, remote: Remote) -> None:
        """Remove our line from the page."""
        manner = dokuwiki_manner(self.setup.facts.zone)
        talk = str(remote.extra.get("page", "")) or (self._talk(post.id) if post.id else "")
        if not talk:
            return
        with suppress(Gone):
            self._wiki.change(
                talk,
                lambda page: remove_answer(page.text, manner, remote.id),
                _SUMMARY,
            )


def _indent(depth: int, *, listed: bool) -> str:
    """Indentation of an answer: the next list level in a list, else one more quote level."""
    return f"{'  ' * depth}* " if listed else f"{'>' * depth} "


def _is_listed(text: str, manner: Manner, to: str) -> bool:
    """Whether a comment is part of a list."""
    found = next((c for c in read_comments(text, manner) if c.id == to), None)
    return found is not None and text.split("\n")[found.first].lstrip()[:1] in ("*", "-")
