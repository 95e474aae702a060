"""Where the system has no limit on memory, a worker watches itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from capture.decoding.process_limits import OVER_MEMORY, peak_memory

PROGRAM = """
import time
from pathlib import Path
from capture.decoding.process_limits import watch_memory
# Linux hands the peak of whoever started a process down to it.
used = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * 4096
watch_memory(used() + (64 << 20), used=used)
time.sleep(0.3)
print("within", flush=True)
pages = bytearray(b"x") * (256 << 20)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read in Linux's /proc")
def test_a_process_over_its_limit_is_ended() -> None:
    assert peak_memory() > 8 << 20
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=50, check=False
    )
    assert (done.returncode, done.stdout) == (OVER_MEMORY, "within\n")
