"""A disk that remembers every block write and every flush, in their order: for power cuts below the kernel.

The kernel's own tool for this (dm-log-writes, https://docs.kernel.org/admin-guide/device-mapper/log-writes.html) needs
the device mapper, which many machines and containers lack. Here one file is served over FUSE, straight from
/dev/fuse (structures: linux/fuse.h, protocol 7.31), and a loop device makes a block device of it: what the file system
above writes comes as WRITE, its barriers as FSYNC. Needs root, /dev/fuse and a loop device.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import stat
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE = 1, 2, 3, 4, 14, 15, 16
STATFS, RELEASE, FSYNC, FLUSH, INIT, DESTROY, BATCH_FORGET = 17, 18, 20, 25, 26, 38, 42
_SILENT = (FORGET, BATCH_FORGET)
_ROOT, _FILE = 1, 2
_NAME = b"disk.img"
_BIG_WRITES, _MAX_PAGES = 1 << 5, 1 << 22
_MAX_WRITE = 128 << 10
_FOR_LONG = 3600


@dataclass(frozen=True)
class BlockWrite:
    """Bytes that the file system wrote at a place of the disk."""

    offset: int
    data: bytes


# None stands for a flush: all that was written before it is on the disk for good.
Entry = BlockWrite | None


def can_record() -> str:
    """Why no disk can be recorded here; '' where it can."""
    if os.geteuid() != 0:
        return "only root can mount"
    if not os.path.exists("/dev/fuse") or not os.path.exists("/dev/loop-control"):
        return "there is no /dev/fuse or no loop device"
    lacking = [name for name in ("mkfs.ext4", "mount", "umount") if not shutil.which(name)]
    return f"there is no {lacking[0]}" if lacking else ""


class RecordingDisk:
    """The served file: its content, and everything that was written to it."""

    def __init__(self, image: bytearray) -> None:
        self.image = image
        self.log: list[Entry] = []
        self._device = os.open("/dev/fuse", os.O_RDWR)

    def mount(self, at: Path) -> None:
        """Serve the file ``disk.img`` in a folder, from a thread. Raises OSError."""
        options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"recorder", bytes(at), b"fuse", 0, options.encode()):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(at))
        threading.Thread(target=self._serve, name="recording disk", daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                request = os.read(self._device, 1 << 20)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    continue
                os.close(self._device)
                return
            _length, code, unique, node = struct.unpack_from("<IIQQ", request)
            if code in _SILENT:
                continue
            number, body = 0, b""
            try:
                body = self._answer(code, node, request[40:])
            except OSError as failure:
                number = -(failure.errno or errno.EIO)
            os.write(self._device, struct.pack("<IiQ", 16 + len(body), number, unique) + body)

    def _answer(self, code: int, node: int, body: bytes) -> bytes:
        if code == WRITE:
            return self._write(body)
        if code == READ:
            _handle, offset, size = struct.unpack_from("<QQI", body)
            return bytes(self.image[offset : offset + size])
        if code == FSYNC:
            self.log.append(None)
            return b""
        return self._answer_about(code, node, body)

    def _write(self, body: bytes) -> bytes:
        _handle, offset, size = struct.unpack_from("<QQI", body)
        data = body[40 : 40 + size]
        self.log.append(BlockWrite(offset, data))
        self.image[offset : offset + size] = data
        return struct.pack("<II", size, 0)

    def _answer_about(self, code: int, node: int, body: bytes) -> bytes:
        if code == INIT:
            flags = _BIG_WRITES | _MAX_PAGES
            sizes = (0, 0, _MAX_WRITE, 1, _MAX_WRITE // 4096, 0, 0)
            return struct.pack("<IIIIHHIIHHI28x", 7, 31, _MAX_WRITE, flags, *sizes)
        if code == LOOKUP:
            if body.rstrip(b"\0") != _NAME:
                raise FileNotFoundError(errno.ENOENT, "no such file")
            return struct.pack("<QQQQII", _FILE, 0, _FOR_LONG, _FOR_LONG, 0, 0) + self._about(_FILE)
        if code in (GETATTR, SETATTR):
            return struct.pack("<QII", _FOR_LONG, 0, 0) + self._about(node)
        if code == OPEN:
            return struct.pack("<QII", 1, 0, 0)
        if code in (FLUSH, RELEASE, DESTROY):
            return b""
        raise OSError(errno.ENOSYS, "not served")

    def _about(self, node: int) -> bytes:
        size = len(self.image) if node == _FILE else 0
        mode = stat.S_IFREG | 0o600 if node == _FILE else stat.S_IFDIR | 0o700
        return struct.pack("<QQQ24x12xIIIIIII", node, size, size // 512, mode, 1, 0, 0, 0, 4096, 0)


@contextmanager
def recorded(folder: Path, *, megabytes: int) -> Iterator[tuple[RecordingDisk, bytes, Path]]:
    """(disk, what was on it in the beginning, where its empty ext4 is mounted)."""
    image = folder / "empty.img"
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(
        ["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image)], check=True
    )
    begin = image.read_bytes()
    image.unlink()
    served, mounted = folder / "served", folder / "mounted"
    served.mkdir()
    mounted.mkdir()
    disk = RecordingDisk(bytearray(begin))
    disk.mount(served)
    try:
        subprocess.run(
            ["mount", "-o", "loop", str(served / _NAME.decode()), str(mounted)], check=True
        )
        try:
            yield disk, begin, mounted
        finally:
            subprocess.run(["umount", str(mounted)], check=True)
    finally:
        subprocess.run(["umount", str(served)], check=False)


@contextmanager
def after_power_cut(image: bytes | bytearray, folder: Path) -> Iterator[Path]:
    """Mount a disk as it was found after a power cut; the file system repairs itself from its journal."""
    path, at = folder / "cut.img", folder / "cut"
    path.write_bytes(image)
    at.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(path), str(at)], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)
        path.unlink()
