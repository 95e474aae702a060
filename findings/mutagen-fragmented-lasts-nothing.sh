#!/usr/bin/env bash
# mutagen 1.48.1 and tinytag 2.3.2: an MP4 in fragments lasts 0.0 seconds to both. Phones' browsers record so, and streams are stored so:
# the header (moov) is written before anything is known and says 0; how long each sample lasts stands in the fragments
# (moof; ISO/IEC 14496-12, 8.8). Both read the header alone and give a number, not None or an error, so that any limit
# on length lets the file pass. FFmpeg (PyAV 18.1.0) counts the fragments; all agree about the file without fragments.
#
# Output seen (200 frames of 1024 samples at 48 kHz, 4.267 s):
#   mutagen 1.48.1, tinytag 2.3.2, PyAV 18.1.0
#   in one piece: mutagen 4.3, tinytag 4.3, PyAV 4.3
#   in fragments: mutagen 0.0, tinytag 0.0, PyAV 4.3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
  mutagen==1.48.1 tinytag==2.3.2 av==18.1.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

import av
import numpy as np
from mutagen.mp4 import MP4
from tinytag import TinyTag


def record(name: str, **options: str) -> None:
    with av.open(name, "w", options=options) as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        for number in range(200):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = 48000, number * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


print(f"mutagen {version('mutagen')}, tinytag {version('tinytag')}, PyAV {av.__version__}")
seen = []
for words, name, options in (
    ("in one piece", "piece.mp4", {}),
    ("in fragments", "fragments.mp4", {"movflags": "frag_keyframe+empty_moov"}),
):
    record(name, **options)
    with av.open(name) as container:
        lasts = container.duration / av.time_base
    lengths = [round(seconds, 1) for seconds in (MP4(name).info.length, TinyTag.get(name).duration, lasts)]
    print(f"{words}: mutagen {lengths[0]}, tinytag {lengths[1]}, PyAV {lengths[2]}")
    seen.append(lengths)
assert seen == [[4.3, 4.3, 4.3], [0.0, 0.0, 4.3]], seen
PYTHON
