#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): chapters in an MP4 begin earlier and end later than set_chapters was told. There a chapter is a
# sample of a text track, and samples follow each other from the beginning on: FFmpeg gives all that is before the first
# chapter and all that is between two to the earlier one. The welcome of two minutes without a chapter opens under the first
# talk's name, and a break belongs to the talk before it. Matroska keeps all ends. The text track is one more stream of the file, of
# data. A chapter of its own for each gap helps.
#
# Output seen (seconds):
#   PyAV 18.1.0, FFmpeg 8.1.2
#   given:          Ada 2.0 to 4.0, Bob 6.0 to 8.0
#   matroska:       Ada 2.0 to 4.0, Bob 6.0 to 8.0; streams video
#   mp4:            Ada 0.0 to 6.0, Bob 6.0 to 8.0; streams video, data
#   mp4, gaps told: - 0.0 to 2.0, Ada 2.0 to 4.0, - 4.0 to 6.0, Bob 6.0 to 8.0; streams video, data
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from fractions import Fraction
from io import BytesIO

import av
import numpy as np

Chapters = list[tuple[str, float, float]]
GIVEN = [("Ada", 2.0, 4.0), ("Bob", 6.0, 8.0)]
GAPS = [("-", 0.0, 2.0), GIVEN[0], ("-", 4.0, 6.0), GIVEN[1]]


def through(container: str, chapters: Chapters) -> tuple[Chapters, list[str]]:
    """Chapters and kinds of streams as they are read from a film that was written with these chapters."""
    written = BytesIO()
    with av.open(written, "w", format=container) as out:
        stream = out.add_stream("mpeg4", rate=5, width=64, height=48, pix_fmt="yuv420p")
        out.set_chapters([
            {
                "id": number, "start": round(begin * 1000), "end": round(end * 1000),
                "time_base": Fraction(1, 1000), "metadata": {"title": title},
            }
            for number, (title, begin, end) in enumerate(chapters, 1)
        ])
        for number in range(10 * 5):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 5)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with av.open(BytesIO(written.getvalue())) as source:
        read = [
            (one["metadata"]["title"], float(one["start"] * one["time_base"]), float(one["end"] * one["time_base"]))
            for one in source.chapters()
        ]
        return read, [one.type for one in source.streams]


def words(chapters: Chapters) -> str:
    return ", ".join(f"{title} {begin} to {end}" for title, begin, end in chapters)


print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}")
print(f"{'given:':15} {words(GIVEN)}")
seen = {}
for name, container, chapters in (("matroska", "matroska", GIVEN), ("mp4", "mp4", GIVEN), ("mp4, gaps told", "mp4", GAPS)):
    seen[name], kinds = through(container, chapters)
    print(f"{name + ':':15} {words(seen[name])}; streams {', '.join(kinds)}")
assert seen["matroska"] == GIVEN
assert seen["mp4"] == [("Ada", 0.0, 6.0), ("Bob", 6.0, 8.0)], seen
assert seen["mp4, gaps told"] == GAPS
PYTHON
