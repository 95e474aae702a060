#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): a film made grey by `reformat("gray")` and encoded as such has its contrast stretched twice.
# The first time by swscale, which takes grey to have all of 0 to 255, whatever dst_color_range says, while the frame's
# color_range stays at 1 (16 to 235). H.264 keeps the samples as they are, with the tag or with none; its decoder gives
# 4:2:0 with this range, and whoever shows it stretches once more. Encoded as yuv420p the same grey frame comes back
# right, for there the encoder's own conversion puts it into the range again; and FFV1 comes back as grey.
#
# Output seen (a pixel as shown: before; the grey frame and its tag; grey by H.264; grey by FFV1; as yuv420p by H.264):
#   PyAV 18.1.0, FFmpeg 8.1.2
#   luma 50: 39; 40 tagged 1; 27; 40; 39
#   luma 81: 75; 76 tagged 1; 69; 76; 75
#   luma 180: 190; 191 tagged 1; 203; 191; 190
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from io import BytesIO

import av
import numpy as np

print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}")


def source(luma: int) -> av.VideoFrame:
    frame = av.VideoFrame(64, 64, "yuv420p")
    frame.pts, frame.color_range = 0, 1
    for plane, sample in zip(frame.planes, (luma, 128, 128), strict=True):
        plane.update(bytes([sample]) * plane.buffer_size)
    return frame


def shown(frame: av.VideoFrame) -> int:
    return int(frame.to_ndarray(format="rgb24")[9, 9, 0])


def through(frame: av.VideoFrame, codec: str, pixels: str) -> av.VideoFrame:
    written = BytesIO()
    with av.open(written, "w", format="matroska") as out:
        stream = out.add_stream(codec, rate=1, options={"qp": "1"} if codec == "libx264" else {})
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
        stream.codec_context.color_range = frame.color_range
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    written.seek(0)
    with av.open(written) as read:
        return next(read.decode(video=0))


seen = {}
for luma in (50, 81, 180):
    before = source(luma)
    grey = before.reformat(format="gray", dst_color_range=1)
    sample = int(np.frombuffer(bytes(grey.planes[0]), np.uint8)[0])
    h264, ffv1 = through(grey, "libx264", "gray"), through(grey, "ffv1", "gray")
    assert (h264.format.name, ffv1.format.name) == ("yuv420p", "gray")
    colour = through(grey, "libx264", "yuv420p")
    seen[luma] = shown(before), sample, int(grey.color_range), shown(h264), shown(ffv1), shown(colour)
    print("luma {}: {}; {} tagged {}; {}; {}; {}".format(luma, *seen[luma]))
for before, sample, tag, h264, ffv1, colour in seen.values():
    assert tag == 1 and abs(sample - before) <= 1 and abs(ffv1 - before) <= 1 and abs(colour - before) <= 1, seen
assert [abs(one[3] - one[0]) >= 5 for one in seen.values()] == [True] * 3, seen
assert seen[50][3] < seen[50][0] and seen[180][3] > seen[180][0], seen
PYTHON
