"""The other commands find the running kiosk's port in the gathering's folder."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.desktop.port_file import NAME, Listening, hosts_to_ask, listening_at, noted, port_noted

ANYWHERE = Listening(8000)
# Loopback on Linux alone: elsewhere it would have to be given to an interface first.
SECOND_LOOPBACK = "127.0.0.2"


@pytest.fixture
def port() -> Iterator[int]:
    """One at which something answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_is_noted_while_the_kiosk_runs(tmp_path: Path, port: int) -> None:
    assert noted(tmp_path) == ANYWHERE
    with port_noted(tmp_path, Listening(port)):
        assert noted(tmp_path) == Listening(port)
    assert noted(tmp_path) == ANYWHERE
    assert list(tmp_path.iterdir()) == []


def test_a_kiosk_that_ends_leaves_the_note_of_one_started_since(tmp_path: Path, port: int) -> None:
    with port_noted(tmp_path, Listening(8123)):
        (tmp_path / NAME).write_text(f"{port}\n")
    assert noted(tmp_path) == Listening(port)


def test_the_note_of_a_killed_kiosk_counts_for_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        (tmp_path / NAME).write_text(f"{server.getsockname()[1]}\n")
    assert noted(tmp_path) == ANYWHERE


@pytest.mark.parametrize(
    "words", ["", "x", "0", "-1", "65536", "8000 9000", "8000 a.example", "8000 ::1 ::1", "\xff"]
)
def test_a_damaged_note_counts_for_nothing(tmp_path: Path, words: str) -> None:
    (tmp_path / NAME).write_bytes(words.encode("latin-1"))
    assert noted(tmp_path) == ANYWHERE


def test_a_folder_that_takes_no_file_stops_no_kiosk(tmp_path: Path) -> None:
    with port_noted(tmp_path / "gone", Listening(8123)):
        assert noted(tmp_path / "gone") == ANYWHERE


@pytest.mark.skipif(sys.platform != "linux", reason="one loopback address only")
def test_the_one_address_is_noted_and_asked(tmp_path: Path) -> None:
    with socket.create_server((SECOND_LOOPBACK, 0)) as server:
        at = listening_at(server)
        assert at.only == SECOND_LOOPBACK
        with port_noted(tmp_path, at):
            assert noted(tmp_path) == at
            assert hosts_to_ask(tmp_path, at.port, "0.0.0.0") == [SECOND_LOOPBACK, "127.0.0.1"]
            assert hosts_to_ask(tmp_path, 1, "127.0.0.3") == ["127.0.0.3", "127.0.0.1"]


def test_every_address_is_none_in_particular() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert listening_at(server) == Listening(server.getsockname()[1])
