"""A real DokuWiki as a place of the conformance suite, with a visitor who writes on its discussion pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from xmlrpc.client import ServerProxy

import pytest

from publish.posts.model import GatheringFacts, Remote
from tests.publish.conformance.contract import Census, Place, Seen, words_of
from tests.support.servers.script import ScriptServer, packaged_wiki

# What takes part in a page's text unseen.
UNSEEN = "\u2060"


@dataclass
class DokuWikiPlace(Place):
    """The real thing."""

    kind = "dokuwiki"
    details: dict[str, str] = field(default_factory=dict)

    def options(self, url: str) -> dict[str, str]:
        return {"url": url, "user": self.details["USER"]}

    def account(self, name: str) -> ServerProxy:
        """Its API as one of the accounts of tests/servers/dokuwiki.sh sees it."""
        address = self.url.replace("://", f"://{name}:{name}-pass@")
        return _proxy(f"{address}/lib/exe/xmlrpc.php")

    def ask(self, method: str, *args: Any, account: str = "kit") -> Any:
        """One call, with Python's own client."""
        return getattr(self.account(account), method)(*args)

    def census(self, facts: GatheringFacts) -> Census:
        names = [page["id"] for page in self.ask("dokuwiki.getPagelist", "", {"depth": 0})]
        ours = [name for name in names if f"[[#sr-{facts.mark}" in self.text(name)]
        files = self.ask("wiki.getAttachments", "", {"depth": 0})
        library = {
            f["id"] for f in files if f["id"].rpartition(":")[2].startswith(f"sr-{facts.mark}")
        }
        return Census([self._seen(name, library) for name in ours], len(library))

    def _seen(self, page: str, library: set[str]) -> Seen:
        html = self.ask("wiki.getPageHTML", page).replace(UNSEEN, "")
        shown = [name for name in sorted(library) if f"media={name}" in html]
        files = [self.ask("wiki.getAttachment", name).data for name in shown]
        return Seen(words_of(html), files, re.findall(r'<img [^>]*alt="([^"]*)"', html))

    def text(self, page: str) -> str:
        """The source of a page, '' without one."""
        return str(self.ask("wiki.getPage", page))

    def save(self, page: str, text: str) -> None:
        """Write a page as the visitor."""
        saved = self.ask("wiki.putPage", page, text, {"sum": "", "minor": False}, account="visitor")
        assert saved is True

    def talk(self, post: Remote) -> str:
        """The name of the discussion page."""
        return f"talk:{post.id}"

    def outsider(self, post: Remote, text: str, to: str = "") -> str:
        before = self.text(self.talk(post)) or "====== Questions ======"
        # The visitor answers what was written last.
        depth = "> " if to else "\n"
        signed = f"--- //[[visitor@example.org|Visitor]] {datetime.now(UTC):%Y/%m/%d %H:%M}//"
        self.save(self.talk(post), f"{before}\n{depth}<nowiki>{text}</nowiki> {signed}")
        return ""

    def outsider_edits(self, post: Remote, reply: str, text: str) -> None:
        head, _, last = self.text(self.talk(post)).rpartition("<nowiki>")
        self.save(self.talk(post), f"{head}<nowiki>{text}</nowiki>{last.partition('</nowiki>')[2]}")

    def outsider_deletes(self, post: Remote, reply: str) -> None:
        self.save(self.talk(post), self.text(self.talk(post)).rstrip().rpartition("\n")[0])


@cache
def _proxy(address: str) -> ServerProxy:
    return ServerProxy(address)


@pytest.fixture(scope="session")
def dokuwiki_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptServer]:
    """One wiki for the whole run."""
    yield from packaged_wiki(
        "dokuwiki", "DokuWiki", "/usr/share/dokuwiki/doku.php", tmp_path_factory
    )


@contextmanager
def dokuwiki_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """The wiki for one test."""
    server: ScriptServer = request.getfixturevalue("dokuwiki_server")
    yield DokuWikiPlace(port=server.port, secret=server.details["PASSWORD"], details=server.details)
