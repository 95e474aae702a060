"""A gathering lives on a disk of the laptop, where no other program copies it about."""

from __future__ import annotations

import sys
from pathlib import Path, PureWindowsPath

import pytest
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.desktop import place
from kiosk.desktop.place import Fitness, judge

MOUNTINFO = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 8:1 / /media/ana/My\\040stick rw,nosuid shared:7 - exfat /dev/sda1 rw,uid=1000
31 22 0:50 / /mnt/office rw,relatime shared:9 - cifs //server/share rw,vers=3.1.1
32 22 0:51 / /home/ada/remote rw - fuse.sshfs ana@host:/ rw
"""
MACOS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
/dev/disk4s1 on /Volumes/STICK (exfat, local, nodev, nosuid, noowners)
//ana@nas._smb._tcp.local/team on /Volumes/team (smbfs, nodev, nosuid, mounted by ana)
"""


posix_paths = pytest.mark.skipif(sys.platform == "win32", reason="mount points of POSIX systems")


@posix_paths
@pytest.mark.parametrize(
    ("folder", "fitness", "word"),
    [
        ("/home/ada/gathering", Fitness.GOOD, ""),
        ("/media/ana/My stick/gathering", Fitness.CARE, "exfat"),
        ("/mnt/office/gathering", Fitness.UNFIT, "network drive (cifs)"),
        ("/home/ada/remote/gathering", Fitness.UNFIT, "network drive (fuse.sshfs)"),
    ],
)
def test_the_file_system_is_the_reason(
    monkeypatch: pytest.MonkeyPatch, folder: str, fitness: Fitness, word: str
) -> None:
    mounts = place.linux_mounts(MOUNTINFO)
    monkeypatch.setattr(place, "file_system", lambda path: place.file_system_at(path, mounts))
    found = judge(Path(folder))
    assert found.fitness is fitness
    assert word in found.reason
    assert not word or folder in found.reason


@pytest.mark.parametrize(
    ("folder", "service"),
    [
        ("/home/ada/Dropbox/events/gathering", "Dropbox"),
        ("/Users/ada/OneDrive - Club/gathering", "OneDrive"),
        ("/Users/ada/Library/Mobile Documents/x/gathering", "iCloud"),
    ],
)
def test_a_service_that_copies_the_folder_is_the_reason(folder: str, service: str) -> None:
    found = judge(Path(folder))
    assert found.fitness is Fitness.UNFIT
    assert service in found.reason
    assert str(Path(folder).absolute()) in found.reason


@posix_paths
def test_mounts_of_macos_are_read() -> None:
    mounts = place.macos_mounts(MACOS)
    assert place.file_system_at(Path("/Volumes/STICK/gathering"), mounts) == "exfat"
    assert place.file_system_at(Path("/Volumes/team/gathering"), mounts) == "smbfs"
    assert place.file_system_at(Path("/Users/ada/gathering"), mounts) == "apfs"


def test_a_share_of_windows_is_another_machine() -> None:
    assert place.is_share(PureWindowsPath(r"\\server\share\gathering"))
    assert not place.is_share(PureWindowsPath(r"C:\Users\ada\gathering"))


def test_a_folder_that_syncthing_knows_is_refused_for_a_new_gathering(tmp_path: Path) -> None:
    (tmp_path / ".stfolder").mkdir()
    folder = tmp_path / "events" / "gathering"
    done = CliRunner().invoke(main, ["--gathering", str(folder), "new", "Spring"])
    assert done.exit_code == 1
    assert "Syncthing" in done.stderr
    assert not folder.exists()
