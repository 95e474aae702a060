"""A body says when a read would give something at once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kiosk.server.body import ByteMeter, RequestBody, TransferError


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
