"""Privacy as people meet it: the notice, the desk's page, the commands, the log, the support bundle."""

from __future__ import annotations

import io
import json
import logging
import random
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from kiosk.cli import main
from kiosk.i18n.locale_selector import LANGUAGES, catalogue
from kiosk.privacy.log_files import BYTES, OLDER, log_files, log_to_folder, redact
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.runtime.lazy_blueprints import LazyApp
from kiosk.services.print_pack import make_notice
from kiosk.services.privacy_notice import privacy_notice
from kiosk.workers import Workers, retain, tidy
from reporter.config import Settings, save_settings
from reporter.gathering.backup import copy_gathering
from reporter.gathering.copies import BACKUP, note_copy
from reporter.models import EventSession
from reporter.moderation.decisions import by_receipt
from tests.guards.repository import ROOT
from tests.support.browsers.pages import PHONE, make_ready, press, send
from tests.support.kiosk_process import START, TurnableClock, add_takeaway

# --- The notice -----------------------------------------------------------------------------------


def sentences(settings: Settings, places: tuple[str, ...] = ()) -> str:
    sections = privacy_notice(settings, places, str)
    return "\n".join(line for section in sections for line in section.sentences)


def test_the_notice_says_what_the_settings_say(gathering: Settings) -> None:
    assert "after 3 months" in sentences(gathering)
    assert "The organizers of Spring gathering" in sentences(gathering)
    values: dict[str, dict[str, object]] = {
        "privacy": {
            "responsible": "Garden club",
            "contact": "ada@example.org",
            "unapproved": "2 weeks",
            "addresses": "always",
            "devices": "1 week",
        },
        "wall": {"shows": "new"},
        "publish": {"check_faces": True},
    }
    save_settings(gathering.folder, values)
    from reporter.config import load_settings

    notice = sentences(load_settings(gathering.folder), ("Blog", "Wiki"))
    for words in (
        "Garden club.",
        "ada@example.org",
        "after 2 weeks",
        "after 1 week",
        "until somebody erases it",
        "shows what you send at once",
        "Pictures with faces",
        "is published: Blog, Wiki",
    ):
        assert words in notice
    assert "E-mail addresses are erased" not in notice


def test_phones_read_it_in_their_language(client: FlaskClient, event: EventSession) -> None:
    assert "/privacy" in client.get(f"/s/{event.code}", **PHONE).text
    for lang, words in (
        ("en", "3 months"),
        ("de", "3 Monate"),
        ("es", "3 meses"),
        ("ar", "3 أشهر"),
    ):
        page = client.get(f"/privacy?lang={lang}", **PHONE)
        assert (page.status_code, words in page.text) == (200, True), lang


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_fits_on_one_page(app: Flask, gathering: Settings, lang: str) -> None:
    """With everything that can stand in it, and nothing cut."""
    values: dict[str, dict[str, object]] = {
        "privacy": {
            "responsible": "Garden club of the northern quarter",
            "contact": "ada@example.org",
        },
        "publish": {"check_faces": True},
        "gathering": {"language": lang},
    }
    save_settings(gathering.folder, values)
    from kiosk.web.desk.settings import take_effect

    with app.app_context():
        take_effect(current_kiosk())
        pdf = pypdfium2.PdfDocument(make_notice(current_kiosk(), paper="Letter", language=lang))
        db.session.remove()
    assert len(pdf) == 1
    page = pdf[0].get_textpage()
    lowest = min(page.get_rect(n)[1] for n in range(page.count_rects()))
    assert lowest > 8 / 25.4 * 72
    assert "…" not in page.get_text_range()


@pytest.mark.parametrize(("lang", "words"), [("en", "Who keeps it"), ("de", "Wer es aufbewahrt")])
def test_the_notice_is_printed_in_the_language_of_the_page(
    client: FlaskClient, gathering: Settings, lang: str, words: str
) -> None:
    assert gathering.gathering.language == "en"
    answer = client.get(f"/desk/posters/notice.pdf?lang={lang}")
    assert words in pypdfium2.PdfDocument(answer.data)[0].get_textpage().get_text_range()


def test_the_documentation_has_the_notice_of_the_defaults(gathering: Settings) -> None:
    documentation = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    sections = privacy_notice(gathering, (), str)
    missing = [
        line
        for one in sections
        for line in (one.title, *one.sentences)
        if line not in documentation
    ]
    assert missing == []


def test_every_language_has_every_sentence(gathering: Settings) -> None:
    english = privacy_notice(gathering, (), str)
    for lang in set(LANGUAGES) - {"en"}:
        there = privacy_notice(gathering, (), catalogue(lang).gettext)
        assert all(a.sentences[-1] != b.sentences[-1] for a, b in zip(english, there, strict=True))


