"""Runs one request through the WSGI application (PEP 3333): builds the environment, sends the
answer to the socket."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from typing import Any, BinaryIO
from wsgiref.types import WSGIApplication

from kiosk.server.answer_sender import Rest
from kiosk.server.body import RECEIVE, ByteMeter, RequestBody, TransferError
from kiosk.server.connection import has_closed
from kiosk.server.head import Head, environ_fields
from kiosk.server.transfers import Transfers

# Key in the WSGI environment: a function that tells whether the client has disconnected. For slow
# answers.
CLIENT_GONE = "reporter.client_gone"
# Bytes of a refused body that are read and discarded to keep the connection. With more, it is
# closed.
DISCARD = 16 << 20
# Answers up to this size are sent together with their head.
JOINED = 1 << 20


@dataclass(frozen=True)
class Ends:
    """Both endpoints of a connection, as (address, port)."""

    client: tuple[str, int]
    server: tuple[str, int]
    scheme: str


class FileBlocks:
    """``wsgi.file_wrapper``: reads a file in blocks large enough to be worth a system call."""

    def __init__(self, file: BinaryIO, _size: int = 0) -> None:
        self._file = file
        # Whether its bytes are at hand, and come over no network.
        self.is_local = isinstance(file, io.BufferedReader)

    def __iter__(self) -> FileBlocks:
        return self

    def __next__(self) -> bytes:
        if block := self._file.read(RECEIVE):
            return block
        raise StopIteration

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Exchange:
    """A request and its answer. ``keeps_alive``: whether the connection can be used afterwards."""

    is_body = False

    def __init__(self, sock: socket.socket, head: Head, body: RequestBody, ends: Ends) -> None:
        self.head = head
        self.body = body
        self.meter = ByteMeter(body.meter.address, body.meter.silence)
        self.keeps_alive = head.keeps_alive
        self._sock = sock
        self._ends = ends
        self._start: tuple[str, list[tuple[str, str]]] | None = None
        self._chunked = False
        # Whether the client knows where the answer ends.
        self._announced = False
        # Bytes of the announced length that are still to be sent.
        self._owed = 0
        # Whether any of the answer was sent.
        self.begun = False
        # Bytes given to be sent that the client doesn't take at the moment.
        self._stuck = memoryview(b"")

    def run(self, application: WSGIApplication, transfers: Transfers) -> Rest | None:
        """Answer. Returns the rest of the answer if the client reads slowly and nothing has to be
        computed any more; None when all of it was sent.

        Raises TransferError when the client has disconnected, and what the application raises.
        """
        rest = None
        with transfers.open(self):
            answer = application(self.environ(), self._start_response)
            try:
                rest = self._send(answer)
            finally:
                if rest is None:
                    _close(answer)
        return rest

    def cut(self) -> None:
        """Abort the answer from another thread."""
        self.meter.cut = True
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def environ(self) -> dict[str, Any]:
        """Build the environment as specified by PEP 3333."""
        head, ends = self.head, self._ends
        environ: dict[str, Any] = {
            "REQUEST_METHOD": head.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": head.path.decode("latin-1"),
            "QUERY_STRING": head.query,
            "RAW_URI": head.target,
            "REQUEST_URI": head.target,
            "REMOTE_ADDR": ends.client[0],
            "REMOTE_PORT": str(ends.client[1]),
            "SERVER_NAME": ends.server[0],
            "SERVER_PORT": str(ends.server[1]),
            "SERVER_PROTOCOL": "HTTP/{}.{}".format(*head.version),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": ends.scheme,
            "wsgi.input": self.body,
            "wsgi.input_terminated": head.length is None,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.file_wrapper": FileBlocks,
            CLIENT_GONE: self._client_gone,
        }
        environ.update(environ_fields(head))
        return environ

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        if self.begun and exc_info:
            raise exc_info[1].with_traceback(exc_info[2])
        self._start = (status, headers)
        return self._write

    def _send(self, answer: Iterable[bytes]) -> Rest | None:
        length = len(answer) if isinstance(answer, (list, tuple)) else None
        computed = length is not None or _is_file(answer)
        blocks = iter(answer)
        for block in blocks:
            if block:
                self._write(block, alone=length == 1, computed=computed)
            if self._stuck:
                return self._rest(answer, blocks)
        if not self.begun:
            self._send_all(self._head(0), leave=self._announced)
        elif self._chunked:
            self._send_all(b"0\r\n\r\n")
        if self._stuck:
            return self._rest(answer, blocks)
        if self._owed and self.head.method != "HEAD":
            raise TransferError("The answer is not as long as it said.")
        return None

    def _rest(self, answer: Iterable[bytes], blocks: Iterator[bytes]) -> Rest:
        # What is complete needs no more of the application.
        complete = self._owed <= 0 or self.head.method == "HEAD"
        return Rest(
            self._sock,
            self._stuck,
            blocks=iter(()) if complete else blocks,
            owed=len(self._stuck) + (0 if complete else self._owed),
            meter=self.meter,
            close=partial(_close, answer),
        )

    def _write(self, block: bytes, *, alone: bool = False, computed: bool = False) -> None:
        begin = b"" if self.begun else self._head(len(block) if alone else None)
        self._owed -= len(block) if self._owed else 0
        if self.head.method == "HEAD":
            block = b""
        elif self._chunked:
            block = b"%x\r\n%b\r\n" % (len(block), block)
        if begin and len(block) > JOINED:
            self._send_all(begin)
            begin = b""
        # With the last byte that was announced, or of a file, nothing is left to compute.
        leave = self._announced and (self._owed <= 0 or computed)
        self._send_all(begin + block if begin else block, leave=leave)

    def _head(self, whole: int | None) -> bytes:
        """Build the answer's head. ``whole``: the body's length if known although the
        application didn't give it."""
        if self._start is None:
            raise RuntimeError("the application began no answer")
        status, headers = self._start
        names = {name.lower(): value for name, value in headers}
        code = int(status.split(" ", 1)[0])
        self._announced = "content-length" in names or whole is not None or code in (204, 304)
        if code not in (204, 304):
            self._owed = int(names.get("content-length", "0"))
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        if "date" not in names:
            lines.append(f"Date: {formatdate(usegmt=True)}")
        if code >= 200 and code not in (204, 304) and "content-length" not in names:
            lines += self._framing(whole)
        if not self._body_can_be_left():
            self.keeps_alive = False
        if not self.keeps_alive:
            lines.append("Connection: close")
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a header of the answer has a line end in it")
        self.begun = True
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _framing(self, whole: int | None) -> list[str]:
        if self.head.method == "HEAD":
            return []
        if whole is not None:
            return [f"Content-Length: {whole}"]
        if self.head.version >= (1, 1):
            self._chunked = True
            return ["Transfer-Encoding: chunked"]
        self.keeps_alive = False
        return []

    def _body_can_be_left(self) -> bool:
        """Whether the unread rest of the request is small enough to discard."""
        left = self.body.remaining
        return (
            not self.body.failed
            and left is not None
            and left <= (0 if self.body.waits else DISCARD)
        )

    def _send_all(self, data: bytes, *, leave: bool = False) -> None:
        """Send; with ``leave`` only what the client takes at once, the rest is kept in
        ``_stuck``."""
        view = memoryview(data)
        try:
            if leave:
                self._stuck = view = self._sent_at_once(view)
                return
            while view:
                self._sock.settimeout(self.meter.patience())
                with self.meter.waiting():
                    count = self._sock.send(view[:RECEIVE])
                self.meter.moved += count
                view = view[count:]
        except OSError as error:
            raise TransferError("The client has gone.") from error

    def _sent_at_once(self, view: memoryview) -> memoryview:
        self._sock.settimeout(0)
        try:
            while view:
                count = self._sock.send(view[:RECEIVE])
                self.meter.moved += count
                view = view[count:]
        except (BlockingIOError, InterruptedError, ssl.SSLWantWriteError):
            pass
        return view

    def _client_gone(self) -> bool:
        return has_closed(self._sock)


def _close(answer: Iterable[bytes]) -> None:
    if hasattr(answer, "close"):
        answer.close()


def _is_file(answer: Iterable[bytes]) -> bool:
    """Whether an answer comes from a local file (Werkzeug wraps one of which a range is
    wanted)."""
    blocks = getattr(answer, "iterable", answer)
    return isinstance(blocks, FileBlocks) and blocks.is_local


def plain_answer(status: int, reason: str, *more: str) -> bytes:
    """An answer of the server itself, as a problem document (RFC 9457); the connection ends with
    it."""
    import json

    phrase = HTTPStatus(status).phrase
    body = json.dumps(
        {"type": "about:blank", "title": phrase, "status": status, "detail": reason}
    ).encode()
    lines = [
        f"HTTP/1.1 {status} {phrase}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        *more,
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
