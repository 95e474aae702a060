"""Windows neither removes nor replaces what somebody has open: withdrawing and editing go well all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.workers import purge
from reporter.annotations.edit_history import save
from reporter.gathering.purge import purge_due
from reporter.media.edits import Edits
from reporter.media.store import Store
from reporter.models import EventSession, Media
from tests.support.browsers.pages import JSON, PHONE, make_ready, send
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.media import files
from tests.support.windows_files import windows_file_rules


def files_of(store: Store, sha256: str) -> list[str]:
    """Originals and renditions that are on the disk."""
    found = [*store.media.glob(f"??/{sha256}*"), *store.renditions.glob(f"??/{sha256}*")]
    return sorted(path.name.removeprefix(sha256) for path in found)


@pytest.mark.parametrize("name", ["original", "view"])
def test_what_is_withdrawn_while_it_is_sent_goes_as_soon_as_it_may(
    app: Flask, client: FlaskClient, event: EventSession, store: Store, name: str
) -> None:
    receipt = send(client, event.code, files.jpeg(), consent="agreed")["receipt"]
    make_ready(app)
    sha256 = client.get(f"/t/{receipt}", headers=JSON, **PHONE).get_json()["media"][0]["sha256"]
    address = f"/m/{sha256}/{name}"
    with windows_file_rules(), client.get(address) as under_way:
        assert under_way.status_code == 200
        assert client.post(f"/t/{receipt}/withdraw", headers=JSON, **PHONE).status_code == 200
        assert len(files_of(store, sha256)) == 1
        assert client.get(address).status_code == 404
        assert not purged(app)
    assert len(files_of(store, sha256)) == 1
    with windows_file_rules():
        assert purged(app)
    assert files_of(store, sha256) == []


def purged(app: Flask) -> bool:
    """The worker's next turn: whether nothing is left of what was withdrawn."""
    with app.app_context():
        purge(current_kiosk())
        return purge_due(db.session()) is None


def test_a_damaged_original_heals_though_it_is_write_once(
    client: FlaskClient, event: EventSession, session: Session, store: Store
) -> None:
    send(client, event.code, files.jpeg(), consent="agreed")
    media = session.scalars(select(Media)).one()
    path = store.original(media.sha256, media.ext)
    path.chmod(0o600)
    path.write_bytes(b"\0" * media.bytes)
    path.chmod(0o444)
    media.state = "failed"
    session.commit()
    with windows_file_rules():
        send(client, event.code, files.jpeg(), consent="agreed")
    assert path.read_bytes() == files.jpeg().read_bytes()


def test_a_rendition_that_is_being_sent_is_replaced_afterwards(
    app: Flask, client: FlaskClient, event: EventSession, session: Session, clock: TurnableClock
) -> None:
    """What it shows may be a face that somebody has blurred since: nobody is sent the former one any more."""
    receipt = send(client, event.code, files.jpeg(), consent="agreed")["receipt"]
    make_ready(app)
    media = session.scalars(select(Media)).one()
    address = f"/m/{media.sha256}/view"
    with windows_file_rules(), client.get(address) as under_way:
        before = under_way.headers["ETag"]
        save(session, Store(folder_of(app)), media, Edits(turn=90), actor=actor(clock))
        make_ready(app)
        assert client.get(address).status_code == 404
    clock.turn(seconds=10)
    with windows_file_rules():
        make_ready(app)
        after = client.get(address, buffered=True)
    assert (after.status_code, after.headers["ETag"] == before) == (200, False)
    assert (
        client.get(f"/t/{receipt}", headers=JSON, **PHONE).get_json()["media"][0]["state"]
        == "ready"
    )


def folder_of(app: Flask) -> Path:
    folder: Path = app.extensions["kiosk"].settings.folder
    return folder