# --- The clock at the desk and in the shell --------------------------------------------------------


def test_the_desk_says_what_goes_and_the_kiosk_lets_it_go(
    app: Flask, client: FlaskClient, event: EventSession, session: Session, clock: TurnableClock
) -> None:
    receipt = send(client, event.code, text="Rhubarbistry needs patience")["receipt"]
    clock.turn(days=80)
    page = client.get("/desk/privacy").text
    assert "Rhubarbistry" in page, "said from the moment on, whatever turn the kiosk has"
    with app.app_context():
        retain(current_kiosk())
        db.session.remove()
    assert re.search(r'class="look">1<', client.get("/desk/sessions").text), "on every page"
    clock.turn(days=14)
    with app.app_context():
        retain(current_kiosk())
        db.session.remove()
    session.expire_all()
    assert by_receipt(session, receipt).state == "withdrawn"
    session.rollback()
    receipt_page = client.get(f"/t/{receipt}", **PHONE).text
    assert "Nobody approved it in time" in receipt_page
    assert "You took this back" not in receipt_page
    assert "Rhubarbistry" not in client.get("/desk/privacy").text


def test_the_command_says_it_and_does_it(
    gathering: Settings, event: EventSession, session: Session, rng: random.Random
) -> None:
    old = START - timedelta(days=4000)
    row = add_takeaway(session, event, rng, recorded_at=old, device="phone-a")
    session.rollback()

    def retained(*more: str) -> dict[str, dict[str, object]]:
        at = ("--gathering", str(gathering.folder), "--json", *more)
        result = CliRunner().invoke(main, ["retain", *at])
        assert result.exit_code == 0, result.output
        answer = json.loads(result.output)
        return {"removed": answer["removed"], **{one["kind"]: one for one in answer["kinds"]}}

    dry = retained("--dry-run")
    assert dry["removed"] == {}
    assert (dry["unapproved"]["items"], dry["devices"]["items"]) == (1, 1)
    done = retained()
    # The device goes at once; the words once they were announced long enough.
    assert done["removed"] == {"unapproved": 0, "addresses": 0, "devices": 1}
    assert (done["unapproved"]["announced"], done["devices"]["items"]) == (1, 0)
    session.refresh(row)
    assert (row.device, row.text != "") == ("", True)


@pytest.mark.sqlite("copies hold the database of a folder")
def test_the_desk_names_copies_that_hold_what_has_gone(
    app: Flask,
    client: FlaskClient,
    gathering: Settings,
    event: EventSession,
    session: Session,
    clock: TurnableClock,
    tmp_path: Path,
) -> None:
    client.get(f"/s/{event.code}", **PHONE)
    receipt = send(client, event.code, text="Rhubarbistry needs patience")["receipt"]
    mail = {"address": "ada@example.org", "answer": "1"}
    client.post(f"/t/{receipt}/mail", data=mail, **PHONE)
    copy = tmp_path / "stick"
    copy_gathering(gathering.folder, copy)
    note_copy(session, BACKUP, copy, now=clock())
    assert str(copy) not in client.get("/desk/privacy").text
    clock.turn(days=380)
    for days in (0, 14):
        clock.turn(days=days)
        with app.app_context():
            retain(current_kiosk())
            db.session.remove()
    page = client.get("/desk/privacy").text
    # The takeaway and the address; the number of its phone went with the takeaway.
    assert re.search(rf"{copy}</span> · 2 things", page), page
    copy_gathering(gathering.folder, copy)
    assert str(copy) not in client.get("/desk/privacy").text


# --- The log and the support bundle ---------------------------------------------------------------

SECRETS = (
    "Rhubarbistry needs patience",
    "ada@example.org",
    "8T3C-Q2KX-9F7ZV",
    "8t3cq2kx9f7zv",
    "3f1c2a9e-0000-4000-8000-000000000001",
    "192.168.4.23",
    "ab" * 32,
)


def test_lines_of_the_log_name_nobody() -> None:
    text = f"ValueError: {SECRETS[0]}\nbad {SECRETS[0]!r} of <{SECRETS[1]}> at /t/{SECRETS[2]} {SECRETS[3]}"
    text += f" {SECRETS[4]} from {SECRETS[5]}: {SECRETS[6]}"
    done = redact(text)
    assert [one for one in SECRETS if one in done] == []
    frame = '  File "kiosk/workers.py", line 213, in _one\n    return turn(current_kiosk())'
    assert redact(frame) == frame
    assert redact("OperationalError in worker index: database is locked").endswith("is locked")
    assert redact("the representation of something") == "the representation of something"


