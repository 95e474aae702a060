"""Taken back is gone: every byte of the gathering's folder is looked through, and every copy says what it holds."""

from __future__ import annotations

import json
import random
import sqlite3
import zipfile
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kiosk.cli import main
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.workers import purge
from publish.status.target_registry import add_target
from reporter.config import Settings
from reporter.gathering.copies import FILM, note_copy
from reporter.media.store import Store, hash_file
from reporter.models import EventSession, Media, Takeaway, Upload
from reporter.moderation.decisions import approve, by_receipt
from reporter.moderation.same_again import client_digest
from tests.capture.intake.test_same_again import FIRST, V1, photo
from tests.support.browsers.pages import JSON, PHONE, token
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway

WORDS = "Rhubarbistry needs patience"
AUTHOR = "Zebulonia Quince"
LATER = "Rutabagarium instead"


def run(gathering: Settings, *arguments: str | Path, stdin: str = "") -> Result:
    words = [*map(str, arguments), "--gathering", str(gathering.folder)]
    return CliRunner().invoke(main, words, input=stdin)


@pytest.fixture
def sent(client: FlaskClient, event: EventSession, session: Session) -> dict[str, str]:
    """A photo with words, by a phone with its cookie, which has changed its words since; its receipt and ids."""
    client.get(f"/s/{event.code}", **PHONE)
    data = photo(1)
    metadata = {
        "session": event.code,
        "filename": "a.jpg",
        "text": WORDS,
        "author": AUTHOR,
        "client_id": FIRST,
    }
    words = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in metadata.items())
    begun = client.post(
        "/uploads",
        headers={**V1, "Upload-Length": str(len(data)), "Upload-Metadata": words},
        **PHONE,
    )
    piece = {**V1, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    done = client.patch(begun.headers["Location"], data=data, headers=piece, **PHONE)
    receipt = done.headers["Reporter-Receipt"]
    client.post(f"/t/{receipt}", data={"text": LATER}, headers=JSON, **PHONE)
    row = by_receipt(session, receipt)
    session.rollback()
    device = row.device.removeprefix("phone-")
    assert device
    return {"receipt": receipt, "device": device}


def traces(folder: Path, *needles: str) -> dict[str, list[str]]:
    """{needle: files that hold it}, whatever their kind."""
    found: dict[str, list[str]] = {}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        data = path.read_bytes().lower()
        for needle in needles:
            if needle.lower().encode() in data:
                found.setdefault(needle, []).append(str(path.relative_to(folder)))
    return found


def needles(sent: dict[str, str]) -> tuple[str, ...]:
    return (
        "rhubarbistry",
        "zebulonia",
        "rutabagarium",
        FIRST,
        FIRST.replace("-", ""),
        sent["device"],
    )


def purge_all(app: Flask) -> None:
    with app.app_context():
        current_kiosk().index.sync(db.session())
        purge(current_kiosk())
        db.session.remove()


@pytest.mark.sqlite("looks through the bytes of its database's file")
def test_what_is_withdrawn_leaves_the_folder(
    app: Flask,
    client: FlaskClient,
    gathering: Settings,
    session: Session,
    store: Store,
    sent: dict[str, str],
    clock: TurnableClock,
) -> None:
    approve(session, by_receipt(session, sent["receipt"]), actor(clock))
    session.rollback()
    with app.app_context():
        current_kiosk().index.sync(db.session())
    # A copy from before an upgrade.
    old = gathering.folder / "reporter.db.before-upgrade-of-0008"
    with (
        closing(sqlite3.connect(gathering.folder / "reporter.db")) as live,
        closing(sqlite3.connect(old)) as copy,
    ):
        live.backup(copy)
    assert traces(gathering.folder, *needles(sent)), "there is something to look for"
    assert client.post(f"/t/{sent['receipt']}/withdraw", headers=JSON, **PHONE).status_code == 200
    purge_all(app)
    assert traces(gathering.folder, *needles(sent)) == {}
    assert list(store.media.glob("*/*")) == []
    session.rollback()
    row = by_receipt(session, sent["receipt"])
    assert (row.state, row.text, row.device, row.client_id) == ("withdrawn", "", "", None)
    assert session.scalar(select(func.count()).select_from(Upload)) == 0
    # The tombstone still tells a retry, without its id.
    assert traces(gathering.folder, client_digest(FIRST)) != {}
    # Nothing more to do, and nothing is rewritten for nothing.
    before = hash_file(gathering.folder / "reporter.db")
    purge_all(app)
    assert hash_file(gathering.folder / "reporter.db") == before


@pytest.mark.sqlite("looks through the bytes of its database's file")
def test_while_somebody_reads_it_is_tried_again(
    app: Flask, client: FlaskClient, gathering: Settings, sent: dict[str, str]
) -> None:
    with closing(sqlite3.connect(gathering.folder / "reporter.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM takeaway").fetchone()
        client.post(f"/t/{sent['receipt']}/withdraw", headers=JSON, **PHONE)
        purge_all(app)
        assert traces(gathering.folder, "rhubarbistry") != {}
        reader.execute("COMMIT")
    purge_all(app)
    assert traces(gathering.folder, *needles(sent)) == {}


@pytest.mark.sqlite("copies hold the database of a folder")
def test_erase_from_the_shell_and_the_copies_are_told_apart(
    app: Flask,
    gathering: Settings,
    session: Session,
    sent: dict[str, str],
    clock: TurnableClock,
    tmp_path: Path,
) -> None:
    approve(session, by_receipt(session, sent["receipt"]), actor(clock))
    session.rollback()
    early, late, away, bag = (tmp_path / name for name in ("early", "late", "away", "bag"))
    for place in (early, away):
        assert run(gathering, "backup", place).exit_code == 0
    assert run(gathering, "bundle", "-o", bag).exit_code == 0
    away.rename(tmp_path / "gone")
    refused = run(gathering, "erase", sent["receipt"])
    assert (refused.exit_code, "--yes" in refused.output) == (1, True)
    assert traces(gathering.folder, "rutabagarium") != {}
    done = run(gathering, "erase", sent["receipt"], "--yes")
    assert done.exit_code == 0, done.output
    assert f"still in the backup {early}" in done.output
    assert f"can't look into the backup {away}" in done.output
    assert traces(gathering.folder, *needles(sent)) == {}
    # A later copy holds none of it; the same place again purges.
    assert run(gathering, "backup", late).exit_code == 0
    assert traces(late, *needles(sent)) == {}
    assert traces(early, "rutabagarium") != {}
    assert "still in it" in (early / "COPY.txt").read_text()
    assert run(gathering, "backup", early).exit_code == 0
    assert traces(early, *needles(sent)) == {}
    assert list((early / "media").rglob("*.jpg")) == []
    again = run(gathering, "erase", sent["receipt"], "--yes")
    assert again.exit_code == 0
    assert str(early) not in again.output


@pytest.mark.sqlite("looks through the bytes of its database's file")
def test_an_unknown_receipt_erases_nothing(gathering: Settings, sent: dict[str, str]) -> None:
    result = run(gathering, "erase", sent["receipt"], "ABCDEFGHJKMNP", "--yes")
    assert result.exit_code == 1
    assert "There is no takeaway with this receipt" in result.output
    assert traces(gathering.folder, "rutabagarium") != {}


def test_the_desk_erases_too(
    client: FlaskClient, gathering: Settings, session: Session, sent: dict[str, str]
) -> None:
    page = client.get(
        "/desk/erase", query_string={"receipts": f" {sent['receipt'].lower()}, "}
    ).text
    assert LATER in page
    form = {"csrf_token": token(client), "receipts": sent["receipt"]}
    assert client.post("/desk/erase", data=form).status_code == 422
    assert by_receipt(session, sent["receipt"]).state == "new"
    session.rollback()
    done = client.post("/desk/erase", data={**form, "sure": "1"})
    assert (done.status_code, "Erased here" in done.text) == (200, True)
    assert traces(gathering.folder, *needles(sent)) == {}
    wrong = client.get("/desk/erase?receipts=NOTTHERE1234")
    assert wrong.status_code == 404
    assert "no takeaway with the receipt NOTTHERE1234" in wrong.text
    assert 'value="NOTTHERE1234"' in wrong.text, "it is corrected in the same place"
    assert "/desk/erase" in client.get("/desk/kiosk").text
    assert client.get("/desk/erase", **PHONE).status_code in (302, 303, 401, 403)


# --- The census -----------------------------------------------------------------------------------


def census(gathering: Settings) -> tuple[int, dict[str, dict[str, Any]]]:
    result = run(gathering, "census", "--json")
    places = json.loads(result.output)["places"]
    assert all(set(place) == {"name", "items", "violations"} for place in places)
    return result.exit_code, {place["name"]: place for place in places}


@pytest.mark.sqlite("copies hold the database of a folder")
def test_a_sound_gathering_has_no_violations(
    app: Flask,
    gathering: Settings,
    session: Session,
    sent: dict[str, str],
    clock: TurnableClock,
    tmp_path: Path,
) -> None:
    approve(session, by_receipt(session, sent["receipt"]), actor(clock))
    session.rollback()
    assert run(gathering, "bundle", "-o", tmp_path / "bag").exit_code == 0
    assert run(gathering, "backup", tmp_path / "copy").exit_code == 0
    code, places = census(gathering)
    assert {
        name: place["violations"] for name, place in places.items() if place["violations"]
    } == {}
    assert code == 0
    assert places["database"]["items"] == 1
    assert f"backup {tmp_path / 'copy'}" in places
    assert f"bundle {tmp_path / 'bag'}" in places


def spoil_row(session: Session, gathering: Settings, row: Takeaway) -> str:
    row.state = "withdrawn"
    session.commit()
    return "database"


def spoil_media(session: Session, gathering: Settings, row: Takeaway) -> str:
    path = gathering.folder / "media" / "aa" / f"{'a' * 64}.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    return "media"


def spoil_renditions(session: Session, gathering: Settings, row: Takeaway) -> str:
    path = gathering.folder / "renditions" / "aa" / f"{'a' * 64}-view.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    return "renditions"


def spoil_log(session: Session, gathering: Settings, row: Takeaway) -> str:
    (gathering.folder / "kiosk.log").write_text(f"GET /t/{row.receipt} 500\n")
    return "log"


def spoil_bundle(session: Session, gathering: Settings, row: Takeaway) -> str:
    bag = gathering.folder / "bundle" / "bag"
    bag.mkdir(parents=True)
    (bag / "index.html").write_text(f"<p>{row.text}</p>")
    return f"bundle {bag}"


def spoil_rotated_log(session: Session, gathering: Settings, row: Takeaway) -> str:
    (gathering.folder / "logs").mkdir()
    (gathering.folder / "logs" / "kiosk.log.3").write_text(f"{row.text}\n")
    return "log"


def spoil_support_bundle(session: Session, gathering: Settings, row: Takeaway) -> str:
    with zipfile.ZipFile(gathering.folder / "help.zip", "w") as packed:
        packed.writestr("doctor.json", f'{{"detail": "{row.receipt}"}}')
    return "other files"


def spoil_film(session: Session, gathering: Settings, row: Takeaway) -> str:
    film = gathering.folder / "evening.mp4"
    film.write_bytes(b"film")
    note_copy(session, FILM, film, now=row.received_at, holds=[row.id])
    return f"film {film}"


def spoil_references(session: Session, gathering: Settings, row: Takeaway) -> str:
    with closing(sqlite3.connect(gathering.folder / "reporter.db")) as rows:
        rows.execute("INSERT INTO tag VALUES ('00000000000000000000000000000001', 'bees')")
        rows.commit()
    return "references"


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_row,
        spoil_media,
        spoil_renditions,
        spoil_log,
        spoil_rotated_log,
        spoil_support_bundle,
        spoil_film,
        pytest.param(spoil_references, marks=pytest.mark.sqlite("PostgreSQL takes no such row")),
        spoil_bundle,
    ],
)
def test_what_may_not_be_there_is_found(
    gathering: Settings,
    session: Session,
    sent: dict[str, str],
    spoil: Callable[[Session, Settings, Takeaway], str],
) -> None:
    name = spoil(session, gathering, by_receipt(session, sent["receipt"]))
    session.rollback()
    code, places = census(gathering)
    assert code == 1
    assert places[name]["violations"]
    assert sent["receipt"] not in json.dumps(places)


