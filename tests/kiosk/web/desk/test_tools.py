"""Copies, checks and other laptops' gatherings, begun at the desk."""

from __future__ import annotations

import json
import os
import random
import re
import sys
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.doctor import checks
from kiosk.rehearsal.report import report
from kiosk.rehearsal.volunteers import Notes, expected
from kiosk.runtime.context import current_kiosk
from kiosk.services.tools import rehearsing, sticks
from kiosk.services.tools.copies import folder_name, take_in
from kiosk.services.tools.tasks import Tasks, Warnings
from kiosk.services.tools.watched_folder import look_once
from kiosk.web.shared.template_context import file_size
from publish.bundle.bagit import check_zip
from reporter.config import exists, load_settings
from reporter.errors import Conflict
from reporter.gathering.folder import make_gathering
from reporter.merge.bundle import bundle_title
from reporter.models import EventSession
from tests.support.browsers.pages import PHONE, press, send
from tests.support.kiosk_process import START, KioskProcess
from tests.support.media import files
from tests.support.waiting import until


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stick that is in."""
    monkeypatch.setenv("REPORTER_CARDS", str(tmp_path / "mounts"))
    place = tmp_path / "mounts" / "BLUE STICK"
    place.mkdir(parents=True)
    return place


def ended(client: FlaskClient) -> str:
    """The page, once the task has ended."""
    until(lambda: client.get("/desk/tools/progress").get_json()["state"] != "running")
    return client.get("/desk/tools").text


@pytest.mark.sqlite("copies hold the database of a folder")
def test_a_copy_and_a_bundle_go_onto_a_stick_and_are_found_there(
    client: FlaskClient, event: EventSession, stick: Path
) -> None:
    send(client, event.code, text="Compost stays warm")
    assert "BLUE STICK" in client.get("/desk/tools").text
    assert press(client, "/desk/tools/backup", stick=str(stick)).status_code == 303
    assert "all of it was read back" in ended(client)
    [copy] = [path for path in stick.iterdir() if path.is_dir()]
    assert exists(copy)
    press(client, "/desk/tools/bundle", stick=str(stick))
    assert "was read back" in ended(client)
    [packed] = stick.glob("*.zip")
    check_zip(packed)
    press(client, "/desk/tools/merge", other=str(packed))
    assert "Takeaways: 0 new" in ended(client)


def chips(page: str) -> str:
    """What can be chosen on the page, without its tags."""
    labels = re.findall(r'<label class="chip.*?</label>', page, re.S)
    return " | ".join(re.sub(r"<[^>]*>", "", label) for label in labels)


@pytest.mark.sqlite("copies hold the database of a folder")
def test_a_stick_that_is_full_or_locked_is_named_and_still_read(
    client: FlaskClient, event: EventSession, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(client, "/desk/tools/backup", stick=str(stick))
    assert "Eject the stick before you pull it out." in ended(client)
    [copy] = stick.iterdir()
    monkeypatch.setattr(sticks.os, "access", lambda *_: False)
    page = client.get("/desk/tools").text
    assert "BLUE STICK · can only be read" in chips(page)
    assert "Open the lock of the stick or card" in page
    assert "Back up now" not in page
    assert press(client, "/desk/tools/backup", stick=str(stick)).status_code == 404
    monkeypatch.setattr(sticks.os, "access", lambda *_: True)
    monkeypatch.setattr(sticks.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert "BLUE STICK · full" in chips(client.get("/desk/tools").text)
    monkeypatch.undo()
    monkeypatch.setenv("REPORTER_CARDS", str(stick.parent))
    monkeypatch.setattr(sticks.os, "access", lambda *_: False)
    assert press(client, "/desk/tools/restore", other=str(copy)).status_code == 303
    assert "is back in" in ended(client)


@pytest.mark.sqlite("copies hold the database of a folder")
def test_only_gatherings_and_bundles_are_offered_with_their_dates(
    client: FlaskClient, event: EventSession, stick: Path
) -> None:
    (stick / "holiday.zip").write_bytes(b"no archive at all")
    with zipfile.ZipFile(stick / "photos.zip", "w") as photos:
        photos.writestr("data/takeaways.json", "[]")
    (stick / "Letters").mkdir()
    press(client, "/desk/tools/bundle", stick=str(stick))
    assert "Eject the stick" in ended(client)
    [bundle] = set(stick.glob("*.zip")) - {stick / "holiday.zip", stick / "photos.zip"}
    kept = stick / "Last year"
    kept.mkdir()
    moved = bundle.rename(kept / bundle.name)
    long_ago = (START - timedelta(days=10)).timestamp()
    os.utime(moved, (long_ago, long_ago))
    found = chips(client.get("/desk/tools").text)
    assert f"{bundle.name} · Last year · 3/4/26" in found
    for other in ("holiday", "photos", "Letters"):
        assert other not in found


@pytest.mark.parametrize(
    ("size", "language", "words"),
    [
        (58_231_000_000, "en", "58.2 GB"),
        (534_300_000, "de", "534,3 MB"),
        (534_300_000, "fr", "534,3 Mo"),
        (1200, "en", "1.2 kB"),
        (0, "en", "0 kB"),
    ],
)
def test_a_size_is_written_as_the_language_of_the_page_writes_it(
    app: Flask, size: int, language: str, words: str
) -> None:
    with app.test_request_context(f"/?lang={language}"):
        assert file_size(size).replace("\u202f", " ").replace("\xa0", " ") == words


@pytest.mark.sqlite("copies hold the database of a folder")
@pytest.mark.parametrize("pattern", ["* backup", "*.zip"])
def test_another_gathering_is_not_mixed_in_without_a_question(
    client: FlaskClient, event: EventSession, stick: Path, pattern: str
) -> None:
    send(client, event.code, text="Compost stays warm")
    for kind in ("backup", "bundle"):
        press(client, f"/desk/tools/{kind}", stick=str(stick))
        ended(client)
    [other] = stick.glob(pattern)
    press(
        client,
        "/desk/setup/gathering",
        title="Another evening",
        timezone="UTC",
        language="en",
        date="",
    )
    asked = press(client, "/desk/tools/merge", other=str(other))
    assert asked.status_code == 200
    assert "has another name than this gathering, “Another evening”" in asked.text
    assert json.loads(client.get("/desk/tools/progress").text)["kind"] == "bundle"
    assert press(client, "/desk/tools/merge", other=str(other), sure="1").status_code == 303
    assert "Takeaways: 0 new" in ended(client)


def test_a_broken_bundle_has_no_title(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("x/data/takeaways.json", b"[]")
    assert (bundle_title(path), bundle_title(tmp_path)) == ("", "")


def test_only_what_is_in_and_only_at_the_laptop(client: FlaskClient, stick: Path) -> None:
    assert press(client, "/desk/tools/backup", stick=str(stick.parent)).status_code == 404
    assert press(client, "/desk/tools/merge", other="/etc").status_code == 404
    assert client.get("/desk/tools", **PHONE).status_code == 403


def test_the_check_says_what_is_not_well_in_the_language_of_the_page(
    client: FlaskClient, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "own_addresses", list)
    press(client, "/desk/tools/check")
    page = ended(client)
    assert "This laptop is in no network. Join the Wi-Fi that phones will use." in page
    # What asks for something doesn't look as if all were well.
    result = page.split('id="task"')[1].split("</section>")[0]
    assert 'class="notice"' in result
    assert "safe" not in result
    page = client.get("/desk/tools?lang=de").text
    assert "Dieser Laptop ist in keinem Netz." in page


def test_a_rehearsal_is_judged_in_the_language_of_the_page(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes(took={"photo": [0.4]}, receipts=set(map(str, range(expected(20)))))
    made = report(
        notes, phones=20, seconds=9.0, ready_after=100.0, failed_media=0, left_behind=[]
    ).as_json()
    play_instead(monkeypatch, f"print({json.dumps(made)!r})")
    press(client, "/desk/tools/rehearse", phones="20")
    assert "a photo was safe within less than a second. Small copies" in ended(client)
    page = client.get("/desk/tools?lang=de").text
    assert "innerhalb von weniger als einer Sekunde sicher." in page
    assert "Kleine Kopien von allem waren 2 Min. später fertig." in page


@pytest.mark.parametrize(
    ("receipts", "ready_after", "failed_media", "well"),
    [(80, 9.0, 0, True), (79, 9.0, 0, False), (80, None, 0, False), (80, 9.0, 2, False)],
)
def test_a_rehearsal_that_lost_something_does_not_look_well(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    receipts: int,
    ready_after: float | None,
    failed_media: int,
    well: bool,
) -> None:
    lost = expected(20) - 80
    notes = Notes(took={"photo": [0.4]}, receipts=set(map(str, range(receipts + lost))))
    made = report(
        notes,
        phones=20,
        seconds=9.0,
        ready_after=ready_after,
        failed_media=failed_media,
        left_behind=[],
    ).as_json()
    play_instead(monkeypatch, f"print({json.dumps(made)!r})")
    with app.app_context():
        messages = rehearsing.play_volunteers(current_kiosk(), 8000, 20, lambda *_step: None)
    assert isinstance(messages, Warnings) is not well


def play_instead(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """What the rehearsal's process says, without volunteers."""
    command = [sys.executable, "-X", "utf8", "-c", program]
    monkeypatch.setattr(rehearsing, "rehearsal", lambda *_: command)


