"""Run under Windows by tests/tools/windows.sh: limits of decoder processes, and whose process runs."""

from __future__ import annotations

import os
import time

from capture.decoding.process_limits import peak_memory
from capture.decoding.process_pool import DecoderDied, DecoderPool
from publish.processes import is_running


def eat(megabytes: int) -> int:
    """Take so much memory for a second; the most that this process has had."""
    taken = bytearray(b"x") * (megabytes << 20)
    time.sleep(1)
    return max(peak_memory(), len(taken) >> 62)


def main() -> None:
    """Raise AssertionError where something doesn't hold."""
    assert is_running(os.getpid())
    assert not is_running(999_999)
    with DecoderPool(1, memory_mb=300) as pool:
        assert pool.run(eat, 10, timeout=60) < 300 << 20
        try:
            pool.run(eat, 600, timeout=60)
        except DecoderDied as error:
            print("refused:", error)
        else:
            raise AssertionError("600 MB were taken")
        assert pool.run(eat, 10, timeout=60)
    print("the pool goes on")


if __name__ == "__main__":
    main()
