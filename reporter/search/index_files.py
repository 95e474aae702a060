"""The folder ``index/``: the live index, others being built beside it, and how they are switched.

``current`` names the live index's folder. Each folder contains Whoosh's files, ``made-for.json``
(see Recipe), ``indexed-to`` (a revision), ``noted.json`` (Whoosh's files and their sizes after the
last commit, and the number of documents) and ``taken-back``, present while withdrawn words may
remain in Whoosh's files.
"""

from __future__ import annotations

import json
import os
import pickle
import secrets
import shutil
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import accumulate
from pathlib import Path
from typing import Any

from reporter.search.documents import schema
from reporter.search.recipe import VERSION, Recipe

# Exceptions that Whoosh's readers raise for corrupt files.
BROKEN = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    AssertionError,
    TypeError,
    AttributeError,
    MemoryError,
    struct.error,
    zlib.error,
    pickle.UnpicklingError,
    ImportError,
)

_TRIES = 5

# Megabytes of postings that Whoosh sorts in memory, by its own count; the rest waits in temporary files. With its own
# 128 a process that makes an index needs 110 MB more, and no less time.
POSTINGS_MB = 16
# Only segments with so many documents together are merged within a commit, which takes a second or two. Whoosh's own
# policy now and then takes all of them: half a minute's work for 10,000 documents, while somebody looks for a new one.
MERGED_DOCUMENTS = 500
# From so many segments on, all are rewritten as one, by a process of its own.
MOST_SEGMENTS = 48


def whoosh_errors() -> tuple[type[BaseException], ...]:
    """BROKEN and Whoosh's own exceptions."""
    from whoosh.index import IndexError as NoIndex

    return (*BROKEN, NoIndex)


def table_of_contents(index: Any) -> Any:
    """The last commit's ``schema``, ``segments`` and ``generation``. (A reader opens the files of all segments.)"""
    from whoosh.index import TOC

    return TOC.read(index.storage, index.indexname)


class IndexGeneration:
    """One index in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, folder: Path, recipe: Recipe) -> IndexGeneration:
        """Create an empty index."""
        from whoosh import index

        folder.mkdir(parents=True)
        index.create_in(folder, schema())
        (folder / "made-for.json").write_text(json.dumps(recipe.as_json()), encoding="utf-8")
        return cls(folder)

    def made_for(self) -> dict[str, Any]:
        """The recipe it was built with; {} if unreadable."""
        try:
            stored = json.loads((self.folder / "made-for.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stored if isinstance(stored, dict) else {}

    def open(self) -> Any:
        """Open the Whoosh index; raises one of ``whoosh_errors``."""
        from whoosh import index

        from reporter.search.mapped_segments import map_segments

        map_segments()
        return index.open_dir(self.folder)

    def count(self) -> int:
        """The number of documents; raises one of ``whoosh_errors``."""
        return sum(int(segment.doc_count()) for segment in table_of_contents(self.open()).segments)

    @property
    def indexed_to(self) -> int:
        """The revision of the last indexed row."""
        try:
            return int((self.folder / "indexed-to").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def note(self, revision: int) -> None:
        """Record the revision after the commit: if killed in between, a few rows are indexed twice."""
        counts = {"documents": self.count(), "files": self._sizes()}
        self._put("noted.json", json.dumps(counts))
        self._put("indexed-to", str(revision))

    def _put(self, name: str, text: str) -> None:
        temporary = self.folder / f"{name}.new"
        temporary.write_text(text, encoding="ascii")
        os.replace(temporary, self.folder / name)

    def _sizes(self) -> dict[str, int]:
        found = (path for pattern in ("_*.toc", "*.seg") for path in self.folder.glob(pattern))
        return {path.name: path.stat().st_size for path in found}

    @property
    def noted_documents(self) -> int | None:
        """Number of documents, without loading Whoosh; None unless its files are those of the last commit."""
        try:
            noted = json.loads((self.folder / "noted.json").read_text(encoding="ascii"))
            whole = noted["files"] == self._sizes()
            return int(noted["documents"]) if whole else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def is_intact(self) -> bool:
        """Whether its files are those of the last commit, by name and size."""
        return self.is_there and self.noted_documents is not None

    @property
    def taken_back(self) -> bool:
        """Whether withdrawn words may remain in its files."""
        return (self.folder / "taken-back").exists()

    def note_taken_back(self) -> None:
        """Record that something withdrawn was in it."""
        (self.folder / "taken-back").touch()

    @property
    def is_scattered(self) -> bool:
        """Whether it has so many segments that searches would take longer."""
        return sum(1 for _ in self.folder.glob("*.seg")) >= MOST_SEGMENTS

    @property
    def is_there(self) -> bool:
        """Whether Whoosh's table of contents exists: somebody may delete files."""
        return any(self.folder.glob("_*.toc"))

    @property
    def suspect(self) -> bool:
        """Whether a search failed to read it, in this process or another."""
        return (self.folder / "suspect").exists()

    def note_suspect(self) -> None:
        """Record that a search failed to read it."""
        with suppress(OSError):
            (self.folder / "suspect").touch()

    def clear_suspect(self) -> None:
        """Record that it was checked and is readable."""
        (self.folder / "suspect").unlink(missing_ok=True)


