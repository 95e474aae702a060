#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): of an AMR recording in which the phone saved space in pauses only what lies before the first pause
# can be decoded. With discontinuous transmission (3GPP TS 26.093), which is what AMR was made for, a pause is a few frames
# of comfort noise and, between them, ones without data. FFmpeg's own decoder raises at both kinds ("not yet implemented",
# "invalid data"), so that decode(audio=0) and the ffmpeg program's choice of decoder end there; whoever passes over the
# errors has the words without the pauses. The same FFmpeg has libopencore_amrnb, which decodes all. The duration,
# told by the size and the bit rate of the first frame, is wrong for either.
#
# Output seen (a second of hiss, one of sound, two of hiss):
#   PyAV 18.1.0, FFmpeg 8.1.2
#   without DTX: frames 7: 201; duration 4.150; amrnb 4.02 s, libopencore_amrnb 4.02 s
#   with DTX: frames 7: 65, 8: 19, 15: 117; duration 3.555; amrnb PatchWelcomeError after 0.14 s, libopencore_amrnb 4.02 s
#   with DTX, errors passed over: amrnb 1.30 s
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from collections import Counter
from fractions import Fraction
from io import BytesIO

import av
import numpy as np

RATE, SAMPLES = 8000, 160
# Bytes behind the first one of a frame, by its type (RFC 4867): eight rates, comfort noise, none.
SIZES = (12, 13, 15, 17, 19, 20, 26, 31, 5, *[0] * 7)


def recording(dtx: bool) -> bytes:
    """Four seconds with sound in the second of them and hiss around it."""
    noise = np.random.default_rng(1).normal(0, 3, 4 * RATE)
    at = np.arange(RATE, 2 * RATE)
    noise[at] = 8000 * np.sin(0.3 * at) * np.sin(at / 300) ** 2
    written = BytesIO()
    with av.open(written, "w", format="amr") as out:
        stream = out.add_stream("libopencore_amrnb", rate=RATE, options={"dtx": str(int(dtx))})
        stream.layout, stream.bit_rate = "mono", 12200
        for begin in range(0, len(noise), SAMPLES):
            samples = noise[begin : begin + SAMPLES].astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return written.getvalue()


def kinds(data: bytes) -> dict[int, int]:
    data, found = data.removeprefix(b"#!AMR\n"), Counter()
    while data:
        kind = data[0] >> 3 & 15
        found[kind] += 1
        data = data[1 + SIZES[kind] :]
    return dict(sorted(found.items()))


def decoded(data: bytes, decoder: str | None, passing_over: bool = False) -> tuple[float, str]:
    """Seconds of sound, and what ended it."""
    seconds, ended = 0.0, ""
    with av.open(BytesIO(data)) as source:
        stream = source.streams.audio[0]
        context = stream.codec_context
        if decoder:
            context = av.CodecContext.create(decoder, "r")
            context.sample_rate, context.layout = RATE, "mono"
        for packet in source.demux(stream):
            try:
                seconds += sum(frame.samples for frame in context.decode(packet)) / RATE
            except av.FFmpegError as error:
                ended = type(error).__name__
                if not passing_over:
                    break
    return round(seconds, 2), ended


print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}")
plain, saving = recording(False), recording(True)
seen = []
for name, data in (("without DTX", plain), ("with DTX", saving)):
    with av.open(BytesIO(data)) as source:
        duration, own = source.duration / av.time_base, source.streams.audio[0].codec_context.name
    (seconds, ended), (whole, _) = decoded(data, None), decoded(data, "libopencore_amrnb")
    frames = ", ".join(f"{kind}: {count}" for kind, count in kinds(data).items())
    ended = ended and f"{ended} after "
    print(f"{name}: frames {frames}; duration {duration:.3f}; {own} {ended}{seconds:.2f} s, libopencore_amrnb {whole:.2f} s")
    seen.append((own, bool(ended), seconds, whole))
part, _ = decoded(saving, None, passing_over=True)
print(f"with DTX, errors passed over: amrnb {part:.2f} s")
assert seen[0] == ("amrnb", False, 4.02, 4.02), seen
assert seen[1][:2] == ("amrnb", True) and seen[1][2] < 1 and seen[1][3] == 4.02 and part < 3, (seen, part)
PYTHON
