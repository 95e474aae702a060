"""The gathering that crash rounds work on: made once, copied for each round; and the kiosk that opens it."""

from __future__ import annotations

import random
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from PIL import Image
from sqlalchemy import select

from capture.renditions.worker import process_due
from kiosk.app import create_app
from kiosk.runtime.context import KioskContext, current_kiosk
from kiosk.runtime.database import db
from kiosk.services.publishing import add_target, publish_all, write_bundle
from reporter.clock import utc_now
from reporter.config import load_settings, save_settings
from reporter.gathering.backup import copy_gathering
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from reporter.models import Media, Takeaway
from reporter.moderation.decisions import approve, set_alt

PHONE: dict[str, Any] = {
    "environ_base": {"REMOTE_ADDR": "192.168.4.23"},
    "base_url": "http://192.168.4.1:8000",
}
# Words of the takeaway that is erased, found nowhere else.
ERASED = "Rhubarbistry needs patience"


class InlinePool:
    """Decoders in this process: the rounds are about rows and files, not about decoders that die."""

    def run(self, function: Callable[..., Any], *arguments: Any, **_limits: Any) -> Any:
        """Call it here."""
        return function(*arguments)

    def stop(self) -> None:
        """Nothing is to be ended."""


def photo(seed: int) -> bytes:
    """A real JPEG, another one for each seed."""
    buffer = BytesIO()
    pixels = random.Random(seed).randbytes(40 * 30 * 3)
    Image.frombytes("RGB", (40, 30), pixels).save(buffer, "JPEG")
    return buffer.getvalue()


def client_id(seed: int) -> str:
    """What a phone calls a takeaway."""
    return str(uuid.UUID(int=random.Random(seed).getrandbits(128), version=4))


@contextmanager
def opened(folder: Path, *, hours: float = 0) -> Iterator[tuple[Flask, KioskContext]]:
    """The kiosk of a gathering in its context, so many hours from now."""
    app = create_app(load_settings(folder), clock=lambda: utc_now() + timedelta(hours=hours))
    app.config["TESTING"] = True
    with app.app_context():
        kiosk = current_kiosk()
        kiosk.pool = kiosk.quick_pool = kiosk.slow_pool = InlinePool()  # type: ignore[assignment]
        try:
            yield app, kiosk
        finally:
            db.session.remove()
            db.engine.dispose()


def send(app: Flask, code: str, seed: int, text: str = "") -> dict[str, Any]:
    """A photo by form; the record that comes back."""
    form = {
        "client_id": client_id(seed),
        "text": text or f"Words of number {seed}",
        "consent": "agreed",
        "file": [(BytesIO(photo(seed)), f"{seed}.jpg")],
    }
    answer = app.test_client().post(
        f"/s/{code}/takeaways", data=form, headers={"Accept": "application/json"}, **PHONE
    )
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.get_json()
    return record


def make_world(root: Path) -> None:
    """Below ``root``: ``gathering`` (published once), ``other``, ``card``, ``stick``, ``copy``."""
    for name, first in (("gathering", 0), ("other", 50)):
        rng, now = random.Random(first), utc_now()
        settings = make_gathering(
            root / name, "Spring gathering", timezone="UTC", language="en", now=now, rng=rng
        )
        save_settings(root / name, {"limits": {"keep_free_mb": 0, "files_per_minute": 10_000}})
        with open_session(settings) as session:
            code = add_session(session, "Gardens", now=now, rng=rng).code
        with opened(root / name) as (app, kiosk):
            for seed in range(first, first + 4):
                send(app, code, seed, ERASED if seed == first else "")
            process_all(kiosk)
            approve_all(kiosk)
            send(app, code, first + 9)
            kiosk.index.sync(db.session())
    card = root / "card" / "DCIM"
    card.mkdir(parents=True)
    for seed in (80, 81, 82):
        (card / f"IMG_{seed}.JPG").write_bytes(photo(seed))
    with opened(root / "gathering") as (_app, kiosk):
        options = {"url": (root / "stick").as_uri()}
        add_target(kiosk, "folder", "stick", options, ask=lambda _prompt: "")
        publish_all(kiosk)
        write_bundle(kiosk, root / "bag")
    copy_gathering(root / "gathering", root / "copy")


def approve_all(kiosk: KioskContext) -> None:
    """Approve what waits, with an alternative text for each photo."""
    for row in db.session.scalars(select(Takeaway).where(Takeaway.state == "new")).all():
        alts = {one.media.sha256: "a field of colours" for one in row.attachments}
        set_alt(db.session(), row, kiosk.actor("desk"), alts)
        approve(db.session(), row, kiosk.actor("desk"))


def process_all(kiosk: KioskContext) -> None:
    """Make what renditions are due."""
    while process_due(
        db.session(), kiosk.store, kiosk.pool, now=kiosk.now, limits=kiosk.settings.limits
    ):
        pass


def place(base: Path, work: Path) -> None:
    """Begin a round: the world as it was made, at the place where it was made."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(base, work)


def unsound(kiosk: KioskContext) -> list[str]:
    """What is wrong with a gathering after everything was taken up again; empty when all is well."""
    from kiosk.privacy.census import take_census
    from reporter.media.store import hash_file

    found = []
    verdict = db.session.execute(db.text("PRAGMA integrity_check")).scalar()
    if verdict != "ok":
        found.append(f"the database is damaged: {verdict}")
    rows = list(db.session.scalars(select(Media)))
    for row in rows:
        path = kiosk.store.original(row.sha256, row.ext)
        if not path.is_file() or hash_file(path) != row.sha256:
            found.append(f"lost: the original {row.sha256[:8]}")
        for made in row.renditions:
            file = kiosk.store.rendition(row.sha256, made.name, made.ext)
            if not file.is_file() or hash_file(file) != made.sha256:
                found.append(f"lost: {made.name} of {row.sha256[:8]}")
    # What stands there without a row, or with one and without a right, is the census's to find.
    for part in take_census(kiosk):
        found += [f"{part.name}: {one}" for one in part.violations]
    return found
