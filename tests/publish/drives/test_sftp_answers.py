"""SFTP servers that refuse one step, in the forms in which servers do: what is said, and what is there afterwards."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from publish.drives import Login, open_drive
from publish.errors import Offline, PauseTarget, PayloadTooLarge, PublishError, RetryAfter

FORMER = b"the former page"
# Of SFTP version 3 (draft-ietf-secsh-filexfer-02, 7).
NO_SUCH_FILE, DENIED, FAILURE, BAD, UNSUPPORTED = 2, 3, 4, 5, 8
Step = Callable[..., Any]


def refused(code: int, words: str = "") -> Step:
    def step(*_: Any, **__: Any) -> None:
        raise asyncssh.SFTPError(code, words)

    return step


def full_when_closed(files: Files, opened: object) -> None:
    asyncssh.SFTPServer.close(files, opened)
    raise asyncssh.SFTPFailure("write: disk full")


def cut(files: Files, *_: Any, **__: Any) -> None:
    files.connection.abort()


class Files(asyncssh.SFTPServer):
    """Files below a folder, with steps replaced by those of ``odd``."""

    def __init__(self, channel: Any, folder: Path, odd: dict[str, Step]) -> None:
        super().__init__(channel, chroot=str(folder).encode())
        self.odd = odd

    def __getattribute__(self, name: str) -> Any:
        own = super().__getattribute__
        step = own("__dict__").get("odd", {}).get(name)
        return own(name) if step is None else lambda *given, **named: step(self, *given, **named)


class AnyUser(asyncssh.SSHServer):
    def __init__(self, connections: list[Any]) -> None:
        self.connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return False


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[tuple[dict[str, Step], str]]:
    """The steps that are replaced, none at first, and the server's address; its folder is ``there``."""
    (tmp_path / "there").mkdir()
    steps: dict[str, Step] = {}
    connections: list[Any] = []
    started, address = threading.Event(), list[Any]()

    async def serve() -> None:
        stop = asyncio.Event()
        server = await asyncssh.create_server(
            lambda: AnyUser(connections),
            "127.0.0.1",
            0,
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            sftp_factory=lambda channel: Files(channel, tmp_path / "there", steps),
        )
        async with server:
            address.extend((server.get_port(), asyncio.get_running_loop(), stop))
            started.set()
            await stop.wait()
            for connection in connections:
                connection.abort()
                await connection.wait_closed()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(20)
    port, loop, stop = address
    yield steps, f"sftp://127.0.0.1:{port}/site"
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)


def send(url: str, film: Path) -> None:
    with closing(open_drive(url, Login("stick", "kit"))) as drive:
        drive.ready()
        drive.make_folder("media")
        drive.put("page.html", b"words")
        drive.put("film.mp4", film)
        drive.remove("old.html")


NO_ROOM = "There is no room left at stick"
CASES: dict[str, tuple[dict[str, Step], type[PublishError] | None, str]] = {
    "full, in words": (
        {"write": refused(FAILURE, "No space left on device")},
        PayloadTooLarge,
        NO_ROOM,
    ),
    "quota, in words": (
        {"open": refused(FAILURE, "Disk quota exceeded")},
        PayloadTooLarge,
        NO_ROOM,
    ),
    "full, when closed": (
        {"close": full_when_closed},
        PayloadTooLarge,
        NO_ROOM,
    ),
    "full, making a folder": (
        {"mkdir": refused(FAILURE, "No space left")},
        PayloadTooLarge,
        NO_ROOM,
    ),
    "no folder, no reason": ({"mkdir": refused(FAILURE)}, RetryAfter, "no reason given"),
    "nothing may be written": ({"open": refused(DENIED)}, PauseTarget, "may not be written to"),
    "folder taken away": ({"open": refused(NO_SUCH_FILE)}, RetryAfter, "sent again"),
    "no such step": (
        {"open": refused(UNSUPPORTED, "Not here")},
        RetryAfter,
        "could not do it .Not here",
    ),
    "a code of its own": (
        {"remove": refused(99, "On leave")},
        RetryAfter,
        "could not do it .On leave",
    ),
    "a code of a bad message": ({"stat": refused(BAD, "Bad message")}, RetryAfter, "Bad message"),
    "cut while writing": ({"write": cut}, Offline, "can't be reached right now"),
    "no extension": ({"posix_rename": refused(UNSUPPORTED)}, None, ""),
    "extension refused as a failure": ({"posix_rename": refused(FAILURE)}, None, ""),
    "no way of renaming": (
        {"posix_rename": refused(UNSUPPORTED), "rename": refused(FAILURE, "Not today")},
        RetryAfter,
        "Not today",
    ),
    "stat of links and times refused": (
        {name: refused(UNSUPPORTED) for name in ("lstat", "setstat", "fsetstat", "realpath")},
        None,
        "",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_step_that_is_refused_names_its_cause_and_loses_nothing(
    case: str, odd: tuple[dict[str, Step], str], tmp_path: Path
) -> None:
    (steps, url), (replaced, error, words) = odd, CASES[case]
    site, film = tmp_path / "there" / "site", tmp_path / "film.mp4"
    site.mkdir()
    film.write_bytes(random.Random(1).randbytes(300_000))
    for name in ("page.html", "old.html"):
        (site / name).write_bytes(FORMER)
    steps.update(replaced)
    if error is None:
        send(url, film)
    else:
        with pytest.raises(error, match=words):
            send(url, film)
        # A page is the former one or the new one, never missing.
        assert (site / "page.html").read_bytes() in (FORMER, b"words")
    steps.clear()
    send(url, film)
    found = {path.name: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert found == {"page.html": b"words", "film.mp4": film.read_bytes()}


def test_a_new_page_that_is_refused_leaves_the_former_one_in_its_place(
    odd: tuple[dict[str, Step], str], tmp_path: Path
) -> None:
    """Without the extension, and with a server that refuses the second of the two names only."""
    steps, url = odd
    site = tmp_path / "there" / "site"
    site.mkdir()
    (site / "page.html").write_bytes(FORMER)

    def rename(files: Files, name: bytes, goal: bytes) -> Any:
        if name.endswith(b".part"):
            raise asyncssh.SFTPFailure("Not that name")
        return asyncssh.SFTPServer.rename(files, name, goal)

    steps.update({"posix_rename": refused(UNSUPPORTED), "rename": rename})
    with (
        closing(open_drive(url, Login("stick", "kit"))) as drive,
        pytest.raises(RetryAfter, match="Not that name"),
    ):
        drive.put("page.html", b"words")
    assert (site / "page.html").read_bytes() == FORMER
