"""A disk that takes nothing, a database that others write to, requests that make no sense: said in plain words."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import threading
import time
import uuid
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from kiosk.runtime.database import db
from kiosk.web.phone import capture
from reporter.config import Settings
from reporter.database.write_lock import FairLock
from reporter.media.store import Store
from reporter.models import EventSession, Takeaway
from tests.support.browsers.pages import JSON, PHONE
from tests.support.commands.process import run_command
from tests.support.kiosk_process import KioskProcess

V1 = {"Tus-Resumable": "1.0.0"}
PATIENT = {"Accept": "application/json"}


# --- Turns ----------------------------------------------------------------------------------------


def test_who_waits_longest_writes_first() -> None:
    lock, order, waiting = FairLock(), [], []
    assert lock.acquire(1)

    def write(number: int) -> None:
        assert lock.acquire(60)
        order.append(number)
        lock.release()

    for number in range(8):
        thread = threading.Thread(target=write, args=(number,))
        thread.start()
        waiting.append(thread)
        while len(lock._waiting) <= number:
            time.sleep(0.001)
    lock.release()
    for thread in waiting:
        thread.join(60)
    assert order == list(range(8))


def test_who_gives_up_takes_no_turn() -> None:
    lock = FairLock()
    assert lock.acquire(1)
    assert not lock.acquire(0.01)
    lock.release()
    assert lock.acquire(0.01)


# --- A busy database ------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporter.database.engine.WAIT_SECONDS", 0.2)


@pytest.mark.usefixtures("impatient")
def test_a_busy_database_asks_to_come_again(
    gathering: Settings, event: EventSession, request: pytest.FixtureRequest
) -> None:
    """Another process writes and does not come to an end."""
    code = event.code
    client: FlaskClient = request.getfixturevalue("client")
    form = {"text": "bees", "client_id": str(uuid.uuid4())}
    with closing(sqlite3.connect(gathering.folder / "reporter.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.post(f"/s/{code}/takeaways", data=form, headers=JSON, **PHONE)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.get_json()["detail"] == "The laptop is busy. Please try again in a moment."
        words = f"session {b64encode(code.encode()).decode()}"
        begin = {**V1, "Upload-Length": "9", "Upload-Metadata": words}
        assert client.post("/uploads", headers=begin, **PHONE).status_code == 503
        assert client.get(f"/s/{code}", **PHONE).status_code == 200
    again = client.post(f"/s/{code}/takeaways", data=form, headers=JSON, **PHONE)
    assert again.status_code == 201


# --- A disk that takes nothing --------------------------------------------------------------------


class Disk:
    """A file system of its own in a file, for which the kernel can be told that it is broken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._image = folder.with_suffix(".img")

    def mount(self) -> bool:
        """Whether that can be done here."""
        if any(shutil.which(name) is None for name in ("mkfs.ext4", "mount", "findmnt")):
            return False
        self.folder.mkdir()
        with self._image.open("wb") as file:
            file.truncate(3 << 30)
        return _runs("mkfs.ext4", "-q", str(self._image)) and self.attach()

    def attach(self) -> bool:
        """As after the cable was put in again."""
        return _runs("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.folder))

    def fail(self) -> bool:
        """Let the kernel meet an error on it: the disk is read-only from now on."""
        source = subprocess.check_output(
            ["findmnt", "-no", "SOURCE", str(self.folder)], text=True
        ).strip()
        switch = Path("/sys/fs/ext4") / Path(source).name / "trigger_fs_error"
        try:
            switch.write_text("tried by a test")
        except OSError:
            return False
        return True

    def detach(self) -> None:
        """Take it away."""
        _runs("umount", "-l", str(self.folder))


def _runs(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "disk")
    if not disk.mount():
        disk.detach()
        pytest.skip("no file system can be mounted here (only root may)")
    yield disk
    disk.detach()


def doctor(folder: Path) -> dict[str, dict[str, str]]:
    done = run_command("--gathering", str(folder), "doctor", "--json")
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout, done.stderr
    return {one["name"]: one for one in json.loads(done.stdout)["checks"]}


def send(url: str, code: str, way: str) -> httpx.Response:
    """By a form with words, with a photo, or as the beginning of an upload."""
    if way == "tus":
        words = f"session {b64encode(code.encode()).decode()}"
        headers = {**V1, "Upload-Length": "2000", "Upload-Metadata": words}
        return httpx.post(f"{url}/uploads", headers=headers, timeout=60)
    files: Any = {"file": ("a.png", PNG)} if way == "photo" else None
    return httpx.post(
        f"{url}/s/{code}/takeaways", data={"text": "bees"}, files=files, headers=JSON, timeout=60
    )


def png() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (32, 20), "red").save(buffer, "PNG")
    return buffer.getvalue()


PNG = png()
SENTENCE = (
    "The laptop can't write to its disk. Keep this on your phone and tell the person at the kiosk."
)
WAYS = ("words", "photo", "tus")


