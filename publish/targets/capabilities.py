"""Optional capabilities of targets, one class each, inherited in addition to ``Target``.

Callers check ``isinstance(target, MediaLibrary)`` or ``issubclass(target_class(kind),
MediaLibrary)``. All methods raise only the errors of ``publish.errors``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

from publish.errors import PauseTarget
from publish.posts.model import Post, PostMedia, Remote, ThemeDigest
from publish.rendering.thread import ThreadPost
from publish.targets.base import (
    Answer,
    FrontPageEntry,
    PersonalMail,
    RemoteReply,
    Target,
)


class MediaLibrary(ABC):
    """Files are separate objects there: sent first, each with its own ledger row.

    At other targets files are embedded in the post: ``links`` is empty, and the target sends the files it shows.
    """

    # Whether a post may be sent before its big files and updated when they have arrived.
    files_may_follow: ClassVar[bool] = False

    @abstractmethod
    def find_media(self, key: str, ext: str) -> Remote | None:
        """The file with our key."""

    @abstractmethod
    def put_media(self, media: PostMedia) -> Remote:
        """Upload the file with its texts."""

    @abstractmethod
    def update_media(self, remote: Remote, media: PostMedia) -> Remote:
        """Update a file's texts; raises Gone if the file no longer exists."""

    @abstractmethod
    def withdraw_media(self, remote: Remote) -> None:
        """Delete the file permanently; a missing one is fine."""

    def only_files(self, links: Mapping[str, Remote]) -> Mapping[str, Remote]:
        """The files of a post, key -> file, before it is sent: of one that is there twice, that which stays.

        For targets where two uploads at the same moment are two files: the others are deleted.
        """
        return links


class HasFrontPage(ABC):
    """Has a front page that is updated after every change."""

    # Whether it tells of each entry once, as a mail does. Then ``known.extra["tried"]`` has the keys of the entries
    # that there were at each try without an answer, oldest first, each key once.
    announces: ClassVar[bool] = False

    @abstractmethod
    def update_front_page(self, entries: Sequence[FrontPageEntry], known: Remote | None) -> Remote:
        """Update the front page."""


class TellsThemes(HasFrontPage):
    """Its front page shows the themes: ``themes`` is set before it is updated."""

    themes: tuple[ThemeDigest, ...] = ()


class Batches(ABC):
    """Accepts several stories at once."""

    @abstractmethod
    def put_all(self, posts: Sequence[Post]) -> list[Remote]:
        """Create or update several posts, all or none. Unchanged ones are left untouched."""


class PollsReplies(ABC):
    """Replies can be fetched from there."""

    # Whether a reply that is not returned any more was deleted: a mail may only have been put elsewhere.
    tells_deletions: ClassVar[bool] = True
    # Ids of posts whose replies could not be read this time: nothing is known of deletions there.
    unread: Collection[str] = ()
    # Of threads: id of the first post -> ids of all posts of the thread that are there now. A reply below one that was
    # posted anew is not returned any more, and was not deleted.
    parts: Mapping[str, Collection[str]] = MappingProxyType({})
    # Whether a single reply can be read by its id (``single``).
    reads_single: ClassVar[bool] = False

    @classmethod
    def listens(cls, options: Mapping[str, str]) -> bool:
        """Whether replies can be fetched with these options."""
        return True

    @abstractmethod
    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Current replies to these posts, including our own answers with their key.

        ``since``: replies unchanged since then may be omitted. None: return all, so that the caller
        can detect deletions.
        """

    def single(self, ids: Sequence[str]) -> Iterator[RemoteReply]:
        """The replies with these ids that are there, whatever they stand below: ``post_id`` is empty."""
        return iter(())


class AnswersReplies(ABC):
    """Replies can be answered from here."""

    @abstractmethod
    def find_answer(self, post: Remote, answer: Answer) -> Remote | None:
        """The answer with our key."""

    @abstractmethod
    def put_answer(self, post: Remote, answer: Answer) -> Remote:
        """Write the answer; raises Gone if what it answers no longer exists."""

    @abstractmethod
    def withdraw_answer(self, post: Remote, remote: Remote) -> None:
        """Delete an answer; a missing one is fine."""


class SendsMail(ABC):
    """Can send mail to one person."""

    @abstractmethod
    def send_message(self, message: PersonalMail) -> None:
        """Send the mail; its Message-ID is derived from the key."""

    @abstractmethod
    def stops(self) -> Iterator[str]:
        """Tokens of ``PersonalMail`` recipients who unsubscribed."""


class ManualPosting(Target):
    """A person posts there: the desk offers ``draft`` and files, opens an address, and records completion."""

    @classmethod
    @abstractmethod
    def posting_url(cls, options: Mapping[str, str]) -> str:
        """URL that a person opens to post."""

    def parts(self, post: Post) -> list[ThreadPost]:
        """The messages to post, in order, each with its files."""
        return [ThreadPost(self.draft(post, {}).body, tuple(post.media()))]

    def find(self, key: str) -> Remote | None:
        """Not available: only a person knows."""
        return None

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Done by a person."""
        raise self._by_hand()

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Done by a person."""
        raise self._by_hand()

    def withdraw(self, remote: Remote) -> None:
        """Done by a person."""
        raise self._by_hand()

    def _by_hand(self) -> PauseTarget:
        return PauseTarget(
            "%(name)s takes nothing from programs. Post it by hand from the desk, and say that "
            "it is done.",
            name=self.name,
        )


def polls_replies(cls: type[Target], options: Mapping[str, str]) -> bool:
    """Whether a target of this class fetches replies with these options."""
    return issubclass(cls, PollsReplies) and cls.listens(options)
