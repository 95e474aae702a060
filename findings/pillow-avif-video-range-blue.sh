#!/usr/bin/env bash
# Pillow 13.0.0 (libavif 1.4.2 in its wheel): an AVIF whose samples are in video range and whose matrix is that of BT.709
# or BT.2020 loses blue. The converter's factor from Cb to blue ends at 2.0 (128 of 64), where these matrices need 2.11 and
# 2.14: pure blue comes out as 243 and 239 of 255. BT.601 (2.02) loses 2; in full range nothing is lost. FFmpeg's
# converter gives 255 of the same files. Cameras, phones and video encoders write video range.
#
# Output seen:
#   Pillow 13.0.0, PyAV 18.1.0
#   matrix 1: Pillow (1, 0, 243), FFmpeg (0, 0, 254)
#   matrix 9: Pillow (0, 0, 239), FFmpeg (0, 0, 254)
#   matrix 6: Pillow (0, 0, 253), FFmpeg (0, 0, 254)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 av==18.1.0 numpy==2.3.5
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import av
import numpy as np
import PIL
from PIL import Image

print(f"Pillow {PIL.__version__}, PyAV {av.__version__}")
# Kr and Kb of H.273, table 4.
WEIGHTS = {1: (0.2126, 0.0722), 9: (0.2627, 0.0593), 6: (0.299, 0.114)}
seen = {}
for matrix, (red, blue) in WEIGHTS.items():
    # Pure blue: Y is Kb, Cb is 0.5, Cr follows.
    samples = 16 + 219 * blue, 128 + 224 * 0.5, 128 + 224 * -blue / (2 * (1 - red))
    with av.open("blue.avif", "w", format="avif") as out:
        stream = out.add_stream("libsvtav1", rate=1, options={"crf": "4", "preset": "10", "svtav1-params": "lp=1"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        frame = av.VideoFrame(64, 64, "yuv420p")
        for thing in (stream.codec_context, frame):
            thing.colorspace, thing.color_range, thing.color_primaries, thing.color_trc = matrix, 1, 1, 13
        for plane, sample in zip(frame.planes, samples, strict=True):
            plane.update(np.full(plane.buffer_size, round(sample), np.uint8).tobytes())
        frame.pts = 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    by_pillow = Image.open("blue.avif").convert("RGB").getpixel((32, 32))
    with av.open("blue.avif") as container:
        by_ffmpeg = next(container.decode(video=0)).to_image().getpixel((32, 32))
    print(f"matrix {matrix}: Pillow {by_pillow}, FFmpeg {by_ffmpeg}")
    seen[matrix] = by_pillow[2], by_ffmpeg[2]
assert abs(seen[1][0] - 243) <= 1 and abs(seen[9][0] - 239) <= 1 and seen[6][0] >= 252, seen
assert all(by_ffmpeg >= 253 for _, by_ffmpeg in seen.values()), seen
PYTHON
