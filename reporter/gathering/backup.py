"""Back up a gathering, verified, while its kiosk runs; a restore is the same copy in the other direction."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from reporter.config import FILE_NAME, FOLDERS, exists, load_settings
from reporter.errors import Conflict, DiskFull, NotFound, ReporterError
from reporter.files import remove_file, replace_file, sync_file
from reporter.gathering.lock import Locked, hold_lock
from reporter.media.place_errors import place_errors
from reporter.media.store import (
    Store,
    hash_file,
    make_durable_folder,
    sync_folder,
)

DATABASE = "reporter.db"
# Held in a folder while a copy is written into it.
_LOCK = ".copying"
# Stays until a first copy is whole: one that broke off, at a full stick for example, is continued.
_BEGUN = ".begun"
NOTE = "COPY.txt"
# Attempts: something may be withdrawn between reading the rows and copying the files; then we read the rows again.
MOST_LOOKS = 5

# (files done, of how many, what)
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Copied:
    """Result of a copy: files copied now, files already present, originals that are missing in the source."""

    copied: int
    known: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class _File:
    """A file that a row refers to: its path in the gathering's folder, and its hash."""

    place: Path
    sha256: str
    # A missing rendition is rendered again from its original.
    original: bool


def copy_gathering(source: Path, goal: Path, *, progress: Progress | None = None) -> Copied:
    """Make ``goal`` a verified copy of the gathering in ``source``; files already present are not copied again.

    The copy is a gathering folder itself. What was withdrawn since the last copy is removed from
    the copy too. Secrets are in neither. Raises NotFound if there is no gathering in ``source``,
    Conflict if ``goal`` holds another gathering, DiskFull if one of the two places is full, read-only
    or gone, ReporterError if written data can't be read back intact.
    """
    if not exists(source):
        raise NotFound("There is no gathering in %(source)s.", source=source)
    load_settings(source)
    try:
        with place_errors(goal, source):
            _check_goal(source, goal)
            make_durable_folder(goal)
            with hold_lock(goal / _LOCK):
                return _copy(source, goal, progress or _unheard)
    except Locked as error:
        raise Conflict(
            "Another copy is being written into %(goal)s right now. Wait until it is done, or "
            "choose another folder.",
            goal=goal,
        ) from error


def _copy(source: Path, goal: Path, progress: Progress) -> Copied:
    mark = goal / _BEGUN
    if not exists(goal):
        mark.touch()
    _close_former(goal)
    for name in FOLDERS:
        (goal / name).mkdir(exist_ok=True)
    for _look in range(MOST_LOOKS):
        done = _copy_once(source, goal, progress)
        if not done.missing:
            break
    mark.unlink(missing_ok=True)
    return done


def _copy_once(source: Path, goal: Path, progress: Progress) -> Copied:
    snapshot = goal / f".{DATABASE}.new"
    try:
        _snapshot(source / DATABASE, snapshot)
        return _copy_snapshot(snapshot, source, goal, progress)
    finally:
        with suppress(OSError):
            snapshot.unlink(missing_ok=True)


def _copy_snapshot(snapshot: Path, source: Path, goal: Path, progress: Progress) -> Copied:
    files = _listed(snapshot, source)
    _check_room(source, goal, files)
    copied = known = 0
    missing = []
    for number, file in enumerate(files, 1):
        if _is_whole(goal / file.place, file.sha256):
            known += 1
        elif (source / file.place).is_file():
            _copy_file(source / file.place, goal / file.place, file)
            copied += 1
        elif file.original:
            missing.append(file.place.name)
        progress(number, len(files), file.place.name)
    _sync_folders(goal, files)
    _close_former(goal)
    # The database comes last: an interrupted copy leaves the former one usable.
    os.replace(snapshot, goal / DATABASE)
    _replace(source / FILE_NAME, goal / FILE_NAME)
    _drop_unpromised(goal, {file.place for file in files})
    _write_note(goal)
    sync_folder(goal)
    return Copied(copied, known, tuple(missing))


def _listed(snapshot: Path, source: Path) -> list[_File]:
    try:
        return list(_promised(snapshot))
    except sqlite3.Error as error:
        raise ReporterError(
            "The database in %(source)s can't be read by this version (%(error)s). A newer "
            "Social Reporter has made it: update this one.",
            source=source,
            error=error,
        ) from error