def test_a_rehearsal_tells_how_far_it_is_and_why_it_ends(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["drawing photos …", "rehearsal ███░░░ 5/20, about 9 s left", "reporter: no room"]
    play_instead(monkeypatch, f"import sys; sys.stderr.write({chr(10).join(lines)!r})")
    steps: list[tuple[int, int]] = []
    with app.app_context(), pytest.raises(Conflict, match="reporter: no room"):
        rehearsing.play_volunteers(
            current_kiosk(), 8000, 20, lambda done, of, _what: steps.append((done, of))
        )
    assert steps == [(5, 20)]


def test_one_task_at_a_time_and_trouble_is_told(app: Flask) -> None:
    tasks, waiting = Tasks(app), [True]

    def work(tell: object) -> list[str]:
        while waiting:
            time.sleep(0.01)
        raise OSError("The stick was pulled out")

    task = tasks.begin("backup", work)
    with pytest.raises(Conflict):
        tasks.begin("bundle", work)
    waiting.clear()
    until(lambda: task.state != "running")
    assert (task.state, task.messages) == ("failed", ["The stick was pulled out"])


def test_a_title_becomes_a_name_that_every_stick_takes() -> None:
    assert folder_name("Spring / gathering: 2026?") == "Spring  gathering 2026"
    assert folder_name("لقاء الربيع") == "لقاء الربيع"
    assert folder_name("///") == "gathering"


@pytest.mark.sqlite("copies hold the database of a folder")
def test_a_restored_backup_is_what_the_kiosk_goes_on_with(
    app: Flask,
    client: FlaskClient,
    event: EventSession,
    stick: Path,
    tmp_path: Path,
    rng: random.Random,
) -> None:
    """The laptop that was backed up is lost; another one, which runs a gathering of its own, takes its place."""
    receipt = send(client, event.code, text="Compost stays warm")["receipt"]
    press(client, "/desk/tools/backup", stick=str(stick))
    ended(client)
    other = make_gathering(
        tmp_path / "laptop" / "gathering",
        "Our gathering",
        timezone="UTC",
        language="en",
        now=START,
        rng=rng,
    )
    kiosk = KioskProcess(other.folder, tmp_path / "other-secrets.json")
    kiosk.start()
    try:
        with httpx.Client(base_url=kiosk.url, timeout=60) as desk:
            [copy] = [path for path in stick.iterdir() if path.is_dir()]
            ask(desk, "/desk/tools/restore", other=str(copy))
            until(lambda: desk.get("/desk/tools/progress").json()["state"] != "running")
            page = desk.get("/desk/tools").text
            assert "all of it was read back" in page
            assert "Go on with it" in page
            [folder] = [one for one in other.folder.parent.iterdir() if one != other.folder]
            # Nothing else on this laptop can be opened this way.
            assert ask(desk, "/desk/tools/open", folder=str(tmp_path)).status_code == 404
            assert ask(desk, "/desk/tools/open", folder=str(folder)).status_code == 200
            until(lambda: title_of(desk) == app.extensions["kiosk"].settings.gathering.title)
            assert "Compost stays warm" in desk.get(f"/t/{receipt}").text
            ask(desk, "/desk/tools/open", folder=str(other.folder))
            until(lambda: title_of(desk) == "Our gathering")
            assert desk.get(f"/t/{receipt}").status_code == 404
    finally:
        kiosk.stop()


def ask(desk: httpx.Client, path: str, **fields: str) -> httpx.Response:
    found = re.search(r'name="csrf_token" value="([^"]+)"', desk.get("/desk/tools").text)
    assert found is not None
    return desk.post(path, data={"csrf_token": found[1], **fields})


def title_of(desk: httpx.Client) -> str:
    """Of what runs at this address; while one ends and the other begins, connections wait."""
    try:
        return str(desk.get("/healthz").json()["gathering"])
    except httpx.TransportError:
        return ""


def test_a_bundle_is_no_backup(client: FlaskClient, event: EventSession, stick: Path) -> None:
    press(client, "/desk/tools/bundle", stick=str(stick))
    ended(client)
    [packed] = stick.glob("*.zip")
    assert press(client, "/desk/tools/restore", other=str(packed)).status_code == 404
    assert "No backup lies on a stick" in client.get("/desk/tools").text


@pytest.mark.sqlite("copies hold the database of a folder")
def test_bringing_in_tells_how_far_it_is(
    app: Flask, client: FlaskClient, event: EventSession, stick: Path
) -> None:
    for number in range(3):
        send(client, event.code, text=f"Line {number}")
    press(client, "/desk/tools/backup", stick=str(stick))
    ended(client)
    [copy] = [path for path in stick.iterdir() if path.is_dir()]
    steps: list[tuple[int, int]] = []
    with app.app_context():
        take_in(current_kiosk(), copy, lambda done, of, _what: steps.append((done, of)))
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_a_folder_that_is_watched(
    app: Flask,
    client: FlaskClient,
    event: EventSession,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "tethered"
    folder.mkdir()
    assert press(client, "/desk/cards/watch", typed=str(tmp_path / "nowhere")).status_code == 422
    gathering = app.extensions["kiosk"].settings.folder
    for wrong in (gathering, gathering / "media", gathering.parent):
        assert press(client, "/desk/cards/watch", typed=str(wrong)).status_code == 422
    assert press(client, "/desk/cards/watch", typed=str(folder)).status_code == 303
    assert str(folder) in client.get("/desk/cards").text
    assert load_settings(gathering).kiosk.watch_folder == str(folder)
    (folder / "IMG_1.jpg").write_bytes(files.jpeg(640, 480).read_bytes())
    assert looked(app, 3) == [0, 1, 0]
    (folder / "IMG_2.jpg").write_bytes(files.jpeg(480, 640).read_bytes())
    assert looked(app, 3) == [0, 1, 0]
    page = client.get("/desk/cards").text
    assert page.count("data-import=") == 1
    assert "Taken in: 2" in page
    press(client, "/desk/cards/watch", folder="")
    (folder / "IMG_3.jpg").write_bytes(files.jpeg(400, 400).read_bytes())
    assert looked(app, 3) == [0, 0, 0]
    assert client.get("/desk/cards", **PHONE).status_code in (302, 303, 403)


def looked(app: Flask, times: int) -> list[int]:
    """How many files each turn of the worker took in."""
    done = []
    for _ in range(times):
        with app.app_context():
            done.append(look_once(current_kiosk()))
    return done
