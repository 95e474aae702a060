"""The doctor finds what is wrong, and nothing where nothing is."""

from __future__ import annotations

import random
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from capture.printing.fonts import FontShelf
from kiosk.doctor import checks
from kiosk.doctor.checks import examine
from kiosk.doctor.finding import Finding, Verdict
from kiosk.runtime.addresses import Address
from kiosk.runtime.context import KioskContext, current_kiosk
from kiosk.services import print_pack
from kiosk.services.print_pack import make_pack
from reporter.config import Settings
from reporter.models import EventSession
from reporter.moderation.blocked_words import FILE_NAME
from tests.support.kiosk_process import KioskProcess, TurnableClock, add_takeaway, new_media

LAN = [Address("192.168.4.1", "wlan0")]


@pytest.fixture
def kiosk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[KioskContext]:
    monkeypatch.setattr(checks, "own_addresses", lambda: LAN)
    with app.app_context():
        yield current_kiosk()


def findings(kiosk: KioskContext, port: int = 1) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(kiosk, port)}


def test_a_healthy_laptop_is_called_healthy(kiosk: KioskContext) -> None:
    by_name = findings(kiosk)
    assert {
        f.verdict
        for name, f in by_name.items()
        if name not in ("reachable", "firewall", "camera", "disk", "sleep")
    } == {Verdict.OK}
    assert by_name["versions"].detail.startswith("This is version ")
    assert "The gathering was made by " in by_name["versions"].detail
    assert all(finding.detail.endswith(".") for finding in by_name.values())


def test_no_network_is_a_failure(kiosk: KioskContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "own_addresses", lambda: [])
    assert checks.address(kiosk, 8000).verdict is Verdict.FAIL


