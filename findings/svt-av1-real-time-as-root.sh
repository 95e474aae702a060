#!/usr/bin/env bash
# PyAV 18.1.0 (SVT-AV1 in its wheel), as root on Linux: encoding a single AVIF turns the thread that called into a
# real-time one, SCHED_FIFO with priority 99, the highest there is. It stays so when the encoder has been closed, and every
# process that it starts afterwards is one too: a worker that once made an AVIF, and its children, keep all others from the
# processor. The option "svtav1-params": "lp=1" (one thread) doesn't change that. As another user nothing happens.
#
# Output seen:
#   PyAV 18.1.0 as root
#   policy and priority before (0, 0), encoding (1, 99), closed (1, 99), in a child (1, 99)
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "only root sees this"; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check av==18.1.0
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON'
import os
import subprocess
import sys

import av

ASK = "import os; print((os.sched_getscheduler(0), os.sched_getparam(0).sched_priority))"


def place() -> tuple[int, int]:
    return os.sched_getscheduler(0), os.sched_getparam(0).sched_priority


print(f"PyAV {av.__version__} as root")
before = place()
with av.open("grey.avif", "w", format="avif") as out:
    stream = out.add_stream("libsvtav1", rate=1, options={"preset": "12", "svtav1-params": "lp=1"})
    stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
    frame = av.VideoFrame(64, 64, "yuv420p")
    frame.pts = 0
    out.mux(stream.encode(frame))
    encoding = place()
    out.mux(stream.encode(None))
closed = place()
child = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True).stdout.strip()
print(f"policy and priority before {before}, encoding {encoding}, closed {closed}, in a child {child}")
assert before == (os.SCHED_OTHER, 0)
assert encoding == closed == (os.SCHED_FIFO, 99)
assert child == str((os.SCHED_FIFO, 99))
PYTHON
