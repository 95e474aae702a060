"""A bad Wi-Fi between a phone and the kiosk: a TCP proxy whose every connection meets a fate drawn by a seed.

One lane is one phone's way. Its fates: connections are cut while bytes flow, or just before the answer arrives; they
stall and go on; what a phone had sent arrives long after it gave up (so requests overtake one another); all that it
sent arrives a second time; or the network ends the request early and still carries the kiosk's answer back.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PIECE = 16_384
# What a fate does, and how often it is drawn.
FATES = {"calm": 30, "cut": 20, "deaf": 15, "stall": 10, "late": 10, "twice": 10, "short": 5}


@dataclass
class Link:
    """One connection: the phone's side and the kiosk's."""

    phone: asyncio.StreamReader
    to_phone: asyncio.StreamWriter
    kiosk: asyncio.StreamReader
    to_kiosk: asyncio.StreamWriter
    # Everything that came from the phone.
    sent: bytearray = field(default_factory=bytearray)
    # What a gate has read and is to be sent on.
    late: bytearray = field(default_factory=bytearray)

    def abort(self) -> None:
        """Both sides at once, without a farewell."""
        for writer in (self.to_phone, self.to_kiosk):
            abort(writer)


@dataclass
class Walk:
    """A phone that leaves the Wi-Fi each ``every`` seconds for ``gone`` seconds; in it, it sends ``rate`` bytes/s."""

    every: float = 1.0
    gone: float = 0.3
    rate: float = 2_000_000
    # Connections that were lost in this way.
    drops: int = 0

    def away(self, moment: float) -> bool:
        """Whether it is outside at this moment of the loop's clock."""
        return moment % self.every < self.gone


class Lane:
    """The way of one phone: an own port, an own stream of chance."""

    def __init__(self, kiosk_port: int, seed: str, *, fates: dict[str, int]) -> None:
        self.port = 0
        self.fates: list[str] = []
        self.walk = Walk()
        self._kiosk_port = kiosk_port
        self._luck = random.Random(seed)
        self._weights = fates
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def settle(self) -> None:
        """Until everything that was held back has arrived."""
        assert self._server is not None
        self._server.close()
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, phone: asyncio.StreamReader, to_phone: asyncio.StreamWriter) -> None:
        fate = self._luck.choices(list(self._weights), list(self._weights.values()))[0]
        at = self._luck.choice([self._luck.randrange(900), self._luck.randrange(300_000)])
        wait = self._luck.uniform(0.02, 0.5)
        self.fates.append(fate)
        try:
            kiosk, to_kiosk = await asyncio.open_connection("127.0.0.1", self._kiosk_port)
        except OSError:
            # The kiosk is down.
            abort(to_phone)
            return
        link = Link(phone, to_phone, kiosk, to_kiosk)
        self._later(getattr(self, f"_{fate}")(link, at, wait))

    async def _calm(self, link: Link, _at: int, _wait: float) -> None:
        await carry(link)

    async def _cut(self, link: Link, at: int, _wait: float) -> None:
        await carry(link, upward=Gate(at, link.abort))

    async def _deaf(self, link: Link, at: int, _wait: float) -> None:
        """Everything arrives, the answer doesn't (or only its beginning)."""
        await carry(link, downward=Gate(at % 200, link.abort))

    async def _stall(self, link: Link, at: int, wait: float) -> None:
        await carry(link, upward=Gate(at, lambda: asyncio.sleep(wait)))

    async def _late(self, link: Link, at: int, wait: float) -> None:
        """The phone gives up; what it had sent meanwhile wakes later and reaches the kiosk after its new request."""

        async def hold() -> None:
            held = bytearray()
            with contextlib.suppress(TimeoutError, OSError):
                while data := await asyncio.wait_for(link.phone.read(1 << 20), 0.03):
                    held.extend(data)
            abort(link.to_phone)
            await asyncio.sleep(wait)
            # What reached us after the gate, behind the rest of the piece that was cut by it.
            link.late.extend(held)

        await carry(link, upward=Gate(at, hold))

    async def _twice(self, link: Link, _at: int, wait: float) -> None:
        self._later(self._again(link, wait))
        await carry(link)

    async def _walk(self, link: Link, _at: int, _wait: float) -> None:
        """In and out of the Wi-Fi, see ``Walk``: outside nothing passes, and the kiosk isn't told."""
        walk, loop = self.walk, asyncio.get_running_loop()
        if walk.away(loop.time()):
            link.abort()
            return
        answers = asyncio.ensure_future(_pour(link.kiosk, link.to_phone))
        while not walk.away(loop.time()):
            with contextlib.suppress(TimeoutError, OSError):
                data = await asyncio.wait_for(link.phone.read(PIECE), 0.02)
                link.to_kiosk.write(data)
                await asyncio.sleep(len(data) / walk.rate)
            if answers.done():
                link.abort()
                return
        walk.drops += 1
        abort(link.to_phone)
        # The kiosk's side stays open and silent until the kiosk has waited long enough.
        await answers
        link.abort()

    async def _again(self, link: Link, wait: float) -> None:
        """All that came on that connection until now comes once more, on another one."""
        await asyncio.sleep(wait)
        with contextlib.suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._kiosk_port)
            try:
                writer.write(bytes(link.sent))
                await writer.drain()
                writer.write_eof()
                await asyncio.wait_for(reader.read(), 5)
            finally:
                abort(writer)

    async def _short(self, link: Link, at: int, _wait: float) -> None:
        """A body ends early for the kiosk; its answer still reaches the phone."""

        async def end() -> None:
            with contextlib.suppress(OSError):
                link.to_kiosk.write_eof()
                await asyncio.sleep(0.3)
            link.abort()

        await carry(link, upward=Gate(1500 + at, end))


