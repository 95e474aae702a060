"""What only some targets can do, one class each: a target inherits those that it has, beside ``Target``.

Callers ask ``isinstance(target, MediaLibrary)`` or ``issubclass(target_class(kind), MediaLibrary)``. Every method
raises the errors of ``publish.errors``, and nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from publish.errors import PauseTarget
from publish.posts.model import Post, PostMedia, Remote, ThemeDigest
from publish.rendering.thread import Part
from publish.targets.base import (
    Answer,
    FrontPageEntry,
    PersonalMail,
    RemoteReply,
    Target,
)


class MediaLibrary(ABC):
    """Files are things of their own there: sent first, each with a row in the ledger.

    At targets without one they travel inside the post: then ``links`` is empty, and the target sends what it shows.
    """

    # Whether a post may go before its big files, and is changed when they have followed.
    files_may_follow: ClassVar[bool] = False

    @abstractmethod
    def find_media(self, key: str, ext: str) -> Remote | None:
        """The file with our key."""

    @abstractmethod
    def put_media(self, media: PostMedia) -> Remote:
        """Send the file and the words that belong to it."""

    @abstractmethod
    def update_media(self, remote: Remote, media: PostMedia) -> Remote:
        """Make the words of a file there say this; raises Gone if the file is not there any more."""

    @abstractmethod
    def withdraw_media(self, remote: Remote) -> None:
        """Take the file away for good; one that is gone already is fine."""


class HasFrontPage(ABC):
    """It keeps an overall page that follows every change."""

    @abstractmethod
    def update_front_page(self, entries: Sequence[FrontPageEntry], known: Remote | None) -> Remote:
        """Bring the overall page up to date."""


class TellsThemes(HasFrontPage):
    """Its overall page tells what the room said: ``themes`` are put in before it is brought up to date."""

    themes: tuple[ThemeDigest, ...] = ()


class Batches(ABC):
    """It takes several stories in one go."""

    @abstractmethod
    def put_all(self, posts: Sequence[Post]) -> list[Remote]:
        """Make or change several posts, all or none. What is there already stays untouched."""


class PollsReplies(ABC):
    """Replies come back from there."""

    @classmethod
    def listens(cls, options: Mapping[str, str]) -> bool:
        """Whether they do with these options."""
        return True

    @abstractmethod
    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Replies to these posts, each as it is now; our own answers too, with their key.

        ``since``: what was written and changed before then may be left out. None: all there are, so that whoever
        asks can tell which ones are gone.
        """


class AnswersReplies(ABC):
    """Replies can be answered from here."""

    @abstractmethod
    def find_answer(self, post: Remote, answer: Answer) -> Remote | None:
        """The answer with our key."""

    @abstractmethod
    def put_answer(self, post: Remote, answer: Answer) -> Remote:
        """Write it there; raises Gone if what it answers is not there any more."""

    @abstractmethod
    def withdraw_answer(self, post: Remote, remote: Remote) -> None:
        """Take an answer away; one that is gone already is fine."""


class SendsMail(ABC):
    """It can send mail to one person."""

    @abstractmethod
    def send_message(self, message: PersonalMail) -> None:
        """Send it; its Message-ID is made from the key."""

    @abstractmethod
    def stops(self) -> Iterator[str]:
        """Tokens of ``PersonalMail`` whose owners want no more mail."""


class ManualPosting(Target):
    """A person posts there by hand: the desk hands out ``draft`` and files, opens an address, and remembers "done"."""

    @classmethod
    @abstractmethod
    def posting_url(cls, options: Mapping[str, str]) -> str:
        """The address that a person opens to post."""

    def parts(self, post: Post) -> list[Part]:
        """The messages to post, in order, each with the files that go along."""
        return [Part(self.draft(post, {}).body, tuple(post.media()))]

    def find(self, key: str) -> Remote | None:
        """Only a person knows."""
        return None

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """A person does it."""
        raise self._by_hand()

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """A person does it."""
        raise self._by_hand()

    def withdraw(self, remote: Remote) -> None:
        """A person does it."""
        raise self._by_hand()

    def _by_hand(self) -> PauseTarget:
        return PauseTarget(
            "%(name)s takes nothing from programs. Post it by hand from the desk, and say that "
            "it is done.",
            name=self.name,
        )


def polls_replies(cls: type[Target], options: Mapping[str, str]) -> bool:
    """Whether replies come back from a target of this class with these options."""
    return issubclass(cls, PollsReplies) and cls.listens(options)
