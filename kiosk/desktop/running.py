"""A kiosk that runs on this laptop already: a second start finds it and shows its page, and opens nothing else."""

from __future__ import annotations

import json
import sqlite3
import ssl
import subprocess
import sys
import threading
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from itertools import product
from pathlib import Path
from urllib.error import HTTPError

from kiosk.runtime.addresses import url_of

# Somebody who clicks twice does so while the first start is still opening its database, on an old laptop for a while.
_PATIENCE = 30.0
# What a kiosk tells of itself is less than a kilobyte.
_MUCH = 1 << 16


@dataclass(frozen=True)
class RunningKiosk:
    """What answers at a port of this laptop: its start page, and which gathering it has open."""

    url: str
    gathering_id: str
    title: str


def find_running(
    port: int, hosts: Sequence[str] = ("127.0.0.1",), patience: float = _PATIENCE
) -> RunningKiosk | None:
    """The kiosk that listens at this port of the laptop itself; None for nothing and for another program.

    ``hosts``: the laptop's addresses to ask, in numbers, one after the other. ``patience``: seconds altogether for one
    that has the port and doesn't answer yet.
    """
    found: list[RunningKiosk] = []
    # In a thread: what another program there says drop by drop would be heard for ever.
    look = threading.Thread(target=lambda: found.extend(_look(port, hosts, patience)), daemon=True)
    look.start()
    look.join(patience)
    return found[0] if found else None


def _look(port: int, hosts: Sequence[str], patience: float) -> Iterator[RunningKiosk]:
    for host, scheme in product(hosts, ("http", "https")):
        url = f"{url_of(host, port, scheme=scheme)}/"
        health = _ask(f"{url}healthz", patience)
        if health and "gathering_id" in health:
            yield RunningKiosk(url, str(health["gathering_id"]), str(health.get("gathering", "")))
            return


def _ask(url: str, patience: float) -> dict[str, object] | None:
    # The laptop asks itself, past every proxy; a certificate is made out for the kiosk's name, not for 127.0.0.1.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(url, timeout=patience) as answer:
            health = json.loads(answer.read(_MUCH))
    except HTTPError as refusal:
        refusal.close()
        return None
    except (OSError, HTTPException, ValueError):
        return None
    return health if isinstance(health, dict) else None


def gathering_id(folder: Path) -> str:
    """The id of the gathering in a folder, read beside whoever has it open; '' where none can be read.

    The folder is left as it is: no schema is brought up to date, no program noted.
    """
    try:
        address = f"{(folder / 'reporter.db').absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=2)) as database:
            row = database.execute("SELECT id FROM gathering").fetchone()
        return str(uuid.UUID(row[0])) if row else ""
    except (sqlite3.Error, ValueError):
        return ""


def show_page(url: str) -> None:
    """Open a page in the person's browser, and wait for nothing.

    By a process apart: a browser may keep whoever starts it until it ends, holds the output that it inherits open, and
    one for the terminal would take that over.
    """
    quiet = subprocess.DEVNULL
    try:
        opener = subprocess.Popen(
            _opener(url), stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
    except OSError:
        # No browser, no page: the address stands on the terminal.
        return
    threading.Thread(target=opener.wait, name="browser", daemon=True).start()


def _opener(url: str) -> list[str]:
    if not getattr(sys, "frozen", False):
        return [sys.executable, "-m", "webbrowser", url]
    # A one-folder application has no interpreter that could be given a module.
    systems = {"win32": ["rundll32", "url.dll,FileProtocolHandler"], "darwin": ["open"]}
    return [*systems.get(sys.platform, ["xdg-open"]), url]
