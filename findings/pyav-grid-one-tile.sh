#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): of a still picture that is stored as a grid of tiles (ISO/IEC 23008-12, 6.6.2.3), as phones
# write their HEICs and encoders large AVIFs, one gets a tile. Each tile is a video stream of its own; stream 0, which
# decode(video=0) and streams.best() take, is the tile at the top left, and only its disposition tells it from a whole
# picture. Since 7.1 FFmpeg puts tiles together, but its program does: libavformat gives a group of streams with their
# places, and PyAV doesn't show groups. Pillow and OpenCV give the whole picture of the same file.
#
# Output seen:
#   PyAV 18.1.0, FFmpeg 8.1.2, Pillow 13.0.0, OpenCV 4.14.0
#   Pillow (128, 64), OpenCV (128, 64), left red, right blue
#   PyAV: 2 streams, best is 0, decode(video=0) gives (64, 64), red; stream 1 (64, 64), blue; both dependent
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 pillow==13.0.0 \
  opencv-python-headless==4.14.0.94 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from collections.abc import Iterator
from io import BytesIO
from struct import pack

import av
import cv2
import numpy as np
import PIL
from PIL import Image

SIDE = 64


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return pack(">I4s", 8 + len(body), name) + body


def full(name: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(name, pack(">I", version << 24 | flags), *parts)


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    while data:
        size = int.from_bytes(data[:4], "big")
        yield data[4:8], data[8:size]
        data = data[size:]


def tile(colour: str) -> tuple[bytes, list[bytes]]:
    """The samples of a single AVIF, and the properties that a tile and the grid share (av1C first, colr, pixi)."""
    written = BytesIO()
    Image.new("RGB", (SIDE, SIDE), colour).save(written, "AVIF", quality=90)
    file = dict(boxes(written.getvalue()))
    properties = dict(boxes(dict(boxes(dict(boxes(file[b"meta"][4:]))[b"iprp"]))[b"ipco"]))
    return file[b"mdat"], [box(name, properties[name]) for name in (b"av1C", b"colr", b"pixi")]


def grid() -> bytes:
    """An AVIF of two tiles beside each other: items 1 and 2, which are hidden, and item 3."""
    (left, shared), (right, same) = tile("red"), tile("blue")
    assert shared == same
    place = pack(">BBBBHH", 0, 0, 0, 1, 2 * SIDE, SIDE)
    sizes = [full(b"ispe", 0, 0, pack(">II", width, SIDE)) for width in (SIDE, 2 * SIDE)]
    # Properties by number, counted from 1: size of a tile, size of the grid, av1C (essential), colr, pixi.
    used = [(1, 0x80 | 3, 4, 5), (1, 0x80 | 3, 4, 5), (2, 4, 5)]
    kinds = [(b"av01", 1), (b"av01", 1), (b"grid", 0)]

    def meta(start: int) -> bytes:
        found = (0, start, len(left)), (0, start + len(left), len(right)), (1, 0, len(place))
        return full(
            b"meta", 0, 0,
            full(b"hdlr", 0, 0, pack(">I4s13x", 0, b"pict")),
            full(b"pitm", 0, 0, pack(">H", 3)),
            full(b"iloc", 1, 0, b"\x44\0", pack(">H", 3), *(
                pack(">HHHHII", item, how, 0, 1, at, size) for item, (how, at, size) in enumerate(found, 1)
            )),
            full(b"iinf", 0, 0, pack(">H", 3), *(
                full(b"infe", 2, hidden, pack(">HH4sx", item, 0, kind)) for item, (kind, hidden) in enumerate(kinds, 1)
            )),
            full(b"iref", 0, 0, box(b"dimg", pack(">HHHH", 3, 2, 1, 2))),
            box(b"iprp", box(b"ipco", *sizes, *shared), full(b"ipma", 0, 0, pack(">I", 3), *(
                pack(">H", item) + bytes([len(numbers), *numbers]) for item, numbers in enumerate(used, 1)
            ))),
            box(b"idat", place),
        )

    head = box(b"ftyp", b"avif", bytes(4), b"avifmif1miafMA1B")
    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", left, right)


def colour(pixel: tuple[int, ...]) -> str:
    return "red" if pixel[0] > 200 > 50 > pixel[2] else "blue" if pixel[2] > 200 > 50 > pixel[0] else str(pixel)


print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}, Pillow {PIL.__version__}, OpenCV {cv2.__version__}")
data = grid()
whole = Image.open(BytesIO(data)).convert("RGB")
by_opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
sides = [colour(whole.getpixel((x, 9))) for x in (9, SIDE + 9)]
assert sides == [colour(by_opencv[9, x, ::-1].tolist()) for x in (9, SIDE + 9)]
print(f"Pillow {whole.size}, OpenCV {by_opencv.shape[1::-1]}, left {sides[0]}, right {sides[1]}")
tiles = []
for number in range(2):
    with av.open(BytesIO(data)) as container:
        count, best = len(container.streams.video), container.streams.best("video").index
        disposition = container.streams.video[number].disposition.name
        frame = next(container.decode(video=number))
        tiles.append(((frame.width, frame.height), colour(frame.to_image().getpixel((9, 9)))))
(first, is_red), (second, is_blue) = tiles
print(
    f"PyAV: {count} streams, best is {best}, decode(video=0) gives {first}, {is_red}; "
    f"stream 1 {second}, {is_blue}; both {disposition}"
)
assert whole.size == by_opencv.shape[1::-1] == (128, 64) and sides == ["red", "blue"]
assert disposition == "dependent"
assert (count, best, tiles) == (2, 0, [((64, 64), "red"), ((64, 64), "blue")])
PYTHON