@dataclass
class Gate:
    """After ``after`` bytes of one direction, ``action`` happens, once."""

    after: int
    action: Callable[[], Awaitable[None] | None]


async def carry(link: Link, *, upward: Gate | None = None, downward: Gate | None = None) -> None:
    """Both directions until one side ends."""
    ways = (
        asyncio.ensure_future(_pour(link.phone, link.to_kiosk, upward, link)),
        asyncio.ensure_future(_pour(link.kiosk, link.to_phone, downward)),
    )
    await ways[1]
    ways[0].cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ways[0]
    link.abort()


async def _pour(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    gate: Gate | None = None,
    upward: Link | None = None,
) -> None:
    passed = 0
    with contextlib.suppress(OSError):
        while data := await reader.read(PIECE):
            if upward is not None:
                upward.sent.extend(data)
            if gate and passed + len(data) > gate.after:
                writer.write(data[: gate.after - passed])
                done = gate.action()
                if done is not None:
                    await done
                late = bytes(upward.late) if upward else b""
                data, gate = data[gate.after - passed :] + late, None
            passed += len(data)
            # What is meant for a phone that has gone is read all the same: a reset would take away what the phone sent.
            if not writer.is_closing():
                writer.write(data)
                await writer.drain()
        # A phone may have said all and still wait for its answer; a kiosk that hangs up has nothing more to say.
        if upward is not None and not writer.is_closing():
            writer.write_eof()


def abort(writer: asyncio.StreamWriter) -> None:
    """Close with a reset, as a phone that vanished."""
    transport = writer.transport
    if not transport.is_closing():
        sock: socket.socket = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        transport.abort()


class BadWifi:
    """All lanes to one kiosk; they live in one event loop in a thread of its own."""

    def __init__(self, kiosk_port: int) -> None:
        self._kiosk_port = kiosk_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._lanes: list[Lane] = []

    def lane(self, seed: str, *, fates: dict[str, int] | None = None) -> Lane:
        """A new way to the kiosk."""
        lane = Lane(self._kiosk_port, seed, fates=fates or FATES)
        self._lanes.append(lane)
        self._do(lane.open())
        return lane

    def settle(self) -> None:
        """Close all lanes, and wait until everything that was held back has arrived."""
        lanes, self._lanes = self._lanes, []
        for lane in lanes:
            self._do(lane.settle())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(300)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self.settle()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()


@contextmanager
def bad_wifi(kiosk_port: int) -> Iterator[BadWifi]:
    """A bad Wi-Fi in front of the kiosk on this port."""
    wifi = BadWifi(kiosk_port)
    wifi.start()
    try:
        yield wifi
    finally:
        wifi.stop()
