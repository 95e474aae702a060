"""Another laptop of the same evening."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from kiosk.app import create_app
from kiosk.runtime.database import db
from reporter.config import load_settings, save_settings
from reporter.gathering.folder import make_gathering
from tests.support.kiosk_process import TurnableClock


@contextmanager
def second_laptop(folder: Path, title: str, clock: TurnableClock) -> Iterator[Flask]:
    """The application of a gathering of its own, called "Room 2"."""
    rng = random.Random(5)
    make_gathering(folder, title, timezone="UTC", language="en", now=clock(), rng=rng)
    save_settings(folder, {"kiosk": {"name": "Room 2"}})
    app = create_app(load_settings(folder), clock=clock, rng=rng)
    yield app
    app.extensions["kiosk"].stop()
    with app.app_context():
        db.engine.dispose()
