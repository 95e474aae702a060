"""Cost of a push: the real commands, from a gathering on this machine to a hub on loopback."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from capture.intake.receive import receive
from capture.intake.submission import ReceivedFile, Submission
from reporter.config import load_settings
from reporter.enums import Source
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from tests.tools.hub import ORGANIZATION, _services, reporter, running

PHOTO_BYTES = 3_000_000


@dataclass(frozen=True)
class Push:
    """One push: rows, bytes and seconds; and a second one with nothing new."""

    takeaways: int
    media: int
    bytes: int
    seconds: float
    again_seconds: float


def measure(notes: int, photos: int) -> Push:
    """Push a gathering with this many notes and photos, twice."""
    with tempfile.TemporaryDirectory() as place, _services() as hub:
        folder = Path(place) / "gathering"
        _evening(folder, notes, photos)
        reporter(hub, "hub", "init", "--organization", ORGANIZATION, "--owner", "a@example.org")
        code = reporter(hub, "hub", "pairing-code", "--organization", ORGANIZATION)["code"]
        url = hub["REPORTER_HUB_URL"]
        with running(hub, "serve", "--port", url.rpartition(":")[2]) as serving:
            assert serving.stdout is not None
            serving.stdout.readline()
            _run(hub, "pair", url, code, "--gathering", str(folder))
            seconds, counts = _run(hub, "push", "--json", "--gathering", str(folder))
            again, nothing = _run(hub, "push", "--json", "--gathering", str(folder))
        if (counts["takeaways"], nothing["takeaways"]) != (notes + photos, 0):
            raise AssertionError(f"pushed {counts}, then {nothing}")
        return Push(counts["takeaways"], counts["media"], counts["bytes"], seconds, again)


def _run(environment: Mapping[str, str], *arguments: str) -> tuple[float, dict[str, Any]]:
    """Return the seconds of a command, and its output."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", *arguments],
        env={**environment},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    took = time.perf_counter() - began
    return took, json.loads(done.stdout) if "--json" in arguments else {}


def _evening(folder: Path, notes: int, photos: int) -> None:
    """Make a gathering with notes, and photos of incompressible bytes."""
    now, rng = datetime(2026, 5, 9, 18, tzinfo=UTC), random.Random(5)
    make_gathering(folder, "Evening", timezone="Europe/Berlin", language="en", now=now, rng=rng)
    settings = load_settings(folder)
    store = Store(folder)
    store.make_folders()
    with open_session(settings) as session:
        event = add_session(session, "Gardens", now=now, rng=rng)
        for number in range(notes + photos):
            files = [_photo(store, number)] if number < photos else []
            offer = Submission(
                event=event,
                source=Source.PHONE,
                client_id=str(uuid.UUID(int=number + 1)),
                text=f"What we take home, number {number}",
                files=files,
            )
            moment = now + timedelta(seconds=number)
            receive(session, store, offer, now=moment, rng=rng, limits=settings.limits)


def _photo(store: Store, number: int) -> ReceivedFile:
    # The head of a JPEG is all that a push looks at.
    incoming = store.begin(f"photo-{number}")
    incoming.write(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + os.urandom(PHOTO_BYTES))
    return ReceivedFile.of(incoming, f"{number}.jpg")
