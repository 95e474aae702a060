"""Which dropped files are sent, and which together: rules that need no browser, in Node.js."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from capture.decoding.format_names import KINDS_BY_NAME

SCRIPT = Path(__file__).parents[3] / "static" / "js" / "desk" / "dropped-files.js"
# (name with its folders, seconds, megabytes)
Dropped = tuple[str, float, float]


def run(folder: Path, files: list[Dropped], most: int = 10) -> Any:
    """[names of the files of each takeaway], {name: why it is not sent}."""
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    shutil.copy(SCRIPT, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    made = [
        {
            "folder": name.rpartition("/")[0],
            "file": {
                "name": name.rpartition("/")[2],
                "type": "",
                "lastModified": seconds * 1000,
                "size": megabytes * 1_000_000,
            },
        }
        for name, seconds, megabytes in files
    ]
    script = f"""
    import {{ grouped, queued, sift }} from "./dropped-files.js";
    const kinds = {json.dumps(KINDS_BY_NAME)};
    const {{ wanted, left }} = sift({json.dumps(made)}, kinds);
    const names = grouped(wanted, kinds, {most}).map((shot) => shot.map((one) => one.file.name));
    let count = 0;
    const numbers = queued(wanted, kinds, {most}, () => (count += 1)).map((one) => one.number);
    const together = names.flatMap((shot, at) => shot.map(() => at + 1));
    if (String(numbers) !== String(together)) throw new Error(`${{numbers}}, not ${{together}}`);
    console.log(JSON.stringify([names, Object.fromEntries(left.map((one) => [one.name, one.why]))]));
    """
    (folder / "test.js").write_text(script, encoding="utf-8")
    done = subprocess.run(
        ["node", folder / "test.js"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_programs_add_to_the_names_of_live_photos(tmp_path: Path) -> None:
    files: list[Dropped] = [
        ("a/IMG_0001.HEIC", 0, 2),
        ("a/IMG_0001_HEVC.MOV", 0, 3),
        ("a/IMG_0002.heic", 0, 2),
        ("a/IMG_0002.HEIC.MOV", 0, 3),
        ("a/PXL_2026_1.MP.jpg", 0, 2),
        ("a/PXL_2026_1.mp4", 0, 3),
    ]
    names, _left = run(tmp_path, files)
    assert [len(shot) for shot in names] == [2, 2, 2]


def test_files_of_one_shot_go_to_one_takeaway(tmp_path: Path) -> None:
    files: list[Dropped] = [
        ("a/IMG_0001.MOV", 0, 3),
        ("a/IMG_0001.HEIC", 1, 2),
        ("b/IMG_0001.HEIC", 1, 2),
        ("a/PXL_1.RAW-02.ORIGINAL.dng", 0, 20),
        ("a/PXL_1.RAW-01.COVER.jpg", 0, 3),
        ("a/DSC_0007.WAV", 90, 1),
        ("a/DSC_0007.NEF", 0, 30),
        ("a/DSC_0007.JPG", 0, 8),
        ("g/GX020042.MP4", 600, 4000),
        ("g/GX010042.MP4", 0, 4000),
        ("BPAV/CLPR/632_0001_02/632_0001_02.MP4", 600, 4000),
        ("BPAV/CLPR/632_0001_01/632_0001_01.MP4", 0, 4000),
        ("i/VID_20261205_093000_10_001.insv", 0, 300),
        ("i/VID_20261205_093000_00_001.insv", 0, 300),
        # Only the name is the same.
        ("c/IMG_0009.JPG", 0, 3),
        ("c/IMG_0009.MOV", 90_000, 3),
        ("c/1.mp3", 0, 3),
        ("c/1.wav", 0, 3),
    ]
    names, left = run(tmp_path, files)
    assert left == {}
    assert names == [
        ["IMG_0001.HEIC", "IMG_0001.MOV"],
        ["IMG_0001.HEIC"],
        ["PXL_1.RAW-01.COVER.jpg", "PXL_1.RAW-02.ORIGINAL.dng"],
        ["DSC_0007.JPG", "DSC_0007.NEF", "DSC_0007.WAV"],
        ["GX010042.MP4", "GX020042.MP4"],
        ["632_0001_01.MP4", "632_0001_02.MP4"],
        ["VID_20261205_093000_00_001.insv", "VID_20261205_093000_10_001.insv"],
        ["IMG_0009.JPG"],
        ["IMG_0009.MOV"],
        ["1.mp3"],
        ["1.wav"],
    ]


def test_a_takeaway_gets_no_more_files_than_it_holds(tmp_path: Path) -> None:
    files: list[Dropped] = [(f"GX{n:02}0042.MP4", n, 4000) for n in range(1, 8)]
    assert [len(shot) for shot in run(tmp_path, files, most=3)[0]] == [3, 3, 1]


def test_what_is_not_sent_is_named(tmp_path: Path) -> None:
    """Formats that browsers don't know are sent, as are files without an extension."""
    sent = ["voice.caf", "voice.aiff", "old.MOD", "scan.jxl", "film.wmv", "IMG_0001", "layout.psd"]
    left = {
        ".DS_Store": "hidden",
        "GX010042.THM": "copy",
        "GL010042.LRV": "copy",
        "IMG_0001.xmp": "other",
        "notes.txt": "other",
    }
    files: list[Dropped] = [(name, 0, 1) for name in (*sent, *left, "GX010042.MP4", "GL990001.LRV")]
    names, reasons = run(tmp_path, files)
    assert [shot[0] for shot in names] == [*sent, "GX010042.MP4", "GL990001.LRV"]
    assert reasons == left
