"""Which files of a card or a phone are read, and why the others are left."""

from __future__ import annotations

from pathlib import Path

import pytest

from capture.cards.scan import scan
from capture.cards.sidecars import SINGLE_TRACK, THUMBNAIL
from tests.support.media import files

NOTED = "A hidden file or folder, which computers leave on cards."
SYSTEM = "A folder of the computer or the camera itself, without recordings."
COPY = "The camera's small copy of a film; the film itself is on the card."


def tree(root: Path, *names: str) -> Path:
    """A card of small photos and films; a name that ends in .nomedia is an empty file."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".nomedia"):
            path.touch()
        else:
            source = files.jpeg() if path.suffix == ".jpg" else files.mp4(0.6)
            path.write_bytes(source.read_bytes())
    return root


def scanned(root: Path) -> tuple[list[str], dict[str, str]]:
    found = scan(root)
    return [one.name for one in found.found], {one.name: str(one.reason) for one in found.skipped}


def test_folders_that_a_phones_owner_hides_are_named_and_left(tmp_path: Path) -> None:
    root = tree(tmp_path, "Pictures/Private/.nomedia", "Pictures/Private/sub/a.jpg", "b.jpg")
    assert scanned(root) == (["b.jpg"], {"Pictures/Private/": NOTED})


@pytest.mark.parametrize("marked", ["DCIM", "DCIM/Camera", "dcim/100ANDRO"])
def test_camera_folders_are_read_whatever_an_app_left_there(marked: str, tmp_path: Path) -> None:
    root = tree(tmp_path, f"{marked}/.nomedia", f"{marked}/a.jpg")
    assert scanned(root) == ([f"{marked}/a.jpg"], {f"{marked}/.nomedia": NOTED})


def test_what_apps_keep_for_themselves_is_left(tmp_path: Path) -> None:
    media = "Android/media/org.example/Pictures/b.jpg"
    root = tree(tmp_path, "Android/data/org.example/cache/a.jpg", media, "Data/c.jpg")
    assert scanned(root) == ([media, "Data/c.jpg"], {"Android/data/": SYSTEM})


@pytest.mark.parametrize(
    ("copy", "film"),
    [
        ("LRV_20261224_101112_01_001.lrv", "VID_20261224_101112_00_001.insv"),
        ("LRV_20261224_101112_11_003.lrv", "VID_20261224_101112_00_003.mp4"),
        ("PRO_LRV_20261224_101112_01_005.mp4", "PRO_VID_20261224_101112_00_005.mp4"),
    ],
)
def test_an_insta360s_small_copy_is_left_only_where_its_film_is(
    copy: str, film: str, tmp_path: Path
) -> None:
    whole = tree(tmp_path / "whole", f"DCIM/Camera01/{copy}", f"DCIM/Camera01/{film}")
    assert scanned(whole) == ([f"DCIM/Camera01/{film}"], {f"DCIM/Camera01/{copy}": COPY})
    alone = tree(tmp_path / "alone", f"DCIM/Camera01/{copy}")
    assert scanned(alone) == ([f"DCIM/Camera01/{copy}"], {})


def test_tracks_of_a_recorder_are_left_only_beside_their_mix(tmp_path: Path) -> None:
    folder = "FOLDER01/ZOOM0001/ZOOM0001"
    tracks = [f"{folder}_Tr1.WAV", f"{folder}_TrMic.WAV", f"{folder}_Tr1-0002.WAV"]
    mixes = [f"{folder}_TrLR-0002.WAV", f"{folder}_TrLR.WAV"]
    whole = tree(tmp_path / "whole", *tracks, *mixes)
    assert scanned(whole) == (mixes, dict.fromkeys(tracks, str(SINGLE_TRACK)))
    alone = tree(tmp_path / "alone", *tracks)
    assert sorted(scanned(alone)[0]) == sorted(tracks)


def test_small_pictures_of_a_drone_are_left(tmp_path: Path) -> None:
    root = tree(tmp_path, "MISC/THM/100/DJI_0001.SCR", "DCIM/100MEDIA/DJI_0001.MP4")
    assert scanned(root) == (
        ["DCIM/100MEDIA/DJI_0001.MP4"],
        {"MISC/THM/100/DJI_0001.SCR": str(THUMBNAIL)},
    )
