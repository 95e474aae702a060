"""QR codes in the real photos of ../shared/data/qr, in four rotations, beside zxing-cpp alone."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from capture.codes.qr_reader import Code, read_codes
from tests.bench.rows import Row, pairs

REAL = Path(__file__).parents[3] / ".." / "shared" / "data" / "qr"
FAST = "code in a phone photo, as frames and cards are read"
FULL = "code in a phone photo, thoroughly"
Picture = NDArray[np.uint8]
Photo = tuple[Picture, str]
Reader = Callable[[Picture], list[str]]


def measure() -> list[Row]:
    """Two rows: the median time a picture; the recall stands in their notes."""
    import zxingcpp

    photos = list(_photos())
    if not photos:
        reason = "the real photos (../shared/data/qr) are not on this machine"
        return [Row.left_out(FULL, reason)]

    only = zxingcpp.barcode_formats_from_str("QRCode")

    def alone(picture: Picture) -> list[str]:
        return [code.text for code in zxingcpp.read_barcodes(picture, formats=only)]

    return [
        _row(FAST, lambda picture: _texts(read_codes(picture, thorough=False)), alone, photos),
        _row(FULL, lambda picture: _texts(read_codes(picture)), alone, photos),
    ]


def _texts(codes: list[Code]) -> list[str]:
    return [code.text for code in codes]


def _row(name: str, ours: Reader, theirs: Reader, photos: list[Photo]) -> Row:
    note = (
        f"the median of {len(photos)} pictures. We {_recall(ours, photos)}, zxing-cpp {_recall(theirs, photos)}; "
        f"all of them took us {_total(ours, photos):.2f} s and zxing-cpp {_total(theirs, photos):.2f} s."
    )
    return pairs(
        name,
        lambda: _median(ours, photos),
        lambda: _median(theirs, photos),
        peer="zxing-cpp alone",
        runs=3,
        note=note,
        self_timed=True,
    )


def _photos() -> Iterator[Photo]:
    import cv2

    for path in sorted(REAL.glob("set-*/*.png")):
        upright = cv2.imread(str(path))
        assert upright is not None, path
        text = path.with_suffix(".txt").read_bytes().decode()
        for turns in range(4):
            yield np.ascontiguousarray(np.rot90(upright, turns)).astype(np.uint8), text


def _recall(read: Reader, photos: list[Photo]) -> str:
    answers = [(read(picture), text) for picture, text in photos]
    right = sum(found == [text] for found, text in answers)
    wrong = sum(any(one != text for one in found) for found, text in answers)
    return f"read {right} right and {wrong} wrong"


def _median(read: Reader, photos: list[Photo]) -> float:
    return statistics.median(_milliseconds(read, picture) for picture, _ in photos)


def _total(read: Reader, photos: list[Photo]) -> float:
    return sum(_milliseconds(read, picture) for picture, _ in photos) / 1000


def _milliseconds(read: Reader, picture: Picture) -> float:
    started = time.perf_counter()
    read(picture)
    return (time.perf_counter() - started) * 1000
