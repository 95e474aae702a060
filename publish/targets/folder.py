"""A folder anywhere: disk, USB stick, or what fsspec reaches (SFTP, WebDAV, S3 with their packages installed).

It holds the same pages as the bundle's site. Every file is written under a temporary name, read back and compared,
then moved: sticks truncate, and nobody should find half a page. fsspec: https://filesystem-spec.readthedocs.io/
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from publish.errors import Offline, PauseTarget, Permanent, RetryAfter, TooBig
from publish.post import Post, PostMedia, Remote
from publish.site import front_page, media_name, page_name, sheets, story_page, summarize
from publish.targets.base import Entry, Option, Setup, Target
from reporter.store import hash_file

_PIECE = 1 << 20
# Below these lie the sticks: a folder there that is missing means that the stick is not in.
_STICKS = ("/media", "/run/media", "/mnt", "/Volumes")
_WITH_SECRET = frozenset({"sftp", "ssh", "ftp", "webdav", "webdavs", "dav", "davs", "smb", "s3"})
# Errors by which the operating system says "full" (ENOSPC, EDQUOT, EFBIG: a FAT stick ends a file at 4 GB).
_FULL = frozenset({27, 28, 122})


class FolderTarget(Target):
    """Static pages in a folder."""

    kind = "folder"
    title = "Folder"
    has_face = True
    tells_replies = True
    options = (
        Option(
            "url", "where it is, as file:///media/stick/site or sftp://host/path", required=True
        ),
        Option("user", "who signs in, where that is needed"),
        Option("web", "the address under which others see it, as https://example.org/spring"),
    )

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        url = setup.options["url"]
        self._scheme = scheme_of(url)
        keys = {"username": setup.options.get("user", ""), "password": setup.secret}
        given = {
            key: value for key, value in keys.items() if value and self._scheme in _WITH_SECRET
        }
        if self._scheme == "s3":
            given = {"key": keys["username"], "secret": keys["password"]}
        try:
            self._fs, root = url_to_fs(url if "://" in url else str(Path(url).absolute()), **given)
        except (ValueError, ImportError) as error:
            raise PauseTarget(f"The address of {self.name} can't be used: {error}.") from error
        except OSError as error:
            raise Offline(f"{self.name} can't be reached from here: {error}.") from error
        self._root = str(root).rstrip("/")

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """A password for places that want one; local folders don't."""
        needed = scheme_of(options.get("url", "")) in _WITH_SECRET and options.get("user")
        return "Password" if needed else ""

    def test(self) -> str:
        """Write a small file, read it, remove it."""
        self._ready()
        name = f"{self._root}/.sr-test-{self.setup.facts.mark}"
        with self._errors():
            self._write(name, [b"Social Reporter was here."])
            self._fs.rm_file(name)
        return f"{self.name} can be written to."

    # --- Stories -----------------------------------------------------------------------------------

    def find(self, key: str) -> Remote | None:
        """The story's page."""
        self._ready()
        name = page_name(key)
        with self._errors():
            return self._remote(name) if self._fs.exists(f"{self._root}/{name}") else None

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Write the story's page."""
        self._ready()
        local = {key: str(remote.extra["name"]) for key, remote in links.items()}
        name = page_name(post.key)
        self._put(name, story_page(post, self.setup.facts, local).encode())
        return Remote(name, self._link(name), {"name": name, "summary": summarize(post, local)})

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Write it again."""
        return self.create(post, links)

    def withdraw(self, remote: Remote) -> None:
        """Remove the page."""
        self._remove(remote.id)

    # --- Files -------------------------------------------------------------------------------------

    def find_media(self, key: str, ext: str) -> Remote | None:
        """The file under our key. It was read back before it got this name, so it is whole."""
        if not ext:
            return self._find_any(key)
        self._ready()
        name = media_name(key + ext)
        with self._errors():
            return self._remote(name) if self._fs.exists(f"{self._root}/{name}") else None

    def _find_any(self, key: str) -> Remote | None:
        self._ready()
        with self._errors():
            found = [
                p for p in self._fs.glob(f"{self._root}/media/{key}.*") if not p.endswith(".part")
            ]
        return self._remote(media_name(PurePosixPath(found[0]).name)) if found else None

    def put_media(self, media: PostMedia) -> Remote:
        """Copy the file, read it back, give it its name."""
        self._ready()
        name = media_name(media.filename)
        if not media.path.is_file():
            raise RetryAfter("The file is being made again on this laptop.", 60)
        self._put(name, media.path)
        return self._remote(name)

    def update_media(self, remote: Remote, media: PostMedia) -> Remote:
        """Its words stand in the pages; the file itself never changes under its name."""
        return remote

    def withdraw_media(self, remote: Remote) -> None:
        """Remove the file."""
        self._remove(remote.id)

    def _remote(self, name: str) -> Remote:
        return Remote(name, self._link(name), {"name": name})

    # --- The front page ----------------------------------------------------------------------------

    def finish(self, entries: Sequence[Entry]) -> Remote:
        """Write front page and style sheets."""
        self._ready()
        for name, data in sheets(self.setup.assets):
            self._put(name, data)
        summaries = [dict(e.extra["summary"]) for e in entries if "summary" in e.extra]
        self._put("index.html", front_page(self.setup.facts, summaries).encode())
        return self._remote("index.html")

    # --- The way there -----------------------------------------------------------------------------

    def _link(self, name: str) -> str:
        """The public address, or the local one, or none."""
        if self.setup.options.get("web"):
            return f"{self.setup.options['web'].rstrip('/')}/{name}"
        if isinstance(self._fs, LocalFileSystem):
            return Path(f"{self._root}/{name}").as_uri()
        return f"{self.setup.options['url'].rstrip('/')}/{name}"

    def _ready(self) -> None:
        """The folder is there, or its parent is and it may be made; a stick that is not in is never made up."""
        with self._errors():
            if self._fs.isdir(self._root):
                return
            parent = str(PurePosixPath(self._root).parent)
            local = isinstance(self._fs, LocalFileSystem)
            if local and (_is_stick(self._root) or not self._fs.isdir(parent)):
                raise Offline(
                    f"The folder {self._root} is not there. Put the stick in, or make the folder; it goes on by itself."
                )
            self._fs.makedirs(self._root, exist_ok=True)

    def _put(self, name: str, source: bytes | Path) -> None:
        """Write under a temporary name, compare what is there now, then move."""
        goal = f"{self._root}/{name}"
        with self._errors():
            self._fs.makedirs(str(PurePosixPath(goal).parent), exist_ok=True)
            part = f"{goal}.part"
            self._write(part, [source] if isinstance(source, bytes) else _pieces(source))
            wanted = (
                hashlib.sha256(source).hexdigest()
                if isinstance(source, bytes)
                else hash_file(source)
            )
            if self._hash(part) != wanted:
                self._fs.rm_file(part)
                raise RetryAfter(
                    f"{self.name} did not keep {name} as it was sent. Is the stick full or broken?"
                )
            self._move(part, goal)

    def _write(self, path: str, pieces: Sequence[bytes] | Iterator[bytes]) -> None:
        with self._fs.open(path, "wb") as file:
            for piece in pieces:
                file.write(piece)
            _to_the_disk(file)

    def _hash(self, path: str) -> str:
        digest = hashlib.sha256()
        with self._fs.open(path, "rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest()

    def _move(self, part: str, goal: str) -> None:
        if isinstance(self._fs, LocalFileSystem):
            os.replace(part, goal)
            return
        if self._fs.exists(goal):
            self._fs.rm_file(goal)
        self._fs.mv(part, goal)

    def _remove(self, name: str) -> None:
        self._ready()
        with self._errors():
            if self._fs.exists(f"{self._root}/{name}"):
                self._fs.rm_file(f"{self._root}/{name}")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """The operating system's errors as ours; a place that can't be reached is offline, not broken."""
        try:
            yield
        except PermissionError as error:
            raise PauseTarget(
                f"{self.name} may not be written to: {error.filename or error}."
            ) from error
        except OSError as error:
            if error.errno in _FULL:
                raise TooBig(f"There is no room left at {self.name}.") from error
            raise Offline(f"{self.name} can't be reached right now: {error}.") from error
        except NotImplementedError as error:
            raise Permanent(f"{self.name} is a place that can be read only.") from error


def scheme_of(url: str) -> str:
    """``file`` for plain paths, else what stands before ``://``."""
    return urlsplit(url).scheme.lower() if "://" in url else "file"


def _is_stick(root: str) -> bool:
    """Whether this path is a stick itself (/media/NAME, /media/USER/NAME, /Volumes/NAME)."""
    for base in _STICKS:
        if root.startswith(f"{base}/"):
            return len(PurePosixPath(root).relative_to(base).parts) <= 2
    return False


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _to_the_disk(file: Any) -> None:
    """fsync where the file is a real one."""
    file.flush()
    number: Callable[[], int] | None = getattr(getattr(file, "f", file), "fileno", None)
    if number is not None:
        try:
            os.fsync(number())
        except OSError:
            return
