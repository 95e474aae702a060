"""The shell: what people type, what programs read, how it fails."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from kiosk.cli import main
from kiosk.desktop import port_file
from kiosk.desktop.port_file import Listening, noted, port_noted
from reporter.config import Settings, load_settings
from reporter.gathering.admission import pause
from reporter.models import EventSession
from tests.support.kiosk_process import KioskProcess, TurnableClock, add_takeaway
from tests.support.waiting import until

SHARED = Path(__file__).parents[4] / "shared" / "data" / "schedules"


def run(*arguments: str | Path, stdin: str = "") -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


def ask(*arguments: str | Path) -> Any:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_new_without_a_schedule_has_an_open_lobby(tmp_path: Path) -> None:
    folder = tmp_path / "g"
    assert (
        run("new", "Harvest", "--gathering", folder, "--timezone", "America/Bogota").exit_code == 0
    )
    settings = load_settings(folder).gathering
    assert (settings.title, settings.timezone) == ("Harvest", "America/Bogota")
    document = ask("--gathering", folder, "sessions", "list", "--json")
    assert [row["title"] for row in document["sessions"]] == ["Lobby"]


def test_the_folder_comes_from_option_variable_or_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("new", "Here").exit_code == 0
    assert (tmp_path / "gathering" / "reporter.toml").is_file()
    monkeypatch.setenv("REPORTER_GATHERING", str(tmp_path / "by-variable"))
    assert run("new", "Variable").exit_code == 0
    assert run("--gathering", tmp_path / "option", "new", "Option").exit_code == 0
    assert load_settings(tmp_path / "by-variable").gathering.title == "Variable"
    assert load_settings(tmp_path / "option").gathering.title == "Option"


def test_a_schedule_in_csv_and_again(tmp_path: Path) -> None:
    folder, sheet = tmp_path / "g", tmp_path / "days.csv"
    sheet.write_text(
        "id,title,start,end,room\n1,Seeds,2026-03-14 10:00,2026-03-14 11:00,Hall\n2,Soil,2026-03-14 11:00,,\n"
    )
    assert (
        run(
            "new", "G", "--schedule", sheet, "--timezone", "Europe/Berlin", "--gathering", folder
        ).exit_code
        == 0
    )
    before = {
        row["guid"]: row
        for row in ask("--gathering", folder, "sessions", "list", "--json")["sessions"]
    }
    assert {row["title"] for row in before.values()} == {"Seeds", "Soil"}
    assert {row["starts_at"] for row in before.values()} == {
        "2026-03-14T09:00:00+00:00",
        "2026-03-14T10:00:00+00:00",
    }
    sheet.write_text(
        "id,title,start,end,room\n1,Seeds and saving,2026-03-14 10:30,2026-03-14 11:00,Attic\n"
        "3,Bees,2026-03-14 12:00,,\n"
    )
    done = ask("--gathering", folder, "sessions", "import", sheet, "--json")
    assert done == {"added": 1, "updated": 1, "unchanged": 0, "retired": 1}
    after = {
        row["guid"]: row
        for row in ask("--gathering", folder, "sessions", "list", "--json")["sessions"]
    }
    renamed = next(row for row in after.values() if row["title"] == "Seeds and saving")
    assert renamed["code"] == before[renamed["guid"]]["code"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real schedules (../shared/data) are not here")
def test_real_schedules(tmp_path: Path) -> None:
    files = sorted(path for path in SHARED.iterdir() if path.suffix in (".json", ".xml"))
    assert files
    counts = set()
    for number, path in enumerate(files):
        folder = tmp_path / str(number)
        assert run("new", path.stem, "--schedule", path, "--gathering", folder).exit_code == 0
        rows = ask("--gathering", folder, "sessions", "list", "--json")["sessions"]
        assert len({row["code"] for row in rows}) == len(rows)
        counts.add(len(rows))
        again = ask("--gathering", folder, "sessions", "import", path, "--json")
        assert (again["added"], again["retired"], again["unchanged"]) == (0, 0, len(rows))
    assert counts == {79, 36}


@pytest.mark.parametrize(
    ("content", "zone"),
    [
        (
            '{"schedule": {"conference": {"time_zone_name": "America\\/Bogota", '
            '"days": [{"date": "2026-03-14", "rooms": {'
            '"Hall": [{"id": 1, "title": "Seeds", "date": "2026-03-14T09:00:00-05:00", "duration": "01:00"}]}}]}}}',
            "America/Bogota",
        ),
        (
            "<schedule><conference><time_zone_name>Asia/Tokyo</time_zone_name></conference><day date='2026-03-14'>"
            "<room name='A'><event id='1'><title>Bees</title>"
            "<date>2026-03-14T09:00:00+09:00</date></event></room></day>"
            "</schedule>",
            "Asia/Tokyo",
        ),
        (
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Soil\r\nDTSTART;TZID=Europe/Madrid:20260314T090000\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n",
            "Europe/Madrid",
        ),
        (
            "BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:Not/Known\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Soil\r\n"
            "DTSTART:20260314T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            "Pacific/Auckland",
        ),
    ],
)
def test_a_gathering_takes_the_zone_of_its_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, zone: str
) -> None:
    """Unless one is given. The laptop's own is what is left."""
    monkeypatch.setattr("kiosk.runtime.timezone.local_timezone", lambda: "Pacific/Auckland")
    file, folder = tmp_path / "schedule", tmp_path / "g"
    file.write_text(content)
    done = run("new", "G", "--schedule", file, "--gathering", folder)
    assert zone in done.stdout
    assert load_settings(folder).gathering.timezone == zone
    options = ("--timezone", "Europe/Berlin")
    assert (
        run("new", "G", "--schedule", file, *options, "--gathering", tmp_path / "h").exit_code == 0
    )
    assert load_settings(tmp_path / "h").gathering.timezone == "Europe/Berlin"


