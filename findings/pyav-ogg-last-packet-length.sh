#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg 8.1.2): of a short Ogg Vorbis file that FFmpeg itself wrote, the last packet is 27 hours long. The last
# page says where the sound ends (RFC 3533, 6), which may be before its last packet begins; FFmpeg subtracts, and keeps the
# difference without a sign: -192 samples become 4294967104. Whoever adds up the lengths of packets, or takes the last one's
# end for the file's, has 97,391 seconds of sound; the container's own duration is right.
#
# Output seen:
#   PyAV 18.1.0, FFmpeg 8.1.2
#   container 0.019 s; packets (0, 1024), (1024, 4294967104)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import av

with av.open("short.ogg", "w") as out:
    stream = out.add_stream("vorbis", rate=44_100, layout="stereo", options={"strict": "-2"})
    silence = av.AudioFrame("fltp", "stereo", 64)
    silence.sample_rate = 44_100
    for _ in range(12):
        out.mux(stream.encode(silence))
    out.mux(stream.encode(None))
with av.open("short.ogg") as source:
    seconds = source.duration / av.time_base
    packets = [(p.pts, p.duration) for p in source.demux(audio=0) if p.size]
print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}")
print(f"container {seconds:.3f} s; packets {', '.join(map(str, packets))}")
assert seconds < 0.1, seconds
assert packets[-1][1] > 1 << 31, packets
PYTHON
