"""A body says when a read would give something at once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from kiosk.server.body import ByteMeter, FramingError, RequestBody, TransferError


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def body_of(ours: socket.socket, length: int | None, buffer: bytes = b"") -> RequestBody:
    return RequestBody(
        ours, bytearray(buffer), length, meter=ByteMeter("phone", silence=30), greet=False
    )


def test_it_waits_for_the_first_byte(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    body = body_of(ours, 8)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(body.ready)
        theirs.sendall(b"four")
        assert waiting.result(60)
    piece = bytearray(8)
    assert (body.readinto(piece), bytes(piece[:4])) == (4, b"four")


def test_what_came_with_the_head_and_the_end_are_there(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    body = body_of(ends[0], 4, b"four")
    assert body.ready()
    assert body.readinto(bytearray(8)) == 4
    assert body.ready()
    assert body.readinto(bytearray(8)) == 0


def test_nobody_can_tell_of_a_chunked_one(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[1].sendall(b"4\r\nfo")
    assert not body_of(ends[0], None).ready()


def test_only_who_waits_for_the_client_steps_aside(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    body = body_of(ours, 8)
    aside: list[str] = []

    @contextmanager
    def step() -> Iterator[None]:
        aside.append("out")
        theirs.sendall(b"more")
        yield
        aside.append("in")

    body.aside = step
    theirs.sendall(b"four")
    assert (body.read(4), aside) == (b"four", [])
    assert (body.read(8), aside) == (b"more", ["out", "in"])


def test_silence_ends_a_read(ends: tuple[socket.socket, socket.socket]) -> None:
    body = body_of(ends[0], 8)
    body.meter.silence = 0.05
    ends[1].sendall(b"four")
    assert body.read(8) == b"four"
    with pytest.raises(TransferError):
        body.read(8)
    assert body.failed


def test_silence_ends_it(ends: tuple[socket.socket, socket.socket]) -> None:
    body = body_of(ends[0], 8)
    body.meter.silence = 0.05
    with pytest.raises(TransferError):
        body.ready()
    assert body.failed


def test_who_is_cut_does_not_wait_on(ends: tuple[socket.socket, socket.socket]) -> None:
    body = body_of(ends[0], 8)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(body.ready)
        body.cut()
        assert waiting.result(60)
    with pytest.raises(TransferError):
        body.readinto(bytearray(8))


def chunks(data: bytes, size: int, extension: bytes = b"") -> bytes:
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return b"".join(b"%x%s\r\n%s\r\n" % (len(one), extension, one) for one in pieces)


def read_all(body: RequestBody) -> Iterator[bytes]:
    piece = bytearray(1 << 16)
    while count := body.readinto(piece):
        yield bytes(piece[:count])


def test_small_chunks_that_have_arrived_are_read_at_once(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    data = bytes(range(256)) * 8
    body = body_of(ends[0], None, chunks(data, 3) + b"0\r\nX: y\r\n\r\nGET")
    assert list(read_all(body)) == [data]
    assert bytes(body._buffer) == b"GET"


@pytest.mark.parametrize("end", [b"\r", b"\r\n", b"\r\n0", b"\r\n0\r\n", b"\r\n4", b"\r\n4\r\n"])
def test_what_has_arrived_is_not_held_back_for_the_next_chunk(
    ends: tuple[socket.socket, socket.socket], end: bytes
) -> None:
    body, piece = body_of(ends[0], None, b"4\r\nfour" + end), bytearray(64)
    assert body.readinto(piece) == 4


@pytest.mark.parametrize(("size", "extension"), [(1, b""), (20, b""), (600, b";" + b"e" * 200)])
def test_a_body_of_nearly_nothing_but_chunk_sizes_is_refused(
    ends: tuple[socket.socket, socket.socket], size: int, extension: bytes
) -> None:
    body = body_of(ends[0], None, chunks(b"x" * 500_000, size, extension))
    with pytest.raises(FramingError):
        list(read_all(body))
    assert body.failed


def test_chunks_of_a_line_each_are_taken(ends: tuple[socket.socket, socket.socket]) -> None:
    data = b"A line of some sixty letters, as a program may write it out.\n" * 9_000
    body = body_of(ends[0], None, chunks(data, 61) + b"0\r\n\r\n")
    assert b"".join(read_all(body)) == data
