"""Keep the laptop from falling asleep while the kiosk runs, by each system's own means; gone with our process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

WHY = "Phones send to this laptop."


@contextmanager
def stay_awake() -> Iterator[bool]:
    """Neither idle time nor a closed lid sends the laptop to sleep meanwhile; False where nothing here can see to it.

    Enter and leave it in the thread that runs the kiosk: Windows keeps the wish by thread.
    """
    if sys.platform == "win32":
        yield _tell_windows(_CONTINUOUS | _SYSTEM_REQUIRED)
        _tell_windows(_CONTINUOUS)
        return
    command = inhibitor()
    if command is None:
        yield False
        return
    # Ends when its input does, and that ends with us, however we end.
    holder = _started(command)
    try:
        yield holder is not None
    finally:
        if holder is not None:
            holder.communicate()


def inhibitor() -> Sequence[str] | None:
    """The command that keeps this system awake until its standard input ends; None if it has none."""
    if sys.platform == "darwin":
        # -i idle, -m disk, -s system on mains; it waits for `cat`, so the same pipe ends it.
        return ["caffeinate", "-ims", "cat"]
    if not shutil.which("systemd-inhibit") or not os.path.isdir("/run/systemd/system"):
        return None
    what = "--what=idle:sleep:handle-lid-switch"
    return ["systemd-inhibit", what, "--who=Social Reporter", f"--why={WHY}", "cat"]


def _started(command: Sequence[str]) -> subprocess.Popen[bytes] | None:
    quiet = subprocess.DEVNULL
    try:
        holder = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True
        )
    except OSError:
        return None
    try:
        # Who may not ask for it (no session at this desktop) is told at once.
        holder.wait(timeout=0.3)
    except subprocess.TimeoutExpired:
        return holder
    holder.communicate()
    return None


if sys.platform == "win32":
    import ctypes

    # https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-setthreadexecutionstate
    _CONTINUOUS, _SYSTEM_REQUIRED = 0x80000000, 0x1

    def _tell_windows(state: int) -> bool:
        kernel = ctypes.WinDLL("kernel32")
        kernel.SetThreadExecutionState.argtypes = (ctypes.c_uint32,)
        return bool(kernel.SetThreadExecutionState(state))
