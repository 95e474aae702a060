"""A kiosk that runs on this laptop already: a second start finds it and shows its page."""

from __future__ import annotations

import json
import ssl
import urllib.request
from dataclasses import dataclass

_PATIENCE = 3.0


@dataclass(frozen=True)
class RunningKiosk:
    """What answers at a port of this laptop: its start page, and which gathering it has open."""

    url: str
    gathering_id: str
    title: str


def find_running(port: int) -> RunningKiosk | None:
    """The kiosk that listens at this port of the laptop itself; None for nothing and for another program."""
    for scheme in ("http", "https"):
        url = f"{scheme}://127.0.0.1:{port}/"
        told = _ask(f"{url}healthz")
        if told and "gathering_id" in told:
            return RunningKiosk(url, str(told["gathering_id"]), str(told.get("gathering", "")))
    return None


def _ask(url: str) -> dict[str, object] | None:
    # The laptop asks itself, past every proxy; a certificate is made out for the kiosk's name, not for 127.0.0.1.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(url, timeout=_PATIENCE) as answer:
            told = json.load(answer)
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None
