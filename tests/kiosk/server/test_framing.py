"""RFC 9112 on the wire: what is a request, what is refused and how, and where a body ends."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.server.head import HeadError, head_end, parse_head
from kiosk.server.http import Server
from tests.support.raw_http import ask, closes, dial, echo, read_answer, served

HOST = b"Host: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served(echo) as server:
        yield server


def get(*lines: bytes, first: bytes = b"GET / HTTP/1.1") -> bytes:
    return b"\r\n".join([first, HOST.strip(), *lines, b"", b""])


def post(*lines: bytes, body: bytes = b"") -> bytes:
    return get(*lines, first=b"POST / HTTP/1.1") + body


CHUNKED = b"Transfer-Encoding: chunked"
REFUSED = {
    # 6.3: the length must be one thing.
    "two lengths": (post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"), 400),
    "two lengths that differ": (
        post(b"Content-Length: 3", b"Content-Length: 4", body=b"abcd"),
        400,
    ),
    "two lengths in one field": (post(b"Content-Length: 3, 3", body=b"abc"), 400),
    "a length with a plus": (post(b"Content-Length: +3", body=b"abc"), 400),
    "a length with a minus": (post(b"Content-Length: -3", body=b"abc"), 400),
    "a length in hex": (post(b"Content-Length: 0x3", body=b"abc"), 400),
    "a length with an underscore": (post(b"Content-Length: 1_0", body=b"a" * 10), 400),
    "a length in other digits": (post("Content-Length: ٣".encode(), body=b"abc"), 400),
    "an empty length": (post(b"Content-Length:", body=b"abc"), 400),
    "a length of 30 digits": (post(b"Content-Length: " + b"9" * 30), 400),
    "a length and a coding": (post(b"Content-Length: 3", CHUNKED, body=b"0\r\n\r\n"), 400),
    "two codings": (post(CHUNKED, CHUNKED, body=b"0\r\n\r\n"), 501),
    "a coding that is not known": (
        post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
        501,
    ),
    "chunked that is not the name": (
        post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
        400,
    ),
    "a coding in HTTP/1.0": (
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    # 5.1, 5.2: fields.
    "a space before the colon": (get(b"Accept : text/html"), 400),
    "a folded field": (get(b"Accept: text/html,", b" text/plain"), 400),
    "a fold by a tab": (get(b"Accept: text/html,", b"\ttext/plain"), 400),
    "a field without a colon": (get(b"Accept"), 400),
    "a field without a name": (get(b": text/html"), 400),
    "a NUL in a value": (get(b"Accept: text\x00html"), 400),
    "a CR in a value": (get(b"Accept: text\rhtml"), 400),
    "an LF in a value": (get(b"Accept: text\nX: html"), 400),
    "a control character in a value": (get(b"Accept: text\x07html"), 400),
    "a NUL in a name": (get(b"Acc\x00ept: text/html"), 400),
    "umlauts in a name": (get("Größe: 1".encode()), 400),
    # 3: the request line.
    "two spaces": (get(first=b"GET  / HTTP/1.1"), 400),
    "no version": (get(first=b"GET /"), 400),
    "a version in small letters": (get(first=b"GET / http/1.1"), 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\n", 505),
    "a method with a space": (get(first=b"GE T / HTTP/1.1"), 400),
    "a method with a NUL": (get(first=b"GE\x00T / HTTP/1.1"), 400),
    "a raw byte in the address": (get(first=b"GET /\xff HTTP/1.1"), 400),
    "a NUL in the address": (get(first=b"GET /a%00b HTTP/1.1"), 400),
    "a fragment": (get(first=b"GET /#a HTTP/1.1"), 400),
    "no path": (get(first=b"GET a HTTP/1.1"), 400),
    "an asterisk": (get(first=b"GET * HTTP/1.1"), 400),
    "a tunnel": (get(first=b"CONNECT example.org:443 HTTP/1.1"), 400),
    # 3.2: one host.
    "no host": (b"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", 400),
    "two hosts": (get(b"Host: example.org"), 400),
    "a host with a path": (b"GET / HTTP/1.1\r\nHost: example.org/a\r\n\r\n", 400),
    "a host with a user": (b"GET / HTTP/1.1\r\nHost: a@example.org\r\n\r\n", 400),
    "an absolute address with a user": (get(first=b"GET http://a@b/ HTTP/1.1"), 400),
    "an unknown expectation": (post(b"Content-Length: 3", b"Expect: magic", body=b"abc"), 417),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_request_is_refused_and_the_connection_ends(server: Server, name: str) -> None:
    data, status = REFUSED[name]
    with dial(server) as sock:
        sock.sendall(data)
        answer = read_answer(sock)
        assert answer.status == status
        assert answer.fields["connection"] == "close"
        assert answer.fields["content-type"] == "application/problem+json"
        assert closes(sock)


TAKEN = {
    "a plain request": (get(first=b"GET /a%20b?c=d HTTP/1.1"), b"GET /a b "),
    "an empty line before it": (b"\r\n" + get(), b"GET / "),
    "an absolute address": (get(first=b"GET http://127.0.0.1:8/a HTTP/1.1"), b"GET /a "),
    "no space after the colon": (post(b"Content-Length:3", body=b"abc"), b"POST / abc"),
    "spaces around a value": (post(b"Content-Length: \t 3 \t", body=b"abc"), b"POST / abc"),
    "an underscore in a name": (
        post(b"Content_Length: 9", b"Content-Length: 3", body=b"abc"),
        b"POST / abc",
    ),
    "chunks": (post(CHUNKED, body=b"3\r\nabc\r\n2;a=b\r\nde\r\n0\r\n\r\n"), b"POST / abcde"),
    "chunks with trailers": (
        post(CHUNKED, body=b"A\r\n0123456789\r\n0\r\nX: y\r\n\r\n"),
        b"POST / 0123456789",
    ),
    "no body": (post(), b"POST / "),
    "all of OPTIONS": (get(first=b"OPTIONS * HTTP/1.1"), b"OPTIONS * "),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_a_request_is_answered(server: Server, name: str) -> None:
    data, body = TAKEN[name]
    answer = ask(server, data)
    assert (answer.status, answer.body) == (200, body)
    assert "connection" not in answer.fields


@pytest.mark.parametrize(
    "chunks",
    [
        b"+3\r\nabc\r\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"3\nabc\r\n0\r\n\r\n",
        b" 3\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"\r\nabc\r\n0\r\n\r\n",
        b"3;" + b"a" * 400 + b"\r\nabc\r\n0\r\n\r\n",
        b"ffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\r\n0\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    ],
)
def test_garbled_chunks_are_refused_and_the_connection_ends(server: Server, chunks: bytes) -> None:
    with dial(server) as sock:
        sock.sendall(post(CHUNKED, body=chunks))
        answer = read_answer(sock)
        assert (answer.status, answer.fields["connection"]) == (400, "close")
        assert closes(sock)
    assert ask(server, get()).status == 200


def test_requests_that_follow_one_another_without_waiting(server: Server) -> None:
    with dial(server) as sock:
        sock.sendall(
            post(b"Content-Length: 3", body=b"abc")
            + post(CHUNKED, body=b"2\r\nde\r\n0\r\n\r\n")
            + get(b"Connection: close")
        )
        assert [read_answer(sock).body for _ in range(3)] == [
            b"POST / abc",
            b"POST / de",
            b"GET / ",
        ]
        assert closes(sock)


@pytest.mark.parametrize(
    "data",
    [
        # A phone that tries TLS first, a request of another protocol, and one whose lines end with LF.
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00\x00\x00\x2f",
        b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\n",
    ],
)
def test_what_can_become_no_request_is_refused_though_more_may_come(
    server: Server, data: bytes
) -> None:
    assert ask(server, data).status == 400


def test_a_head_in_single_bytes(server: Server) -> None:
    with dial(server) as sock:
        for byte in post(b"Content-Length: 3", body=b"abc"):
            sock.sendall(bytes([byte]))
        assert read_answer(sock).body == b"POST / abc"


def test_a_client_that_waits_to_be_told_is_told(server: Server) -> None:
    with dial(server) as sock:
        sock.sendall(post(b"Content-Length: 3", b"Expect: 100-continue"))
        assert read_answer(sock).status == 100
        sock.sendall(b"abc")
        assert read_answer(sock).body == b"POST / abc"


def test_http_1_0_gets_an_end(server: Server) -> None:
    with dial(server) as sock:
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = read_answer(sock)
        assert (answer.status, answer.body) == (200, b"GET / ")
        assert closes(sock)


def test_a_head_request_has_no_body(server: Server) -> None:
    with dial(server) as sock:
        sock.sendall(get(first=b"HEAD / HTTP/1.1") + get())
        data = b""
        while data.count(b"\r\n\r\n") < 2:
            data += sock.recv(1)
        assert data.count(b"HTTP/1.1 200 OK") == 2
        first, _, second = data.partition(b"\r\n\r\n")
        assert second.startswith(b"HTTP/1.1 200 OK")
        assert b"\r\n\r\n" not in first


def test_an_answer_that_comes_in_pieces_is_sent_as_it_comes() -> None:
    go_on = threading.Event()

    def stream(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        yield b"data: 1\n\n"
        assert go_on.wait(60)
        yield b"data: 2\n\n"

    with served(stream) as server, dial(server) as sock:
        sock.sendall(get())
        answer = read_answer(sock)
        assert answer.fields["transfer-encoding"] == "chunked"
        assert sock.recv(100) == b"9\r\ndata: 1\n\n\r\n"
        go_on.set()
        rest = b""
        while not rest.endswith(b"0\r\n\r\n"):
            rest += sock.recv(100)
        assert rest == b"9\r\ndata: 2\n\n\r\n0\r\n\r\n"


def test_an_answer_that_is_shorter_than_it_said_ends_the_connection() -> None:
    def short(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "10")])
        return [b"abc"]

    with served(short) as server, dial(server) as sock:
        sock.sendall(get() + get())
        data = b""
        while piece := sock.recv(1000):
            data += piece
        assert data.endswith(b"\r\n\r\nabc")
        assert data.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb"])
def test_an_answer_can_not_be_split(value: str) -> None:
    def split(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("302 Found", [("Location", value)])
        return [b""]

    with served(split) as server:
        answer = ask(server, get())
        assert answer.status == 500
        assert "x" not in answer.fields


@given(st.binary(max_size=300))
def test_any_bytes_are_a_head_or_refused(data: bytes) -> None:
    for candidate in (data, b"GET / HTTP/1.1\r\n" + data, b"GET / HTTP/1.1\r\nHost: a\r\n" + data):
        try:
            head = parse_head(candidate + b"\r\n\r\n")
        except HeadError as error:
            assert error.status in (400, 414, 417, 431, 501, 505)  # noqa: PT017
        else:
            assert head.path.startswith((b"/", b"*"))
            assert all(c not in v for v in head.fields.values() for c in "\0\r\n")


@given(st.lists(st.integers(1, 40), max_size=20))
def test_the_end_of_a_head_is_found_however_it_comes(steps: list[int]) -> None:
    data, buffer, searched, found = get(b"Accept: */*") + b"rest", bytearray(), 0, 0
    stream = io.BytesIO(data)
    for step in [*steps, len(data)]:
        buffer += stream.read(step)
        found = found or head_end(buffer, start=searched)
        searched = len(buffer)
    assert data[found:] == b"rest"
