"""Flip charts: found in a photo, straightened to their true shape, cleaned; and outlines that somebody makes up."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from capture.imaging.document_scan import (
    SEARCH,
    checked_corners,
    clean_sheet,
    find_sheet,
    flatten_sheet,
    straighten,
)
from reporter.errors import BadInput
from tests.support.media.flip_charts import INKS, SHEET, Shot, photo, sheet
from tests.support.media.scene import scene

SQUARE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))
ASPECT = SHEET[0] / SHEET[1]


def found_in(shot: Shot) -> np.ndarray:
    corners = find_sheet(shot.pixels)
    assert corners is not None
    return np.array(corners)


@pytest.mark.parametrize("shade", [0.0, 0.6])
@pytest.mark.parametrize(
    ("turn", "tilt", "lean"),
    [(0, 0, 0), (25, 0, 0), (-30, 10, 0), (10, -20, 8), (35, 15, -10), (0, 25, 3)],
)
def test_a_chart_is_found_and_gets_its_own_shape_back(
    turn: float, tilt: float, lean: float, shade: float
) -> None:
    shot = photo(turn, tilt, lean, shade=shade)
    corners = found_in(shot)
    assert np.abs(corners - shot.corners).max() < 0.012
    straight = straighten(shot.pixels, checked_corners(corners.tolist()))
    high, wide = straight.shape[:2]
    assert wide / high == pytest.approx(ASPECT, rel=0.05)
    assert max(high, wide) <= max(shot.pixels.shape)


def test_a_large_photo_and_a_whiteboard_that_fills_it() -> None:
    shot = photo(12, 5, size=(2400, 1800))
    assert np.abs(found_in(shot) - shot.corners).max() < 3 / SEARCH
    board = np.full((900, 1400, 3), (243, 245, 246), np.uint8)
    cv2.putText(board, "Who brings soil?", (150, 420), cv2.FONT_HERSHEY_DUPLEX, 3, INKS["blue"], 9)
    wide = photo(-15, 6, paper=board, distance=110, shade=0.3)
    assert np.abs(found_in(wide) - wide.corners).max() < 0.012


def test_where_no_sheet_is_none_is_made_up() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (900, 1200, 3)).astype(np.uint8)
    assert find_sheet(noise) is None
    assert find_sheet(np.full((900, 1200, 3), 200, np.uint8)) is None
    assert find_sheet(scene(1600, 1200)) is None
    small = photo(distance=900)
    assert find_sheet(small.pixels) is None
    for height, width in ((1, 1), (1, 5000), (5000, 1), (0, 0), (31, 31)):
        assert find_sheet(np.zeros((height, width, 3), np.uint8)) is None


def test_each_place_of_the_sheet_comes_where_it_belongs() -> None:
    paper = np.full((990, 680, 3), 240, np.uint8)
    dots = [(80, 90), (600, 90), (600, 900), (80, 900), (340, 500)]
    for dot in dots:
        cv2.circle(paper, dot, 12, (10, 10, 10), -1)
    shot = photo(30, -12, 6, paper=paper, shade=0)
    grey = straighten(shot.pixels, checked_corners(shot.corners.tolist())).min(axis=2)
    high, wide = grey.shape
    count, _, _, middles = cv2.connectedComponentsWithStats((grey < 100).astype(np.uint8))
    assert count == 1 + len(dots)
    seen = np.array(middles[1:]) / (wide, high)
    for x, y in dots:
        assert np.abs(seen - (x / 680, y / 990)).max(axis=1).min() < 0.01


def test_paper_becomes_white_ink_stays_what_it_is() -> None:
    shot = photo(20, 10, shade=0.7)
    made = flatten_sheet(shot.pixels, shot.corners.tolist())
    raw = flatten_sheet(shot.pixels, shot.corners.tolist(), clean=False)
    high, wide = made.shape[:2]
    empty = made[round(high * 0.3) : round(high * 0.34), round(wide * 0.05) : round(wide * 0.95)]
    before = raw[round(high * 0.3) : round(high * 0.34), round(wide * 0.05) : round(wide * 0.95)]
    assert before.mean(axis=(0, 2)).min() < 140
    assert np.percentile(empty, 2) >= 245
    for row, (name, ink) in enumerate(INKS.items()):
        line = made[round(high * (0.12 + 0.2 * row)) : round(high * (0.2 + 0.2 * row))]
        strokes = line[line.min(axis=2) < 90]
        assert len(strokes) > 200, name
        seen, meant = np.median(strokes, axis=0), np.array(ink)
        assert np.argmax(seen) == np.argmax(meant), name
        assert max(ink) - min(ink) < 20 or seen.max() - seen.min() > 80, name
        assert seen.min() < 60, name


def test_an_empty_sheet_stays_empty_and_a_filled_box_filled() -> None:
    rng = np.random.default_rng(2)
    empty = (np.full((600, 420, 3), 150.0) + rng.normal(0, 3, (600, 420, 1))).astype(np.uint8)
    assert np.percentile(clean_sheet(empty), 1) > 225
    paper = sheet(())
    cv2.rectangle(paper, (300, 400), (340, 440), INKS["red"], -1)
    middle = clean_sheet(paper)[420, 320].astype(int)
    assert middle[0] > 150
    assert middle[1:].max() < 80
    tiny = clean_sheet(np.full((1, 1, 3), 90, np.uint8))
    assert tiny.shape == (1, 1, 3)
    black = clean_sheet(np.zeros((50, 40, 3), np.uint8))
    assert black.shape == (50, 40, 3)


@pytest.mark.parametrize(
    "corners",
    [
        None,
        7,
        "abcd",
        "",
        [],
        [1, 2, 3, 4],
        SQUARE[:3],
        (*SQUARE, SQUARE[0]),
        [(0, 0, 0)] * 4,
        [("x", 0), *SQUARE[1:]],
        [(math.nan, 0.1), *SQUARE[1:]],
        [(math.inf, 0.1), *SQUARE[1:]],
        [(-5, 0.1), *SQUARE[1:]],
        [(10**400, 0.1), *SQUARE[1:]],
        [SQUARE[0]] * 4,
        {"a": 1, "b": 2},
        (SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]),
        SQUARE[::-1],
        [(0.1, 0.1), (0.9, 0.1), (0.2, 0.2), (0.1, 0.9)],
        [(0, 0), (0.5, 0), (1, 0), (0, 1)],
        [(0, 0), (1, 0), (1, 1e-9), (0, 1e-9)][::-1],
        [[None, None]] * 4,
    ],
)
def test_corners_that_go_around_nothing_are_refused(corners: object) -> None:
    with pytest.raises(BadInput, match="corners of the sheet"):
        checked_corners(corners)
    with pytest.raises(BadInput, match="corners of the sheet"):
        flatten_sheet(np.zeros((30, 40, 3), np.uint8), corners)


@pytest.mark.parametrize(
    "corners",
    [
        SQUARE,
        [list(corner) for corner in SQUARE],
        [("0.1", "0.1"), *SQUARE[1:]],
        [(0, 0), (1, 0), (1, 1e-7), (0, 1e-7)],
        [(-0.2, -0.2), (1.2, -0.2), (1.2, 1.2), (-0.2, 1.2)],
        [(0.5, 0.5), (0.501, 0.5), (0.501, 0.501), (0.5, 0.501)],
        [(0, 0), (1, 0), (0.55, 1), (0.45, 1)],
    ],
)
def test_odd_outlines_cost_no_more_than_the_photo(corners: object) -> None:
    pixels = scene(400, 300)
    made = flatten_sheet(pixels, corners)
    assert made.dtype == np.uint8
    assert 1 <= min(made.shape[:2]) <= max(made.shape[:2]) <= 400


def test_a_sheet_turned_on_its_side_keeps_going_round() -> None:
    """The person at the desk names the first corner: the sheet is upright as they say."""
    shot = photo(5, 5, shade=0.2)
    around = np.roll(shot.corners, 1, axis=0).tolist()
    made = flatten_sheet(shot.pixels, around)
    assert made.shape[0] < made.shape[1]
    upright = np.rot90(made)
    assert upright.shape[1] / upright.shape[0] == pytest.approx(ASPECT, rel=0.05)
