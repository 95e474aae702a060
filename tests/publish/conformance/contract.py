"""What the conformance suite needs of a place: how to reach it, and what is really there, asked past our own code.

A new target adds one subclass of Place and one line in PLACES of ``tests/publish/conformance/targets.py``.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING, ClassVar

import httpx

from publish.posts.model import GatheringFacts, Remote

if TYPE_CHECKING:
    import ssl


def http_client() -> httpx.Client:
    """What a place is asked with, past our own code."""
    return httpx.Client(timeout=60, verify=_trusted())


@cache
def _trusted() -> ssl.SSLContext:
    # Loading it takes 40 ms, and each test has a place of its own.
    return httpx.create_ssl_context()


@dataclass(frozen=True)
class Seen:
    """One post as a reader of that place gets it: the words, and the files it shows (their bytes)."""

    words: str
    files: Sequence[bytes] = ()
    alts: Sequence[str] = ()


@dataclass(frozen=True)
class Census:
    """All of this gathering at a place. ``library``: how many files lie there, shown or not (None: no library)."""

    posts: Sequence[Seen]
    library: int | None = None


@dataclass
class Place(ABC):
    """A place under test. ``port``: where it listens (None: not over HTTP, so nothing is cut on the way)."""

    kind: ClassVar[str]
    port: int | None = None
    secret: str = ""
    # Whether every takeaway's words are in the post (places for short words choose some).
    tells_all: ClassVar[bool] = True
    # Answers of this place that are not ours to break: (method, path) -> True.
    spared: Sequence[str] = field(default_factory=tuple)

    @abstractmethod
    def options(self, url: str) -> Mapping[str, str]:
        """KEY=VALUE for ``add_target``; ``url`` is the address to use (the place's own, or the proxy's)."""

    @property
    def url(self) -> str:
        """Its own address."""
        return f"http://127.0.0.1:{self.port}"

    @abstractmethod
    def census(self, facts: GatheringFacts) -> Census:
        """What is there of this gathering, asked with a client that is not the product's."""

    def outsider(self, post: Remote, text: str, to: str = "") -> str:
        """Somebody else writes below a post, or below the reply ``to``; our id of it."""
        raise NotImplementedError

    def outsider_edits(self, post: Remote, reply: str, text: str) -> None:
        """They change it (only where that can be done)."""
        raise NotImplementedError

    def outsider_deletes(self, post: Remote, reply: str) -> None:
        """They take it back."""
        raise NotImplementedError

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Let go."""


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("p", "br", "div", "li", "h1", "h2", "h3"):
            self.parts.append(" ")


def words_of(html: str) -> str:
    """What a reader of this HTML sees, whitespace made one."""
    parser = _Words()
    parser.feed(html)
    return " ".join("".join(parser.parts).split())


def plain(words: str) -> str:
    """Without the typography that a place may add: curly quotes, dashes, ellipses."""
    return re.sub(r"\s+", " ", re.sub("[\u2018\u2019\u201c\u201d'\"]", "", words)).strip()
