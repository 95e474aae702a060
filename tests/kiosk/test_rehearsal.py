"""``reporter rehearse`` against the real kiosk: it says what the laptop can take, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import httpx
import pytest
from sqlalchemy import MetaData, func, select
from sqlalchemy.orm import Session

from kiosk.rehearsal.report import report, verdict
from kiosk.rehearsal.sandbox import GUID, client_id
from kiosk.rehearsal.volunteers import (
    Material,
    Notes,
    PhoneConnection,
    Unwanted,
    expected,
    percentile,
)
from reporter.config import Settings, save_settings
from reporter.enums import TakeawayState
from reporter.gathering import admission
from reporter.gathering.erase_session import erase_session
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import EventSession, Story, Takeaway, Tombstone
from reporter.moderation.decisions import approve, withdraw
from reporter.search import SearchRequest, WhooshIndex
from tests.support.commands.process import run_command
from tests.support.kiosk_process import KioskProcess, TurnableClock, actor, add_takeaway, free_port
from tests.support.media import files as media_files


def rehearse(
    settings: Settings, secrets: Path, port: int, *words: str
) -> subprocess.CompletedProcess[str]:
    command = ("--gathering", str(settings.folder), "rehearse", "--port", str(port))
    return run_command(
        *command, *words, timeout=600, environment={"REPORTER_SECRETS_FILE": str(secrets)}
    )


def rows(session: Session) -> dict[str, list[str]]:
    """Every row of every table; of the gathering's own row what people can see of it."""
    session.rollback()
    tables = MetaData()
    tables.reflect(session.connection())
    found = {
        table.name: sorted(str(tuple(row)) for row in session.execute(select(table)))
        for table in tables.sorted_tables
        if table.name != "gathering"
    }
    session.rollback()
    return found


def files(settings: Settings) -> set[str]:
    """Every file but those of database and index, which are looked at by what is in them, and the log."""
    return {
        str(path.relative_to(settings.folder))
        for path in settings.folder.rglob("*")
        if path.is_file()
        and not {"index", "logs"} & set(path.parts)
        and not path.name.startswith("reporter.db")
    }


def keep_everything(settings: Settings) -> None:
    """Switch retention off."""
    always = dict.fromkeys(("unapproved", "addresses", "devices"), "always")
    save_settings(settings.folder, {"privacy": always})


def found_by_index(settings: Settings) -> int:
    return WhooshIndex(settings.folder / "index").search(SearchRequest(place=None, limit=1)).total


