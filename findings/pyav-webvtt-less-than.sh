#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): captions lose words on the way from SubRip to WebVTT. There "<" begins a tag, and one that is
# meant has to be written "&lt;"; FFmpeg's encoder writes it as it came, so that a player, and FFmpeg's own decoder, shows
# "I" where "I <3 this town" was said. SubRip's decoder loses some before: of "a < b && c > d" it makes a bold "d", for it
# takes "< b && c >" for a tag. "&lt;" in SubRip, where it is no more than four letters, turns into "<". Nothing is
# logged. The ffmpeg program does the same, and pysubs2 1.8.1 writes "<" into WebVTT, too.
#
# Output seen:
#   PyAV 18.1.0, FFmpeg 8.1.2
#   said 'I <3 this town', in WebVTT 'I <3 this town', read back 'I '
#   said 'if a < b && c > d', in WebVTT 'if a <b> d</b>', read back 'if a {\b1} d{\b0}'
#   said 'write &lt; for less', in WebVTT 'write &lt; for less', read back 'write < for less'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 pysubs2==1.8.1
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from io import BytesIO

import av
import pysubs2
from av.subtitles.subtitle import SubtitleSet

SAID = "I <3 this town", "if a < b && c > d", "write &lt; for less"
print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}")
subrip = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{words}\n\n" for n, words in enumerate(SAID, 1))


def decoded(data: bytes, container: str) -> tuple[bytes, list[tuple[av.Packet, SubtitleSet]]]:
    """The decoder's header, and packets with what is in them."""
    with av.open(BytesIO(data), format=container) as source:
        stream = source.streams.subtitles[0]
        packets = [packet for packet in source.demux(stream) if packet.size]
        context = stream.codec_context
        captions = [(packet, context.decode2(packet)) for packet in packets]
        return context.subtitle_header, captions


header, captions = decoded(subrip.encode(), "srt")
written = BytesIO()
with av.open(written, "w", format="webvtt") as out:
    stream = out.add_stream("webvtt")
    stream.codec_context.subtitle_header = header
    for packet, caption in captions:
        line = SubtitleSet.create(caption.rects[0].ass, 0, packet.duration)
        made = stream.codec_context.encode_subtitle(line)
        made.pts, made.dts, made.duration = packet.pts, packet.pts, packet.duration
        made.time_base, made.stream = packet.time_base, stream
        out.mux(made)
_, back = decoded(written.getvalue(), "webvtt")
seen = []
for words, (packet, caption) in zip(SAID, back, strict=True):
    seen.append((bytes(packet).decode(), caption.rects[0].dialogue.decode()))
    print("said '{}', in WebVTT '{}', read back '{}'".format(words, *seen[-1]))
assert seen == [
    ("I <3 this town", "I "),
    ("if a <b> d</b>", r"if a {\b1} d{\b0}"),
    ("write &lt; for less", "write < for less"),
], seen
assert "\nI <3 this town\n" in pysubs2.SSAFile.from_string(subrip).to_string("vtt")
PYTHON
