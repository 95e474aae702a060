"""The places that every target is tried at: real servers, folders, and fixtures (marked so in docs/targets/)."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import httpx
import pytest
from markdown_it import MarkdownIt

from publish.posts.model import GatheringFacts, Remote
from tests.publish.conformance.bluesky import bluesky_place, real_bluesky_place
from tests.publish.conformance.contract import Census, Place, Seen, http_client, words_of
from tests.publish.conformance.dokuwiki import dokuwiki_place
from tests.publish.conformance.facebook import facebook_place
from tests.publish.conformance.mastodon import mastodon_place
from tests.publish.conformance.matrix import matrix_place
from tests.publish.conformance.mediawiki import mediawiki_place
from tests.publish.conformance.micropub import micropub_place, real_micropub_place
from tests.support.servers.script import script_server
from tests.support.servers.wordpress import WordPress


@dataclass
class WordPressPlace(Place):
    """The real WordPress on Apache."""

    kind = "wordpress"
    user: str = ""
    # Name and application password of the blog's administrator.
    admin: tuple[str, str] = ("", "")
    client: httpx.Client = field(default_factory=http_client)

    def options(self, url: str) -> dict[str, str]:
        return {"url": url, "user": self.user}

    def census(self, facts: GatheringFacts) -> Census:
        posts = self._rows("posts", facts)
        media = {row["id"]: row for row in self._rows("media", facts)}
        seen = []
        for post in posts:
            shown = [m for m in media.values() if m["source_url"] in post["content"]["rendered"]]
            files = [self.client.get(m["source_url"]).content for m in shown]
            words = words_of(f"{post['title']['rendered']} {post['content']['rendered']}")
            seen.append(Seen(words, files, [m["alt_text"] for m in shown]))
        return Census(seen, len(media))

    def _rows(self, what: str, facts: GatheringFacts) -> list[dict[str, Any]]:
        query = {"per_page": "100", "context": "edit"} | (
            {"status": "any"} if what == "posts" else {}
        )
        answer = self.client.get(
            f"{self.url}/wp-json/wp/v2/{what}", params=query, auth=(self.user, self.secret)
        ).raise_for_status()
        return [row for row in answer.json() if f"sr-{facts.mark}" in row["slug"]]

    def outsider(self, post: Remote, text: str, to: str = "") -> str:
        guest = {"author_name": "Outsider", "author_email": "o@example.org"}
        # What is written into the blog's form is plain text; the API takes HTML.
        body = {"post": int(post.id), "content": escape(text), "parent": int(to or 0), **guest}
        return str(self._comment("POST", "", json=body)["id"])

    def outsider_edits(self, post: Remote, reply: str, text: str) -> None:
        self._comment("POST", f"/{reply}", json={"content": escape(text)})

    def outsider_deletes(self, post: Remote, reply: str) -> None:
        self._comment("DELETE", f"/{reply}", params={"force": "true"})

    def _comment(self, method: str, path: str, **parts: Any) -> dict[str, Any]:
        url = f"{self.url}/wp-json/wp/v2/comments{path}"
        answer = self.client.request(method, url, auth=self.admin, **parts).raise_for_status()
        made: dict[str, Any] = answer.json()
        return made

    def close(self) -> None:
        self.client.close()


@dataclass
class FolderPlace(Place):
    """A folder of this machine."""

    kind = "folder"
    folder: Path = Path()

    def options(self, url: str) -> dict[str, str]:
        return {"url": str(self.folder)}

    def census(self, facts: GatheringFacts) -> Census:
        media = {path.name: path.read_bytes() for path in self.folder.glob("media/*")}
        seen = []
        for page in sorted(self.folder.rglob(f"sr-{facts.mark}-*.html")):
            html = page.read_text(encoding="utf-8")
            shown = [data for name, data in media.items() if f"media/{name}" in html]
            seen.append(Seen(words_of(html), shown))
        return Census(seen, len(media))


@contextmanager
def _wordpress(request: pytest.FixtureRequest) -> Iterator[Place]:
    server: WordPress = request.getfixturevalue("wordpress")
    admin = server.accounts["administrator"]
    place = WordPressPlace(
        port=server.port,
        secret=server.app_password,
        user=server.user,
        admin=(admin.user, admin.app_password),
    )
    with closing(place):
        yield place


@dataclass
class WebDavPlace(FolderPlace):
    """The same at a real Apache with mod_dav."""

    def options(self, url: str) -> dict[str, str]:
        return {"url": f"{url.replace('http://', 'webdav://')}/site", "user": "kit"}


@dataclass
class SftpPlace(FolderPlace):
    """The same at a real OpenSSH."""

    details: Mapping[str, str] = field(default_factory=dict)

    def options(self, url: str) -> dict[str, str]:
        host = f"sftp://127.0.0.1:{self.details['PORT']}"
        return {
            "url": f"{host}{self.folder}",
            "user": self.details["USER"],
            "key": self.details["KEY"],
        }


@dataclass
class GitPlace(Place):
    """A bare repository that is reached over ssh; what is in its newest commit, read by git itself."""

    kind = "git"
    details: Mapping[str, str] = field(default_factory=dict)
    repository: Path = Path()

    def options(self, url: str) -> dict[str, str]:
        address = f"ssh://{self.details['USER']}@127.0.0.1:{self.details['PORT']}{self.repository}"
        return {"url": address, "layout": "hugo", "key": self.details["KEY"]}

    def git(self, *words: str) -> bytes:
        """What git says in the repository."""
        command = ["git", "-C", str(self.repository), *words]
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout

    def files(self) -> dict[str, bytes]:
        """Everything in the newest commit of the main branch."""
        if not self.git("for-each-ref"):
            return {}
        names = self.git("ls-tree", "-r", "-z", "--name-only", "main").decode().split("\0")
        return {name: self.git("show", f"main:{name}") for name in names if name}

    def census(self, facts: GatheringFacts) -> Census:
        there = {n: data for n, data in self.files().items() if f"sr-{facts.mark}" in n}
        seen = [self._seen(data.decode(), there) for n, data in there.items() if n.endswith(".md")]
        return Census(seen, sum(not name.endswith(".md") for name in there))

    def _seen(self, page: str, files: Mapping[str, bytes]) -> Seen:
        head, _, body = page.removeprefix("---\n").partition("\n---\n")
        title = json.loads(head.splitlines()[0].removeprefix("title: "))
        html = MarkdownIt("commonmark", {"html": False}).render(body)
        shown = [data for name, data in files.items() if f'src="{Path(name).name}"' in html]
        return Seen(f"{title} {words_of(html)}", shown)


@contextmanager
def _git(request: pytest.FixtureRequest) -> Iterator[Place]:
    server = script_server("sftp", request)
    repository: Path = request.getfixturevalue("tmp_path") / "site.git"
    command = ["git", "init", "-q", "--bare", "-b", "main", str(repository)]
    subprocess.run(command, check=True, timeout=60)
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setenv("XDG_CACHE_HOME", str(repository.with_name("cache")))
    yield GitPlace(details=server.details, repository=repository)


@contextmanager
def _folder(request: pytest.FixtureRequest) -> Iterator[Place]:
    tmp_path: Path = request.getfixturevalue("tmp_path")
    (tmp_path / "site").mkdir()
    yield FolderPlace(folder=tmp_path / "site")


@contextmanager
def _webdav(request: pytest.FixtureRequest) -> Iterator[Place]:
    server = script_server("webdav", request)
    shutil.rmtree(Path(server.details["FOLDER"]) / "site", ignore_errors=True)
    folder = Path(server.details["FOLDER"]) / "site"
    yield WebDavPlace(port=server.port, secret=server.details["PASSWORD"], folder=folder)


@contextmanager
def _sftp(request: pytest.FixtureRequest) -> Iterator[Place]:
    server = script_server("sftp", request)
    tmp_path: Path = request.getfixturevalue("tmp_path")
    yield SftpPlace(folder=tmp_path / "site", details=server.details)


PLACES: dict[str, Callable[[pytest.FixtureRequest], AbstractContextManager[Place]]] = {
    "wordpress": _wordpress,
    "mediawiki": mediawiki_place,
    "dokuwiki": dokuwiki_place,
    "micropub": micropub_place,
    "micropub-real": real_micropub_place,
    "mastodon": mastodon_place,
    "facebook": facebook_place,
    "bluesky": bluesky_place,
    "bluesky-real": real_bluesky_place,
    "matrix-real": matrix_place,
    "folder": _folder,
    "webdav": _webdav,
    "sftp": _sftp,
    "git": _git,
}