@pytest.mark.sqlite("another process opens the folder")
def test_it_says_what_the_laptop_can_take_and_leaves_nothing(
    gathering: Settings,
    kiosk_process: KioskProcess,
    secrets_file: Path,
    session: Session,
    event: EventSession,
    rng: random.Random,
) -> None:
    add_takeaway(session, event, rng, text="What somebody really brought")
    # These rows are months old: the kiosk's retention would announce them, and shorten ids, at a moment of its own.
    keep_everything(gathering)
    kiosk_process.start()
    before = rows(session), files(gathering)
    # What a rehearsal that was broken off has left.
    old = add_session(
        session, "Rehearsal", now=event.created_at, rng=rng, guid=GUID + "old", retired=True
    )
    add_takeaway(session, old, rng, client_id=client_id(rng))
    done = rehearse(gathering, secrets_file, kiosk_process.port, "--phones", "2", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    # Two notes, four photos, one video.
    assert (document["accepted"], document["expected"], document["refused"]) == (7, 7, {})
    assert document["failed_media"] == 0
    assert {name: step["count"] for name, step in document["steps"].items()} == {
        "page": 2,
        "note": 2,
        "receipt": 2,
        "photo": 4,
        "video": 1,
    }
    assert 20 < document["mb"] < 60
    assert document["mb_per_s"] == pytest.approx(document["mb"] / document["seconds"], rel=0.05)
    assert 0 < document["p50_ms"] <= document["p99_ms"]
    assert document["slowest_step"] in document["steps"]
    assert document["verdict"].startswith("Phones at once: 2.")
    assert document["left_behind"] == []
    assert (rows(session), files(gathering)) == before
    assert found_by_index(gathering) == 1
    assert httpx.get(f"{kiosk_process.url}/healthz").json()["last_error"] == ""


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C can't be sent to one process on Windows")
@pytest.mark.sqlite("another process opens the folder")
def test_one_that_is_stopped_leaves_nothing_either(
    gathering: Settings,
    kiosk_process: KioskProcess,
    secrets_file: Path,
    session: Session,
    event: EventSession,
) -> None:
    kiosk_process.start()
    before = rows(session), files(gathering)
    command = [
        sys.executable,
        "-m",
        "kiosk",
        "--gathering",
        str(gathering.folder),
        "rehearse",
        "--phones",
        "4",
    ]
    run = subprocess.Popen(
        [*command, "--port", str(kiosk_process.port)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "REPORTER_SECRETS_FILE": str(secrets_file)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    end = time.monotonic() + 300
    while not session.scalar(select(func.count()).select_from(Takeaway)):
        assert run.poll() is None
        assert time.monotonic() < end
        session.rollback()
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=300)
    assert (run.returncode, output) == (1, "")
    assert (rows(session), files(gathering)) == before
    assert found_by_index(gathering) == 0


@pytest.mark.sqlite("another process opens the folder")
def test_it_refuses_politely(
    gathering: Settings,
    kiosk_process: KioskProcess,
    secrets_file: Path,
    session: Session,
    tmp_path: Path,
    clock: TurnableClock,
) -> None:
    before = rows(session)
    port = free_port()
    done = rehearse(gathering, secrets_file, port)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"No kiosk runs on port {port}" in done.stderr
    other = KioskProcess(tmp_path / "other", secrets_file)
    try:
        other.start()
        done = rehearse(gathering, secrets_file, other.port)
    finally:
        other.kill()
    assert done.returncode == 1
    assert "runs another gathering (Our gathering)" in done.stderr
    kiosk_process.start()
    admission.pause(session, now=clock())
    done = rehearse(gathering, secrets_file, kiosk_process.port)
    assert done.returncode == 1
    assert "takes a break" in done.stderr
    # What the start of any kiosk writes.
    started = {name: rows(session)[name] for name in ("event_session", "program_version")}
    assert rows(session) == {**before, **started}


def test_what_somebody_put_into_a_rehearsal_stays(
    gathering: Settings, session: Session, clock: TurnableClock, rng: random.Random, store: Store
) -> None:
    from kiosk.app import create_app
    from kiosk.rehearsal.sandbox import clear_stages
    from kiosk.runtime.context import current_kiosk
    from kiosk.runtime.database import db

    event = add_session(session, "Rehearsal", now=clock(), rng=rng, guid=GUID + "1", retired=True)
    real = add_takeaway(session, event, rng, text="Real")
    add_takeaway(session, event, rng, text="Played", client_id=client_id(rng))
    app = create_app(gathering, clock=clock, rng=rng)
    with app.app_context():
        (sentence,) = clear_stages(db.session(), current_kiosk(), kiosk_runs=False)
        db.session.remove()
        db.engine.dispose()
    assert f"{event.code} (Rehearsal) stays" in sentence
    session.expire_all()
    assert (real.state, real.text) == ("new", "Real")
    played = session.scalars(
        select(Takeaway).where(Takeaway.state == TakeawayState.WITHDRAWN)
    ).one()
    assert (played.state, played.text) == ("withdrawn", "")


def test_a_session_is_erased_with_its_rows_and_no_other(
    session: Session, event: EventSession, clock: TurnableClock, rng: random.Random, store: Store
) -> None:
    # What stays, with rows that refer to it.
    approve(session, add_takeaway(session, event, rng, tags=["two"]), actor(clock))
    session.commit()
    before = rows(session)
    other = add_session(session, "To go", now=clock(), rng=rng)
    takeaway = add_takeaway(session, other, rng, tags=["one"])
    approve(session, takeaway, actor(clock))
    session.add(
        Story(id=takeaway.id, session_id=other.id, title="", lead="", created_at=clock(), items=[])
    )
    session.commit()
    with pytest.raises(ValueError, match="not withdrawn"):
        erase_session(session, other, store)
    withdraw(session, takeaway, actor(clock), store)
    assert session.scalar(select(func.count()).select_from(Tombstone)) == 1
    assert erase_session(session, other, store)
    assert rows(session) == before


# --- What it says ------------------------------------------------------------------------------------


def notes(*, photo: float, lost: int = 0, phones: int = 10) -> Notes:
    written = Notes(took=defaultdict(list, {"photo": [photo] * 20, "note": [0.1] * 10}))
    written.receipts = {str(number) for number in range(expected(phones) - lost)}
    if lost:
        written.refused["photo: 507, no room"] = lost
    return written


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (0.4, "That is no trouble: a photo was safe within less than a second"),
        (7.0, "That works, but some wait"),
        (25.0, "much for this laptop: a photo took up to 25 s"),
    ],
)
def test_the_verdict_is_a_sentence(photo: float, words: str) -> None:
    sentence = verdict(notes(photo=photo), 10, 12.0, 0)
    assert sentence.startswith("Phones at once: 10.")
    assert words in sentence
    assert "ready 12 s later" in sentence


def test_the_verdict_tells_of_losses_first() -> None:
    assert verdict(notes(photo=0.4, lost=3), 10, 5.0, 0).startswith(
        "Takeaways that were not taken in: 3 of 31, most of them at this: photo: 507, no room."
    )
    assert "films that could not be made small: 2." in verdict(notes(photo=0.4), 10, 5.0, 2)
    assert "did not keep up" in verdict(notes(photo=0.4), 10, None, 0)


def test_figures() -> None:
    written = notes(photo=2.0)
    written.bytes = 50_000_000
    figures = report(
        written, phones=10, seconds=5.0, ready_after=1.25, failed_media=0, left_behind=[]
    )
    assert (figures.mb_per_s, figures.accepted_per_s, figures.slowest_step) == (10.0, 6.2, "photo")
    assert (figures.p50_ms, figures.p99_ms) == (2000.0, 2000.0)
    assert figures.steps["note"] == {"count": 10, "p50_ms": 100.0, "p99_ms": 100.0}
    assert [percentile([3.0, 1.0, 2.0], share) for share in (0.0, 0.5, 0.99)] == [1.0, 2.0, 3.0]
    assert percentile([], 0.5) == 0


def test_what_is_sent_is_as_large_as_on_phones(rng: random.Random) -> None:
    material = Material([media_files.jpeg().read_bytes() + bytes(16)] * 2, bytes(20_000_000))
    assert material.largest == 20 * len(material.photos[0]) + 20_000_000


def test_a_refusal_keeps_the_kiosks_own_words(kiosk_process: KioskProcess) -> None:
    line = PhoneConnection(kiosk_process.start())
    with pytest.raises(Unwanted, match="404, There is no session"):
        line.ask("GET", "/s/ZZZZZZ", 200, headers={"Accept": "application/json"})
    line.close()
