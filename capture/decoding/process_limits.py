"""Memory limit and priority of a decoder process, per operating system."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

# Exit code of a worker that the memory watch stopped: distinct from signal numbers and from
# Python's own errors.
OVER_MEMORY = 86
_LOOK_EVERY = 0.1


def limit_process(memory_mb: int, priority: int) -> None:
    """Limit the memory of this process and lower its priority; no core dumps.

    Linux enforces the limit (RLIMIT_AS), and so does Windows (a job object). macOS has no limit
    that works, and Windows may refuse the job: there a thread watches the memory and ends the
    process.
    """
    if sys.platform == "win32":
        # Where the process is already in a job that allows no nested one (old Windows, Wine), only
        # the watch remains.
        with suppress(OSError):
            limit_by_job(memory_mb << 20)
        lower_priority()
        watch_memory(memory_mb << 20)
        return
    os.nice(priority)
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    if sys.platform == "darwin":
        watch_memory(memory_mb << 20)


def peak_memory() -> int:
    """Peak memory of this process in bytes (getrusage: macOS counts bytes, Linux kilobytes)."""
    if sys.platform == "win32":
        return peak_committed()
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def watch_memory(limit: int, *, used: Callable[[], int] = peak_memory) -> None:
    """End this process with OVER_MEMORY when it exceeds ``limit`` bytes; checks ten times a
    second."""

    def watch() -> None:
        while used() <= limit:
            time.sleep(_LOOK_EVERY)
        os._exit(OVER_MEMORY)

    threading.Thread(target=watch, name="memory", daemon=True).start()


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    # https://learn.microsoft.com/windows/win32/procthread/job-objects
    _PROCESS_MEMORY, _DIE_ON_ERROR = 0x100, 0x400
    _BELOW_NORMAL = 0x4000
    _EXTENDED_LIMITS = 9

    class _BasicLimits(ctypes.Structure):
        """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

        _fields_ = (
            ("process_time", ctypes.c_int64),
            ("job_time", ctypes.c_int64),
            ("flags", wintypes.DWORD),
            ("least_working_set", ctypes.c_size_t),
            ("most_working_set", ctypes.c_size_t),
            ("processes", wintypes.DWORD),
            ("affinity", ctypes.c_size_t),
            ("priority", wintypes.DWORD),
            ("scheduling", wintypes.DWORD),
        )

    class _ExtendedLimits(ctypes.Structure):
        """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

        _fields_ = (
            ("basic", _BasicLimits),
            ("transfers", ctypes.c_uint64 * 6),
            ("process_memory", ctypes.c_size_t),
            ("job_memory", ctypes.c_size_t),
            ("peak_process", ctypes.c_size_t),
            ("peak_job", ctypes.c_size_t),
        )

    class _MemoryCounters(ctypes.Structure):
        """PROCESS_MEMORY_COUNTERS."""

        _fields_ = (
            ("size", wintypes.DWORD),
            ("page_faults", wintypes.DWORD),
            ("sizes", ctypes.c_size_t * 7),
            ("peak_committed", ctypes.c_size_t),
        )

    def _this_process() -> Any:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        return kernel, wintypes.HANDLE(kernel.GetCurrentProcess())

    def lower_priority() -> None:
        """Lower the priority, so that interactive work gets the processor first."""
        kernel, process = _this_process()
        kernel.SetPriorityClass(process, _BELOW_NORMAL)

    def peak_committed() -> int:
        """Peak committed memory of this process, in bytes."""
        kernel, process = _this_process()
        counters = _MemoryCounters(size=ctypes.sizeof(_MemoryCounters))
        kernel.K32GetProcessMemoryInfo(process, ctypes.byref(counters), counters.size)
        return int(counters.peak_committed)

    def limit_by_job(memory: int) -> None:
        """Limit this process to ``memory`` bytes by a job object.

        The job lives as long as the process: its handle is left open. Raises OSError.
        """
        kernel, process = _this_process()
        kernel.CreateJobObjectW.restype = wintypes.HANDLE
        kernel.SetInformationJobObject.argtypes = (
            wintypes.HANDLE,
            ctypes.c_int,
            ctypes.c_void_p,
            wintypes.DWORD,
        )
        kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
        limits = _ExtendedLimits(process_memory=memory)
        limits.basic.flags = _PROCESS_MEMORY | _DIE_ON_ERROR
        job = kernel.CreateJobObjectW(None, None)
        size = ctypes.sizeof(limits)
        done = job and kernel.SetInformationJobObject(
            job, _EXTENDED_LIMITS, ctypes.byref(limits), size
        )
        if not (done and kernel.AssignProcessToJobObject(job, process)):
            raise ctypes.WinError(ctypes.get_last_error())
