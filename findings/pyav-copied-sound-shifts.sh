#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): packets of sound that are copied into another container, with no decoding, may sound later.
# What an encoder puts in front (AAC 1024 samples, LAME 1105) is hidden by the first container; add_stream_from_template
# hands the codec's parameters on, and the second one does not hide it: a click at one second moves by 21 or 23 ms. The
# same encoder writing straight into the second container gets it right, so nothing in the format is in the way. Opus
# keeps its place from Ogg into WebM, and comes half a millisecond early from WebM, whose clock has milliseconds, into MP4.
#
# Output seen (sample at which a click at 48000 is decoded; encoders smear it by a few samples):
#   PyAV 18.1.0, FFmpeg 8.1.2
#   aac from mp4 into matroska: before 48005, copied 49029, encoded straight into it 48005
#   libmp3lame from mp3 into mp4: before 48005, copied 49110, encoded straight into it 48005
#   libmp3lame from mp3 into matroska: before 48005, copied 49110, encoded straight into it 48005
#   libopus from ogg into webm: before 48005, copied 48005, encoded straight into it 48005
#   libopus from webm into mp4: before 48005, copied 47981, encoded straight into it 48005
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from io import BytesIO

import av
import numpy as np
from av.audio.resampler import AudioResampler

RATE = 48000
print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}")


def encoded(container: str, codec: str) -> bytes:
    """Two seconds of silence with fifty milliseconds of a tone at one second."""
    sound = np.zeros((1, 2 * RATE), np.float32)
    sound[0, RATE : RATE + 2400] = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(2400) / RATE)
    frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="mono")
    frame.rate, frame.pts = RATE, 0
    written = BytesIO()
    with av.open(written, "w", format=container) as out:
        stream = out.add_stream(codec, rate=RATE)
        stream.layout = "mono"
        for part in AudioResampler(stream.codec_context.format, "mono", RATE).resample(frame):
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return written.getvalue()


def copied(data: bytes, container: str) -> bytes:
    written = BytesIO()
    with av.open(BytesIO(data)) as source, av.open(written, "w", format=container) as out:
        old = source.streams.audio[0]
        new = out.add_stream_from_template(old)
        for packet in source.demux(old):
            if packet.dts is not None:
                packet.stream = new
                out.mux(packet)
    return written.getvalue()


def click(data: bytes) -> int:
    with av.open(BytesIO(data)) as source:
        sound = np.concatenate([frame.to_ndarray()[0].astype(np.float32) for frame in source.decode(audio=0)])
    loud = np.abs(sound)
    return int(np.argmax(loud > loud.max() / 2))


moved = {}
for codec, first, second in (
    ("aac", "mp4", "matroska"),
    ("libmp3lame", "mp3", "mp4"),
    ("libmp3lame", "mp3", "matroska"),
    ("libopus", "ogg", "webm"),
    ("libopus", "webm", "mp4"),
):
    data = encoded(first, codec)
    before, after, straight = click(data), click(copied(data, second)), click(encoded(second, codec))
    print(f"{codec} from {first} into {second}: before {before}, copied {after}, encoded straight into it {straight}")
    assert before == straight
    moved[codec, second] = after - before
assert list(moved.values()) == [1024, 1105, 1105, 0, -24], moved
PYTHON
