"""Reading QR codes: real phone photos, scenes made here, and files that are none."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import qrcode
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from capture.codes.qr_reader import Code, read_codes
from capture.codes.qr_writer import qr_matrix, session_url
from reporter.codes import make_code
from reporter.errors import BadInput

REAL = Path(__file__).parents[3] / ".." / "shared" / "data" / "qr"
needs_real_photos = pytest.mark.skipif(
    not REAL.is_dir(), reason="the real photos (../shared/data/qr) are not on this machine"
)
Picture = NDArray[np.uint8]


def url(seed: int) -> str:
    return session_url("http://192.168.4.1:8000", make_code(random.Random(seed)))


def card(text: str, module: int = 8) -> Picture:
    """A code with its white border, ``module`` pixels a module."""
    black = np.pad(np.array(qr_matrix(text)), 4)
    large = np.kron(np.where(black, 0, 255), np.ones((module, module)))
    return large.astype(np.uint8)


def pasted(size: tuple[int, int], *cards: tuple[Picture, int, int]) -> Picture:
    """A grey picture (width, height) with cards at (x, y)."""
    scene = np.full((size[1], size[0]), 150, np.uint8)
    for picture, x, y in cards:
        scene[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return scene


def hard_scene(seed: int) -> tuple[str, Picture]:
    """A small code, seen aslant, unsharp, dim and noisy, on a blotchy wall."""
    rng = np.random.default_rng(seed)
    text, side = url(seed), int(rng.integers(60, 160))
    flat = card(text)
    wall = cv2.GaussianBlur(rng.integers(60, 200, (700, 900)).astype(np.uint8), (0, 0), 5)
    x, y = rng.uniform(50, 850 - side * 1.5), rng.uniform(50, 650 - side * 1.5)
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    aslant = square * side + [x, y] + rng.uniform(-0.22 * side, 0.22 * side, (4, 2))
    view = cv2.getPerspectiveTransform(
        (square * len(flat)).astype(np.float32), aslant.astype(np.float32)
    )
    seen = cv2.warpPerspective(flat, view, (900, 700), flags=cv2.INTER_AREA)
    where = cv2.warpPerspective(np.full_like(flat, 255), view, (900, 700)) > 0
    soft = cv2.GaussianBlur(np.where(where, seen, wall), (0, 0), rng.uniform(0.6, 3))
    noise = rng.normal(0, rng.uniform(1, 12), soft.shape)
    return text, np.clip(soft * rng.uniform(0.4, 1) + noise, 0, 255).astype(np.uint8)


def texts(codes: list[Code]) -> list[str]:
    return [code.text for code in codes]


# The real photos.


@needs_real_photos
def test_real_photos_in_four_rotations(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for path in sorted(REAL.glob("set-*/*.png")):
        expected = path.with_suffix(".txt").read_bytes().decode()
        upright = cv2.imread(str(path))
        assert upright is not None
        for turns in range(4):
            picture = np.ascontiguousarray(np.rot90(upright, turns)).astype(np.uint8)
            alone = [code.text for code in zxingcpp.read_barcodes(picture)]
            counts["pictures"] += 1
            counts["zxing-cpp alone"] += alone == [expected]
            read = texts(read_codes(picture))
            counts["read_codes"] += read == [expected]
            wrong += [f"{path.name}, {turns}: {text}" for text in read if text != expected]
    with capsys.disabled():
        print(f"\n{dict(counts)}, wrong: {len(wrong)}")
    assert counts["pictures"] == 77 * 4
    assert wrong == []
    assert counts["read_codes"] >= 0.97 * counts["zxing-cpp alone"]


@needs_real_photos
def test_the_same_from_the_files() -> None:
    paths = sorted(REAL.glob("set-*/*.png"))
    read = [texts(read_codes(path)) for path in paths]
    expected = [[path.with_suffix(".txt").read_bytes().decode()] for path in paths]
    assert sum(a == b for a, b in zip(read, expected, strict=True)) >= 75


# Where a code is.


@pytest.mark.parametrize("turns", range(4))
def test_corners_follow_the_code_however_it_lies(turns: int) -> None:
    scene = pasted((800, 600), (card(url(1)), 100, 50))
    (code,) = read_codes(np.ascontiguousarray(np.rot90(scene, turns)))
    # The code without its border: 25 modules of 8 pixels, 4 modules in.
    left, top, side = 100 + 32, 50 + 32, 25 * 8
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    corners = square * float(side) + np.array([left, top])
    for turn in range(turns):  # a quarter turn to the left: (x, y) goes to (y, width - x)
        width = (800, 600)[turn % 2]
        corners = np.column_stack([corners[:, 1], width - corners[:, 0]])
    assert code.corners.shape == (4, 2)
    assert code.corners == pytest.approx(corners, abs=4)
    assert code.width == pytest.approx(side / (800, 600)[turns % 2], abs=0.01)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_file_is_turned_as_its_exif_says(tmp_path: Path, orientation: int) -> None:
    upright = pasted((800, 600), (card(url(2)), 100, 50))
    turns = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]  # how the sensor lay when it was taken
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.jpg"
    Image.fromarray(np.rot90(upright, turns)).save(path, quality=90, exif=exif)
    (code,) = read_codes(path)
    (expected,) = read_codes(upright)
    assert code.text == url(2)
    assert code.corners == pytest.approx(expected.corners, abs=2)
    assert code.width == pytest.approx(expected.width, abs=0.01)


def test_every_code_of_a_picture_is_read_once_from_left_to_right() -> None:
    small, large = card(url(3), 2), card(url(4), 9)
    scene = pasted((2400, 900), (large, 1700, 100), (small, 50, 60), (small, 600, 700))
    codes = read_codes(scene)
    assert texts(codes) == [url(3), url(3), url(4)]
    assert [round(code.width * 2400) for code in codes] == pytest.approx([50, 50, 225], abs=4)
    assert codes[1].corners.mean(axis=0) == pytest.approx([600 + 33, 700 + 33], abs=3)


def test_a_small_picture_is_read_once_if_a_code_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[int, ...]] = []

    def counted(picture: Picture, **more: Any) -> Any:
        read.append(picture.shape)
        return zxing(picture, **more)

    zxing = zxingcpp.read_barcodes
    monkeypatch.setattr(zxingcpp, "read_barcodes", counted)
    small = pasted((320, 240), (card(url(3), 4), 60, 40))
    assert texts(read_codes(small, thorough=False)) == [url(3)]
    assert read == [(240, 320)]
    two = pasted((320, 240), (card(url(3), 4), 5, 40), (card(url(4), 4), 160, 40))
    assert texts(read_codes(two, thorough=False)) == texts(read_codes(two)) == [url(3), url(4)]


def test_a_small_noisy_picture_is_read_at_half_size_too() -> None:
    rng = np.random.default_rng(3)
    clean = pasted((380, 380), (card(url(3), 8), 50, 50))
    noisy = [
        np.clip(clean + rng.normal(0, 45, clean.shape), 0, 255).astype(np.uint8)
        for _try in range(20)
    ]
    whole = sum(bool(zxingcpp.read_barcodes(picture)) for picture in noisy)
    ours = sum(texts(read_codes(picture, thorough=False)) == [url(3)] for picture in noisy)
    assert ours > whole


def test_colour_channels_in_any_order_and_grey() -> None:
    grey = pasted((500, 500), (card(url(5)), 80, 80))
    rgb = np.dstack([grey, grey // 2, grey // 3])
    for picture in (grey, rgb, rgb[:, :, ::-1], np.dstack([rgb, np.full_like(grey, 255)])):
        assert texts(read_codes(picture)) == [url(5)]
    assert texts(read_codes(255 - grey)) == [url(5)]


@pytest.mark.parametrize("share", [0.1, 0.2])
def test_a_card_of_a_tenth_of_a_12_megapixel_photo_is_found(tmp_path: Path, share: float) -> None:
    found = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        side = int(4000 * share)
        small = cv2.resize(card(url(seed)), (side, side), interpolation=cv2.INTER_AREA)
        scene = pasted((4000, 3000), (np.asarray(small, np.uint8), 300 + 500 * seed, 900))
        noisy = cv2.GaussianBlur(scene, (0, 0), 1.5) * 0.7 + rng.normal(0, 9, scene.shape)
        path = tmp_path / f"{seed}.jpg"
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(path, quality=80)
        found += texts(read_codes(path)) == [url(seed)]
    assert found == 4


# The last rung.


def test_the_last_rung_reads_more_and_never_wrongly(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    for seed in range(60):
        text, scene = hard_scene(seed)
        quick, all_rungs = (
            texts(read_codes(scene, thorough=thorough)) for thorough in (False, True)
        )
        assert set(quick) | set(all_rungs) <= {text}
        assert set(quick) <= set(all_rungs)
        counts["quick"] += quick == [text]
        counts["thorough"] += all_rungs == [text]
    with capsys.disabled():
        print(f"\nhard scenes: 60, {dict(counts)}")
    assert counts["thorough"] >= counts["quick"] + 3


def bytes_card(data: bytes) -> Picture:
    code = qrcode.QRCode(border=4, box_size=6)
    code.add_data(qrcode.util.QRData(data, mode=qrcode.util.MODE_8BIT_BYTE))
    return np.asarray(code.make_image().convert("L"), np.uint8)


@pytest.mark.parametrize("blur", [0.1, 3.2])
def test_bytes_that_are_no_utf8_harm_nobody(blur: float) -> None:
    latin = cv2.GaussianBlur(bytes_card("Grüße aus München".encode("latin-1")), (0, 0), blur)
    assert set(texts(read_codes(np.asarray(latin, np.uint8)))) <= {"Grüße aus München"}
    junk = cv2.GaussianBlur(bytes_card(b"\xff\xfe\x80" + bytes(range(128, 160))), (0, 0), blur)
    assert len(read_codes(np.asarray(junk, np.uint8))) <= 1
    assert texts(read_codes(bytes_card("Grüße".encode("latin-1")))) == ["Grüße"]


def test_pictures_without_a_code_give_none() -> None:
    rng = np.random.default_rng(8)
    checks = np.kron(np.indices((40, 40)).sum(axis=0) % 2 * 255, np.ones((12, 12)))
    for picture in (
        np.full((1, 1), 255, np.uint8),
        np.zeros((3, 4000, 3), np.uint8),
        rng.integers(0, 255, (600, 800, 3)).astype(np.uint8),
        checks.astype(np.uint8),
    ):
        assert read_codes(picture) == []


# Files.


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "gif", "heic", "avif"])
def test_every_kind_of_photo_is_read(tmp_path: Path, ending: str) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    path = tmp_path / f"photo.{ending}"
    scene = pasted((640, 480), (card(url(6)), 100, 90))
    Image.fromarray(np.dstack([scene] * 3)).save(path)
    assert texts(read_codes(str(path))) == [url(6)]


def test_a_code_on_nothing_is_read_as_on_white(tmp_path: Path) -> None:
    black = card(url(7))
    alpha = np.where(black == 0, 255, 0).astype(np.uint8)
    picture = np.dstack([np.zeros_like(black)] * 3 + [alpha])
    path = tmp_path / "clear.png"
    Image.fromarray(picture).save(path)
    assert texts(read_codes(path)) == [url(7)]


def test_what_is_no_photo_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "whole.jpg"
    Image.fromarray(pasted((640, 480), (card(url(6)), 100, 90))).save(whole)
    broken = {
        "empty.jpg": b"",
        "text.png": b"HTTP://192.168.4.1:8000/S/K7Q2MX",
        "half.jpg": whole.read_bytes()[:700],
        "noise.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 8,
        "zip.heic": b"PK\x03\x04" + b"\0" * 500,
    }
    for name, data in broken.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(BadInput):
            read_codes(path)
    with pytest.raises(BadInput, match=r"nothing\.jpg can't be opened"):
        read_codes(tmp_path / "nothing.jpg")
    with pytest.raises(BadInput):
        read_codes(tmp_path)


def test_arrays_of_another_kind_are_refused() -> None:
    for shape in [(0, 5, 3), (5, 5, 2), (5,), (2, 5, 5, 3)]:
        with pytest.raises(BadInput):
            read_codes(np.zeros(shape, np.uint8))
    with pytest.raises(BadInput):
        read_codes(np.zeros((50, 50, 3), np.float32))


def test_a_picture_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)
    assert path.stat().st_size < 100_000
    with pytest.raises(BadInput, match="100 million pixels"):
        read_codes(path)


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read in Linux's /proc")
def test_a_108_megapixel_photo_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    large = cv2.resize(card(url(9)), (1500, 1500), interpolation=cv2.INTER_NEAREST)
    scene = pasted((12_000, 9_000), (np.asarray(large, np.uint8), 7_000, 2_000))
    Image.fromarray(np.dstack([scene] * 3)).save(path, quality=85)
    program = (
        "import re, sys; from capture.codes.qr_reader import read_codes\n"
        "(code,) = read_codes(sys.argv[1])\n"
        "peak = re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1]\n"
        "print(code.text, *code.corners[0], peak)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    text, x, y, peak = done.stdout.split()
    assert text == url(9)
    border = 1500 * 4 / 33
    assert (float(x), float(y)) == pytest.approx((7_000 + border, 2_000 + border), abs=20)
    assert int(peak) < 250_000
