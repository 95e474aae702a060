"""Which files of a card make one takeaway, told by names, lengths and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from capture.cards.shot_groups import ShotFile, group_shots

NINE = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
KINDS = {
    "jpg": "photo",
    "heic": "photo",
    "png": "photo",
    "dng": "raw",
    "cr2": "raw",
    "wav": "audio",
}
FULL = 4_290_000_000


def file(
    name: str, at: float = 0, *, seconds: float | None = None, size: int = 1000, stated: bool = True
) -> ShotFile:
    """A file ``at`` seconds after nine."""
    kind = KINDS.get(name.rpartition(".")[2].lower(), "video")
    return ShotFile(name, kind, size, NINE + timedelta(seconds=at), seconds=seconds, stated=stated)


def names(*files: ShotFile) -> list[list[str]]:
    return [[one.name for one in group] for group in group_shots(files)]


@pytest.mark.parametrize(
    "together",
    [
        ["IMG_0001.JPG", "IMG_0001.CR2"],
        ["DCIM/Camera/PXL_1.RAW-01.COVER.jpg", "DCIM/Camera/PXL_1.RAW-02.ORIGINAL.dng"],
        ["PXL_1.RAW-01.MP.COVER.jpg", "PXL_1.RAW-02.ORIGINAL.dng"],
        ["PXL_1.PORTRAIT-01.COVER.jpg", "PXL_1.PORTRAIT-02.ORIGINAL.jpg"],
        ["IMG_0001.HEIC", "IMG_0001.JPG"],
        ["IMG_E0001.HEIC", "IMG_0001.HEIC"],
        ["IMG_E0001.MOV", "IMG_0001.MOV"],
        ["DSC_0001.JPG", "DSC_0001.WAV"],
        ["IMG_0001.JPG", "SND_0001.WAV"],
        ["IMG_0001.JPG", "IMG_0001.CR2", "SND_0001.WAV"],
        ["DSC_0001.JPG", "DSC_0001.CR2", "DSC_0001.WAV"],
        ["A.CR2", "a.dng"],
        # Tracks of a sound recorder, the mix first.
        ["ZOOM0001/ZOOM0001_LR.WAV", "ZOOM0001/ZOOM0001_Tr1.WAV", "ZOOM0001/ZOOM0001_Tr2.WAV"],
        ["240312_001_TrLR.WAV", "240312_001_TrMic1.WAV"],
        # A film and its sound on a P2 card.
        [
            "CONTENTS/VIDEO/0001AB.MXF",
            "CONTENTS/AUDIO/0001AB00.MXF",
            "CONTENTS/AUDIO/0001AB01.MXF",
        ],
        ["TASCAM_0001S12.wav", "TASCAM_0001D06.wav", "TASCAM_0001S34.wav"],
    ],
)
def test_files_of_one_shot(together: list[str]) -> None:
    assert names(*(file(name) for name in reversed(together))) == [together]


def test_a_live_photo_is_its_picture_and_its_film() -> None:
    photo, film = file("IMG_1.HEIC"), file("IMG_1.MOV", 1.5, seconds=2.9)
    assert names(film, photo) == [["IMG_1.HEIC", "IMG_1.MOV"]]
    undated = file("IMG_1.MOV", 90_000, seconds=2.9, stated=False)
    assert names(undated, photo) == [["IMG_1.HEIC", "IMG_1.MOV"]]
    # Its film in UTC, the photo as the wall clock: whole hours apart.
    assert names(file("IMG_1.MOV", 7201, seconds=2.9), photo) == [["IMG_1.HEIC", "IMG_1.MOV"]]


@pytest.mark.parametrize(
    ("photo", "film"),
    [
        # icloudpd, PhotoSync, Google Takeout, converters.
        ("IMG_0001.HEIC", "IMG_0001_HEVC.MOV"),
        ("IMG_0001.heic", "IMG_0001.HEIC.MOV"),
        ("IMG_0001.HEIC.jpg", "IMG_0001.MOV"),
        ("IMG_0001.JPG", "IMG_0001.JPG.mp4"),
        ("PXL_20261128_101112000.MP.jpg", "PXL_20261128_101112000.mp4"),
        ("PXL_20261128_101112000.MP.jpg", "PXL_20261128_101112000.MP.mp4"),
    ],
)
def test_a_program_may_have_added_to_a_live_photos_name(photo: str, film: str) -> None:
    assert names(file(film, 1.5, seconds=2.9), file(photo)) == [[photo, film]]
    assert names(file(film, 1.5, seconds=60), file(photo)) == [[photo], [film]]


@pytest.mark.parametrize(
    "film",
    [
        file("IMG_1.MOV", 1, seconds=61.0),
        file("IMG_1.MOV", 1, seconds=None),
        file("IMG_1.MOV", 400, seconds=2.9),
        file("IMG_1.MOV", 40 * 86_400, seconds=2.9),
        file("other/IMG_1.MOV", 1, seconds=2.9),
        file("IMG_2.MOV", 1, seconds=2.9),
    ],
)
def test_a_film_that_only_has_the_name_of_a_photo_stands_alone(film: ShotFile) -> None:
    assert names(file("IMG_1.HEIC"), film) == [["IMG_1.HEIC"], [film.name]]


@pytest.mark.parametrize(
    "apart",
    [
        ["PXL_1.BURST-01.COVER.jpg", "PXL_1.BURST-02.jpg"],
        ["100FIELD/IMG_0001.JPG", "101FIELD/IMG_0001.CR2"],
        ["garden.mov", "garden.mp4"],
        ["IMG_0001.JPG", "SND_0002.WAV"],
        ["BPAV/CLPR/632_0001_01/632_0001_01.MP4", "BPAV/CLPR/632_0002_01/632_0002_01.MP4"],
        ["films/a_0001_01.mp4", "films/a_0001_02.mp4"],
        ["VID_20261205_093000_00_001.insv", "VID_20261205_093000_00_002.insv"],
    ],
)
def test_files_that_only_look_alike(apart: list[str]) -> None:
    assert names(*(file(name, n) for n, name in enumerate(apart))) == [[name] for name in apart]


@pytest.mark.parametrize(
    "edit", [file("IMG_E0001.JPG", 86400), file("IMG_E0001.JPG", stated=False)]
)
def test_an_iphones_edited_picture_is_the_same_shot_whatever_its_time(edit: ShotFile) -> None:
    found = names(file("IMG_0001.HEIC"), edit, file("IMG_0002.HEIC", -60))
    assert found == [["IMG_0002.HEIC"], ["IMG_E0001.JPG", "IMG_0001.HEIC"]]


def test_two_pictures_of_one_name_and_different_times_are_two() -> None:
    assert names(file("a.jpg"), file("a.png", 60)) == [["a.jpg"], ["a.png"]]
    assert names(file("a.jpg"), file("a.png", 0, stated=False)) == [["a.jpg"], ["a.png"]]


@pytest.mark.parametrize(
    "chapters",
    [
        ["GX010042.MP4", "GX020042.MP4", "GX030042.MP4"],
        ["GH010042.MP4", "GH020042.MP4"],
        ["GOPR0042.MP4", "GP010042.MP4", "GP020042.MP4"],
        ["BPAV/CLPR/632_0001_01/632_0001_01.MP4", "BPAV/CLPR/632_0001_02/632_0001_02.MP4"],
        ["VID_20261205_093000_00_001.insv", "VID_20261205_093000_10_001.insv"],
        ["bpav/clpr/C27_0247_01/C27_0247_01.MP4", "bpav/clpr/C27_0247_02/C27_0247_02.MP4"],
    ],
)
def test_chapters_of_one_recording_are_in_their_order(chapters: list[str]) -> None:
    others = [file("GX010043.MP4", 5), file("GX010043.WAV", 5)]
    found = names(*(file(name) for name in reversed(chapters)), *others)
    assert found == [chapters, ["GX010043.MP4", "GX010043.WAV"]]


@pytest.mark.parametrize(
    "spans",
    [
        ["MVI_0001.MP4", "MVI_0002.MP4", "MVI_0003.MP4"],
        ["00009.MTS", "00010.MTS"],
        ["DJI_20260314100000_0007_D.MP4", "DJI_20260314101000_0008_D.MP4"],
    ],
)
@pytest.mark.parametrize("ends", [False, True])
def test_a_recording_goes_on_in_the_next_file_when_one_is_full(
    spans: list[str], ends: bool
) -> None:
    lengths = [600.0] * (len(spans) - 1) + [45.0]
    starts = [600.0 * n for n in range(len(spans))]
    files = [
        file(name, start + (length if ends else 0), seconds=length, size=FULL if length > 45 else 9)
        for name, start, length in zip(spans, starts, lengths, strict=True)
    ]
    assert names(*files) == [spans]


@pytest.mark.parametrize(
    "after",
    [
        file("MVI_0003.MP4", 600, seconds=600),
        file("MVI_0002.MOV", 600, seconds=600),
        file("MVI_0002.MP4", 700, seconds=600),
        file("100/MVI_0002.MP4", 600, seconds=600),
    ],
)
def test_the_next_recording_is_another_one(after: ShotFile) -> None:
    assert len(names(file("MVI_0001.MP4", seconds=600, size=FULL), after)) == 2


def test_a_file_that_was_not_full_ended() -> None:
    one = file("MVI_0001.MP4", seconds=60, size=400_000_000)
    assert len(names(one, file("MVI_0002.MP4", 60, seconds=60))) == 2


def test_sounds_that_are_no_tracks_of_one_recording_stand_alone() -> None:
    loose = [["240312_0001.WAV"], ["240312_0002.WAV"]]
    assert names(*(file(one) for (one,) in loose)) == loose
    short, long = file("Z_LR.WAV", seconds=60), file("Z_Tr1.WAV", seconds=600)
    assert names(short, long) == [["Z_LR.WAV"], ["Z_Tr1.WAV"]]


def test_a_sound_goes_on_in_the_next_file_of_a_full_recorder() -> None:
    full = file("DR0000_0001.wav", seconds=7200, size=2_147_000_000)
    after = file("DR0000_0002.wav", 7200, seconds=600)
    assert names(after, full) == [["DR0000_0001.wav", "DR0000_0002.wav"]]
    assert names(file("DR0000_0002.wav", 9000, seconds=600), full) == [
        ["DR0000_0001.wav"],
        ["DR0000_0002.wav"],
    ]
