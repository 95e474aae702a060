"""Folders at servers that differ from the usual: names they keep for themselves, Digest only, SFTP without extras."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from werkzeug import Request, Response

from publish.drives import Login, open_drive
from publish.drives.base import Drive
from publish.errors import (
    AuthRefused,
    PauseTarget,
    PayloadTooLarge,
    Permanent,
    PublishError,
    RetryAfter,
)
from publish.status import target_registry
from reporter import secret_store
from reporter.moderation import decisions
from tests.support.publish.fakes import Kit
from tests.support.publish.rounds import publish
from tests.support.servers.fixture import FixtureServer, Refusal
from tests.support.servers.script import ScriptServer, script_server

ODD = ("digest", "refuses-403", "refuses-400", "bare-sftp")


def login_of(server: ScriptServer) -> Login:
    details = server.details
    return Login("stick", details["USER"], details.get("PASSWORD", ""), details.get("KEY", ""))


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> tuple[ScriptServer, Path, str]:
    """A server of a kind, an empty folder there on this machine, and its address."""
    server = script_server(str(request.param), request)
    path = Path(server.details["FOLDER"]) / f"f{random.SystemRandom().getrandbits(40):x}"
    sftp = "KEY" in server.details
    host = f"127.0.0.1:{server.port}"
    return server, path, f"sftp://{host}{path}" if sftp else f"webdav://{host}/{path.name}"


@pytest.mark.parametrize("folder", ODD, indirect=True)
def test_a_round_an_edit_and_a_takedown(folder: tuple[ScriptServer, Path, str], kit: Kit) -> None:
    server, path, url = folder
    login = login_of(server)
    given = {"user": login.user, **({"key": login.key} if login.key else {})}
    if login.password:
        name = target_registry.secret_name("stick")
        secret_store.set_secret(str(kit.facts.id), name, login.password)
    photo = kit.photo(kit.event(), 1, "Frost")
    target_registry.add_target(
        kit.session, "folder", "stick", {"url": url, **given}, now=kit.clock(), rng=kit.rng
    )
    assert "can be written to" in target_registry.test_target(kit.session, kit.context, "stick")
    assert {row["state"] for row in publish(kit.session, kit.context)} == {"sent"}
    story, media = kit.deliveries("story")[0].key, kit.deliveries("media")[0].key
    assert (path / f"media/{media}.jpg").is_file()
    decisions.change(kit.session, photo, kit.actor, {"caption": "Hoar frost"})
    publish(kit.session, kit.context)
    assert "Hoar frost" in (path / f"{story}.html").read_text()
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    publish(kit.session, kit.context)
    assert not (path / f"{story}.html").exists()
    assert not (path / f"media/{media}.jpg").exists()
    left = [p.name for p in path.rglob("*") if p.name.startswith((".", "up-"))]
    assert left == []


@pytest.mark.parametrize("folder", ["digest"], indirect=True)
def test_wrong_password_at_a_digest_server(folder: tuple[ScriptServer, Path, str]) -> None:
    drive = open_drive(folder[2], Login("stick", user="kit", password="wrong"))
    with closing(drive), pytest.raises(AuthRefused, match="refused user name or password"):
        drive.ready()


@pytest.mark.parametrize("folder", ["digest"], indirect=True)
def test_a_digest_server_never_sees_the_password(
    folder: tuple[ScriptServer, Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, path, url = folder
    seen: list[str] = []
    send = httpx.Client.send

    def spy(self: httpx.Client, request: httpx.Request, **more: object) -> httpx.Response:
        answer = send(self, request, **more)  # type: ignore[arg-type]
        seen.append(answer.request.headers.get("Authorization", ""))
        return answer

    monkeypatch.setattr(httpx.Client, "send", spy)
    with closing(open_drive(url, login_of(server))) as drive:
        drive.ready()
        drive.put("a.html", b"words")
    assert (path / "a.html").read_bytes() == b"words"
    assert {one.split(" ")[0] for one in seen} == {"Digest"}


@pytest.mark.parametrize("folder", ["bare-sftp"], indirect=True)
def test_a_file_goes_over_another_without_the_extension_and_is_sent_once(
    folder: tuple[ScriptServer, Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, path, url = folder
    film = tmp_path / "film.mp4"
    film.write_bytes(random.Random(1).randbytes(900_000))
    with closing(open_drive(url, login_of(server))) as drive:
        drive.ready()
        drive.put("film.mp4", b"the former one")
        starts: list[int] = []
        append = type(drive).append

        def note(self: Drive, name: str, source: Path, start: int) -> None:
            starts.append(start)
            append(self, name, source, start)

        def refuse(self: Drive, name: str, goal: str) -> None:
            raise RetryAfter("It can't be renamed right now.")

        monkeypatch.setattr(type(drive), "append", note)
        with monkeypatch.context() as patch:
            patch.setattr(type(drive), "move", refuse)
            with pytest.raises(RetryAfter):
                drive.put("film.mp4", film)
        drive.put("film.mp4", film)
    assert starts == [0, 900_000]
    assert (path / "film.mp4").read_bytes() == film.read_bytes()
    assert [p.name for p in path.iterdir()] == ["film.mp4"]


class NamesServer(FixtureServer):
    """WebDAV that takes names for which ``takes`` is true; else it answers as Nextcloud 28 does."""

    routes = (("PROPFIND MKCOL PUT MOVE DELETE", r"/.*", "anything"),)

    def __init__(self, takes: Callable[[str], bool]) -> None:
        self.takes, self.files = takes, dict[str, bytes]()
        super().__init__()

    def anything(self, request: Request) -> Response:
        name = request.path.rpartition("/")[2]
        if request.method == "PUT":
            if not self.takes(name):
                return Response(_INVALID, 400, mimetype="application/xml")
            self.files[name] = request.get_data()
        if request.method == "MOVE":
            goal = request.headers["Destination"].rpartition("/")[2]
            if not self.takes(goal):
                return Response(_INVALID, 400, mimetype="application/xml")
            self.files[goal] = self.files.pop(name)
        if request.method == "DELETE":
            self.files.pop(name, None)
        if request.method == "PROPFIND":
            if name and name not in self.files:
                raise Refusal(404, {})
            size = (
                f"<d:getcontentlength>{len(self.files[name])}</d:getcontentlength>" if name else ""
            )
            return Response(_ROW.format(path=request.path, size=size), 207)
        return Response("", 201)


_INVALID = (
    '<?xml version="1.0" encoding="utf-8"?><d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">'
    "<s:exception>OCA\\DAV\\Connector\\Sabre\\Exception\\InvalidPath</s:exception>"
    "<s:message>File name contains a forbidden extension</s:message></d:error>"
)
_ROW = (
    '<d:multistatus xmlns:d="DAV:"><d:response><d:href>{path}</d:href><d:propstat><d:prop>'
    "{size}</d:prop></d:propstat></d:response></d:multistatus>"
)


def put_there(server: NamesServer, name: str, login: Login | None = None) -> None:
    url = f"webdav://127.0.0.1:{server.port}/"
    with closing(open_drive(url, login or Login("cloud"))) as drive:
        drive.put(name, b"words")


def test_hidden_temporary_names_refused_plain_ones_taken() -> None:
    with closing(NamesServer(lambda name: not name.startswith("."))) as server:
        login = Login("cloud")
        put_there(server, "one.html", login)
        put_there(server, "two.html", login)
        assert server.files == {"one.html": b"words", "two.html": b"words"}
        puts = [path for method, path in server.asked if method == "PUT"]
    # Once learnt, never tried again.
    assert len(puts) == 3


@pytest.mark.parametrize("refused", [r"\.mp4$", r"\.mp4"])
def test_one_kind_of_file_refused_names_the_reason_and_stops_nothing_else(refused: str) -> None:
    with closing(NamesServer(lambda name: not re.search(refused, name))) as server:
        with pytest.raises(Permanent, match=r"film\.mp4 \(400\): File name contains a forbidden"):
            put_there(server, "film.mp4")
        put_there(server, "one.html")
        assert server.files == {"one.html": b"words"}


def test_all_writing_refused_pauses_the_target_with_the_servers_words() -> None:
    server, message = (
        NamesServer(lambda name: False),
        "does not let this account write there: File name",
    )
    with closing(server), pytest.raises(AuthRefused, match=message):
        put_there(server, "one.html")


def test_nextcloud_is_never_asked_to_take_a_name_of_its_own() -> None:
    with closing(NamesServer(lambda name: not name.endswith(".part"))) as server:
        url = f"webdav://127.0.0.1:{server.port}/remote.php/dav/files/ada/site"
        with closing(open_drive(url, Login("cloud"))) as drive:
            drive.put("one.html", b"words")
        assert server.files == {"one.html": b"words"}
        assert sum(method == "PUT" for method, _path in server.asked) == 1


class OddServer(FixtureServer):
    """WebDAV that holds files, and answers one method with ``odd``, given the right answer, until that is None."""

    routes = (("PROPFIND MKCOL PUT MOVE DELETE", r"/.*", "anything"),)

    def __init__(self, method: str, odd: Callable[[str], Response]) -> None:
        self.method, self.odd = method, odd
        self.is_odd, self.files = True, {"old.txt": b"former"}
        super().__init__()

    def anything(self, request: Request) -> Response:
        name, body = request.path.removeprefix("/dav").strip("/"), request.get_data()
        if self.is_odd and request.method == self.method:
            return self.odd(self.listed(name) if self.method == "PROPFIND" else "")
        if request.method == "PROPFIND":
            return Response(self.listed(name), 207, mimetype="application/xml")
        if request.method == "PUT":
            self.files[name] = body
        if request.method == "DELETE" and self.files.pop(name, None) is None:
            return Response("", 404)
        if request.method == "MOVE":
            self.files[request.headers["Destination"].partition("/dav/")[2]] = self.files.pop(name)
        return Response("", 201)

    def listed(self, name: str) -> str:
        if name and name not in self.files:
            status = "<d:status>HTTP/1.1 404 Not Found</d:status>"
            return (
                f'<d:multistatus xmlns:d="DAV:"><d:response>{status}</d:response></d:multistatus>'
            )
        size = f"<d:getcontentlength> {len(self.files[name])} </d:getcontentlength>" if name else ""
        return '<?xml version="1.0"?>' + _ROW.format(path=f"/dav/{name}", size=size)


LOCKED = (
    '<d:multistatus xmlns:d="DAV:"><d:response><d:status>HTTP/1.1 423 Locked</d:status></d:response>'
    "</d:multistatus>"
)
OddAnswer = tuple[str, Callable[[str], Response], type[PublishError] | None, str]
# (method, what it is answered, the error, its words); no error: what is odd does not matter.
ODD_ANSWERS: dict[str, OddAnswer] = {
    "a blank line before": ("PROPFIND", lambda right: Response(f"\n \n{right}", 207), None, ""),
    "a notice before": (
        "PROPFIND",
        lambda right: Response(f"<br />Warning: deprecated<br />{right}", 207),
        None,
        "",
    ),
    "cut short": (
        "PROPFIND",
        lambda right: Response(f"Killed {right[:60]}", 207),
        RetryAfter,
        "“Killed",
    ),
    "no WebDAV": ("PROPFIND", lambda _: Response("", 405), PauseTarget, "not as WebDAV"),
    "full while asked": ("PROPFIND", lambda _: Response("", 507), PayloadTooLarge, "no room left"),
    "full while renamed": ("MOVE", lambda _: Response("", 507), PayloadTooLarge, "no room left"),
    "locked within 207": ("MOVE", lambda _: Response(LOCKED, 207), RetryAfter, "busy"),
    "locked while sent": ("PUT", lambda _: Response(LOCKED, 207), RetryAfter, "busy"),
    "207 of nothing known": ("MOVE", lambda _: Response("<d>", 207), RetryAfter, "broke off"),
    "renamed, it says": ("MOVE", lambda _: Response("", 200), RetryAfter, "has lost"),
    "no such folder": ("MOVE", lambda _: Response("", 409), RetryAfter, "made again"),
    "no such address": ("PUT", lambda _: Response("", 404), RetryAfter, "made again"),
    "nothing, as PHP": (
        "DELETE",
        lambda _: Response("", 200, content_type="text/html"),
        None,
        "",
    ),
}


@pytest.mark.parametrize("answer", ODD_ANSWERS)
def test_an_odd_answer_names_its_cause_and_loses_nothing(answer: str) -> None:
    method, odd, error, words = ODD_ANSWERS[answer]
    with closing(OddServer(method, odd)) as server:
        with closing(open_drive(f"webdav://127.0.0.1:{server.port}/dav", Login("stick"))) as drive:

            def send() -> None:
                drive.ready()
                drive.put("a.txt", b"hello")
                drive.remove("old.txt")

            if error is None:
                send()
            else:
                with pytest.raises(error, match=words):
                    send()
            server.is_odd = False
            send()
        assert server.files == {"a.txt": b"hello"}
