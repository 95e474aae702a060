#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2), x86-64: the same samples give other colours by how they lie in memory. White (Y 235, U and V
# 128) is 255 of planar 4:2:0 and 253 of NV12, which hardware decoders give, and of ten bits, which HDR films have; most
# greys are one or two darker. swscale has a converter of its own for planar eight bits; the rest goes another way, which
# loses the last bits unless FULL_CHR_H_INT is asked for. That flag is named after chroma, ACCURATE_RND changes nothing
# here, and to_ndarray(format="rgb24") and to_image() go without either; turning NV12 into yuv420p first helps as well.
#
# Output seen:
#   PyAV 18.1.0, FFmpeg 8.1.2
#   luma 17: yuv420p 1, nv12 0, nv12 by yuv420p 1
#   luma 126: yuv420p 128, nv12 126, nv12 by yuv420p 128
#   luma 235: yuv420p 255, nv12 253, nv12 by yuv420p 255
#   white: yuv420p10le 253, p010le 253; nv12 with ACCURATE_RND 253, with FULL_CHR_H_INT 255
set -euo pipefail
[ "$(uname -m)" = x86_64 ] || { echo "seen on x86-64 only"; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 pillow==13.0.0
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON'
import av
import numpy as np
from av.video.reformatter import Interpolation

print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}")


def grey(pixels: str, luma: int) -> av.VideoFrame:
    frame = av.VideoFrame(64, 64, pixels)
    for plane, sample in zip(frame.planes, (luma, 128, 128), strict=False):
        plane.update(bytes([sample]) * plane.buffer_size)
    return frame


def shown(frame: av.VideoFrame) -> int:
    pixel = frame.to_ndarray(format="rgb24")[9, 9].tolist()
    assert pixel == list(frame.to_image().getpixel((9, 9))) and len(set(pixel)) == 1, pixel
    return pixel[0]


seen = {}
for luma in (17, 126, 235):
    planar, half = shown(grey("yuv420p", luma)), shown(grey("nv12", luma))
    other = shown(grey("nv12", luma).reformat(format="yuv420p"))
    print(f"luma {luma}: yuv420p {planar}, nv12 {half}, nv12 by yuv420p {other}")
    seen[luma] = planar, half, other
white = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 255, np.uint8), format="rgb24")
ten = [shown(white.reformat(format=pixels)) for pixels in ("yuv420p10le", "p010le")]
accurate, full = (
    shown(grey("nv12", 235).reformat(format="rgb24", interpolation=Interpolation.BILINEAR | flag))
    for flag in (Interpolation.ACCURATE_RND, Interpolation.FULL_CHR_H_INT)
)
print(f"white: yuv420p10le {ten[0]}, p010le {ten[1]}; nv12 with ACCURATE_RND {accurate}, with FULL_CHR_H_INT {full}")
assert seen == {17: (1, 0, 1), 126: (128, 126, 128), 235: (255, 253, 255)}, seen
assert (ten, accurate, full) == ([253, 253], 253, 255)
PYTHON
