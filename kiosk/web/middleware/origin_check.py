"""Refuse state-changing requests from other sites, whatever token they hold.

A browser says which site a request comes from (Fetch standard, "Origin header"; Fetch Metadata). Our own pages have
the referrer policy ``same-origin``: with ``no-referrer`` browsers would send ``Origin: null`` for our own forms, and
those of a foreign page would look the same. Programs send neither header and are let through to the other checks.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, request

from reporter.errors import Forbidden

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS = {"http": 80, "https": 443}


def init_app(app: Flask) -> None:
    """Refuse foreign origins before the body is read."""
    app.before_request(_check)


def _check() -> None:
    if request.method in SAFE:
        return
    origin = request.headers.get("Origin")
    foreign = origin is not None and not _is_own(origin)
    if foreign or request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Forbidden("This was sent by a page of another site. Use the kiosk's own page.")


def _is_own(origin: str) -> bool:
    """Whether an origin is the requested site; the scheme is ignored because a proxy may change it."""
    return _place(origin) == _place(f"{request.scheme}://{request.host}")


def _place(url: str) -> tuple[str, int | None] | None:
    """Return (name, port), without the scheme's default port; None for an invalid origin."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    return parts.hostname, None if port == _PORTS.get(parts.scheme) else port
