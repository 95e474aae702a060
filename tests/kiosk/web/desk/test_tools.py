"""Copies, checks and other laptops' gatherings, begun at the desk."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.doctor import checks
from kiosk.rehearsal.report import report
from kiosk.rehearsal.volunteers import Notes, expected
from kiosk.services.tools.copies import folder_name
from kiosk.services.tools.tasks import Tasks
from kiosk.web.desk import tools
from publish.bundle.bagit import check_zip
from reporter.config import exists
from reporter.errors import Conflict
from reporter.models import EventSession
from tests.support.browsers.pages import PHONE, press, send


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stick that is in."""
    monkeypatch.setenv("REPORTER_CARDS", str(tmp_path / "mounts"))
    place = tmp_path / "mounts" / "BLUE STICK"
    place.mkdir(parents=True)
    return place


def ended(client: FlaskClient) -> str:
    """The page, once the task has ended."""
    end = time.monotonic() + 60
    while client.get("/desk/tools/progress").get_json()["state"] == "running":
        assert time.monotonic() < end
        time.sleep(0.02)
    return client.get("/desk/tools").text


def test_a_copy_and_a_bundle_go_onto_a_stick_and_are_found_there(
    client: FlaskClient, event: EventSession, stick: Path
) -> None:
    send(client, event.code, text="Compost stays warm")
    assert "BLUE STICK" in client.get("/desk/tools").text
    assert press(client, "/desk/tools/backup", stick=str(stick)).status_code == 303
    assert "all were read back" in ended(client)
    [copy] = [path for path in stick.iterdir() if path.is_dir()]
    assert exists(copy)
    press(client, "/desk/tools/bundle", stick=str(stick))
    assert "was read back" in ended(client)
    [packed] = stick.glob("*.zip")
    check_zip(packed)
    press(client, "/desk/tools/merge", other=str(packed))
    assert "0 takeaways and 0 files came" in ended(client)


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
    page = client.get("/desk/tools?lang=de").text
    assert "Dieser Laptop ist in keinem Netz." in page


def test_a_rehearsal_is_judged_in_the_language_of_the_page(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes(took={"photo": [0.4]}, receipts=set(map(str, range(expected(20)))))
    made = report(
        notes, phones=20, seconds=9.0, ready_after=100.0, failed_media=0, left_behind=[]
    ).as_json()
    done = subprocess.CompletedProcess([], 0, stdout=json.dumps(made), stderr="")
    monkeypatch.setattr(tools.subprocess, "run", lambda *_, **__: done)
    press(client, "/desk/tools/rehearse", phones="20")
    assert "a photo was safe within less than a second. Small copies" in ended(client)
    page = client.get("/desk/tools?lang=de").text
    assert "innerhalb von weniger als einer Sekunde sicher." in page
    assert "Kleine Kopien von allem waren 2 Minuten später fertig." in page


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
    end = time.monotonic() + 10
    while task.state == "running":
        assert time.monotonic() < end
        time.sleep(0.01)
    assert (task.state, task.told) == ("failed", ["The stick was pulled out"])


def test_a_title_becomes_a_name_that_every_stick_takes() -> None:
    assert folder_name("Spring / gathering: 2026?") == "Spring  gathering 2026"
    assert folder_name("لقاء الربيع") == "لقاء الربيع"
    assert folder_name("///") == "gathering"
