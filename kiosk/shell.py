"""What the commands of the shell share: the application of the chosen gathering, opened and closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kiosk.cli import gathering_folder
from kiosk.here import Kiosk, here
from reporter.config import load_settings


@contextmanager
def opened() -> Iterator[Kiosk]:
    """The kiosk of the chosen gathering, in an application context, without server and workers.

    Raises ConfigError when there is no gathering.
    """
    from kiosk.app import create_app

    app = create_app(load_settings(gathering_folder()))
    with app.app_context():
        kiosk = here()
        try:
            yield kiosk
        finally:
            kiosk.stop()
