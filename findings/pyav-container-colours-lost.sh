#!/usr/bin/env bash
# pyav 18.1.0: a film's colour tags can stand in its container alone (QuickTime's colr atom) while its bitstream says
# "unspecified" (2), as some recorders leave it. The stream's codec_context tells them only until the first picture is
# decoded; from then on it says "unspecified", as each frame does, so whoever asks after decoding takes an HLG film in BT.2020
# for an ordinary one.
#
# Output seen:
#   PyAV 18.1.0
#   tagged.mov: before (9, 18, 9), frame (9, 18, 9), after (9, 18, 9)
#   container.mov: before (9, 18, 9), frame (2, 2, 2), after (2, 2, 2)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import av
import numpy as np

# BT.2020, HLG (ITU-T H.273).
TAGS = 9, 18, 9
print("PyAV", av.__version__)


def tags(holder: av.VideoFrame | av.VideoCodecContext) -> tuple[int, int, int]:
    return int(holder.color_primaries), int(holder.color_trc), int(holder.colorspace)


with av.open("tagged.mov", "w") as film:
    stream = film.add_stream("libx264", rate=25)
    stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
    context = stream.codec_context
    context.color_primaries, context.color_trc, context.colorspace = TAGS
    for _ in range(3):
        frame = av.VideoFrame.from_ndarray(np.full((96, 64), 128, np.uint8), "yuv420p")
        frame.color_primaries, frame.color_trc, frame.colorspace = TAGS
        film.mux(stream.encode(frame))
    film.mux(stream.encode())
UNSPECIFIED = "h264_metadata=colour_primaries=2:transfer_characteristics=2:matrix_coefficients=2"
with av.open("tagged.mov") as film, av.open("container.mov", "w") as out:
    stream = film.streams.video[0]
    to = out.add_stream_from_template(stream)
    clean = av.BitStreamFilterContext(UNSPECIFIED, stream, to)
    for packet in film.demux(stream):
        for cleaned in clean.filter(packet if packet.size else None):
            cleaned.stream = to
            out.mux(cleaned)
for name, decoded in (("tagged.mov", TAGS), ("container.mov", (2, 2, 2))):
    with av.open(name) as film:
        stream = film.streams.video[0]
        before = tags(stream.codec_context)
        frame = next(film.decode(video=0))
        print(f"{name}: before {before}, frame {tags(frame)}, after {tags(stream.codec_context)}")
        assert before == TAGS
        assert tags(frame) == tags(stream.codec_context) == decoded
PYTHON