def _check_room(source: Path, goal: Path, files: Sequence[_File]) -> None:
    """Raise DiskFull before anything is copied that has no room."""
    sizes = [(_size(source / file.place), _size(goal / file.place)) for file in files]
    needed = sum(size for size, there in sizes if size != there)
    free = shutil.disk_usage(goal).free
    if needed > free:
        raise DiskFull(
            "The copy needs %(needed)s MB more, and only %(free)s MB are free at %(place)s. Delete something there or "
            "choose another place, then do it again.",
            needed=-(-needed // 10**6),
            free=free // 10**6,
            place=goal,
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _sync_folders(goal: Path, files: Sequence[_File]) -> None:
    """Make the names of all files durable, those of an earlier, interrupted run too: on a stick with
    FAT, syncing one folder says nothing about another."""
    for folder in sorted({file.place.parent for file in files}):
        with suppress(FileNotFoundError):
            sync_folder(goal / folder)


def _close_former(goal: Path) -> None:
    """Move the write-ahead log of the former database into it and remove it; raises Conflict if somebody uses it.

    A log that is left beside a new database would be replayed over it.
    """
    former = goal / DATABASE
    if former.exists():
        with closing(sqlite3.connect(former)) as database:
            try:
                database.execute("PRAGMA journal_mode=DELETE")
            except sqlite3.OperationalError as error:
                raise Conflict(
                    "%(goal)s is open in another program. Close it there, or choose another folder.",
                    goal=goal,
                ) from error
            except sqlite3.DatabaseError:
                # Damaged: the copy takes its place.
                pass
    for name in (f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (goal / name).unlink(missing_ok=True)


def _write_note(goal: Path) -> None:
    """Write a note with what whoever finds this copy has to know."""
    with closing(sqlite3.connect(goal / DATABASE)) as rows:
        [count] = rows.execute(
            "SELECT count(*) FROM takeaway WHERE state != 'withdrawn'"
        ).fetchone()
        [newest] = rows.execute("SELECT max(received_at) FROM takeaway").fetchone()
    note = goal / NOTE
    note.write_text(
        f"A copy of a gathering with {count} takeaways, the newest received at {newest or '-'} (UTC).\n"
        "What was taken back after the copy was made is still in it. To remove that, copy the gathering to this same "
        "place again: reporter backup THIS-FOLDER\n",
        encoding="utf-8",
    )
    _sync_file(note)


def _check_goal(source: Path, goal: Path) -> None:
    if goal.resolve() == source.resolve():
        raise Conflict("A gathering can't be copied onto itself. Choose another folder.")
    # A first copy that was interrupted has left its mark, one that is under way its lock.
    begun = exists(goal) or (goal / _LOCK).exists() or (goal / _BEGUN).exists()
    if goal.exists() and not begun and any(goal.iterdir()):
        raise Conflict(
            "%(goal)s holds something else. Choose an empty folder or an earlier copy.", goal=goal
        )
    if exists(goal) and _gathering_id(goal) != _gathering_id(source):
        raise Conflict(
            "%(goal)s holds another gathering. Choose an empty folder or an earlier copy.",
            goal=goal,
        )


def _gathering_id(folder: Path) -> object:
    with closing(sqlite3.connect(f"{(folder / DATABASE).as_uri()}?mode=ro", uri=True)) as database:
        return database.execute("SELECT id FROM gathering").fetchone()


def _snapshot(source: Path, goal: Path) -> None:
    """SQLite's online backup: consistent while others write."""
    goal.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(goal)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        # Free pages of the source may hold what was withdrawn a moment ago.
        copy.execute("VACUUM")
        (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise ReporterError(
            "The database of the copy is damaged (%(verdict)s). Try another disk.", verdict=verdict
        )
    _sync_file(goal)


def _promised(database: Path) -> Iterator[_File]:
    """Originals and renditions listed in a snapshot."""
    store = Store(Path())
    with closing(sqlite3.connect(database)) as rows:
        for sha256, ext in rows.execute("SELECT sha256, ext FROM media ORDER BY sha256"):
            yield _File(store.original(sha256, ext), sha256, original=True)
        renditions_query = "SELECT m.sha256, r.name, r.ext, r.sha256 FROM rendition r JOIN media m ON m.id = r.media_id"
        for sha256, name, ext, own in rows.execute(f"{renditions_query} ORDER BY m.sha256, r.name"):
            yield _File(store.rendition(sha256, name, ext), own, original=False)


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and hash_file(path) == sha256


def _copy_file(source: Path, goal: Path, file: _File) -> None:
    """Copy a file, sync and read it back. A file damaged at its source is reported, not copied."""
    make_durable_folder(goal.parent)
    if hash_file(_replace(source, goal), from_disk=True) != file.sha256:
        remove_file(goal)
        where = source if hash_file(source) != file.sha256 else goal.parent
        raise ReporterError(
            "%(name)s can't be copied whole: %(where)s is damaged. Try another disk.",
            name=goal.name,
            where=where,
        )
    if file.original:
        goal.chmod(0o444)


def _replace(source: Path, goal: Path) -> Path:
    """Copy to a temporary name, then replace the previous file."""
    temporary = goal.with_name(f".{goal.name}.new")
    try:
        shutil.copyfile(source, temporary)
        _sync_file(temporary)
    except OSError:
        # Half a file would take the room that the next attempt needs.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    replace_file(temporary, goal)
    return goal


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        sync_file(file.fileno())


def _drop_unpromised(goal: Path, promised: set[Path]) -> None:
    """Remove what the copy no longer holds, durably: a stick may be pulled as soon as the copy is done."""
    changed = set()
    for folder in ("media", "renditions"):
        for path in (goal / folder).rglob("*"):
            if path.is_file() and path.relative_to(goal) not in promised:
                remove_file(path)
                changed.add(path.parent)
    for folder_of_removed in sorted(changed):
        sync_folder(folder_of_removed)


def _unheard(done: int, total: int, what: str) -> None:
    """Default for ``progress``: does nothing."""