@pytest.mark.parametrize("words", [("G", "--timezone", "Mars/Phobos"), ("  ",)])
def test_a_gathering_that_cannot_be_made_leaves_nothing_behind(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = run("new", *words, "--gathering", tmp_path / "g")
    assert result.exit_code == 1
    assert "as Europe/Berlin" in result.stderr or "needs a name" in result.stderr
    assert not (tmp_path / "g").exists()


def test_a_schedule_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("title,start\nSeeds,soon\n")
    result = run("new", "G", "--schedule", bad, "--gathering", tmp_path / "g")
    assert result.exit_code == 1
    assert result.stderr.startswith("reporter: ")
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "g").exists()


def test_failures_are_one_line_and_wrong_usage_is_two(tmp_path: Path) -> None:
    missing = run("--gathering", tmp_path / "none", "sessions", "list")
    assert (missing.exit_code, "reporter new" in missing.stderr) == (1, True)
    assert run("sessions", "explode").exit_code == 2
    assert run("kiosk", "--port", "many").exit_code == 2
    assert run("kiosk", "--tls-cert", __file__).exit_code == 2
    assert run("new", "Here", "--gathering", tmp_path / "here").exit_code == 0
    nowhere = run("--gathering", tmp_path / "here", "merge", "nowhere")
    assert (nowhere.exit_code, nowhere.stderr) == (
        1,
        "reporter: nowhere is neither a gathering folder nor a bundle.\n",
    )


@pytest.fixture
def receipts(session: Session, event: EventSession, rng: random.Random) -> list[str]:
    return [
        add_takeaway(session, event, rng, text=f"Takeaway {n} on compost").receipt for n in range(3)
    ]


def test_review_from_the_shell(gathering: Settings, receipts: list[str]) -> None:
    at = ("--gathering", gathering.folder)
    assert len(ask(*at, "review", "list", "--state", "new", "--json")["takeaways"]) == 3
    assert run(*at, "review", "approve", *receipts[:2]).exit_code == 0
    assert run(*at, "review", "hide", receipts[2]).exit_code == 0
    states = {
        row["receipt"]: row["state"] for row in ask(*at, "review", "list", "--json")["takeaways"]
    }
    assert [states[receipt] for receipt in receipts] == ["approved", "approved", "hidden"]


