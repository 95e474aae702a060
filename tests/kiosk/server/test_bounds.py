"""What one client may take of the server: sizes, numbers, time, threads. Each bound over a real socket."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask

from kiosk.server import body as server_body
from kiosk.server import front, transfers, worker_pool
from kiosk.server.connection import share_of
from kiosk.server.http import Server
from kiosk.server.register import FrontLimits
from kiosk.server.wsgi_gateway import CLIENT_GONE
from reporter.config import Settings
from reporter.media.store import Store
from reporter.models import EventSession
from tests.support.raw_http import Answer, ask, closes, dial, echo, read_answer, served
from tests.support.submissions import jpeg
from tests.support.waiting import until

_T = TypeVar("_T")


@pytest.fixture
def server() -> Iterator[Server]:
    with served(echo) as server:
        yield server


@pytest.fixture
def kiosk(app: Flask) -> Iterator[Server]:
    """The whole kiosk behind its server."""
    with served(app.wsgi_app) as server:
        yield server


def head(first: str = "GET / HTTP/1.1", **fields: str) -> bytes:
    lines = [first, "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def pages_work(server: Server) -> bool:
    return ask(server, head()).status == 200


class Sleeps:
    """How long (None: until something comes) the server's threads went to sleep for, and who sleeps now."""

    def __init__(self) -> None:
        self.begun: list[float | None] = []
        self._now: dict[int, float | None] = {}

    def recorded(self, wait: Callable[[float | None], _T]) -> Callable[[float | None], _T]:
        def sleep(seconds: float | None = None) -> _T:
            self.begun.append(seconds)
            self._now[threading.get_ident()] = seconds
            try:
                return wait(seconds)
            finally:
                del self._now[threading.get_ident()]

        return sleep

    def all_asleep(self) -> bool:
        """Whether the thread that waits for clients and one that answered both sleep without an end."""
        return list(self._now.values()) == [None, None]


def record_sleeps(server: Server) -> Sleeps:
    """From the next request on, of a server that one client asks."""
    sleeps = Sleeps()
    selector, changed = server._front._selector, server._pool._changed
    selector.select = sleeps.recorded(selector.select)  # type: ignore[method-assign, assignment]
    changed.wait = sleeps.recorded(changed.wait)  # type: ignore[method-assign, assignment]
    return sleeps


# --- Sizes and numbers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (head(f"GET /{'a' * 8_001} HTTP/1.1"), 414),
        (b"GET /" + b"a" * 9_000, 414),
        # No method begins so: refused at its first byte, whatever its size.
        (b"\x00" * 9_000, 400),
        (head(Cookie="a" * 8_193), 431),
        (head(Upload_Metadata="a" * 66_001), 431),
        (head(**{f"X{n}": "a" for n in range(101)}), 431),
        (head(**{f"X{n}": "a" * 1_000 for n in range(90)}), 431),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200, 431),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 90_000, 431),
    ],
)
def test_heads_that_are_too_large_are_refused_before_their_end(
    server: Server, data: bytes, status: int
) -> None:
    with dial(server) as sock:
        sock.sendall(data)
        assert read_answer(sock).status == status
        assert closes(sock)
    assert pages_work(server)


@pytest.mark.parametrize(
    "data",
    [
        head(f"GET /{'a' * 7_900} HTTP/1.1"),
        head(Cookie="a" * 8_000),
        head(Upload_Metadata="a" * 64_000),
        head(**{f"X{n}": "a" for n in range(90)}),
    ],
)
def test_large_heads_within_the_bounds_are_answered(server: Server, data: bytes) -> None:
    assert ask(server, data).status == 200


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/s/{code}/takeaways", "application/x-www-form-urlencoded", 413),
        ("/s/{code}/takeaways", "application/json", 413),
        ("/desk/login", "multipart/form-data; boundary=b", 413),
        ("/station/scan", "image/jpeg", 413),
        ("/s/{code}/takeaways", "multipart/form-data; boundary=b", 507),
    ],
)
def test_large_bodies_are_refused_before_they_come(
    kiosk: Server,
    event: EventSession,
    path: str,
    kind: str,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of the body is ever sent: only who doesn't read it can answer."""
    monkeypatch.setattr(Store, "free_bytes", lambda self: 1 << 20)
    first = f"POST {path.format(code=event.code)} HTTP/1.1"
    large = 3_000_000 if status == 413 else 400_000_000
    with dial(kiosk) as sock:
        sock.sendall(head(first, Content_Type=kind, Content_Length=str(large)))
        if status == 507:
            sock.sendall(
                b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n' + jpeg(1)
            )
        assert read_answer(sock).status == status


def test_a_chunked_form_is_refused_at_its_limit(kiosk: Server, event: EventSession) -> None:
    kind = "application/x-www-form-urlencoded"
    first = f"POST /s/{event.code}/takeaways HTTP/1.1"
    piece = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    with dial(kiosk) as sock:
        sock.sendall(head(first, Content_Type=kind, Transfer_Encoding="chunked"))
        for _ in range(16):
            sock.sendall(piece)
        assert read_answer(sock).status == 413
        assert closes(sock)


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]
)
def test_a_form_in_malformed_chunks_is_refused(
    kiosk: Server, event: EventSession, kind: str
) -> None:
    first = f"POST /s/{event.code}/takeaways HTTP/1.1"
    with dial(kiosk) as sock:
        sock.sendall(head(first, Content_Type=kind, Transfer_Encoding="chunked"))
        sock.sendall(b"3\r\ntexttext\r\n0\r\n\r\n")
        assert read_answer(sock).status == 400
        assert closes(sock)


