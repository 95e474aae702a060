"""Policy for connections that keep dropping: shrink the photo or park the file before retries use up the byte budget.

Counted in the row's memory: ``cuts`` (costly tries in a row), ``reach`` (most bytes sent by one of
them), and ``most`` (current size limit in bytes of a photo or a file inside a post).
"""

from __future__ import annotations

from dataclasses import replace

from publish.outbox.policy.transition import Traffic
from reporter.delivery_memory import DeliveryMemory

# An interrupted try that sent fewer bytes is retried like any other failure.
COSTLY = 200_000
# After this many cuts a photo is shrunk, also in a story with files inside; after this many a film
# or recording is not sent. One or two in a row may happen to any file on a connection that breaks
# every megabyte.
PHOTO_CUTS, FILE_CUTS = 3, 3
# Bytes sent before the connection broke include many that were still in transit.
_SHARE = 0.6
# Photos below this size are not shrunk further.
LEAST_PHOTO = 20_000


def is_costly(traffic: Traffic) -> bool:
    """Whether an interrupted try has to be repeated in full: much was sent and nothing of it remains at the target."""
    return not traffic.resumable and traffic.sent >= COSTLY


def count_cut(memory: DeliveryMemory, traffic: Traffic) -> DeliveryMemory:
    """The row's memory after one more costly try."""
    return replace(memory, cuts=memory.cuts + 1, reach=max(memory.reach, traffic.sent))


def smaller(memory: DeliveryMemory, size: int) -> DeliveryMemory:
    """The row's memory; every third costly try lowers its size limit. ``size``: current size in bytes."""
    if memory.cuts % PHOTO_CUTS:
        return memory
    before = size if memory.most is None else memory.most
    return replace(memory, most=max(LEAST_PHOTO, int(min(before, memory.reach) * _SHARE)))
