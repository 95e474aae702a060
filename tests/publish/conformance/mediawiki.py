"""A real MediaWiki as a place of the conformance suite, with a visitor who writes on its discussion pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from publish.posts.model import GatheringFacts, Remote
from tests.publish.conformance.contract import Census, Place, Seen, http_client, words_of
from tests.support.servers.script import ScriptServer, packaged_wiki


@dataclass
class MediaWikiPlace(Place):
    """The real thing, on SQLite."""

    kind = "mediawiki"
    details: dict[str, str] = field(default_factory=dict)
    client: httpx.Client = field(default_factory=http_client)
    signed_in: bool = False

    def options(self, url: str) -> dict[str, str]:
        return {"url": url, "user": self.details["USER"]}

    def get(self, **params: Any) -> dict[str, Any]:
        """Ask its API."""
        query = {"format": "json", "formatversion": "2", **params}
        answer = self.client.get(f"{self.url}/api.php", params=query).raise_for_status().json()
        assert "error" not in answer, answer
        return dict(answer)

    def census(self, facts: GatheringFacts) -> Census:
        found = self.get(action="query", list="allpages", aplimit=500)["query"]["allpages"]
        texts = {page["title"]: self.text(page["title"]) for page in found}
        ours = [t for t, text in texts.items() if f"<!-- social-reporter sr-{facts.mark}" in text]
        files = self.get(action="query", list="allimages", ailimit=500)["query"]["allimages"]
        library = [f for f in files if f["name"].lower().startswith(f"sr-{facts.mark}")]
        return Census([self._seen(title) for title in ours], len(library))

    def _seen(self, title: str) -> Seen:
        parsed = self.get(action="parse", page=title, prop="text|images", disableeditsection=1)[
            "parse"
        ]
        shown = self.get(
            action="query",
            titles="|".join(f"File:{n}" for n in parsed["images"]) or "x",
            prop="imageinfo",
            iiprop="url",
        )["query"]["pages"]
        files = [
            self.client.get(i["imageinfo"][0]["url"]).content for i in shown if "imageinfo" in i
        ]
        alts = re.findall(r'<img alt="([^"]*)"', parsed["text"])
        return Seen(words_of(f"{title} {parsed['text']}"), files, alts)

    def text(self, title: str) -> str:
        """The source of a page, '' without one."""
        page = self.get(
            action="query", titles=title, prop="revisions", rvprop="content", rvslots="main"
        )
        revisions = page["query"]["pages"][0].get("revisions", [])
        return str(revisions[0]["slots"]["main"]["content"]) if revisions else ""

    def save(self, title: str, text: str) -> None:
        """Write a page as the visitor."""
        if not self.signed_in:
            token = self.get(action="query", meta="tokens", type="login")["query"]["tokens"][
                "logintoken"
            ]
            self._post(
                action="clientlogin",
                username=self.details["VISITOR"],
                password=self.details["VISITOR_PASSWORD"],
                logintoken=token,
                loginreturnurl=self.url,
            )
            self.signed_in = True
        token = self.get(action="query", meta="tokens")["query"]["tokens"]["csrftoken"]
        self._post(action="edit", title=title, text=text, token=token)

    def _post(self, **data: str) -> None:
        given = {"format": "json", "formatversion": "2", **data}
        answer = self.client.post(f"{self.url}/api.php", data=given).raise_for_status().json()
        assert "error" not in answer, answer

    def talk(self, post: Remote) -> str:
        """The name of the discussion page."""
        return f"Talk:{post.extra['title']}"

    def outsider(self, post: Remote, text: str, to: str = "") -> str:
        before = self.text(self.talk(post)) or "== Questions =="
        # The visitor answers what was written last.
        depth = ":" if to else ""
        self.save(self.talk(post), f"{before}\n{depth}<nowiki>{text}</nowiki> ~~~~")
        return ""

    def outsider_edits(self, post: Remote, reply: str, text: str) -> None:
        before = self.text(self.talk(post))
        head, _, last = before.rpartition("<nowiki>")
        self.save(self.talk(post), f"{head}<nowiki>{text}</nowiki>{last.partition('</nowiki>')[2]}")

    def outsider_deletes(self, post: Remote, reply: str) -> None:
        before = self.text(self.talk(post))
        self.save(self.talk(post), before.rpartition("\n")[0])

    def close(self) -> None:
        self.client.close()


@pytest.fixture(scope="session")
def mediawiki_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptServer]:
    """One wiki for the whole run."""
    yield from packaged_wiki(
        "mediawiki", "MediaWiki", "/usr/share/mediawiki/api.php", tmp_path_factory
    )


@contextmanager
def mediawiki_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """The wiki for one test."""
    server: ScriptServer = request.getfixturevalue("mediawiki_server")
    place = MediaWikiPlace(
        port=server.port, secret=server.details["PASSWORD"], details=server.details
    )
    with closing(place):
        yield place