@pytest.mark.parametrize(("fields", "status"), [(5_001, 413), (5_000, 201)])
def test_a_form_has_so_many_fields_at_most(
    kiosk: Server, event: EventSession, fields: int, status: int
) -> None:
    body = b"&".join([b"text=Leeks", *(b"a%d=" % number for number in range(1, fields))])
    first = f"POST /s/{event.code}/takeaways HTTP/1.1"
    kind = "application/x-www-form-urlencoded"
    with dial(kiosk) as sock:
        sock.sendall(
            head(
                first,
                Content_Type=kind,
                Content_Length=str(len(body)),
                Accept="application/json",
            )
            + body
        )
        assert read_answer(sock).status == status


@pytest.mark.parametrize("size", [3_000_000, 40_000_000])
def test_a_phone_that_sends_on_gets_its_413(kiosk: Server, event: EventSession, size: int) -> None:
    first = f"POST /s/{event.code}/takeaways HTTP/1.1"
    with dial(kiosk) as sock:
        kind = "application/x-www-form-urlencoded"
        sock.sendall(head(first, Content_Type=kind, Content_Length=str(size)))
        sent = b"a" * 1_000_000
        for _ in range(size // len(sent)):
            sock.sendall(sent)
        answer = read_answer(sock)
        assert answer.status == 413
        if size > 16 << 20:
            assert answer.fields["connection"] == "close"
        else:
            sock.sendall(head("GET /healthz HTTP/1.1"))
            assert read_answer(sock).status == 200


# --- Time ---------------------------------------------------------------------------------------


def trickle(sock: socket.socket, data: bytes, stop: threading.Event) -> None:
    """Byte after byte, until the other end has enough."""
    try:
        for byte in data:
            sock.sendall(bytes([byte]))
            if stop.wait(0.05):
                return
    except OSError:
        return


@pytest.mark.parametrize("what", ["head", "small body"])
def test_what_comes_too_slowly_gets_408(
    server: Server, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(front, "HEAD_SECONDS", 1.0)
    monkeypatch.setattr(front, "SMALL_SECONDS", 1.0)
    begin = head("POST / HTTP/1.1", Content_Length="10000") if what == "small body" else b""
    stop = threading.Event()
    with dial(server) as sock:
        sock.sendall(begin)
        sender = threading.Thread(target=trickle, args=(sock, b"GET /" + b"a" * 5_000, stop))
        sender.start()
        answer = read_answer(sock)
        stop.set()
        sender.join()
        assert answer.status == 408
        assert answer.fields["connection"] == "close"


def test_a_body_below_the_least_rate_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_body, "GRACE", 1.0)
    ended = threading.Event()

    def read(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        try:
            return echo(environ, start_response)
        finally:
            ended.set()

    stop = threading.Event()
    with served(read) as server, dial(server) as sock:
        sock.sendall(head("POST / HTTP/1.1", Content_Length="1000000"))
        sender = threading.Thread(target=trickle, args=(sock, b"a" * 5_000, stop))
        sender.start()
        assert ended.wait(60), "no byte is late, and still it isn't waited for"
        stop.set()
        sender.join()


def test_an_idle_connection_is_closed(server: Server) -> None:
    server._front.limits = FrontLimits(idle_seconds=0.5)
    with dial(server) as sock:
        sock.sendall(head())
        assert read_answer(sock).status == 200
        assert closes(sock)
    with dial(server) as silent:
        assert closes(silent)


@pytest.mark.parametrize("length", ["Content-Length: 900000000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_work_ends_when_its_client_has_gone(length: str, how: str) -> None:
    """(A chunked body without an end once kept a thread busy for ten minutes after its sender had left.)"""
    under_way, ended = threading.Event(), threading.Event()

    def read(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        try:
            while environ["wsgi.input"].read(65536):
                under_way.set()
            return echo(environ, start_response)
        finally:
            ended.set()

    name, _, value = length.partition(": ")
    # So much patience with the silent that only who notices the end can be done.
    with served(read, silence=600) as server:
        sleeps = record_sleeps(server)
        sock = dial(server)
        sock.sendall(head("POST / HTTP/1.1", **{name: value}))
        sock.sendall(b"10000\r\n" + b"a" * 65_536 + b"\r\n100")
        assert under_way.wait(60)
        if how == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
        assert ended.wait(60)
        # The thread has come back for the next request, and nothing of the client is kept. (The one that waits for
        # clients sleeps without an end also while a worker has its only client.)
        until(lambda: sleeps.all_asleep() and not server._front._register)


def test_an_application_can_ask_whether_its_client_has_gone() -> None:
    answers: list[bool] = []
    asked, left, ended = threading.Event(), threading.Event(), threading.Event()

    def stream(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        yield b"data: 1\n\n"
        answers.append(environ[CLIENT_GONE]())
        asked.set()
        assert left.wait(60)
        until(environ[CLIENT_GONE])
        ended.set()

    with served(stream) as server:
        sock = dial(server)
        sock.sendall(head())
        assert asked.wait(60)
        sock.close()
        left.set()
        assert ended.wait(60)
    assert answers == [False]


# --- Threads and connections --------------------------------------------------------------------


def test_two_hundred_slow_heads_stop_nobody(kiosk: Server, event: EventSession) -> None:
    """slowloris: each connection sends a piece of a head now and then, and holds no thread."""
    with ExitStack() as stack:
        slow = [stack.enter_context(dial(kiosk)) for _ in range(200)]
        for sock in slow:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        threads = threading.active_count()
        for sock in slow:
            sock.sendall(b"X-A: b\r\n")
        assert send_photo(kiosk, event.code, 1).status == 201
        assert ask(kiosk, head(f"GET /s/{event.code} HTTP/1.1")).status == 200
        assert threading.active_count() - threads < 20


def send_photo(server: Server, code: str, number: int) -> Answer:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        + jpeg(number, 300_000)
        + b"\r\n--b--\r\n"
    )
    kind = "multipart/form-data; boundary=b"
    first = f"POST /s/{code}/takeaways HTTP/1.1"
    accept = "application/json"
    return ask(
        server, head(first, Content_Type=kind, Content_Length=str(len(body)), Accept=accept) + body
    )


def test_more_slow_bodies_than_threads_stop_nobody(
    kiosk: Server, event: EventSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All threads for bodies are taken; pages go on at once, and who sends nothing makes room for who sends."""
    monkeypatch.setattr(worker_pool, "MAX_STREAMING", 20)
    monkeypatch.setattr(worker_pool, "ADDRESS_STREAMING", 15)
    monkeypatch.setattr(transfers, "PRESSED_SECONDS", 0.5)
    with ExitStack() as stack:
        for _ in range(60):
            sock = stack.enter_context(dial(kiosk))
            kind, first = (
                "multipart/form-data; boundary=b",
                f"POST /s/{event.code}/takeaways HTTP/1.1",
            )
            sock.sendall(head(first, Content_Type=kind, Content_Length="900000") + b"--b\r\n")
        assert ask(kiosk, head(f"GET /s/{event.code} HTTP/1.1")).status == 200
        with ThreadPoolExecutor(4) as phones:
            sent = [phones.submit(send_photo, kiosk, event.code, n) for n in range(4)]
            assert [answer.result(60).status for answer in sent] == [201] * 4


def test_an_address_that_is_full_loses_its_oldest_waiting_connection(server: Server) -> None:
    server._front.limits = FrontLimits(per_address=10)
    with ExitStack() as stack:
        waiting = [stack.enter_context(dial(server)) for _ in range(10)]
        for sock in waiting:
            sock.sendall(b"GET /")
        assert pages_work(server)
        assert closes(waiting[0])
        waiting[-1].sendall(b" HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_answer(waiting[-1]).status == 200


def test_where_all_connections_work_the_next_is_told_to_wait() -> None:
    go_on = threading.Event()

    def slow(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        assert go_on.wait(60)
        return echo(environ, start_response)

    with served(slow) as server, ExitStack() as stack:
        server._front.limits = FrontLimits(per_address=5)
        busy = [stack.enter_context(dial(server)) for _ in range(5)]
        for sock in busy:
            sock.sendall(head())
        until(lambda: len([t for t in threading.enumerate() if t.name == "request"]) >= 5)
        with dial(server) as late:
            answer = read_answer(late)
            assert (answer.status, answer.fields["retry-after"]) == (503, "5")
        go_on.set()
        assert [read_answer(sock).status for sock in busy] == [200] * 5


def test_where_one_address_has_all_connections_another_gets_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its requests wait for a thread, so that none of its connections waits for the client."""
    monkeypatch.setattr(worker_pool, "MAX_SHORT", 1)
    go_on = threading.Event()

    def slow(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        assert go_on.wait(60)
        return echo(environ, start_response)

    with served(slow) as server, ExitStack() as stack:
        server._front.limits = FrontLimits(connections=10)
        many = [stack.enter_context(dial(server)) for _ in range(10)]
        for sock in many:
            sock.sendall(head())
        until(lambda: len(server._pool._waiting) == 9)
        with socket.create_connection(
            ("127.0.0.1", server.bind_addr[1]), timeout=60, source_address=("127.0.0.2", 0)
        ) as other:
            other.sendall(head("GET /other HTTP/1.1"))
            until(lambda: "127.0.0.2" in [job.address for job in [*server._pool._waiting]])
            go_on.set()
            assert read_answer(other).body == b"GET /other "


def test_an_address_may_announce_so_many_bytes_at_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "ADDRESS_BYTES", 1_000_000)
    with dial(server) as first:
        first.sendall(head("POST / HTTP/1.1", Content_Length="900000"))
        until(lambda: server.receiving)
        refused = ask(server, head("POST / HTTP/1.1", Content_Length="200000"))
        assert (refused.status, refused.fields["retry-after"]) == (503, "5")
        first.sendall(b"a" * 900_000)
        assert read_answer(first).status == 200
    until(lambda: server.transfers.has_room(share_of("127.0.0.1"), 900_000))
    with dial(server) as sock:
        sock.sendall(head("POST / HTTP/1.1", Content_Length="900000") + b"a" * 900_000)
        assert read_answer(sock).status == 200


def test_an_idle_server_sleeps(server: Server) -> None:
    """Neither it nor its threads wake while nothing comes."""
    sleeps = record_sleeps(server)
    assert pages_work(server)
    until(lambda: sleeps.all_asleep() and not server._front._register)
    begun = len(sleeps.begun)
    time.sleep(1.5)
    assert len(sleeps.begun) == begun, "somebody woke and went to sleep again"


def test_threads_end_when_the_server_does() -> None:
    with served(echo) as server, ThreadPoolExecutor(30) as phones:
        assert all(phones.map(lambda _: pages_work(server), range(60)))
    until(lambda: not [t for t in threading.enumerate() if t.name == "request"], 30)


def test_a_network_of_ipv6_is_one_address() -> None:
    assert share_of("2001:db8:1:2:3::1") == share_of("2001:db8:1:2:ffff::9")
    assert share_of("2001:db8:1:2::1") != share_of("2001:db8:1:3::1")
    assert share_of("fe80::1%eth0") == share_of("fe80::2")
    assert share_of("192.168.4.7") == "192.168.4.7"


def test_forms_at_a_random_pace_arrive_whole(
    kiosk: Server, gathering: Settings, event: EventSession
) -> None:
    """Sixteen phones whose pieces come as a Wi-Fi likes."""

    # Read once: threads can't share a database session.
    code = event.code

    def phone(number: int) -> int:
        luck = random.Random(number)
        photo = jpeg(number, 100_000)
        body = (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + photo
        )
        body += b"\r\n--b--\r\n"
        kind = "multipart/form-data; boundary=b"
        first = f"POST /s/{code}/takeaways HTTP/1.1"
        with dial(kiosk) as sock:
            sock.sendall(
                head(
                    first,
                    Content_Type=kind,
                    Content_Length=str(len(body)),
                    Accept="application/json",
                )
            )
            while body:
                step = luck.randrange(1, 30_000)
                sock.sendall(body[:step])
                body = body[step:]
                time.sleep(luck.random() * 0.02)
            return read_answer(sock).status

    with ThreadPoolExecutor(16) as phones:
        assert set(phones.map(phone, range(16))) == {201}
    kept = {path.read_bytes() for path in Store(gathering.folder).media.glob("*/*")}
    assert kept == {jpeg(number, 100_000) for number in range(16)}
