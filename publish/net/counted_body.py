"""A request's body that tells the meter how much of it has gone."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from publish.net.transfer_meter import TransferMeter


class CountedBody(httpx.SyncByteStream):
    """See the module."""

    def __init__(self, body: httpx.SyncByteStream, meter: TransferMeter) -> None:
        self._body, self._meter = body, meter

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._body:
            yield piece
            self._meter.record_sent(len(piece))

    def close(self) -> None:
        """Let the body go."""
        self._body.close()
