"""The other commands find the running kiosk's port in the gathering's folder."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.desktop.port_file import NAME, noted_port, port_noted


@pytest.fixture
def port() -> Iterator[int]:
    """One at which something answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_is_noted_while_the_kiosk_runs(tmp_path: Path, port: int) -> None:
    assert noted_port(tmp_path) == 8000
    with port_noted(tmp_path, port):
        assert noted_port(tmp_path) == port
    assert noted_port(tmp_path) == 8000
    assert list(tmp_path.iterdir()) == []


def test_a_kiosk_that_ends_leaves_the_note_of_one_started_since(tmp_path: Path, port: int) -> None:
    with port_noted(tmp_path, 8123):
        (tmp_path / NAME).write_text(f"{port}\n")
    assert noted_port(tmp_path) == port


def test_the_note_of_a_killed_kiosk_counts_for_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        (tmp_path / NAME).write_text(f"{server.getsockname()[1]}\n")
    assert noted_port(tmp_path) == 8000


@pytest.mark.parametrize("words", ["", "x", "0", "-1", "65536", "8000 9000", "\xff"])
def test_a_damaged_note_counts_for_nothing(tmp_path: Path, words: str) -> None:
    (tmp_path / NAME).write_bytes(words.encode("latin-1"))
    assert noted_port(tmp_path) == 8000


def test_a_folder_that_takes_no_file_stops_no_kiosk(tmp_path: Path) -> None:
    with port_noted(tmp_path / "gone", 8123):
        assert noted_port(tmp_path / "gone") == 8000
