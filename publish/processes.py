"""Check whether a process on this machine is running, by PID."""

from __future__ import annotations

import os
import sys

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