def test_a_bundle_from_before_is_found(
    app: Flask,
    client: FlaskClient,
    gathering: Settings,
    session: Session,
    sent: dict[str, str],
    clock: TurnableClock,
    tmp_path: Path,
) -> None:
    """Once it may be in the bundle, then no more: withdrawn, and purged from everything else."""
    from reporter.moderation.decisions import set_alt

    row = by_receipt(session, sent["receipt"])
    set_alt(session, row, actor(clock), {a.media.sha256: "a red field" for a in row.attachments})
    for media in session.scalars(select(Media)):
        media.state, media.faces = "ready", "none"
    approve(session, row, actor(clock))
    session.rollback()
    bag = tmp_path / "bag"
    assert run(gathering, "bundle", "-o", bag).exit_code == 0
    assert census(gathering)[0] == 0
    client.post(f"/t/{sent['receipt']}/withdraw", headers=JSON, **PHONE)
    purge_all(app)
    code, places = census(gathering)
    assert code == 1
    [bad] = [place for place in places.values() if place["violations"]]
    assert bad["name"] == f"bundle {bag}"
    assert run(gathering, "bundle", "-o", bag).exit_code == 0
    assert census(gathering)[0] == 0


@pytest.mark.parametrize(("audience", "violations"), [("community", 0), ("public", 1)])
def test_a_folder_is_compared_with_its_own_audience(
    gathering: Settings,
    session: Session,
    event: EventSession,
    clock: TurnableClock,
    tmp_path: Path,
    audience: str,
    violations: int,
) -> None:
    """Words for the community may be in the community's folder, and in no public one."""
    words = "Only our own people hear of the leaking roof"
    row = add_takeaway(session, event, random.Random(1), text=words, audience="community")
    approve(session, row, actor(clock))
    (tmp_path / "index.html").write_text(f"<p>{words}</p>")
    options = {"url": tmp_path.as_uri()}
    add_target(
        session,
        "folder",
        "Circle",
        {**options, "audience": audience},
        now=clock(),
        rng=random.Random(2),
    )
    session.rollback()
    found = census(gathering)[1]["target Circle"]["violations"]
    assert len(found) == violations
