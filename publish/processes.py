"""Whether a process of this machine still runs, by its number."""

from __future__ import annotations

import os


def is_running(pid: int) -> bool | None:
    """True or False; None on Windows, where signal 0 is no question but would end the process (``os.kill``)."""
    if os.name == "nt":
        return None
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
