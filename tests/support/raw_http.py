"""HTTP by hand: the kiosk's server around any WSGI application, and sockets that send what no client library would."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from kiosk.server.http import Server, bind, make_server


@contextmanager
def served(application: WSGIApplication, *, silence: float = 10) -> Iterator[Server]:
    """The kiosk's server around an application, on a free port of loopback."""
    server = make_server(application, bind("127.0.0.1", 0))
    server.timeout = silence
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(120)


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """An application that answers with method, path and body."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} ".encode("latin-1") + body]


@dataclass(frozen=True)
class Answer:
    """What came back: status, fields in lower case, body."""

    status: int
    fields: dict[str, str]
    body: bytes


def dial(server: Server) -> socket.socket:
    """A connection to a server."""
    return socket.create_connection(("127.0.0.1", server.bind_addr[1]), timeout=60)


def read_answer(sock: socket.socket) -> Answer:
    """The next answer on a connection; raises ConnectionError if it ends before."""
    data = b""
    while b"\r\n\r\n" not in data:
        # A byte at a time: what follows this answer belongs to the next.
        piece = sock.recv(1)
        if not piece:
            raise ConnectionError(f"the connection ended after {data!r}")
        data += piece
    first, *lines = data.decode("latin-1").split("\r\n")
    fields = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
    body = b""
    while len(body) < int(fields.get("content-length", "0")):
        body += sock.recv(int(fields["content-length"]) - len(body))
    return Answer(int(first.split()[1]), fields, body)


def ask(server: Server, data: bytes) -> Answer:
    """Send bytes on a connection of their own; the first answer."""
    with dial(server) as sock:
        sock.sendall(data)
        return read_answer(sock)


def closes(sock: socket.socket) -> bool:
    """Read to the end of the connection; True (it times out where the server keeps it open)."""
    with contextlib.suppress(ConnectionResetError):
        while sock.recv(65536):
            pass
    return True
