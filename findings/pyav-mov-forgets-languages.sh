#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): a track's language that is kept in an MP4 is gone from a MOV, depending on how it is spelt. Some
# languages have two codes of three letters (ISO 639-2): Matroska wants "ger" and "fre", browsers' tools and "deu" in MP4 the
# others. QuickTime may hold either, or one of the numbers that the Macintosh had for languages; FFmpeg's muxer writes
# only the latter into a MOV, and its table has one spelling of each: "ger" and not "deu", but "fra" and not "fre", "chi"
# and not "zho", "ron" and not "rum". Croatian and Mandarin have none at all. What isn't in it is written as "unspecified",
# with no warning, and captions are then offered in no language. In MP4 and Matroska the same call keeps all of them.
#
# Output seen:
#   PyAV 18.1.0, FFmpeg 8.1.2
#   mov keeps eng ger fra chi ron ukr
#   mov loses deu fre zho rum hrv cmn nob
#   mp4 keeps all, matroska keeps all
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import io
from importlib.metadata import version

import av
import numpy as np

KEPT, LOST = "eng ger fra chi ron ukr".split(), "deu fre zho rum hrv cmn nob".split()


def read_back(kind, language):
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.metadata["language"] = language
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8))))
        container.mux(stream.encode(None))
    with av.open(io.BytesIO(file.getvalue())) as container:
        return container.streams.video[0].metadata.get("language")


print(f"PyAV {version('av')}, FFmpeg {av.ffmpeg_version_info}")
seen = {kind: {language: read_back(kind, language) for language in KEPT + LOST} for kind in ("mov", "mp4", "matroska")}
kept = [language for language, read in seen["mov"].items() if read == language]
lost = [language for language, read in seen["mov"].items() if read is None]
print("mov keeps", *kept)
print("mov loses", *lost)
assert kept == KEPT and lost == LOST, seen["mov"]
for kind in ("mp4", "matroska"):
    assert all(read == language for language, read in seen[kind].items()), seen[kind]
print("mp4 keeps all, matroska keeps all")
PYTHON
