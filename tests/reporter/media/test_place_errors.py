"""What a stick that is full, locked or pulled out is said to be, and what to do about it."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from reporter.errors import DISK_FULL, DiskFull, NotFound
from reporter.media.place_errors import place_errors
from reporter.media.store import disk_errors

HERE = "can't be reached any more"


def database_error(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("it failed")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "full"), "No room is left at"),
        (OSError(errno.EDQUOT, "quota"), "No room is left at"),
        (database_error("SQLITE_FULL"), "No room is left at"),
        (OSError(errno.EROFS, "read-only"), "Nothing can be written at"),
        (PermissionError(errno.EACCES, "no"), "Nothing can be written at"),
        (database_error("SQLITE_READONLY_DIRECTORY"), "Nothing can be written at"),
        (OSError(errno.EIO, "pulled"), HERE),
        (FileNotFoundError(errno.ENOENT, "gone"), HERE),
        (database_error("SQLITE_IOERR_WRITE"), HERE),
        (database_error("SQLITE_CANTOPEN"), HERE),
    ],
)
def test_an_error_of_the_place_says_where_and_what_to_do(
    tmp_path: Path, error: Exception, words: str
) -> None:
    goal = tmp_path / "BLUE STICK"
    with pytest.raises(DiskFull, match=words) as told, place_errors(goal):
        raise error
    assert str(goal) in told.value.message
    assert told.value.message.count(". ") >= 1, "what to do is a sentence of its own"


def test_a_place_that_nobody_may_write_to_because_its_stick_is_gone(tmp_path: Path) -> None:
    goal = tmp_path / "BLUE STICK" / "backup"
    with pytest.raises(DiskFull, match=HERE), place_errors(goal):
        raise PermissionError(errno.EACCES, "the folder above belongs to the system")


def test_the_place_that_failed_is_named(tmp_path: Path) -> None:
    stick, laptop = tmp_path / "stick", tmp_path / "laptop"
    laptop.mkdir()
    for error in (
        OSError(errno.EIO, "pulled", str(stick / "media" / "a.jpg")),
        FileNotFoundError(errno.ENOENT, "gone"),
    ):
        with pytest.raises(DiskFull) as told, place_errors(laptop, stick):
            raise error
        assert str(stick) in told.value.message
    stick.mkdir()
    with pytest.raises(DiskFull) as told, place_errors(laptop, stick):
        raise OSError(errno.EIO, "broken", str(laptop / "reporter.db"))
    assert str(laptop) in told.value.message


def test_what_is_said_to_phones_is_said_to_organizers_in_their_words(tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFull, match="No room is left at") as told,
        place_errors(tmp_path),
        disk_errors(),
    ):
        raise OSError(errno.ENOSPC, "full")
    assert "on your phone" not in told.value.message
    with pytest.raises(DiskFull, match="on your phone"), place_errors(tmp_path):
        raise DiskFull(DISK_FULL)


@pytest.mark.parametrize(
    "error", [OSError(errno.EINVAL, "odd"), sqlite3.DatabaseError("damaged"), NotFound("nothing")]
)
def test_other_errors_stay_as_they_are(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as told, place_errors(tmp_path):
        raise error
    assert told.value is error
    assert os.listdir(tmp_path) == []