def test_a_slip_in_one_receipt_changes_none(gathering: Settings, receipts: list[str]) -> None:
    result = run("--gathering", gathering.folder, "review", "approve", receipts[0], "0000000000001")
    assert result.exit_code == 1
    rows = ask("--gathering", gathering.folder, "review", "list", "--json")["takeaways"]
    assert {row["state"] for row in rows} == {"new"}


def test_search_and_rebuild_from_the_shell(
    gathering: Settings, receipts: list[str], event: EventSession
) -> None:
    at = ("--gathering", gathering.folder)
    document = ask(*at, "search", "compost", "--json")
    assert (document["query"], document["total"]) == ("compost", 3)
    assert {row["receipt"] for row in document["results"]} == set(receipts)
    assert "<mark>compost</mark>" in document["results"][0]["highlight"]
    assert ask(*at, "search", "compost", "--session", event.code.lower(), "--json")["total"] == 3
    assert ask(*at, "search", "compost", "--kind", "photo", "--json")["total"] == 0
    assert "indexed 3" in run(*at, "index", "--rebuild").output


def test_withdraw_from_the_shell(gathering: Settings, receipts: list[str]) -> None:
    at = ("--gathering", gathering.folder)
    assert run(*at, "withdraw", receipts[0]).exit_code == 0
    rows = {row["receipt"]: row for row in ask(*at, "review", "list", "--json")["takeaways"]}
    assert (rows[receipts[0]]["state"], rows[receipts[0]]["text"]) == ("withdrawn", "")
    assert ask(*at, "search", "compost", "--json")["total"] == 2


def test_targets_are_added_listed_tried_and_removed(
    gathering: Settings, tmp_path: Path, secrets_file: Path
) -> None:
    at = ("--gathering", gathering.folder)
    stick = tmp_path / "stick"
    stick.mkdir()
    assert run(*at, "targets", "add", "folder", "stick", f"url={stick.as_uri()}").exit_code == 0
    added = run(
        *at,
        "targets",
        "add",
        "wordpress",
        "blog",
        "url=https://blog.example",
        "user=ed",
        stdin="app pass\n",
    )
    assert added.exit_code == 0, added.output
    listed = ask(*at, "targets", "list", "--json")["targets"]
    assert [(row["name"], row["kind"]) for row in listed] == [
        ("stick", "folder"),
        ("blog", "wordpress"),
    ]
    assert "app pass" not in json.dumps(listed)
    assert "app pass" in secrets_file.read_text()
    for file in gathering.folder.glob("reporter.*"):
        assert b"app pass" not in file.read_bytes()
    assert run(*at, "targets", "test", "stick").exit_code == 0
    assert run(*at, "targets", "remove", "blog").exit_code == 0
    assert "app pass" not in secrets_file.read_text()
    for wrong in (
        ("ftp", "x"),
        ("wordpress", "x", "user=ed"),
        ("folder", "x", "path=1"),
        ("folder", "x", "url"),
    ):
        assert run(*at, "targets", "add", *wrong).exit_code == 1


