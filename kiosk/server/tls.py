"""TLS for cheroot: the handshake in the connection's own thread, and a helping hand for plain http."""

from __future__ import annotations

import contextlib
import socket
import ssl
from pathlib import Path
from typing import Any

from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter

# The first byte of a TLS handshake (RFC 8446, 5.1).
HANDSHAKE = b"\x16"
HEAD_BYTES = 8192


class TlsAdapter(BuiltinSSLAdapter):
    """Wraps a connection without waiting for its phone.

    cheroot shakes hands in the one thread that accepts connections: there a single phone that walks out of the Wi-Fi
    in the middle of it would hold up all others for the whole time-out.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        super().__init__(str(certificate), str(key))
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        """The socket, not yet shaken hands with, and what WSGI is told."""
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


class TlsConnection(HTTPConnection):
    """A connection that begins with the handshake, in a worker thread."""

    _greeted = False

    def communicate(self) -> bool:
        """One request; whether more may follow."""
        if not self._greeted and not self._greet():
            return False
        return bool(super().communicate())

    def _greet(self) -> bool:
        self._greeted = True
        try:
            with _plain(self.socket) as plain:
                first = plain.recv(1, socket.MSG_PEEK)
                if first and first != HANDSHAKE:
                    _send_to_https(plain)
                if first != HANDSHAKE:
                    return False
            self.socket.do_handshake()
        except OSError:
            # It went away, or doesn't trust the certificate: nothing that we could answer.
            return False
        return True


def _plain(wrapped: Any) -> socket.socket:
    """The same connection without TLS."""
    plain = socket.fromfd(wrapped.fileno(), wrapped.family, wrapped.type)
    plain.settimeout(wrapped.gettimeout())
    return plain


def _send_to_https(plain: socket.socket) -> None:
    """Somebody typed the address without https: bring them to the same page with it."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES:
        piece = plain.recv(HEAD_BYTES)
        if not piece:
            return
        head += piece
    lines = head.decode("latin-1").split("\r\n")
    path = lines[0].partition(" ")[2].partition(" ")[0]
    hosts = [line[5:].strip() for line in lines if line[:5].lower() == "host:"]
    if not hosts or not path.startswith("/") or not f"{hosts[0]}{path}".isprintable():
        return
    answer = (
        f"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://{hosts[0]}{path}\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
    with contextlib.suppress(OSError):
        plain.sendall(answer.encode("latin-1"))
