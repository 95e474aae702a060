#!/bin/sh
# PyAV 18.1.0 (FFmpeg 8.1), seen with Python 3.11: at the end of a file `InputContainer.demux` gives one empty packet
# for each stream, to flush its decoder. `packet.stream` of these is right; `packet.stream_index` is 0 for all of them.
# Who sorts packets by `stream_index` drains stream 0 several times and no other, and fails where stream 0 is not taken.
# Seen:
#   av 18.1.0
#   full packet: stream_index 1, stream.index 1
#   flush packets: stream_index [0, 0], stream.index [0, 1]
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check "av==18.1.0" "numpy==2.4.6"
"$work/venv/bin/python" - "$work/two.mkv" <<'PYTHON'
import sys

import av
import numpy as np

with av.open(sys.argv[1], "w", format="matroska") as out:
    streams = [out.add_stream("pcm_s16le", rate=8000, layout="mono") for _ in range(2)]
    for stream in streams:
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = 8000, 0
        out.mux(stream.encode(frame))
with av.open(sys.argv[1]) as container:
    packets = list(container.demux())
full = [p for p in packets if p.size and p.stream.index == 1][0]
empty = [p for p in packets if not p.size]
print("av", av.__version__)
print(f"full packet: stream_index {full.stream_index}, stream.index {full.stream.index}")
told, right = [p.stream_index for p in empty], [p.stream.index for p in empty]
print(f"flush packets: stream_index {told}, stream.index {right}")
sys.exit(0 if (told, right) == ([0, 0], [0, 1]) else 1)
PYTHON