def test_publish_to_a_folder_once(gathering: Settings, receipts: list[str], tmp_path: Path) -> None:
    at = ("--gathering", gathering.folder)
    stick = tmp_path / "stick"
    stick.mkdir()
    run(*at, "targets", "add", "folder", "stick", f"url={stick.as_uri()}")
    assert ask(*at, "publish", "--json") == {"deliveries": []}
    run(*at, "review", "approve", *receipts)
    planned = ask(*at, "publish", "--dry-run", "--json")["deliveries"]
    assert planned
    assert list(stick.iterdir()) == []
    sent = ask(*at, "publish", "--wait", "--json")["deliveries"]
    assert {row["state"] for row in sent} == {"sent"}
    assert {"target", "item", "state", "url", "error"} <= set(sent[0])
    pages = {path: path.stat().st_mtime_ns for path in stick.rglob("*") if path.is_file()}
    assert any(
        "Takeaway 1 on compost" in path.read_text() for path in pages if path.suffix == ".html"
    )
    again = ask(*at, "publish", "--wait", "--json")["deliveries"]
    assert again == sent
    assert {path: path.stat().st_mtime_ns for path in stick.rglob("*") if path.is_file()} == pages
    rows = {row["receipt"]: row for row in ask(*at, "review", "list", "--json")["takeaways"]}
    assert rows[receipts[0]]["published"][0]["target"] == "stick"
    for receipt in receipts:
        assert run(*at, "withdraw", receipt).exit_code == 0
    assert not any("on compost" in path.read_text() for path in stick.rglob("*.html"))


def test_the_kiosk_says_where_it_is_and_stops(
    kiosk_process: KioskProcess, gathering: Settings
) -> None:
    url = kiosk_process.start()
    assert noted(gathering.folder) == Listening(kiosk_process.port, "127.0.0.1")
    with urllib.request.urlopen(f"{url}/healthz", timeout=120) as answer:
        assert json.load(answer)["gathering"] == "Spring gathering"
    assert kiosk_process.stop() == 0
    assert noted(gathering.folder) == Listening(8000)
    assert not any("Traceback" in line for line in kiosk_process.lines)


def test_commands_use_the_port_of_the_running_kiosk(
    gathering: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port_file, "_is_open", lambda at: True)
    at = ("--gathering", gathering.folder)
    with port_noted(gathering.folder, Listening(1)):
        result = run("rehearse", "--json", *at)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "No kiosk runs on port 1 of this laptop." in result.stderr
        assert "on port 2 of" in run("rehearse", "--port", "2", *at).stderr


@pytest.mark.sqlite("another process opens the folder")
@pytest.mark.skipif(sys.platform != "linux", reason="one loopback address only")
def test_commands_find_a_kiosk_at_one_address(
    kiosk_process: KioskProcess, gathering: Settings, session: Session, clock: TurnableClock
) -> None:
    kiosk_process.arguments = ("--host", "127.0.0.2")
    assert kiosk_process.start() == f"http://127.0.0.2:{kiosk_process.port}"
    # After the address.
    until(lambda: any("listens at 127.0.0.2 only" in line for line in kiosk_process.lines))
    pause(session, now=clock())
    # Whoever finds the kiosk is told of its break.
    found = run("rehearse", "--gathering", gathering.folder)
    assert "takes a break" in found.stderr
    named = run("rehearse", "--port", str(kiosk_process.port), "--gathering", gathering.folder)
    assert "takes a break" in named.stderr
    checks = json.loads(run("doctor", "--json", "--gathering", gathering.folder).stdout)["checks"]
    [reached] = [check for check in checks if check["name"] == "reachable"]
    assert "answers at 127.0.0.2 alone" in reached["detail"]


def test_a_port_that_is_taken_is_said(kiosk_process: KioskProcess, gathering: Settings) -> None:
    port = kiosk_process.start().rsplit(":", 1)[1]
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "kiosk",
            "--gathering",
            gathering.folder,
            "kiosk",
            "--port",
            port,
            "--no-open",
        ],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert result.returncode == 1
    assert port in result.stderr
    assert "Traceback" not in result.stderr


def test_without_a_gathering_the_kiosk_makes_one(tmp_path: Path, secrets_file: Path) -> None:
    process = KioskProcess(tmp_path / "fresh", secrets_file)
    try:
        url = process.start()
        with urllib.request.urlopen(url, timeout=120) as answer:
            assert "Lobby" in answer.read().decode()
    finally:
        process.stop()
    rows = ask("--gathering", tmp_path / "fresh", "sessions", "list", "--json")["sessions"]
    assert [row["title"] for row in rows] == ["Lobby"]
