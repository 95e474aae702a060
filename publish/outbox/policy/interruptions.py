"""Policy for connections that keep dropping: shrink the photo or park the file before retries use up the byte budget.

Counted in the row's memory: ``cuts`` (costly tries in a row), ``reach`` (bytes that the longest of them sent), and
``most`` (bytes that a photo, or a file inside a post, may have by now).
"""

from __future__ import annotations

from dataclasses import replace

from publish.outbox.policy.transition import Traffic
from reporter.delivery_memory import DeliveryMemory

# A broken try that sent fewer bytes is tried again like any other failure.
COSTLY = 200_000
# After so many a photo goes smaller, a story with files inside too; after so many a film or recording stays here.
# One or two in a row may meet any file on a line that breaks every megabyte.
PHOTO_CUTS, FILE_CUTS = 3, 3
# What came through before the line broke includes much that was only on its way.
_SHARE = 0.6
# A photo that is smaller than this is not made smaller still.
LEAST_PHOTO = 20_000


def is_costly(traffic: Traffic) -> bool:
    """Whether a broken try has to be paid once more: much was sent, and nothing of it stays at the target."""
    return not traffic.resumable and traffic.sent >= COSTLY


def count_cut(memory: DeliveryMemory, traffic: Traffic) -> DeliveryMemory:
    """The row's memory after one more costly try."""
    return replace(memory, cuts=memory.cuts + 1, reach=max(memory.reach, traffic.sent))


def smaller(memory: DeliveryMemory, size: int) -> DeliveryMemory:
    """Every third time: what goes next has to be smaller. ``size``: bytes of what goes now."""
    if memory.cuts % PHOTO_CUTS:
        return memory
    before = size if memory.most is None else memory.most
    return replace(memory, most=max(LEAST_PHOTO, int(min(before, memory.reach) * _SHARE)))
