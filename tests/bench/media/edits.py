"""What edits cost: a photo and a film with and without them, and the look for faces beside the making of renditions."""

from __future__ import annotations

import tempfile
from pathlib import Path

from capture.analysis.face_detection import find_faces
from capture.renditions.pipeline import process_file
from reporter.media.edits import Edits, Region
from tests.bench.rows import Row, pairs
from tests.bench.sizes import megapixels, photo_size, seconds
from tests.support.media.faces import Spot, portrait_jpeg
from tests.support.media.files import mp4_1080p

SPOTS: tuple[Spot, ...] = ((0.05, 0.05, 0.25), (0.4, 0.1, 0.2), (0.7, 0.3, 0.2))
BLUR = tuple(Region("oval", (x, 1.5 * y, side, 1.3 * side)) for x, y, side in SPOTS)


def measure() -> list[Row]:
    """Three rows."""
    photo, film = portrait_jpeg(*photo_size(), SPOTS), mp4_1080p(seconds())
    edited, blurred = Edits(blur=BLUR, crop=(0.05, 0.05, 0.9, 0.9), tilt=3.0), Edits(blur=BLUR)
    jpeg, mp4 = "image/jpeg", "video/mp4"
    with tempfile.TemporaryDirectory() as name:
        goal = Path(name)
        return [
            pairs(
                f"photo of {megapixels(photo_size())}: three faces blurred, cropped, straightened",
                lambda: process_file(photo, goal, jpeg, edits=edited),
                lambda: process_file(photo, goal, jpeg),
                peer="the same without edits",
                runs=7,
            ),
            pairs(
                f"film of {seconds():g} s, 1080p: three regions blurred",
                lambda: process_file(film, goal, mp4, edits=blurred),
                lambda: process_file(film, goal, mp4),
                peer="the same without edits",
                runs=3,
            ),
            pairs(
                f"photo of {megapixels(photo_size())} searched for faces",
                lambda: find_faces(photo, jpeg),
                lambda: process_file(photo, goal, jpeg),
                peer="making its renditions",
                runs=7,
                note="it comes after the renditions, where no photo waits for those.",
            ),
        ]
