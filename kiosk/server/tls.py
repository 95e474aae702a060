"""TLS: the certificate's context, and the redirect for addresses typed without https."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from reporter.errors import ConfigError


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Build a server context from PEM files. Raises ConfigError for files that can't be used
    together."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(
            "The certificate %(certificate)s and the key %(key)s can't be used together: "
            "%(error)s. Both must be PEM files, and the key the certificate's own.",
            certificate=certificate,
            key=key,
            error=error,
        ) from error
    return context


def wrap(context: ssl.SSLContext, sock: socket.socket) -> ssl.SSLSocket:
    """Wrap a socket in TLS without the handshake: a phone that disappears during it must block
    nobody."""
    return context.wrap_socket(
        sock, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True
    )
