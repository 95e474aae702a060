"""Sandbox for decoders: a hostile file that takes over a worker reaches no network, no secret and
no other file.

On Linux a worker irrevocably drops rights before it opens anything, without set-up and without root
(landlock(7), seccomp(2)): it writes only to its output folders, reads no hidden files of the home
folder and nothing of the gathering but media, starts no program, opens no socket, and signals
nobody. Older kernels support fewer of these, other systems none: ``support`` tells which, and
``reporter doctor`` reports it. No maintained library for this has wheels, so the system calls are
made here.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from capture.isolation import syscall_filter

# landlock.h; the system call numbers are the same on every processor.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
# By the Landlock version that introduced them: everything up to bit 12, moving between folders,
# truncating, devices.
_HANDLED = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_TRUNCATE = 1 << 14
_READ = _READ_FILE | _READ_DIR
_FOR_FILES = _READ_FILE | _WRITE_FILE | _EXECUTE | _TRUNCATE
# No TCP at all (version 4); no signals or abstract sockets to outside processes (version 6).
_TCP, _SCOPES = 3, 3
_PR_SET_NO_NEW_PRIVS = 38
_MOST_ENTRIES = 4096


@dataclass(frozen=True)
class Sandbox:
    """Folders that a worker may write to, and what it may not read, except for ``read`` below
    it."""

    write: tuple[Path, ...]
    hidden: tuple[Path, ...] = ()
    read: tuple[Path, ...] = ()
    # For temporary files; one of the writable folders.
    scratch: Path | None = None


@dataclass(frozen=True)
class Support:
    """What this system supports: the version of Landlock (0: none), and whether system calls can
    be filtered."""

    landlock: int
    filters: bool


def support() -> Support:
    """Detect what would protect a worker here; changes nothing."""
    if not sys.platform.startswith("linux"):
        return Support(0, filters=False)
    libc = _libc()
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    filters = syscall_filter.is_available(libc, platform.machine())
    return Support(max(0, version), filters=filters)


def private_files(home: Path, secrets: Path) -> tuple[Path, ...]:
    """Files that decoders must not read: hidden entries of the home folder (keys, browsers) and the
    secrets folder.

    Those that contain the program itself stay readable.
    """
    places = {Path(one).resolve() for one in (sys.prefix, sys.base_prefix, *sys.path) if one}
    own = places.union(*(place.parents for place in places))
    hidden = [one for one in _entries(home) if one.name.startswith(".")]
    return tuple(one for one in (*hidden, secrets) if one not in own)


def enter(sandbox: Sandbox | None) -> None:
    """Drop the calling process's rights, as far as this system supports it; does nothing where it
    can't.

    Raises OSError if the kernel has Landlock or filters but refuses them: then no file must be
    opened.
    """
    able = support()
    if not able.landlock and not able.filters:
        return
    _check(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if sandbox is not None:
        if sandbox.scratch is not None:
            tempfile.tempdir = str(sandbox.scratch)
        if able.landlock:
            _enter_landlock(sandbox, able.landlock)
    if able.filters:
        syscall_filter.install(_libc(), platform.machine())


def _enter_landlock(sandbox: Sandbox, version: int) -> None:
    handled = sum(bits for since, bits in _HANDLED if version >= since)
    words = [handled, *([_TCP] if version >= 4 else []), *([_SCOPES] if version >= 6 else [])]
    wanted = struct.pack(f"={len(words)}Q", *words)
    ruleset = _check(_libc().syscall(_CREATE_RULESET, wanted, len(wanted), 0))
    try:
        hidden = {one.resolve() for one in sandbox.hidden}
        for path in (*_readable(Path("/"), hidden), *sandbox.read):
            _allow(ruleset, path, _READ)
        for path in (*sandbox.write, Path("/dev/null")):
            _allow(ruleset, path, handled & ~_EXECUTE)
        _check(_libc().syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)


def _readable(path: Path, hidden: set[Path]) -> Iterator[Path]:
    """Yield ``path`` itself or, where something below it is hidden, its other entries."""
    if path in hidden:
        return
    if not any(path in one.parents for one in hidden):
        yield path
        return
    for entry in _entries(path):
        # The target of a link is granted, or not, at its own location.
        if not entry.is_symlink():
            yield from _readable(entry, hidden)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())[:_MOST_ENTRIES]
    except OSError:
        return []


def _allow(ruleset: int, path: Path, access: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        # Missing, or not ours to open: then nothing is granted.
        return
    try:
        rights = access if path.is_dir() else access & _FOR_FILES
        rule = struct.pack("=Qi", rights, handle)
        _check(_libc().syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0))
    finally:
        os.close(handle)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno() or errno.EPERM
        raise OSError(number, f"decoders can't be kept apart: {os.strerror(number)}")
    return result
