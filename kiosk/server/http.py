"""The HTTP server: cheroot, many threads, short time-outs."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from cheroot.wsgi import Server
from flask import Flask

from kiosk.server.tls import TlsAdapter, TlsConnection
from kiosk.server.wsgi_gateway import KioskGateway
from reporter.errors import ConfigError

# 16 threads starve when 50 slow phones send; with 64 or more they don't (measured, see DESIGN).
THREADS = 128
# Seconds without a byte until a connection is given up: a phone that left the Wi-Fi must not hold a thread.
SILENCE = 10


def make_server(
    app: Flask, host: str, port: int, *, tls: tuple[Path, Path] | None = None
) -> Server:
    """A bound server that is not yet serving; ``server.bind_addr[1]`` is the port that it got.

    Raises OSError if the port is taken, ConfigError for a certificate and key that can't be used.
    """
    server = Server((host, port), app, numthreads=THREADS, timeout=SILENCE, request_queue_size=256)
    server.shutdown_timeout = 3
    server.gateway = KioskGateway
    if tls:
        server.ssl_adapter = _adapter(*tls)
        server.ConnectionClass = TlsConnection
    server.prepare()
    return server


def _adapter(certificate: Path, key: Path) -> TlsAdapter:
    try:
        return TlsAdapter(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(
            f"The certificate {certificate} and the key {key} can't be used together: {error}. "
            "Both must be PEM files, and the key the certificate's own."
        ) from error


def bound_port(server: Server) -> int:
    """The port that the server listens on."""
    listener: socket.socket = server.socket
    return int(listener.getsockname()[1])
