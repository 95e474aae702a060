#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): of Ogg files in a chain, which is a valid file of its own (RFC 3533, 4), as stream
# recorders write one where the programme changes and `cat` makes one, the duration is that of the last part. mutagen gives
# that of the first. All of it is decoded, but at each seam the times begin at zero again, so that whoever places sound by them
# lays the parts over each other. FFmpeg takes the end from the last page, and each part counts from its own beginning.
# Only the samples decoded, counted, tell the length.
#
# Output seen (3 s, then 2 s):
#   PyAV 18.1.0, FFmpeg 8.1.2, mutagen 1.48.1
#   libopus: duration 2.0, mutagen 3.0; 5.0 s of samples decoded, times end at 2.0 after having gone back 1 time
#   flac: duration 2.0, mutagen 3.0; 5.0 s of samples decoded, times end at 2.0 after having gone back 1 time
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 mutagen==1.48.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from fractions import Fraction
from importlib.metadata import version
from io import BytesIO

import av
import numpy as np
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus

RATE = 48000


def part(codec: str, seconds: int, serial: int) -> bytes:
    """A tone in Ogg, as a stream with a number of its own: parts of a chain need that."""
    written = BytesIO()
    with av.open(written, "w", format="ogg", options={"serial_offset": str(serial)}) as out:
        stream = out.add_stream(codec, rate=RATE, layout="mono")
        for begin in range(0, seconds * RATE, RATE // 50):
            samples = 8000 * np.sin(0.05 * np.arange(begin, begin + RATE // 50))
            frame = av.AudioFrame.from_ndarray(samples.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return written.getvalue()


print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}, mutagen {version('mutagen')}")
for codec, tags in (("libopus", OggOpus), ("flac", OggFLAC)):
    chain = part(codec, 3, 1) + part(codec, 2, 2)
    with av.open(BytesIO(chain)) as source:
        told = source.duration / av.time_base
        frames = list(source.decode(audio=0))
    by_mutagen = tags(BytesIO(chain)).info.length
    length = sum(frame.samples for frame in frames) / RATE
    end = frames[-1].time + frames[-1].samples / RATE
    back = sum(later.time < frame.time for frame, later in zip(frames, frames[1:], strict=False))
    print(
        f"{codec}: duration {told:.1f}, mutagen {by_mutagen:.1f}; {length:.1f} s of samples decoded, "
        f"times end at {end:.1f} after having gone back {back} time"
    )
    seen = [round(value, 1) for value in (told, by_mutagen, length, end, back)]
    assert seen == [2, 3, 5, 2, 1], seen
PYTHON
