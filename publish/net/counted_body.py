"""Request body that reports upload progress to the transfer meter."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from publish.net.transfer_meter import TransferMeter


class CountedBody(httpx.SyncByteStream):
    """Wraps a request body and counts the bytes sent.

    A pause ends the delivery between two pieces. After the last one the server acts on the request, and only its
    answer tells what was made.
    """

    def __init__(self, body: httpx.SyncByteStream, meter: TransferMeter) -> None:
        self._body, self._meter = body, meter

    def __iter__(self) -> Iterator[bytes]:
        before = 0
        for piece in self._body:
            self._meter.record_sent(before)
            yield piece
            before = len(piece)
        self._meter.record_all_sent(before)

    def close(self) -> None:
        """Close the wrapped body."""
        self._body.close()
