#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): an H.264 encoder with threads=2 cuts each picture into two slices instead of working on two
# pictures at once, as the ffmpeg program does with the same options. PyAV opens every codec with thread_type "SLICE"; for
# a decoder that is only slow, but libx264 takes it as its sliced threads (meant for live calls): encode() then waits for
# each picture, prediction stops at the slices' edges, and the file is larger at the same crf. Nothing says so but the
# options that x264 writes into the stream. Setting codec_context.thread_type = "FRAME" before the first picture mends it.
#
# Output seen:
#   PyAV 18.1.0, FFmpeg 8.1.2
#   PyAV as it is: sliced_threads=1, slices a picture: 2, 34441 bytes
#   PyAV with thread_type FRAME: sliced_threads=0, slices a picture: 1, 32283 bytes
#   ffmpeg program: sliced_threads=0, slices a picture: 1, 32297 bytes
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6 imageio-ffmpeg==0.6.0
"$folder/venv/bin/python" - "$folder" 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import re
import subprocess
import sys
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np

WIDE, HIGH, COUNT = 640, 360, 60
print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}")


def pictures() -> list[np.ndarray]:
    """A pattern that moves, with some noise, as yuv420p."""
    rng = np.random.default_rng(1)
    base = np.kron(rng.integers(40, 210, (HIGH // 20, WIDE // 20)), np.ones((20, 20)))
    made = []
    for number in range(COUNT):
        grey = np.roll(base, 3 * number, axis=1) + rng.normal(0, 2, base.shape)
        colour = np.full((HIGH // 2, WIDE), 128)
        made.append(np.concatenate([grey, colour]).clip(16, 235).astype(np.uint8))
    return made


def by_pyav(goal: Path, thread_type: str = "") -> bytes:
    with av.open(str(goal), "w", format="h264") as out:
        stream = out.add_stream("libx264", rate=30, options={"crf": "23", "preset": "veryfast", "threads": "2"})
        stream.width, stream.height, stream.pix_fmt = WIDE, HIGH, "yuv420p"
        if thread_type:
            stream.codec_context.thread_type = thread_type
        for picture in pictures():
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
        out.mux(stream.encode(None))
    return goal.read_bytes()


def by_program(goal: Path) -> bytes:
    line = f"-v error -y -f rawvideo -pix_fmt yuv420p -s {WIDE}x{HIGH} -r 30 -i - -c:v libx264 -crf 23 -preset veryfast"
    data = b"".join(picture.tobytes() for picture in pictures())
    program = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([program, *line.split(), "-threads", "2", "-f", "h264", str(goal)], input=data, check=True)
    return goal.read_bytes()


def told(name: str, data: bytes) -> tuple[str, int]:
    """What x264 says of its threads; slices (NAL types 1 and 5) a picture; prints them."""
    sliced = re.search(rb"sliced_threads=(\d)", data)[1].decode()
    kinds = [data[match.end()] & 31 for match in re.finditer(rb"\x00\x00\x01", data)]
    slices = sum(kind in (1, 5) for kind in kinds) // COUNT
    print(f"{name}: sliced_threads={sliced}, slices a picture: {slices}, {len(data)} bytes")
    return sliced, slices


goal = Path(sys.argv[1]) / "film.h264"
assert told("PyAV as it is", by_pyav(goal)) == ("1", 2)
assert told("PyAV with thread_type FRAME", by_pyav(goal, "FRAME")) == ("0", 1)
assert told("ffmpeg program", by_program(goal)) == ("0", 1)
PYTHON
