"""Request body that reports upload progress to the transfer meter."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from publish.net.transfer_meter import TransferMeter


class CountedBody(httpx.SyncByteStream):
    """Wraps a request body and counts the bytes sent."""

    def __init__(self, body: httpx.SyncByteStream, meter: TransferMeter) -> None:
        self._body, self._meter = body, meter

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._body:
            yield piece
            self._meter.record_sent(len(piece))

    def close(self) -> None:
        """Close the wrapped body."""
        self._body.close()
