"""Whether a folder is a place for a gathering: on a disk of this laptop, which no other program copies about."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Any

from reporter.errors import ConfigError
from reporter.messages import N_, Message


class Fitness(StrEnum):
    """How fit a place is: good, usable with care, or not to be used for a new gathering."""

    GOOD = "good"
    CARE = "care"
    UNFIT = "unfit"


@dataclass(frozen=True)
class FolderCheck:
    """What was found out about a folder; ``template`` and ``details`` say why it isn't good."""

    fitness: Fitness
    template: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> Message:
        """Why it isn't good, as a sentence."""
        return Message(self.template, **self.details)


NETWORK = N_(
    "%(folder)s is on a network drive (%(what)s). The database needs a disk of this laptop: over a network two "
    "programs can write at once, and an evening is lost with the connection. Choose a folder on this laptop."
)
SYNCED = N_(
    "%(folder)s is copied to the internet by %(what)s. It would take half-written files and bring old ones back, and "
    "what people record would leave this laptop without being asked. Choose a folder outside of it."
)
STICK = N_(
    "%(folder)s is on a disk formatted as %(what)s, as sticks and cameras' cards are: a disk pulled out or a power cut "
    "may damage it, and anybody may read it. Better: a folder on this laptop, and a backup on the stick."
)
# Names that programs give to the folder whose content they copy, and the files by which they know it.
_SYNCED_NAMES = {
    "dropbox": "Dropbox",
    "google drive": "Google Drive",
    "my drive": "Google Drive",
    "googledrive": "Google Drive",
    "mobile documents": "iCloud",
    "iclouddrive": "iCloud",
    "nextcloud": "Nextcloud",
    "owncloud": "ownCloud",
    "pcloud drive": "pCloud",
    "cloudstorage": "a cloud drive",
}
_SYNCED_MARKS = {
    ".dropbox.cache": "Dropbox",
    ".stfolder": "Syncthing",
    ".nextcloudsync.log": "Nextcloud",
    ".owncloudsync.log": "ownCloud",
}
_NETWORK = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "davfs", "ceph", "glusterfs"),
        *("fuse.sshfs", "fuse.davfs", "fuse.davfs2", "fuse.rclone", "fuse.gvfsd-fuse"),
    )
)
_STICKS = frozenset(["vfat", "exfat", "msdos", "fat32", "fat", "fuse.exfat"])


def judge(folder: Path) -> FolderCheck:
    """What speaks against a folder, which need not exist yet. Unknown file systems are taken to be good."""
    folder = folder.expanduser().absolute()
    kind = file_system(folder)
    if kind in _NETWORK:
        return _place(Fitness.UNFIT, NETWORK, folder, kind)
    if by := synced_by(folder):
        return _place(Fitness.UNFIT, SYNCED, folder, by)
    if kind in _STICKS:
        return _place(Fitness.CARE, STICK, folder, kind)
    return FolderCheck(Fitness.GOOD)


def need_fit_place(folder: Path) -> FolderCheck:
    """As ``judge``, for a new gathering; raises ConfigError where the place is unfit."""
    place = judge(folder)
    if place.fitness is Fitness.UNFIT:
        raise ConfigError(place.template, **place.details)
    return place


def _place(fitness: Fitness, template: str, folder: Path, what: str) -> FolderCheck:
    return FolderCheck(fitness, template, {"folder": str(folder), "what": what})


def synced_by(folder: Path) -> str:
    """Which program copies this folder to other machines; '' if none is known to."""
    for parent in (folder, *folder.parents):
        name = parent.name.lower()
        if name.startswith("onedrive"):
            return "OneDrive"
        if name in _SYNCED_NAMES:
            return _SYNCED_NAMES[name]
        found = next((by for mark, by in _SYNCED_MARKS.items() if (parent / mark).exists()), "")
        if found:
            return found
    return ""


def file_system(folder: Path) -> str:
    """The file system that a folder is (or will be) on, in lower letters as the system names it; '' if it won't say."""
    if sys.platform == "win32":
        return _windows_file_system(folder)
    if sys.platform == "darwin":
        listing = subprocess.run(
            ["/sbin/mount"], capture_output=True, text=True, check=False
        ).stdout
        return file_system_at(folder, macos_mounts(listing))
    try:
        listing = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return file_system_at(Path(os.path.realpath(folder)), linux_mounts(listing))


def linux_mounts(mountinfo: str) -> dict[str, str]:
    """Mount points and their file systems, from /proc/self/mountinfo (proc(5)); the last one at a point holds."""
    mounts = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        if after:
            point = before.split(" ")[4].replace("\\040", " ")
            mounts[point] = after.split(" ")[0].lower()
    return mounts


def macos_mounts(listing: str) -> dict[str, str]:
    """Mount points and their file systems, from ``mount``: ``/dev/disk4s1 on /Volumes/STICK (exfat, local, …)``."""
    mounts = {}
    for line in listing.splitlines():
        where, _, options = line.partition(" on ")[2].rpartition(" (")
        mounts[where] = options.rstrip(")").split(",")[0].lower()
    return mounts


def file_system_at(folder: Path, mounts: Mapping[str, str]) -> str:
    """The file system of the mount point next above a folder; '' if none is known."""
    above = [str(folder), *map(str, folder.parents)]
    return next((mounts[point] for point in above if point in mounts), "")


def is_share(path: PurePath) -> bool:
    """Whether a path of Windows names another machine: ``\\\\server\\share``."""
    return path.drive.startswith("\\\\")


if sys.platform == "win32":
    import ctypes

    _REMOTE = 4

    def _windows_file_system(folder: Path) -> str:
        if is_share(folder):
            return "smbfs"
        root = f"{folder.drive}\\"
        kernel = ctypes.WinDLL("kernel32")
        if kernel.GetDriveTypeW(ctypes.c_wchar_p(root)) == _REMOTE:
            return "smbfs"
        name = ctypes.create_unicode_buffer(64)
        nothing = None
        kernel.GetVolumeInformationW(
            ctypes.c_wchar_p(root), nothing, 0, nothing, nothing, nothing, name, len(name)
        )
        return name.value.lower()
