"""What a worker that a hostile file has taken over can still do: nothing but its work."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from capture.decoding.process_pool import DecoderPool
from capture.isolation import sandbox
from capture.isolation.sandbox import Sandbox, private_files
from capture.isolation.syscall_filter import build

ABLE = sandbox.support()
needs_landlock = pytest.mark.skipif(ABLE.landlock < 4, reason="this system has no such Landlock")
needs_filters = pytest.mark.skipif(not ABLE.filters, reason="no filter for this system")


def attempt(deed: str, path: Path) -> str:
    """Runs in the worker: what came of it."""
    try:
        return str(_deeds()[deed](path))
    except OSError as error:
        return type(error).__name__


def _deeds() -> dict[str, Callable[[Path], object]]:
    return {
        "read": lambda path: path.read_text(),
        "list": lambda path: len(os.listdir(path)),
        "write": lambda path: path.write_text("x"),
        "remove": lambda path: path.unlink(),
        "link": lambda path: os.link(path, path.parent.parent / "renditions" / "x"),
        "truncate": lambda path: os.truncate(path, 0),
        "run": lambda path: subprocess.run([sys.executable, "-c", "0"], check=True).returncode,
        "tcp": lambda path: socket.create_connection(("127.0.0.1", int(path.name)), 5),
        "udp": lambda path: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(
            b"x", ("127.0.0.1", 9)
        ),
        "unix": lambda path: socket.socket(socket.AF_UNIX).connect(str(path)),
        "kill": lambda path: os.kill(os.getppid(), 0),
        "scratch": lambda path: __import__("tempfile").mkdtemp().startswith(str(path)),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gathering")
    for name in ("media", "renditions", "renditions/.scratch"):
        (folder / name).mkdir()
    (folder / "media" / "photo.jpg").write_text("picture")
    (folder / "reporter.db").write_text("rows")
    return folder


@pytest.fixture(scope="module")
def pool(folder: Path) -> Iterator[DecoderPool]:
    own = Sandbox(
        read=(folder / "media",),
        write=(folder / "renditions",),
        hidden=(folder,),
        scratch=folder / "renditions" / ".scratch",
    )
    with DecoderPool(1, 2000, sandbox=own) as pool:
        yield pool


@needs_landlock
@pytest.mark.parametrize(
    ("deed", "path", "outcome"),
    [
        ("read", "media/photo.jpg", "picture"),
        ("write", "renditions/made.jpg", "1"),
        ("scratch", "renditions/.scratch", "True"),
        ("read", "reporter.db", "PermissionError"),
        ("list", ".", "PermissionError"),
        ("write", "media/photo.jpg", "PermissionError"),
        ("truncate", "media/photo.jpg", "PermissionError"),
        ("remove", "media/photo.jpg", "PermissionError"),
        ("link", "media/photo.jpg", "OSError"),
        ("write", "new.txt", "PermissionError"),
        ("run", ".", "PermissionError"),
    ],
)
def test_a_worker_reads_media_and_writes_renditions_alone(
    pool: DecoderPool, folder: Path, deed: str, path: str, outcome: str
) -> None:
    assert pool.run(attempt, deed, folder / path, timeout=60) == outcome


@needs_filters
@pytest.mark.parametrize("deed", ["tcp", "udp", "unix"])
def test_a_worker_has_no_network(pool: DecoderPool, folder: Path, deed: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert pool.run(attempt, deed, folder / str(port), timeout=60) == "PermissionError"


@pytest.mark.skipif(ABLE.landlock < 6, reason="this system lets signals out")
def test_a_worker_signals_nobody(pool: DecoderPool, folder: Path) -> None:
    assert pool.run(attempt, "kill", folder, timeout=60) == "PermissionError"


def test_secrets_are_private_but_not_what_the_program_lies_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (".ssh", ".venv", "Pictures", "secrets"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    found = private_files(tmp_path, tmp_path / "secrets")
    assert found == (tmp_path / ".ssh", tmp_path / "secrets")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_jump_of_the_filter_ends_at_a_verdict(machine: str) -> None:
    """Followed by hand: what is refused, what is allowed, and another table."""
    program = build(machine)

    def verdict(arch: int, number: int) -> int:
        at, value = 0, 0
        while True:
            code, if_true, if_false, operand = program[at]
            at += 1
            if code == 0x06:
                return operand
            if code == 0x20:
                value = arch if operand == 4 else number
            else:
                holds = value == operand if code == 0x15 else value >= operand
                at += if_true if holds else if_false

    own = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]
    refused = {"x86_64": (41, 59, 101, 425), "aarch64": (198, 221, 117, 425)}[machine]
    assert {verdict(own, number) for number in refused} == {0x0005000D}
    assert {verdict(own, number) for number in (0, 1, 9, 63, 202)} == {0x7FFF0000}
    assert verdict(0x40000003, 0) == 0x0005000D
    assert verdict(own, 0x40000000) == 0x0005000D


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_elsewhere_nothing_is_taken_away_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert sandbox.support() == sandbox.Support(0, filters=False)
    sandbox.enter(Sandbox(write=()))