def test_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.privacy.log_files.BYTES", 2_000)
    handler = log_to_folder(tmp_path)
    # Outside the tree of loggers, whose levels other tests may have set.
    log = logging.Logger("bounded")
    log.addHandler(handler)
    try:
        for number in range(200):
            log.warning("line %d of %s", number, "x " * 60)
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    files = log_files(tmp_path)
    assert len(files) == OLDER + 1
    assert all(path.stat().st_size <= 2_000 for path in files)
    assert "line 199" in files[0].read_text()
    assert BYTES * (OLDER + 1) <= 3_000_000


def test_a_whole_evening_leaves_nothing_of_anybody_in_the_log(
    app: LazyApp,
    client: FlaskClient,
    event: EventSession,
    gathering: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Photos, a broken file, a request and a worker that fail with people's words in their errors, a withdrawal."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    fields = {"text": "Rhubarbistry needs patience", "author": "Zebulonia Quince"}
    mail = {"address": "zebulonia@example.org", "answer": "1"}

    def fail(*_arguments: object, **_named: object) -> None:
        raise ValueError(f"{fields} {mail} of {receipt} at /t/{receipt}, {PHONE['environ_base']}")

    handler = log_to_folder(gathering.folder)
    try:
        client.get(f"/s/{event.code}", **PHONE)
        receipt = send(client, event.code, **fields)["receipt"]
        broken = {"file": (io.BytesIO(b"\xff\xd8\xff\xe0broken" * 99), "Zebulonia.jpg"), **fields}
        client.post(f"/s/{event.code}/takeaways", data=broken, **PHONE)
        make_ready(app)
        client.post(f"/t/{receipt}/mail", data=mail, **PHONE)
        client.get(f"/t/{receipt[:-1]}X", **PHONE)
        with monkeypatch.context() as patch:
            patch.setattr("kiosk.web.phone.capture.steps", fail)
            assert client.get(f"/t/{receipt}", **PHONE).status_code == 500
        with app.app_context(), pytest.MonkeyPatch.context() as patch:
            patch.setattr("reporter.search.maintenance.look_after", fail)
            Workers(app)._one(tidy)
        logging.getLogger("a.library").error(
            "could not read %r of %s", fields["text"], mail["address"]
        )
        client.post(f"/t/{receipt}/withdraw", **PHONE)
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    text = "".join(path.read_text() for path in log_files(gathering.folder))
    assert "ValueError in GET /t/<receipt>" in text
    assert "worker tidy" in text
    assert "a.library" in text
    for secret in ("Rhubarb", "Zebulonia", "zebulonia", receipt, "192.168.4.23"):
        assert secret not in text, secret


def test_a_full_disk_does_not_stop_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = log_to_folder(tmp_path)
    try:
        handler.baseFilename = str(tmp_path / "gone" / "kiosk.log")
        logging.getLogger("kiosk.test_full").warning("nowhere to go")
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    assert "Traceback" not in capsys.readouterr().err


def test_the_support_bundle_is_what_was_shown_and_names_nobody(
    client: FlaskClient, event: EventSession, gathering: Settings, tmp_path: Path
) -> None:
    values: dict[str, dict[str, object]] = {
        "wifi": {"ssid": "Gardeners", "password": "rosebud-123"},
        "privacy": {"contact": "ada@example.org"},
    }
    save_settings(gathering.folder, values)
    receipt = send(client, event.code, text="Rhubarbistry needs patience", author="Zebulonia")[
        "receipt"
    ]
    logs = gathering.folder / "logs"
    logs.mkdir()
    (logs / "kiosk.log").write_text(f"2026-03-14 WARNING x: /t/{receipt} failed\n")
    shown = client.get("/desk/support").text
    saved = press(client, "/desk/support")
    goal = tmp_path / "help.zip"
    at = ["support", "-o", str(goal), "--gathering", str(gathering.folder)]
    assert CliRunner().invoke(main, at).exit_code == 0
    for data in (saved.data, goal.read_bytes()):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            texts = {name: packed.read(name).decode() for name in packed.namelist()}
        assert {
            "README.txt",
            "versions.json",
            "doctor.json",
            "settings.json",
            "counts.json",
            "logs/kiosk.log",
        } == set(texts)
        assert json.loads(texts["counts.json"])["states"]["takeaway"] == {"new": 1}
        everything = "\n".join(texts.values()) + shown
        for secret in (
            receipt,
            "rosebud",
            "Gardeners",
            "Rhubarbistry",
            "Zebulonia",
            "ada@example.org",
        ):
            assert secret not in everything, secret
    assert "kiosk.log" in shown
