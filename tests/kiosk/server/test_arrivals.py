"""New connections and heads of one address among others': which are taken, held back, refused or dropped."""

from __future__ import annotations

import select
import socket
import sys
from collections.abc import Iterator

import pytest

from kiosk.server.connection import Connection, accepted
from kiosk.server.front import Front, FrontCalls
from kiosk.server.head import Head
from kiosk.server.processor_time import ProcessorTime
from kiosk.server.register import (
    ARRIVALS,
    ARRIVALS_A_SECOND,
    DROP_SECONDS,
    Arrivals,
    FrontLimits,
    drop_first_packets,
)
from tests.kiosk.server.test_worker_pool import Standstill

linux = pytest.mark.skipif(sys.platform != "linux", reason="a filter of Linux, and its loopback")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("0.0.0.0", 0)) as sock:
        sock.setblocking(False)
        yield sock


def connect(listener: socket.socket, address: str) -> socket.socket:
    """Begin a connection from an address of the loopback."""
    sock = socket.socket()
    sock.setblocking(False)
    sock.bind((address, 0))
    sock.connect_ex(("127.0.0.1", listener.getsockname()[1]))
    return sock


def is_connected(sock: socket.socket) -> bool:
    return bool(select.select([], [sock], [], 0)[1])


def crowd(clock: Standstill, *addresses: str) -> ProcessorTime:
    used = ProcessorTime(clock=clock)
    for address in addresses:
        used.note(address)
    return used


def test_a_flood_of_connections_is_refused_beyond_a_steady_rate(listener: socket.socket) -> None:
    clock = Standstill()
    arrivals = Arrivals(listener, crowd(clock, "10.0.0.1", "10.0.0.2"), clock)
    assert sum(arrivals.admits("10.0.0.1") for _ in range(5000)) == ARRIVALS
    assert all(arrivals.admits("10.0.0.2") for _ in range(ARRIVALS)), "nobody else's business"
    clock.now += 1
    assert sum(arrivals.admits("10.0.0.1") for _ in range(5000)) == ARRIVALS_A_SECOND
    clock.now += 2 * ARRIVALS / ARRIVALS_A_SECOND
    assert arrivals.admits("10.0.0.3")
    assert set(arrivals._excess) == {"10.0.0.3"}


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1"])
def test_who_is_alone_or_at_the_laptop_may_come_as_often_as_wanted(
    listener: socket.socket, address: str
) -> None:
    clock = Standstill()
    others = () if address == "10.0.0.1" else ("10.0.0.2",)
    arrivals = Arrivals(listener, crowd(clock, address, *others), clock)
    assert all(arrivals.admits(address) for _ in range(5000))
    assert arrivals.lift() is None


@linux
def test_the_kernel_drops_first_packets_of_a_flood_until_its_time_is_over(
    listener: socket.socket,
) -> None:
    clock = Standstill()
    arrivals = Arrivals(listener, crowd(clock, "127.0.0.2", "127.0.0.3"), clock)
    while arrivals.admits("127.0.0.2"):
        pass
    assert arrivals.lift() == clock.now + DROP_SECONDS
    with connect(listener, "127.0.0.2") as hostile, connect(listener, "127.0.0.3") as other:
        select.select([listener], [], [])
        (one,) = accepted(listener, lambda _share: True)
        assert one.share == "127.0.0.3"
        assert is_connected(other)
        assert not is_connected(hostile)
        # Its established connections go on: it is no filter of what is said in them.
        other.send(b"words")
        select.select([one.socket], [], [])
        assert one.receive()
        one.close()
    clock.now += DROP_SECONDS
    assert arrivals.lift() is None
    with connect(listener, "127.0.0.2"):
        select.select([listener], [], [])
        (one,) = accepted(listener, lambda _share: True)
        assert one.share == "127.0.0.2"
        one.close()


@linux
@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6 here")
def test_networks_of_both_versions_of_ip_are_dropped() -> None:
    many = [f"10.1.{number}.1" for number in range(40)]
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
        listener.setblocking(False)
        drop_first_packets(listener, [*many, "127.0.0.2", "2001:db8::", "::"])
        port = listener.getsockname()[1]
        with socket.socket(socket.AF_INET6) as six, connect(listener, "127.0.0.2") as four:
            six.setblocking(False)
            six.connect_ex(("::1", port))
            with connect(listener, "127.0.0.3"):
                select.select([listener], [], [])
                (one,) = accepted(listener, lambda _share: True)
                assert one.share == "127.0.0.3"
                one.close()
            assert not is_connected(six)
            assert not is_connected(four)
        drop_first_packets(listener, ["2001:db8::", "::1:0:0:0:0"])
        with socket.create_connection(("::1", port)):
            select.select([listener], [], [])
            (one,) = accepted(listener, lambda _share: True)
            one.close()


def test_refused_connections_are_closed_and_others_are_taken(listener: socket.socket) -> None:
    socks = [connect(listener, "127.0.0.1") for _ in range(5)]
    for sock in socks:
        select.select([], [sock], [])
    verdicts = iter([False, True, False, True, True])
    taken = list(accepted(listener, lambda _share: next(verdicts)))
    assert len(taken) == 3
    ended = [sock for sock in socks if select.select([sock], [], [], 0)[0]]
    assert len(ended) == 2
    assert all(sock.recv(1) == b"" for sock in ended)
    for sock in socks:
        sock.close()
    for one in taken:
        one.close()


@linux
def test_heads_of_an_address_that_used_its_part_of_the_front_wait(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.server.register.ARRIVALS", 10**6)
    clock, asked = Standstill(), list[tuple[str, str]]()
    used = crowd(clock, "127.0.0.2", "127.0.0.3")

    def dispatch(connection: Connection, head: Head) -> None:
        asked.append((connection.share, head.target))

    calls = FrontCalls(
        dispatch=dispatch,
        has_room=lambda _share, _length: True,
        relieve=lambda: False,
        drop_waiting=lambda: False,
        wrap=None,
        secure_url=lambda _connection, _head: "",
    )
    front = Front(listener, calls, FrontLimits(), used)
    front._listen()
    used.add("127.0.0.2", 4.0)
    socks = [connect(listener, address) for address in ("127.0.0.2", "127.0.0.3", "127.0.0.2")]
    for number, sock in enumerate(socks):
        select.select([], [sock], [])
        sock.send(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
    while len(asked) < 1 or len(front._held._lines.get("127.0.0.2", ())) < 2:
        front._turn()
    assert asked == [("127.0.0.3", "/1")]
    assert front._patience() is not None
    clock.now += 60
    used.note("127.0.0.3")
    front._turn()
    assert sorted(asked) == [("127.0.0.2", "/0"), ("127.0.0.2", "/2"), ("127.0.0.3", "/1")]
    assert not front._held
    for sock in socks:
        sock.close()
    front._close_all()
