"""What every target can do; ``publish.targets.capabilities`` has what only some can. See docs/adding-a-target.md."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from publish.i18n import page_text
from publish.net.remote_state import RemoteState
from publish.posts.model import GatheringFacts, Post, Remote


@dataclass(frozen=True)
class TargetOption:
    """One KEY=VALUE of ``reporter targets add``, and how the desk's form asks for it. ``page_text`` marks the words."""

    name: str
    help: str
    # What stands over the field.
    label: str
    required: bool = False
    default: str = ""
    # Value -> what the form calls it; empty: anything.
    choices: Mapping[str, str] = field(default_factory=dict)
    # Shown at once though it is not required.
    common: bool = False


def address_option(help_text: str) -> TargetOption:
    """``url=…``, where the target's address has to be given."""
    return TargetOption("url", help_text, label=page_text("Address"), required=True)


def user_option(help_text: str) -> TargetOption:
    """``user=…``, where somebody has to sign in."""
    return TargetOption("user", help_text, label=page_text("User name"), required=True)


def thread_option() -> TargetOption:
    """``thread=…``, where a story becomes several short posts."""
    return TargetOption(
        "thread",
        page_text("posts in a thread, at most"),
        label=page_text("Length of a thread"),
        default="8",
    )


@dataclass(frozen=True)
class FrontPageEntry:
    """One post that is at the target, for targets that have a front page of their own to keep."""

    key: str
    title: str
    url: str
    date: str
    extra: Mapping[str, Any]


@dataclass(frozen=True)
class Limits:
    """What a target takes, as far as it says so; None: it does not say. Sizes in bytes."""

    image_bytes: int | None = None
    video_bytes: int | None = None
    # Files in one post.
    files: int | None = None
    # Characters of one post, and of an alt text.
    characters: int | None = None
    alt_characters: int | None = None
    # MIME types of files; None: any.
    types: frozenset[str] | None = None

    def bytes_for(self, mime: str) -> int | None:
        """The largest file of a type."""
        return self.image_bytes if mime.startswith("image/") else self.video_bytes

    def narrowed(self, most: int | None) -> Limits:
        """For a line that carries files of at most so many bytes; None: any."""
        if most is None:
            return self
        image, video = (min(most, told or most) for told in (self.image_bytes, self.video_bytes))
        return replace(self, image_bytes=image, video_bytes=video)


@dataclass(frozen=True)
class Draft:
    """What is sent, in words: for previews, for a person who posts it by hand, and to tell what has changed."""

    title: str
    body: str
    # 'text/plain', 'text/html', 'text/markdown' or 'text/x-wiki'.
    mime: str = "text/plain"


@dataclass(frozen=True)
class RemoteReply:
    """A reply as a target tells it. ``post_id`` is the ``Remote.id`` of our post that it belongs to."""

    remote_id: str
    post_id: str
    author: str
    # Plain text; markup is taken off by the target.
    text: str
    written_at: datetime
    url: str = ""
    author_url: str = ""
    # The remote id of the reply that it answers, or of our post; empty: our post.
    in_reply_to: str = ""
    # 'reply', 'boost', 'favourite' or 'mention'.
    kind: str = "reply"
    # 'shown' there, or 'pending' with the target's own moderators, 'spam', 'deleted'.
    state: str = "shown"
    # Our own answer, found again: the key that it was sent with.
    key: str = ""


@dataclass(frozen=True)
class Answer:
    """What the organization answers, once, under a reply (or under the post itself)."""

    key: str
    text: str
    # The remote id of what it answers; empty: our post.
    to: str
    written_at: datetime


def plain_words(post: Post) -> Iterator[str]:
    """The words of a post as paragraphs."""
    if post.lead:
        yield post.lead
    for block in post.blocks:
        said = "\n".join(filter(None, (block.caption, block.text)))
        yield f"{said} ({block.author})" if said and block.author else said
    for copy in post.copies:
        yield f"{copy.name}: {copy.url}"


@dataclass(frozen=True)
class PersonalMail:
    """A mail to one person (see ``SendsMail``). ``token`` tells whose it is when "stop" comes back."""

    key: str
    address: str
    subject: str
    # Plain text, paragraphs with an empty line between.
    text: str
    token: str


@dataclass(frozen=True)
class TargetConfig:
    """What a target is opened with. ``assets`` is the folder with ``css/tokens.css`` (targets that make pages)."""

    name: str
    options: Mapping[str, str]
    secret: str
    facts: GatheringFacts
    assets: Path | None = None
    # What was learnt of servers, shared by all targets of a context.
    state: RemoteState = field(default_factory=RemoteState)


class Target(ABC):
    """A place to publish. Every method raises the errors of ``publish.errors``, and nothing else.

    Keys are ours, chosen before anything is sent, and are how a thing is found again when an answer was lost.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    # What it is, and what is needed before it can be added; empty: the first line of the class's docstring.
    about: ClassVar[str] = ""
    options: ClassVar[tuple[TargetOption, ...]]
    # How many of ``Post.copies`` its posts show, the canonical one first; None: all. Others are not handed in.
    copies_shown: ClassVar[int | None] = None
    # Whether it spreads what is too long, or too many files, over several posts itself (a thread).
    threads: ClassVar[bool] = False
    # A sentence: what a withdrawal does not reach there (servers that have taken a copy, mails). Empty: it reaches all.
    copies_remain: ClassVar[str] = ""
    # Whether two kiosks that make the same post at the same moment may end up with two there. Then ``create`` is
    # followed by ``find``, which leaves the one that was made first and takes the others away.
    may_double: ClassVar[bool] = False
    # Whether it is a page of our own that also shows what was said at other places.
    tells_replies: ClassVar[bool] = False

    def __init__(self, setup: TargetConfig) -> None:
        self.name = setup.name
        self.setup = setup

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """What to ask a person for, or empty when no secret is needed with these options."""
        return ""

    @classmethod
    def options_fingerprint(cls, options: Mapping[str, str]) -> str:
        """Options that change what is sent: part of the fingerprint, so that setting them anew sends anew."""
        return ""

    @classmethod
    def linkable(cls, options: Mapping[str, str]) -> bool:
        """Whether others can open the links of its posts, so that copies elsewhere may point to them."""
        return True

    @classmethod
    def free(cls, options: Mapping[str, str]) -> bool:
        """Whether nothing of it goes over a network, so that no budget counts it."""
        return False

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """What ``create`` and ``update`` send, made by the same code, without touching the network."""
        return Draft(post.title, "\n\n".join(plain_words(post)))

    @abstractmethod
    def test(self) -> str:
        """Try address, account and rights; a sentence of what was found."""

    @abstractmethod
    def find(self, key: str) -> Remote | None:
        """The post with our key, published or not."""

    @abstractmethod
    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Make the post. ``links``: media key -> what is there; media without a link are left out."""

    @abstractmethod
    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Make the post there say this; raises Gone if it is not there any more."""

    @abstractmethod
    def withdraw(self, remote: Remote) -> None:
        """Take the post away for good; one that is gone already is fine."""

    def limits(self) -> Limits:
        """What it takes, asked of the target itself where it tells."""
        return Limits()

    def close(self) -> None:  # noqa: B027 - most targets hold nothing open
        """Let go of connections."""
