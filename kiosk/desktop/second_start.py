"""A start of a kiosk that runs already: it shows the first one's page, and opens nothing else."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.desktop.child import RUNNING
from kiosk.desktop.port_file import Listening, hosts_to_ask
from kiosk.desktop.running import RunningKiosk, find_running, gathering_id, show_page
from reporter.errors import ConfigError


def show_first(noted: Listening, folder: Path, *, show: bool) -> bool:
    """Show this folder's running kiosk, if it is what listens where its folder notes it; whether it is.

    Raises ConfigError without ``show``.
    """
    found = find_running(noted.port, [noted.host])
    if found is None or found.gathering_id != gathering_id(folder):
        return False
    _show(found, show=show)
    return True


def show_at_port(port: int, host: str, folder: Path | None, *, show: bool) -> None:
    """Show this folder's running kiosk, which has the port; raises ConfigError for others, or without ``show``."""
    found = find_running(port, hosts_to_ask(folder, port, host))
    if found is None:
        raise ConfigError(
            "Port %(port)s can't be used: something else listens there. Try: reporter kiosk --port "
            "8001",
            port=port,
        )
    if folder is None or found.gathering_id != gathering_id(folder):
        raise ConfigError(
            "The kiosk of another gathering, %(title)s, runs on port %(port)s already. End it "
            "first, or try: reporter kiosk --port 8001",
            title=found.title,
            port=port,
        )
    _show(found, show=show)


def _show(found: RunningKiosk, *, show: bool) -> None:
    if not show:
        raise ConfigError("This gathering's kiosk runs already, at %(url)s", url=found.url)
    click.echo(f"{RUNNING}{found.url}")
    show_page(found.url)
