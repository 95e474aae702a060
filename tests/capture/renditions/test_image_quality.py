"""A glance at a finished picture: sharp or not, bright or not, alike or not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from capture.renditions.image_quality import QualityMeasurement, measure_quality, quality_of
from capture.renditions.pipeline import process_file
from reporter.media.near_duplicates import BLURRED, DARK, NEAR


def scene(seed: int) -> np.ndarray:
    """Shapes with edges on a soft ground, 1600 × 1200."""
    chance = np.random.default_rng(seed)
    ground = chance.integers(60, 200, (3, 4, 3)).astype(np.uint8)
    picture = cv2.resize(ground, (1600, 1200), interpolation=cv2.INTER_CUBIC)
    for _ in range(60):
        x, y, size = (int(chance.integers(0, top)) for top in (1600, 1200, 220))
        colour = tuple(int(value) for value in chance.integers(0, 255, 3))
        cv2.circle(picture, (x, y), size + 10, colour, -1)
        cv2.putText(picture, "Kale", (x, y), cv2.FONT_HERSHEY_SIMPLEX, 2, (20, 20, 20), 4)
    return np.asarray(picture)


def seen(tmp_path: Path, picture: np.ndarray) -> QualityMeasurement:
    path = tmp_path / "view.jpg"
    assert cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 82])
    found = measure_quality(path)
    assert found is not None
    return found


def bits(one: QualityMeasurement, other: QualityMeasurement) -> int:
    return (int(one.likeness, 16) ^ int(other.likeness, 16)).bit_count()


@pytest.mark.parametrize("seed", range(4))
def test_a_second_shot_is_alike_and_a_blurred_one_is_told(tmp_path: Path, seed: int) -> None:
    picture = scene(seed)
    first = seen(tmp_path, picture)
    turn = cv2.getRotationMatrix2D((800, 600), 1, 1.02)
    moved = cv2.warpAffine(picture, turn, (1600, 1200), borderMode=cv2.BORDER_REFLECT)
    second = seen(tmp_path, cv2.GaussianBlur(moved, (0, 0), 9))
    assert first.sharpness > BLURRED > second.sharpness
    assert bits(first, second) <= NEAR
    assert bits(first, seen(tmp_path, scene(seed + 10))) > NEAR


@pytest.mark.parametrize("blur", [0.1, 2.5, 9])
def test_a_picture_is_measured_as_its_jpeg_would_be(tmp_path: Path, blur: float) -> None:
    picture = cv2.GaussianBlur(scene(3), (0, 0), blur)
    read, shown = seen(tmp_path, picture), quality_of(Image.fromarray(picture[:, :, ::-1]))
    assert shown.sharpness == pytest.approx(read.sharpness, rel=0.1, abs=1)
    assert shown.brightness == pytest.approx(read.brightness, abs=0.3)
    assert bits(read, shown) <= 2
    assert quality_of(Image.new("L", (400, 300), 128)).likeness == ""


def test_a_photo_is_measured_without_decoding_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(cv2, "imread")
    source = tmp_path / "photo.jpg"
    Image.fromarray(scene(3)).save(source)
    look = process_file(source, tmp_path / "out", "image/jpeg").look
    assert look is not None
    assert look.sharpness > BLURRED


def test_a_pocket_is_dark_and_like_nothing(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    found = seen(tmp_path, chance.integers(0, 9, (600, 800, 3)).astype(np.uint8))
    assert found.brightness < DARK
    assert found.likeness == ""
    assert seen(tmp_path, scene(1)).brightness > DARK


def test_what_is_no_picture_tells_nothing(tmp_path: Path) -> None:
    path = tmp_path / "view.jpg"
    path.write_bytes(b"no picture")
    assert measure_quality(path) is None
