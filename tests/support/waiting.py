"""Wait for what another thread or process does."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], seconds: float = 180, every: float = 0.01) -> None:
    """Ask every so many seconds until the answer is true; fails when it is not in time.

    As patient as a busy machine may need: where it is quick, nobody waits.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it did not happen within {seconds:g} s"
        time.sleep(every)
