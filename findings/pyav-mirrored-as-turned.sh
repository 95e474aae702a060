#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): frame.rotation takes a mirrored film for a turned one. The matrix by which a container says how a film
# lies can mirror as well as turn, as for a front camera. FFmpeg's av_display_rotation_get, which PyAV asks, reckons with
# turns alone: "flipped left to right" gives -180, and whoever turns by that shows the speaker upside down; "flipped top to
# bottom" gives 0. Turned and mirrored can't be told from turned. The matrix itself, in the frame's side data, tells: the
# determinant of a mirrored one is negative.
#
# Output seen (the mark is at the top left of what is stored):
#   PyAV 18.1.0, FFmpeg 8.1.2
#   a quarter turn:          mark belongs top right, rotation -90, turned by it top right, determinant 1
#   half a turn:             mark belongs bottom right, rotation -180, turned by it bottom right, determinant 1
#   flipped left to right:   mark belongs top right, rotation -180, turned by it bottom right, determinant -1
#   flipped top to bottom:   mark belongs bottom left, rotation 0, turned by it top left, determinant -1
#   a quarter and flipped:   mark belongs top left, rotation -90, turned by it top right, determinant -1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import struct
from fractions import Fraction
from io import BytesIO

import av
import numpy as np

# The first four of a track's matrix: x' = a x + c y, y' = b x + d y (ISO/IEC 14496-12, 6.2.2).
MATRICES = {
    "a quarter turn": (0, 1, -1, 0),
    "half a turn": (-1, 0, 0, -1),
    "flipped left to right": (-1, 0, 0, 1),
    "flipped top to bottom": (1, 0, 0, -1),
    "a quarter and flipped": (0, 1, 1, 0),
}
CORNERS = {(0, 0): "top left", (1, 0): "top right", (0, 1): "bottom left", (1, 1): "bottom right"}


def film(a: int, b: int, c: int, d: int) -> bytes:
    """A film with a mark at its top left, to be shown through this matrix."""
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :16] = 255
    written = BytesIO()
    with av.open(written, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=5, width=64, height=48, pix_fmt="yuv420p")
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = 0, Fraction(1, 5)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    data = bytearray(written.getvalue())
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    return bytes(data)


def mark(picture: np.ndarray) -> str:
    """The corner with the mark."""
    (found,) = (name for (x, y), name in CORNERS.items() if picture[-8 if y else 8, -8 if x else 8, 0] > 128)
    return found


print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}")
seen = []
for name, (a, b, c, d) in MATRICES.items():
    with av.open(BytesIO(film(a, b, c, d))) as source:
        frame = next(source.decode(video=0))
        stored, rotation = frame.to_ndarray(format="rgb24"), frame.rotation
        numbers = struct.unpack("=9i", bytes(frame.side_data["DISPLAYMATRIX"]))
    assert mark(stored) == "top left"
    # Where the corner (0, 0) goes: coordinates that shrink end at the far side.
    belongs = CORNERS[int(a + c < 0), int(b + d < 0)]
    # The rotation is told counterclockwise, as np.rot90 takes it.
    turned = mark(np.rot90(stored, rotation // 90))
    determinant = (numbers[0] * numbers[4] - numbers[1] * numbers[3]) >> 32
    print(f"{name + ':':24} mark belongs {belongs}, rotation {rotation}, turned by it {turned}, determinant {determinant}")
    seen.append((rotation, belongs == turned, determinant))
assert seen == [(-90, True, 1), (-180, True, 1), (-180, False, -1), (0, False, -1), (-90, False, -1)], seen
PYTHON
