"""Clients that read their answers slowly hold no request thread, and get all of them all the same."""

from __future__ import annotations

import contextlib
import hashlib
import random
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Flask, Response, send_file

from kiosk.server import answer_sender, http, transfers, worker_pool
from kiosk.server.http import Server, bind, make_server
from tests.kiosk.server.test_tls import certificate, trusting
from tests.support.raw_http import ask, dial, echo, read_answer, served
from tests.support.waiting import until

__all__ = ["certificate"]

# More than the buffers of both ends take.
SIZE = 6_000_000
GET = b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n"


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(random.Random(1).randbytes(SIZE))
    return path


@pytest.fixture(autouse=True)
def few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer than slow clients, none of whom is cut off."""
    monkeypatch.setattr(worker_pool, "MAX_SHORT", 3)
    monkeypatch.setattr(transfers, "PRESSED_SECONDS", 600)


def pages(large: Path) -> Flask:
    """Answers of every kind that needs nothing of the application any more."""
    app = Flask(__name__)

    @app.get("/page")
    def page() -> Response:
        return Response(large.read_bytes())

    @app.get("/file")
    def file() -> Response:
        return send_file(large, conditional=True)

    @app.get("/small")
    def small() -> str:
        return "small"

    return app


def bare(large: Path) -> WSGIApplication:
    """A list without a length, which the server itself counts."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b"small" if environ["PATH_INFO"] == "/small" else large.read_bytes()]

    return answer


def slow_client(server: Server, request: bytes) -> socket.socket:
    sock = socket.socket()
    sock.settimeout(60)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    sock.connect(("127.0.0.1", server.bind_addr[1]))
    sock.sendall(request)
    return sock


@pytest.mark.parametrize(
    ("application", "path", "fields", "part"),
    [
        (pages, b"page", b"", slice(None)),
        (pages, b"file", b"", slice(None)),
        (pages, b"file", b"Range: bytes=1000-5500000\r\n", slice(1000, 5_500_001)),
        (bare, b"page", b"", slice(None)),
    ],
)
def test_slow_readers_hold_no_thread_and_get_everything(
    large: Path, application: object, path: bytes, fields: bytes, part: slice
) -> None:
    app = application(large)  # type: ignore[operator]
    with served(app, silence=600) as server, ExitStack() as stack:
        request = GET % (path, fields)
        slow = [stack.enter_context(slow_client(server, request)) for _ in range(6)]
        until(lambda: len(server._sender._rests) == 6)
        assert ask(server, GET % (b"small", b"")).body == b"small"
        wanted = hashlib.sha256(large.read_bytes()[part]).hexdigest()
        for sock in slow[:2]:
            assert hashlib.sha256(read_answer(sock).body).hexdigest() == wanted
        # The connection goes on.
        slow[0].sendall(GET % (b"small", b""))
        assert read_answer(slow[0]).body == b"small"


def test_pipelined_answers_come_in_their_order(large: Path) -> None:
    with served(pages(large), silence=600) as server:
        requests = b"".join(GET % (path, b"") for path in (b"page", b"small", b"file", b"small"))
        with slow_client(server, requests) as sock:
            until(lambda: len(server._sender._rests) == 1)
            sizes = [len(read_answer(sock).body) for _ in range(4)]
    assert sizes == [SIZE, 5, SIZE, 5]


def test_the_head_of_a_large_file_is_no_promise_of_its_bytes(large: Path) -> None:
    with served(pages(large), silence=600) as server, slow_client(server, b"") as sock:
        # So many heads that they wait for a reader, too.
        sock.sendall((GET % (b"file", b"")).replace(b"GET", b"HEAD") * 100 + GET % (b"small", b""))
        for _ in range(100):
            data = b""
            while b"\r\n\r\n" not in data:
                data += sock.recv(1)
            assert data.startswith(b"HTTP/1.1 200 ")
        assert read_answer(sock).body == b"small"


def test_a_client_that_reads_nothing_is_given_up(large: Path) -> None:
    with (
        served(pages(large), silence=0.5) as server,
        slow_client(server, GET % (b"page", b"")) as sock,
    ):
        until(lambda: bool(server._sender._rests))
        until(lambda: not server._sender._rests and not server._front._register)
        assert not whole(sock)


def test_an_address_has_so_many_slow_answers(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_sender, "ADDRESS_ANSWERS", 3)
    with served(pages(large), silence=600) as server, ExitStack() as stack:
        slow = [stack.enter_context(slow_client(server, GET % (b"page", b""))) for _ in range(5)]
        until(lambda: len(server._sender._rests) == 3 and len(server._front._register) == 3)
        assert sorted(map(whole, slow)) == [False, False, True, True, True]


def whole(sock: socket.socket) -> bool:
    """Whether all of an answer comes."""
    size = 0
    with contextlib.suppress(ConnectionError):
        while size < SIZE and (piece := sock.recv(1 << 20)):
            size += len(piece)
    return size >= SIZE


def test_slow_readers_over_tls(large: Path, certificate: tuple[Path, Path]) -> None:
    server = make_server(pages(large), bind("127.0.0.1", 0), tls=certificate)
    server.timeout = 600
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        with ExitStack() as stack:
            slow: list[ssl.SSLSocket] = []
            for _ in range(6):
                plain = stack.enter_context(slow_client(server, b""))
                wire = trusting(certificate).wrap_socket(plain, server_hostname="localhost")
                slow.append(stack.enter_context(wire))
                wire.sendall(GET % (b"file", b""))
            until(lambda: len(server._sender._rests) == 6)
            wanted = hashlib.sha256(large.read_bytes()).hexdigest()
            assert hashlib.sha256(read_answer(slow[5]).body).hexdigest() == wanted
    finally:
        server.stop()
        thread.join(120)


def test_who_has_closed_while_waiting_for_a_thread_is_not_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "ABANDONED_SECONDS", 0.0)
    monkeypatch.setattr(worker_pool, "MAX_SHORT", 1)
    asked: list[str] = []
    go_on = threading.Event()

    def slow(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        assert go_on.wait(60)
        return echo(environ, start_response)

    with served(slow) as server, ExitStack() as stack:
        first = stack.enter_context(dial(server))
        first.sendall(GET % (b"first", b""))
        until(lambda: asked == ["/first"])
        for _ in range(10):
            with dial(server) as gone:
                gone.sendall(GET % (b"gone", b""))
        last = stack.enter_context(dial(server))
        last.sendall(GET % (b"last", b""))
        until(lambda: len(server._pool._waiting) == 11)
        go_on.set()
        assert [read_answer(sock).status for sock in (first, last)] == [200, 200]
    assert asked == ["/first", "/last"]


def test_what_is_still_computed_keeps_its_thread(large: Path) -> None:
    """The thread of the rests must wait for nothing but clients."""
    computed_by: set[str] = set()

    def stream(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", str(SIZE))])
        for begin in range(0, SIZE, 100_000):
            computed_by.add(threading.current_thread().name)
            yield large.read_bytes()[begin : begin + 100_000]

    with served(stream, silence=600) as server, slow_client(server, GET % (b"", b"")) as sock:
        assert len(read_answer(sock).body) == SIZE
    assert computed_by == {"request"}