@pytest.mark.slow
def test_a_disk_that_takes_nothing_is_said_and_comes_back(
    gathering: Settings, event: EventSession, secrets_file: Path, disk: Disk
) -> None:
    """A real file system, made read-only by the kernel under a real kiosk, as after a bad cable."""
    code, folder = event.code, disk.folder / "gathering"
    shutil.copytree(gathering.folder, folder)
    # What was copied here; the kiosk sees to what it thanks for.
    os.sync()
    kiosk = KioskProcess(folder, secrets_file)
    try:
        url = kiosk.start()
        thanked = send(url, code, "photo").json()["receipt"]
        if not disk.fail():
            pytest.skip("this kernel can't be told that a disk is broken")
        for way in WAYS:
            answer = send(url, code, way)
            assert (answer.status_code, answer.json()["detail"]) == (507, SENTENCE), way
        assert httpx.get(f"{url}/healthz", timeout=60).json()["writable"] is False
        for page in ("/", "/desk/coverage"):
            assert "Nothing can be saved" in httpx.get(f"{url}{page}", timeout=60).text
        assert httpx.get(f"{url}/t/{thanked}", timeout=60).status_code == 200
        found = doctor(folder)
        assert found["disk"]["state"] == found["database"]["state"] == "fail"
        assert "read-only" in found["disk"]["detail"]
        assert not [line for line in kiosk.lines if "Traceback" in line or 'File "' in line]
    finally:
        kiosk.kill()
    disk.detach()
    assert disk.attach()
    try:
        url = kiosk.start()
        assert [send(url, code, way).status_code for way in WAYS] == [201, 201, 201]
        record = httpx.get(f"{url}/t/{thanked}", headers=JSON, timeout=60).json()
        assert {media["state"] for media in record["media"]} <= {"processing", "ready"}
        assert httpx.get(f"{url}/t/{thanked}", timeout=60).status_code == 200
        assert "Nothing can be saved" not in httpx.get(f"{url}/desk/coverage", timeout=60).text
    finally:
        kiosk.kill()


def test_a_kiosk_goes_on_by_itself_when_its_disk_is_back(
    app: Flask, gathering: Settings, event: EventSession
) -> None:
    """The folder seen through a read-only mount, then again without."""
    code, folder, client = event.code, str(gathering.folder), app.test_client()
    if shutil.which("mount") is None or not _runs("mount", "--bind", folder, folder):
        pytest.skip("nothing can be mounted here (only root may)")
    try:
        assert _runs("mount", "-o", "remount,bind,ro", folder)
        with app.app_context():
            db.engine.dispose()
        for data in ({"text": "bees"}, {"text": "bees", "file": (BytesIO(PNG), "a.png")}):
            answer = client.post(f"/s/{code}/takeaways", data=data, headers=JSON, **PHONE)
            assert (answer.status_code, answer.get_json()["detail"]) == (507, SENTENCE)
    finally:
        _runs("umount", "-l", folder)
    again = client.post(f"/s/{code}/takeaways", data={"text": "bees"}, headers=JSON, **PHONE)
    assert again.status_code == 201


# --- Requests that make no sense ------------------------------------------------------------------


@pytest.fixture
def receipt(client: FlaskClient, event: EventSession) -> str:
    answer = client.post(f"/s/{event.code}/takeaways", data={"text": "bees"}, headers=JSON, **PHONE)
    return str(answer.get_json()["receipt"])


NESTED = "[" * 100_000
BODIES = {
    "cut short": ('{"text": "a', 400),
    "nothing": ("", 400),
    "no object: a list": ('["text"]', 400),
    "no object: a text": ('"text"', 400),
    "no object: a number": ("12", 400),
    "no object: null": ("null", 400),
    "no object: true": ("true", 400),
    "deeply nested": (NESTED, 400),
    "a deeply nested value": ('{"text": ' + '{"a": ' * 5_000 + "1" + "}" * 5_000 + "}", 400),
    "a number for the text": ('{"text": 12}', 422),
    "a list for the text": ('{"text": ["a"]}', 422),
    "an object for the text": ('{"text": {"a": "b"}}', 422),
    "null for the text": ('{"text": null}', 422),
    "true for the name": ('{"author": true}', 422),
    "a lone surrogate": ('{"text": "\\ud800"}', 422),
    "a lone surrogate in the name": ('{"author": "a\\udfffb"}', 422),
    "an unknown audience": ('{"audience": "world"}', 422),
    "a text that is too long": ('{"text": "' + "x" * 6_000 + '"}', 413),
    "no UTF-8": (b'{"text": "\xff"}', 400),
    "NaN": ('{"text": NaN}', 422),
}


