"""What operating systems do differently with files: put onto the disk for good, removed, replaced, read from the disk.

Windows neither removes nor replaces a file that somebody has open; macOS keeps what was "synced" in the drive's cache.
"""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path

# A virus scanner or an indexer has a new file open for a moment; who reads a film has it for minutes.
_TRIES, _PAUSE = 20, 0.05
# fcntl.h of macOS: reads of this file go past the cache.
_F_NOCACHE = 48


def sync_file(handle: int) -> None:
    """Put an open file onto the disk. Raises OSError.

    On macOS ``fsync`` hands the bytes to the drive, which may keep them in its cache; F_FULLFSYNC empties that
    (https://developer.apple.com/library/archive/documentation/System/Conceptual/ManPages_iPhoneOS/man2/fsync.2.html).
    """
    if not _full_sync(handle):
        os.fsync(handle)


def _full_sync(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return False
    command = getattr(fcntl, "F_FULLFSYNC", None)
    if command is None:
        return False
    try:
        fcntl.fcntl(handle, command)
    except OSError:
        # A network drive or a stick that doesn't know it: what fsync does is the most there is.
        return False
    return True


def sync_folder(path: Path) -> None:
    """Put a folder's entries onto the disk (POSIX; Windows has no such call and needs none for a rename)."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        sync_file(handle)
    finally:
        os.close(handle)


def forget_cache(handle: int) -> None:
    """Let what is read next from an open, synced file come from the disk and not from memory, where the system can."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        return
    try:
        import fcntl

        fcntl.fcntl(handle, _F_NOCACHE, 1)
    except (ImportError, OSError):
        # Windows decides by itself; a drive that is not asked tells what it tells.
        return


def remove_file(path: Path) -> None:
    """Remove a file, a write-once one too (Windows refuses those until they may be written); gone already is fine.

    Raises PermissionError where Windows keeps it because somebody reads it: see ``try_remove``.
    """
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        _make_writable(path)
        path.unlink(missing_ok=True)


def _make_writable(path: Path) -> None:
    with suppress(OSError):
        path.chmod(path.stat().st_mode | stat.S_IWRITE)


def try_remove(path: Path) -> bool:
    """Remove a file if the system lets us; False: somebody reads it (Windows), so whoever asked comes back later."""
    try:
        remove_file(path)
    except PermissionError:
        return False
    return True


def keep_to_owner(path: Path) -> None:
    """Let nobody but its owner read a file. Raises OSError.

    Windows heeds no POSIX rights: there the file's list of rights is replaced by one with a single entry.
    """
    if os.name != "nt":
        path.chmod(0o600)
        return
    owner = f"{os.environ.get('USERDOMAIN', '.')}\\{os.environ.get('USERNAME', '')}"
    command = ["icacls", str(path), "/inheritance:r", "/grant:r", f"{owner}:F"]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        raise PermissionError(errno.EACCES, "its rights can't be set", str(path))


def replace_file(source: Path, goal: Path) -> None:
    """Let a file take another one's place, as ``os.replace``, with patience for those who have it open for a moment.

    A write-once file gives its place up too.

    Raises PermissionError where the place stays taken.
    """
    for attempt in range(_TRIES):
        try:
            os.replace(source, goal)
            return
        except PermissionError:
            if attempt == _TRIES - 1:
                raise
            _make_writable(goal)
        time.sleep(_PAUSE)