def test_other_networks_are_told(kiosk: KioskContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """The likeliest address may be that of the cable, while phones are on the Wi-Fi."""
    monkeypatch.setattr(checks, "own_addresses", lambda: [*LAN, Address("10.0.0.7", "eth0")])
    assert "10.0.0.7 (eth0)" in checks.address(kiosk, 8000).detail


def test_stale_posters_are_noticed(kiosk: KioskContext) -> None:
    make_pack(kiosk, base_url="http://10.9.8.7:8000", port=8000, paper="A4")
    found = checks.address(kiosk, 8000)
    assert found.verdict is Verdict.WARN
    assert "http://10.9.8.7:8000" in found.detail


def bare_shelf() -> FontShelf:
    """The fonts of a machine that has none."""
    return FontShelf(packaged=Path("nowhere"), system=())


@pytest.mark.parametrize(
    ("title", "letters"),
    [("Größe 🎉", ""), ("冬季", "冬 季"), ("А" + "бвгдежзиклмн", "А б в г д е ж з")],
)
def test_letters_without_a_font_are_named_with_the_extra(
    kiosk: KioskContext,
    session: Session,
    event: EventSession,
    monkeypatch: pytest.MonkeyPatch,
    title: str,
    letters: str,
) -> None:
    monkeypatch.setattr(print_pack, "FontShelf", bare_shelf)
    monkeypatch.setattr(print_pack, "packaged_folder", lambda: None)
    event.title = title
    session.commit()
    found = checks.fonts(kiosk, 0)
    assert found.verdict is (Verdict.WARN if letters else Verdict.OK)
    assert letters in found.detail
    assert ("social-reporter[fonts]" in found.detail) is bool(letters)


def test_letters_without_a_font_are_named_where_the_posters_are_downloaded(
    client: FlaskClient, event: EventSession, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "No font on this computer has these letters"
    here = "http://127.0.0.1:8000"
    assert sentence not in client.get("/desk/posters", base_url=here).text
    monkeypatch.setattr(print_pack, "FontShelf", bare_shelf)
    event.title = "冬季"
    session.commit()
    assert sentence in client.get("/desk/posters", base_url=here).text


def test_a_running_kiosk_is_found(
    kiosk: KioskContext, kiosk_process: KioskProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "own_addresses", lambda: [Address("127.0.0.1", "lo")])
    kiosk_process.start()
    assert checks.reachable(kiosk, kiosk_process.port).verdict is Verdict.OK
    kiosk_process.kill()
    assert checks.reachable(kiosk, kiosk_process.port).verdict is Verdict.WARN


def test_a_clock_before_the_last_takeaway_is_wrong(
    kiosk: KioskContext,
    session: Session,
    event: EventSession,
    rng: random.Random,
    clock: TurnableClock,
) -> None:
    add_takeaway(session, event, rng)
    assert checks.clock(kiosk, 0).verdict is Verdict.OK
    clock.turn(days=-1)
    assert checks.clock(kiosk, 0).verdict is Verdict.FAIL
    clock.turn(days=-9000)
    assert checks.clock(kiosk, 0).verdict is Verdict.FAIL


def test_a_full_disk_is_a_failure(kiosk: KioskContext, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, verdict in ((1 << 40, Verdict.OK), (5 << 30, Verdict.WARN), (1 << 20, Verdict.FAIL)):
        monkeypatch.setattr(kiosk.store, "free_bytes", lambda free=free: free)
        assert checks.disk(kiosk, 0).verdict is verdict


def test_a_lost_original_is_named(
    kiosk: KioskContext, session: Session, rng: random.Random
) -> None:
    session.add(new_media(rng, sha256="a" * 64))
    session.commit()
    found = checks.originals(kiosk, 0)
    assert found.verdict is Verdict.FAIL
    assert "aaaa" in found.detail
    path = kiosk.store.original("a" * 64, ".jpg")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"abc")
    assert checks.originals(kiosk, 0).verdict is Verdict.OK


@pytest.mark.sqlite("PostgreSQL counts rows")
def test_wrong_counts_are_mended(
    kiosk: KioskContext, session: Session, event: EventSession, rng: random.Random
) -> None:
    add_takeaway(session, event, rng)
    session.execute(text("UPDATE takeaway_count SET total = 7"))
    session.commit()
    assert checks.database(kiosk, 8000).verdict is Verdict.WARN
    assert checks.database(kiosk, 8000).verdict is Verdict.OK
    session.rollback()
    assert session.scalar(text("SELECT total FROM takeaway_count")) == 1


@pytest.mark.sqlite("damages its file")
def test_a_damaged_database_is_a_failure(
    kiosk: KioskContext,
    gathering: Settings,
    session: Session,
    event: EventSession,
    rng: random.Random,
) -> None:
    for _ in range(200):
        add_takeaway(session, event, rng, text="x" * 2000)
    session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    path = gathering.folder / "reporter.db"
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    assert checks.database(kiosk, 0).verdict is Verdict.FAIL


def test_passwords_that_cannot_be_kept_are_said(
    kiosk: KioskContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: str) -> None:
        raise OSError("read-only file system")

    monkeypatch.setattr(checks, "set_secret", refuse)
    assert checks.passwords(kiosk, 0).verdict is Verdict.FAIL


def test_a_kiosk_at_one_address_is_reached_there_only(
    kiosk: KioskContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "own_addresses", lambda: [*LAN, Address("10.0.0.7", "eth0")])
    kiosk.only_at = "10.0.0.7"
    detail = checks.address(kiosk, 8000).detail
    assert "http://10.0.0.7:8000" in detail
    assert "other networks" not in detail
    assert make_pack(kiosk, base_url=None, port=8000, paper="A4").base_url == "http://10.0.0.7:8000"


@pytest.mark.skipif(sys.platform != "linux", reason="one loopback address only")
def test_a_kiosk_without_phones_is_told(kiosk: KioskContext) -> None:
    with socket.create_server(("127.0.0.2", 0)) as server:
        kiosk.only_at = "127.0.0.2"
        found = checks.reachable(kiosk, server.getsockname()[1])
    assert found.verdict is Verdict.WARN
    assert "answers at 127.0.0.2 alone" in found.detail


def test_a_list_of_words_that_is_saved_in_another_way_is_noticed(kiosk: KioskContext) -> None:
    path = kiosk.settings.folder / FILE_NAME
    path.write_text("bad\nworse\n", encoding="utf-8")
    assert str(checks.words(kiosk, 1).detail) == "Blocked words: 2."
    path.write_bytes("böse\n".encode("cp1252"))
    assert checks.words(kiosk, 1).verdict is Verdict.WARN
    path.write_bytes("böse\n".encode("utf-16-le"))
    found = checks.words(kiosk, 1)
    assert found.verdict is Verdict.FAIL
    assert "waits for a look at the desk" in found.detail
