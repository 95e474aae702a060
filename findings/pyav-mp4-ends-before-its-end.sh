#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): an MP4 may last longer than its duration says, with every header in it right. Screen recorders write
# a picture only when something changes, so that the last one may come after minutes. With B-frames pictures lie in the
# file in another order than they are shown, and the table of times (stts) is that of decoding; when each is shown stands in a
# second one (ctts; ISO/IEC 14496-12, 8.6.1). FFmpeg takes the sum of the first for a track's length, and passes over what
# mvhd, tkhd and mdhd say: 2 s for a recording of 10 s, of which decode() gives the picture at 10.0 s. mutagen reads the
# headers and is right. FFmpeg itself wrote the file; without B-frames, and in Matroska, the same pictures last as long as
# they do.
#
# Output seen (60 pictures in two seconds, one at ten):
#   PyAV 18.1.0, FFmpeg 8.1.2, mutagen 1.48.1
#   mp4, no B-frames:      duration 10.04, track 10.04, mvhd 10.04, mutagen 10.04; last picture at 10.0
#   mp4, B-frames:         duration 2.02, track 2.02, mvhd 10.04, mutagen 10.04; last picture at 10.0
#   matroska, B-frames:    duration 10.04; last picture at 10.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 mutagen==1.48.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import io
import struct
from fractions import Fraction
from importlib.metadata import version

import av
import mutagen.mp4
import numpy as np

MOMENTS = [number * 33 for number in range(60)] + [10_000]


def recorded(kind, b_frames):
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream("libx264", rate=25, options={"bf": str(b_frames), "b-adapt": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for number, moment in enumerate(MOMENTS):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 37 % 255, np.uint8))
            picture.pts, picture.time_base = moment, Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return file.getvalue()


print(f"PyAV {version('av')}, FFmpeg {av.ffmpeg_version_info}, mutagen {version('mutagen')}")
seen = {}
for kind, b_frames in (("mp4", 0), ("mp4", 3), ("matroska", 3)):
    data = recorded(kind, b_frames)
    with av.open(io.BytesIO(data)) as container:
        (track,) = container.streams
        told = [container.duration / av.time_base]
        if kind == "mp4":
            told.append(float(track.duration * track.time_base))
        last = max(frame.time for frame in container.decode(track))
    words = f"duration {', track '.join(map(str, told))}"
    if kind == "mp4":
        scale, ticks = struct.unpack_from(">II", data, data.index(b"mvhd") + 16)
        told += [ticks / scale, mutagen.mp4.MP4(io.BytesIO(data)).info.length]
        words += f", mvhd {told[2]}, mutagen {told[3]:.2f}"
    print(f"{kind + (', B-frames:' if b_frames else ', no B-frames:'):22} {words}; last picture at {last}")
    assert last == 10.0
    seen[kind, b_frames] = [round(seconds, 2) for seconds in told]
assert seen == {
    ("mp4", 0): [10.04] * 4,
    ("mp4", 3): [2.02, 2.02, 10.04, 10.04],
    ("matroska", 3): [10.04],
}, seen
PYTHON