@pytest.mark.parametrize("name", BODIES)
def test_json_that_makes_no_sense_is_refused(
    client: FlaskClient, session: Session, receipt: str, name: str
) -> None:
    body, status = BODIES[name]
    answer = client.post(
        f"/t/{receipt}", data=body, content_type="application/json", headers=JSON, **PHONE
    )
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= answer.get_json().keys()
    row = session.scalars(select(Takeaway)).one()
    assert (row.text, row.author) == ("bees", "")


def test_json_that_makes_sense_changes_it(client: FlaskClient, receipt: str) -> None:
    changes = {"text": "wasps \U0001f41d\x00", "audience": "room", "unknown": 5}
    answer = client.post(f"/t/{receipt}", json=changes, headers=JSON, **PHONE)
    assert answer.status_code == 200
    record = answer.get_json()
    assert (record["text"], record["audience"]) == ("wasps \U0001f41d", "room")


SIZES = {
    "": 400,
    "-1": 400,
    "1e3": 400,
    "0x10": 400,
    "1.5": 400,
    "٣": 400,
    "9" * 18: 413,
    "9" * 30: 400,
    "1" * 5_000: 400,
    "0": 422,
}


@pytest.mark.parametrize("size", SIZES, ids=[size[:20] for size in SIZES])
def test_impossible_sizes_are_refused(
    client: FlaskClient, event: EventSession, session: Session, size: str
) -> None:
    words = f"session {b64encode(event.code.encode()).decode()}"
    headers = {**V1, "Upload-Length": size, "Upload-Metadata": words}
    answer = client.post("/uploads", headers=headers, **PHONE)
    assert answer.status_code == SIZES[size], answer.text
    assert answer.content_type == "application/problem+json"
    assert session.scalar(select(func.count()).select_from(Takeaway)) == 0


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({"Upload-Length": "100", "Upload-Concat": "partial"}, "one upload"),
        ({"Upload-Concat": "final;/uploads/a /uploads/b"}, "one upload"),
        ({"Upload-Defer-Length": "1"}, "length"),
        ({"Upload-Defer-Length": "1", "Upload-Length": "5"}, "length"),
    ],
)
def test_extensions_of_tus_that_are_not_offered_are_refused(
    client: FlaskClient, event: EventSession, store: Store, headers: dict[str, str], word: str
) -> None:
    """Half a photo must never get a receipt (tus 1.0.0: a client may use only what Tus-Extension names)."""
    words = f"session {b64encode(event.code.encode()).decode()}"
    asked = {**V1, **headers, "Upload-Metadata": words}
    answer = client.post("/uploads", headers=asked, **PHONE)
    assert answer.status_code == 400
    assert word in answer.get_json()["detail"]
    assert "not None" not in answer.text
    assert list(store.incoming.iterdir()) == []
    offered = client.options("/uploads", **PHONE).headers["Tus-Extension"]
    assert "concatenation" not in offered
    assert "creation-defer-length" not in offered


def test_an_empty_file_among_several_is_named(
    client: FlaskClient, event: EventSession, session: Session, store: Store
) -> None:
    """Without scripts: the browser sends it as a part of no bytes, with a name."""
    files = [(BytesIO(PNG), "a.png"), (BytesIO(b""), "IMG_0042.JPG")]
    form: dict[str, Any] = {"text": "two", "file": files}
    answer = client.post(f"/s/{event.code}/takeaways", data=form, headers=JSON, **PHONE)
    assert answer.status_code == 422
    assert answer.get_json()["detail"] == "IMG_0042.JPG is empty. Choose it once more."
    assert session.scalar(select(func.count()).select_from(Takeaway)) == 0
    assert list(store.incoming.iterdir()) == []
    # A field that was left alone has no name.
    alone: dict[str, Any] = {"text": "one", "file": [(BytesIO(PNG), "a.png"), (BytesIO(b""), "")]}
    kept = client.post(f"/s/{event.code}/takeaways", data=alone, headers=JSON, **PHONE)
    assert kept.status_code == 201


# --- Nothing that opens a takeaway in health and log ----------------------------------------------


def test_no_receipt_in_health_and_log(
    app: Flask,
    client: FlaskClient,
    receipt: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever goes wrong with a takeaway, only its route is told."""

    app.config["PROPAGATE_EXCEPTIONS"] = False

    def break_down(*_arguments: object, **_named: object) -> None:
        with app.app_context():
            db.session.execute(text("SELECT nothing FROM nowhere WHERE a = :a"), {"a": receipt})

    def say(*_arguments: object, **_named: object) -> None:
        raise ValueError(f"{receipt} is odd")

    for trouble in (break_down, say):
        monkeypatch.setattr(capture, "full_record", trouble)
        answer = client.get(f"/t/{receipt}", **PHONE)
        assert answer.status_code == 500
        last_error = client.get("/healthz").get_json()["last_error"]
        assert re.fullmatch(r"\w+ in GET /t/<receipt>", last_error)
        assert receipt not in client.get("/desk/coverage").text
    assert "in GET /t/<receipt>" in caplog.text
    assert receipt not in caplog.text
