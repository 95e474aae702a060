"""Allowed Host headers, against DNS rebinding.

A browser takes a page of ``evil.example`` and our answers for one site once that name points to the laptop. An address
in numbers can't be pointed anywhere else, so any of those is fine.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
from urllib.parse import urlsplit

from flask import Flask, request

from kiosk.runtime.context import current_kiosk
from reporter.config import Settings
from reporter.errors import Forbidden

# What phones ask of names that aren't ours to see whether this Wi-Fi leads out, and what no secret is in.
_ANY_HOST = frozenset({"static"})
_PROBES = "probes"


def init_app(app: Flask) -> None:
    """Refuse foreign hosts before the request is processed."""
    app.before_request(_check)


def _check() -> None:
    if request.endpoint in _ANY_HOST or request.blueprint == _PROBES:
        return
    if not is_ours(request.host, current_kiosk().settings):
        raise Forbidden("This address is not the kiosk's. Scan the code at the kiosk once more.")


def is_ours(host: str, settings: Settings) -> bool:
    """Whether a Host (with or without a port) is a numeric address or a name of this kiosk."""
    name = _name(host)
    return _is_address(name) or name in own_names(settings)


def own_host(host: str, settings: Settings) -> str:
    """Return the request's Host if it is a name of this kiosk, else ''."""
    return host if _name(host) in own_names(settings) else ""


def own_names(settings: Settings) -> frozenset[str]:
    """Return the names of this kiosk: those in the settings and those of the laptop."""
    return _laptop_names() | {_name(urlsplit(settings.kiosk.base_url).netloc)} - {""}


@functools.cache
def _laptop_names() -> frozenset[str]:
    laptop = socket.gethostname().lower()
    return frozenset({"localhost", laptop, f"{laptop.partition('.')[0]}.local"})


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
