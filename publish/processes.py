"""Processes of this machine: whether one is running, by PID, and where a PID means the same process."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path

if sys.platform == "win32":
    import ctypes

    # https://learn.microsoft.com/windows/win32/procthread/process-security-and-access-rights
    _SYNCHRONIZE, _STILL_RUNS, _NO_SUCH_PROCESS = 0x100000, 0x102, 87

    def is_running(pid: int) -> bool:
        """Whether a process with this PID is running."""
        if pid >= 1 << 32:
            return False
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        process = ctypes.c_void_p(kernel.OpenProcess(_SYNCHRONIZE, False, pid))
        if not process:
            # A process we lack permission to open is running.
            return ctypes.get_last_error() != _NO_SUCH_PROCESS
        try:
            return bool(kernel.WaitForSingleObject(process, 0) == _STILL_RUNS)
        finally:
            kernel.CloseHandle(process)

else:

    def is_running(pid: int) -> bool:
        """Whether a process with this PID is running."""
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        return True


_BOOT, _NAMESPACE = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")


@cache
def start_of_kernel() -> str:
    """What tells this start of the machine from the one before; empty where the system does not say (proc(5))."""
    try:
        return _BOOT.read_text().strip()[:13]
    except OSError:
        return ""


@cache
def pid_space() -> str:
    """Where a PID means one process: the machine's name and, on Linux, its start and the container.

    Machines that were copied have one name, and containers of one machine have PIDs of their own.
    """
    try:
        inside = os.readlink(_NAMESPACE).strip("pid:[]")
    except OSError:
        inside = ""
    return "|".join((platform.node(), start_of_kernel(), inside))
