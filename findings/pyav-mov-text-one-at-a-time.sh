#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): in an MP4 a caption ends where the next one begins, and doesn't come back. Two people who talk
# at the same time, or a title over what is said, are two captions at once in SubRip, WebVTT and Matroska. Timed text in
# MP4 (3GPP TS 26.245) is a row of samples with nothing beside each other, so that both would have to stand in one
# sample, as two lines. FFmpeg's muxer instead cuts the first short, and when the second is over shows nothing for the
# rest of the first. Nothing is raised or logged, and mux() takes the packets with the times that were given to it.
#
# Output seen (seconds):
#   PyAV 18.1.0, FFmpeg 8.1.2
#   given:       Ada speaks 1.0 to 5.0, Bob falls in 2.0 to 3.0, last 6.0 to 7.0
#   in matroska: Ada speaks 1.0 to 5.0, Bob falls in 2.0 to 3.0, last 6.0 to 7.0
#   in mp4:      Ada speaks 1.0 to 2.0, Bob falls in 2.0 to 3.0, last 6.0 to 7.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from fractions import Fraction
from io import BytesIO

import av
from av.subtitles.subtitle import SubtitleSet

GIVEN = [("Ada speaks", 1.0, 5.0), ("Bob falls in", 2.0, 3.0), ("last", 6.0, 7.0)]
HEADER = b"[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name\nStyle: Default\n\n[Events]\nFormat: Text\n"
CODECS = {"matroska": "ass", "mp4": "mov_text"}
print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}")


def through(container: str) -> list[tuple[str, float, float]]:
    """The captions as they are read from the container after having been written."""
    written = BytesIO()
    with av.open(written, "w", format=container) as out:
        stream = out.add_stream(CODECS[container])
        stream.codec_context.subtitle_header = HEADER
        for number, (words, begin, end) in enumerate(GIVEN):
            line = f"{number},0,Default,,0,0,0,,{words}".encode()
            length = round(1000 * (end - begin))
            packet = stream.codec_context.encode_subtitle(SubtitleSet.create(line, 0, length))
            packet.pts = packet.dts = round(1000 * begin)
            packet.duration, packet.time_base, packet.stream = length, Fraction(1, 1000), stream
            out.mux(packet)
    read = []
    with av.open(BytesIO(written.getvalue())) as source:
        stream = source.streams.subtitles[0]
        for packet in source.demux(stream):
            caption = stream.codec_context.decode2(packet) if packet.size else None
            # Between captions MP4 has samples without words.
            if caption and len(caption) and caption.rects[0].dialogue:
                begin = float(packet.pts * packet.time_base)
                end = begin + float(packet.duration * packet.time_base)
                read.append((caption.rects[0].dialogue.decode(), round(begin, 3), round(end, 3)))
    return read


seen = {"given": GIVEN, **{f"in {container}": through(container) for container in CODECS}}
for name, captions in seen.items():
    print(f"{name + ':':12} " + ", ".join(f"{words} {begin} to {end}" for words, begin, end in captions))
assert seen["in matroska"] == GIVEN
assert seen["in mp4"] == [("Ada speaks", 1.0, 2.0), *GIVEN[1:]], seen
PYTHON
