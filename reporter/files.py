"""File operations that differ between operating systems: sync, remove, replace, and read bypassing the cache.

Windows neither removes nor replaces an open file; macOS keeps "synced" data in the drive's cache.
"""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

# Retry times: a virus scanner or an indexer has a new file open for a moment; someone watching a film for minutes.
_TRIES, _PAUSE = 20, 0.05
# fcntl.h of macOS: reads of this file bypass the cache.
_F_NOCACHE = 48


def sync_file(handle: int) -> None:
    """Sync an open file to disk. Raises OSError.

    On macOS ``fsync`` hands the bytes to the drive, which may keep them in its cache; F_FULLFSYNC
    flushes that
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
    except OSError as error:
        # Network drives or USB sticks may not support it: fsync is the best available. Any other error is one of the
        # disk, which is told once: the fsync after it would succeed.
        if error.errno not in (errno.ENOTSUP, errno.EINVAL, errno.ENOTTY):
            raise
        return False
    return True


def sync_folder(path: Path) -> None:
    """Sync a folder's entries to disk (POSIX; Windows has no such call and needs none for a rename)."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        sync_file(handle)
    finally:
        os.close(handle)


def forget_cache(handle: int) -> None:
    """Make the next reads of a synced, open file come from the disk instead of memory, where the system supports it."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        return
    try:
        import fcntl

        fcntl.fcntl(handle, _F_NOCACHE, 1)
    except (ImportError, OSError):
        # Not available on Windows; if a drive does not support it, reads may come from the cache.
        return


def wait_for_lock(handle: int) -> None:
    """Lock an open file for this handle alone, which may take as long as another has it. Closing the handle unlocks it.

    Raises OSError; on Windows after ten seconds.
    """
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)


def remove_file(path: Path) -> None:
    """Remove a file, even if write-once (Windows refuses those until they are writable); a missing
    file is not an error.

    Raises PermissionError if Windows keeps the file because it is being read: see ``try_remove``.
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
    """Remove a file if possible; False if it is being read (Windows), so that the caller retries later."""
    try:
        remove_file(path)
    except PermissionError:
        return False
    return True


def keep_to_owner(path: Path) -> None:
    """Make a file readable by its owner only. Raises OSError.

    Windows ignores POSIX permissions: there the file's access control list is replaced by one with
    a single entry.
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
    """Replace a file by another, like ``os.replace``, retrying while others have it open for a moment.

    Replaces write-once files too.

    Raises PermissionError if the target stays in use.
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
