"""Interface of every target (see docs/adding-a-target.md); optional capabilities are in ``capabilities``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from publish.i18n import page_text
from publish.net.remote_state import RemoteState
from publish.posts.model import GatheringFacts, Post, Remote


@dataclass(frozen=True)
class TargetOption:
    """One KEY=VALUE option of ``reporter targets add`` and its field in the desk's form.
    ``page_text`` marks its texts.
    """

    name: str
    help: str
    # Label of the field.
    label: str
    required: bool = False
    default: str = ""
    # Value -> its label in the form; empty: free text.
    choices: Mapping[str, str] = field(default_factory=dict)
    # Shown by default although not required.
    common: bool = False


def address_option(help_text: str) -> TargetOption:
    """``url=…``, for targets whose address has to be given."""
    return TargetOption("url", help_text, label=page_text("Address"), required=True)


def user_option(help_text: str) -> TargetOption:
    """``user=…``, for targets that require signing in."""
    return TargetOption("user", help_text, label=page_text("User name"), required=True)


def thread_option() -> TargetOption:
    """``thread=…``, for targets that split a story into several short posts."""
    return TargetOption(
        "thread",
        page_text("posts in a thread, at most"),
        label=page_text("Length of a thread"),
        default="8",
    )


@dataclass(frozen=True)
class FrontPageEntry:
    """A post at the target, for targets that maintain a front page of their own."""

    key: str
    title: str
    url: str
    date: str
    extra: Mapping[str, Any]


@dataclass(frozen=True)
class Limits:
    """A target's limits as far as it reports them; None: unknown. Sizes in bytes."""

    image_bytes: int | None = None
    video_bytes: int | None = None
    # Maximum number of files in one post.
    files: int | None = None
    # Maximum characters of a post and of an alt text.
    characters: int | None = None
    alt_characters: int | None = None
    # Accepted MIME types; None: any.
    types: frozenset[str] | None = None

    def bytes_for(self, mime: str) -> int | None:
        """Maximum size of a file of this type."""
        return self.image_bytes if mime.startswith("image/") else self.video_bytes

    def narrowed(self, most: int | None) -> Limits:
        """Limits for a connection that carries files of at most this many bytes; None: any."""
        if most is None:
            return self
        image, video = (min(most, limit or most) for limit in (self.image_bytes, self.video_bytes))
        return replace(self, image_bytes=image, video_bytes=video)


@dataclass(frozen=True)
class Draft:
    """Text as sent: for previews, manual posting, and to see what has changed."""

    title: str
    body: str
    # 'text/plain', 'text/html', 'text/markdown' or 'text/x-wiki'.
    mime: str = "text/plain"


@dataclass(frozen=True)
class RemoteReply:
    """A reply as reported by a target. ``post_id`` is the ``Remote.id`` of our post it belongs to."""

    remote_id: str
    post_id: str
    author: str
    # Plain text; the target removes markup.
    text: str
    written_at: datetime
    url: str = ""
    author_url: str = ""
    # Remote id of the reply it answers, or of our post; empty: our post.
    in_reply_to: str = ""
    # Of a thread: id of that of its posts below which it stands; empty: ``post_id``.
    below: str = ""
    # 'reply', 'boost', 'favourite' or 'mention'.
    kind: str = "reply"
    # State there: 'shown', 'pending' with the target's own moderators, 'spam' or 'deleted'.
    state: str = "shown"
    # For our own answer: the key it was sent with.
    key: str = ""


def part_above(to: str, parents: Mapping[str, str], thread: Collection[str], first: str) -> str:
    """Which post of our thread a reply stands below, however deep. ``to``: what it answers; ``parents``: what the other
    replies answer; ``first``: the post that counts where that leads nowhere.
    """
    for _ in range(len(parents) + 1):
        if to in thread:
            return to
        to = parents.get(to, "")
    return first


@dataclass(frozen=True)
class Answer:
    """An answer by the organization, under a reply or under the post itself."""

    key: str
    text: str
    # Remote id of what it answers; empty: our post.
    to: str
    written_at: datetime