class IndexGenerations:
    """All indexes of a gathering."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Several threads may look for the first one at once; creating one drops all others.
        self._beginning = threading.Lock()

    def current(self, recipe: Recipe) -> IndexGeneration:
        """The live index; an empty one is created if there is none that this version can read."""
        build = self.usable()
        if build is not None:
            return build
        with self._beginning:
            for _try in range(_TRIES):
                try:
                    return self.usable() or self.start_anew(recipe)
                except FileNotFoundError:
                    # Another process has created one as well, and dropped ours.
                    continue
            return self.usable() or self.start_anew(recipe)

    def usable(self) -> IndexGeneration | None:
        """The live index, if this version can read it."""
        build = self._current()
        right = build is not None and build.made_for().get("version") == VERSION
        return build if right else None

    def _current(self) -> IndexGeneration | None:
        try:
            name = (self._folder / "current").read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
        return IndexGeneration(self._folder / name) if name.isalnum() else None

    def start_anew(self, recipe: Recipe) -> IndexGeneration:
        """Replace the index by an empty one."""
        build = self.aside(recipe)
        self.switch(build)
        return build

    def aside(self, recipe: Recipe) -> IndexGeneration:
        """Create an empty index beside the live one."""
        return IndexGeneration.create(self._folder / f"i{secrets.token_hex(6)}", recipe)

    def switch(self, build: IndexGeneration) -> None:
        """Make this index live, and delete all others, finished or not."""
        temporary = self._folder / f"current.{secrets.token_hex(4)}"
        temporary.write_text(build.folder.name, encoding="ascii")
        os.replace(temporary, self._folder / "current")
        for path in self._folder.iterdir():
            if path.name not in ("current", build.folder.name):
                _remove(path)


def _remove(path: Path) -> None:
    """Best effort: Windows keeps files that are being read, and the next switch deletes them."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def hold(build: IndexGeneration) -> Iterator[bool]:
    """Lock out other writers; False if somebody is writing already. (Uses the lock file of Whoosh's writers.)"""
    from whoosh.filedb.filestore import FileStorage

    build.folder.mkdir(parents=True, exist_ok=True)
    lock = FileStorage(str(build.folder)).lock("MAIN_WRITELOCK")
    free = bool(lock.acquire())
    try:
        yield free
    finally:
        if free:
            lock.release()


def _merge_small(writer: Any, segments: list[Any]) -> list[Any]:
    """Whoosh's own policy, for the smallest segments only; returns those that stay. Drops those of deleted documents
    alone, which it would merge to an empty one."""
    from whoosh.writing import MERGE_SMALL

    alive = [segment for segment in segments if segment.doc_count()]
    by_size = sorted(alive, key=lambda segment: segment.doc_count_all())
    sizes = accumulate(segment.doc_count_all() for segment in by_size)
    small = sum(size <= MERGED_DOCUMENTS for size in sizes)
    return [*by_size[small:], *MERGE_SMALL(writer, by_size[:small])]


@contextmanager
def writing(build: IndexGeneration) -> Iterator[Any]:
    """Whoosh's writer, committed at the end; None if somebody else is writing."""
    from whoosh.index import LockError

    try:
        writer = build.open().writer(limitmb=POSTINGS_MB)
    except LockError:
        yield None
        return
    try:
        yield writer
        writer.commit(mergetype=_merge_small)
    except BaseException:
        writer.cancel()
        raise
