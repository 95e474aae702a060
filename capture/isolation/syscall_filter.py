"""Blocks system calls that no decoder needs (seccomp(2)): sockets, other processes, kernel
administration.

A filter of classic BPF, as in linux/seccomp.h and linux/filter.h. Blocked calls fail with EACCES,
so that a library that tries one continues without it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from typing import NamedTuple

_SECCOMP = {"x86_64": 317, "aarch64": 277}
# linux/audit.h: identifies the system call table that a process uses.
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# By name, with the number on x86_64 and on aarch64 (asm/unistd_64.h, asm-generic/unistd.h).
_REFUSED = {
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "ptrace": (101, 117),
    "mount": (165, 40),
    "setns": (308, 268),
    "unshare": (272, 97),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    # io_uring opens sockets past every filter.
    "io_uring_setup": (425, 425),
    "execve": (59, 221),
    "execveat": (322, 281),
}
# The x32 table of x86_64, with other numbers for the same calls.
_X32_BIT = 0x40000000
_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2
_ALL_THREADS = 1
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCH_AT = 0, 4


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


class _Instruction(NamedTuple):
    code: int
    if_true: int
    if_false: int
    value: int


def is_available(libc: ctypes.CDLL, machine: str) -> bool:
    """Whether there is a filter for this processor and the kernel supports it; changes nothing."""
    if machine not in _SECCOMP or sys.maxsize < 1 << 32:
        return False
    action = ctypes.c_uint32(_REFUSE & 0xFFFF0000)
    answer: int = libc.syscall(_SECCOMP[machine], _GET_ACTION_AVAIL, 0, ctypes.byref(action))
    return answer == 0


def install(libc: ctypes.CDLL, machine: str) -> None:
    """Filter the system calls of all threads of this process, irrevocably. Raises OSError. Needs
    no_new_privs."""
    program = b"".join(struct.pack("=HBBI", *one) for one in build(machine))
    wanted = _Program(len(program) // 8, program)
    result = libc.syscall(_SECCOMP[machine], _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(wanted))
    if result != 0:
        number = ctypes.get_errno() or errno.EPERM
        raise OSError(number, f"system calls can't be filtered: {os.strerror(number)}")


def build(machine: str) -> list[_Instruction]:
    """Build the filter's instructions: another table is refused completely, then calls by
    number."""
    column = 0 if machine == "x86_64" else 1
    numbers = sorted(numbers[column] for numbers in _REFUSED.values())
    count = len(numbers)
    refuse = _Instruction(_RETURN, 0, 0, _REFUSE)
    return [
        _Instruction(_LOAD, 0, 0, _ARCH_AT),
        _Instruction(_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        refuse,
        _Instruction(_LOAD, 0, 0, _NUMBER_AT),
        _Instruction(_AT_LEAST, count + 1, 0, _X32_BIT),
        # Jump from each of these to the last instruction.
        *(_Instruction(_EQUAL, count - at, 0, number) for at, number in enumerate(numbers)),
        _Instruction(_RETURN, 0, 0, _ALLOW),
        refuse,
    ]