def plain_words(post: Post) -> Iterator[str]:
    """Text of a post as paragraphs."""
    if post.lead:
        yield post.lead
    for block in post.blocks:
        text = "\n".join(filter(None, (block.caption, block.text)))
        yield f"{text} ({block.author})" if text and block.author else text
    for copy in post.copies:
        yield f"{copy.name}: {copy.url}"


@dataclass(frozen=True)
class PersonalMail:
    """A mail to one person (see ``SendsMail``). ``token`` identifies the recipient of an unsubscribe request."""

    key: str
    address: str
    subject: str
    # Plain text, paragraphs separated by blank lines.
    text: str
    token: str


@dataclass(frozen=True)
class TargetConfig:
    """Configuration for opening a target. ``assets`` is the folder with ``css/tokens.css`` (targets
    that make pages).
    """

    name: str
    options: Mapping[str, str]
    secret: str
    facts: GatheringFacts
    assets: Path | None = None
    # Facts about servers, shared by all targets of a context.
    state: RemoteState = field(default_factory=RemoteState)


class Target(ABC):
    """A publishing target. All methods raise only the errors of ``publish.errors``.

    Keys are chosen by us before anything is sent; an item is found by its key if a response was lost.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    # Description and prerequisites; empty: the first line of the class's docstring.
    about: ClassVar[str] = ""
    options: ClassVar[tuple[TargetOption, ...]]
    # How many of ``Post.copies`` its posts show, the canonical one first; None: all. Others are not passed in.
    copies_shown: ClassVar[int | None] = None
    # Whether it splits long texts or many files across several posts itself (a thread).
    threads: ClassVar[bool] = False
    # A sentence on what a withdrawal can't remove (copies on other servers, mails). Empty: everything is removed.
    copies_remain: ClassVar[str] = ""
    # Whether two kiosks that create the same post at the same moment may produce duplicates. Then
    # ``create`` is followed by ``find``, which keeps the one made first and removes the others.
    may_double: ClassVar[bool] = False
    # Names in ``Remote.extra`` of what the last version was: not given while another one may have arrived.
    last_sent: ClassVar[frozenset[str]] = frozenset()
    # Whether it is a page of our own that also shows replies from other targets.
    tells_replies: ClassVar[bool] = False

    def __init__(self, setup: TargetConfig) -> None:
        self.name = setup.name
        self.setup = setup

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """Prompt for the secret; empty if none is needed with these options."""
        return ""

    @classmethod
    def options_fingerprint(cls, options: Mapping[str, str]) -> str:
        """Options that affect what is sent: part of the fingerprint, so that changing them resends."""
        return ""

    @classmethod
    def linkable(cls, options: Mapping[str, str]) -> bool:
        """Whether its posts have links that others can open, so that copies elsewhere may link to them."""
        return True

    @classmethod
    def home(cls, options: Mapping[str, str]) -> str:
        """Address of the place as its readers open it, known before anything is sent; '' if unknown."""
        return ""

    @classmethod
    def free(cls, options: Mapping[str, str]) -> bool:
        """Whether it uses no network, so that nothing counts against the budget."""
        return False

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """What ``create`` and ``update`` send, built by the same code without using the network."""
        return Draft(post.title, "\n\n".join(plain_words(post)))

    @abstractmethod
    def test(self) -> str:
        """Test address, account and permissions; return a sentence with the result."""

    @abstractmethod
    def find(self, key: str) -> Remote | None:
        """The post with our key, published or not."""

    @abstractmethod
    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Create the post. ``links``: media key -> remote file; media without a link are left out."""

    @abstractmethod
    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Update the existing post; raises Gone if it no longer exists."""

    @abstractmethod
    def withdraw(self, remote: Remote) -> None:
        """Delete the post permanently; a missing one is fine."""

    def limits(self) -> Limits:
        """The target's limits, queried from the target where it reports them."""
        return Limits()

    def close(self) -> None:  # noqa: B027 - most targets hold nothing open
        """Close connections."""
