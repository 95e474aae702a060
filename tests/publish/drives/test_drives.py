"""Folders at real servers (OpenSSH, Apache's WebDAV, rclone's sloppy one, an S3 stand-in) and on real disks."""

from __future__ import annotations

import errno
import gc
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from publish.drives import Login, open_drive
from publish.drives.base import Drive
from publish.drives.disk import DiskDrive
from publish.errors import (
    AuthRefused,
    Offline,
    PauseTarget,
    PayloadTooLarge,
    PublishError,
    RetryAfter,
)
from publish.status import target_registry
from reporter import secret_store
from reporter.enums import Kind
from reporter.moderation import decisions
from tests.support.proxies.cutting import cut_proxy
from tests.support.publish.fakes import FaultProxy, Kit, site_files
from tests.support.publish.rounds import publish
from tests.support.servers.script import ScriptServer, script_server

SERVERS = ("sftp", "webdav", "rclone")


@dataclass
class Place:
    """A folder at a real server: how it is reached, and where its files lie on this machine."""

    kind: str
    server: ScriptServer
    folder: Path
    login: dict[str, str] = field(default_factory=dict)

    def url(self, port: int = 0) -> str:
        """Its address, perhaps by way of a proxy."""
        host = f"127.0.0.1:{port or self.server.port}"
        return (
            f"sftp://{host}{self.folder}"
            if self.kind == "sftp"
            else f"webdav://{host}/{self.folder.name}"
        )

    def drive(self, port: int = 0, **login: str) -> Drive:
        """A new connection."""
        values = {**self.login, **login}
        names = ("user", "password", "key")
        user, password, key = (values.get(name, "") for name in names)
        return open_drive(self.url(port), Login("stick", user, password, key))

    def names(self) -> list[str]:
        """What lies there, temporary files too."""
        return sorted(
            p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*") if p.is_file()
        )


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Place:
    kind = str(request.param)
    server = script_server(kind, request)
    folder = Path(server.details["FOLDER"]) / f"f{random.SystemRandom().getrandbits(40):x}"
    login = {"user": server.details["USER"]}
    login |= (
        {"key": server.details["KEY"]}
        if kind == "sftp"
        else {"password": server.details["PASSWORD"]}
    )
    return Place(kind, server, folder, login)


def add(kit: Kit, place: Place, port: int = 0, **more: str) -> None:
    login = dict(place.login)
    if password := login.pop("password", ""):
        secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("stick"), password)
    given = {"url": place.url(port), **login, **more}
    target_registry.add_target(kit.session, "folder", "stick", given, now=kit.clock(), rng=kit.rng)


def write_one(place: Place, port: int = 0, login: dict[str, str] | None = None) -> None:
    """Connect, write a page, hang up."""
    with closing(place.drive(port, **(login or {}))) as drive:
        drive.ready()
        drive.put("one.html", b"words")


@contextmanager
def portal() -> Iterator[int]:
    """A Wi-Fi that answers everything with its sign-in page; its port."""

    class Handler(BaseHTTPRequestHandler):
        def _page(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            page = b"<!doctype html><title>Welcome to Cafe Wi-Fi</title>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        do_PROPFIND = do_PUT = do_MKCOL = do_MOVE = _page

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def film(kit: Kit, size: int) -> bytes:
    """A video of so many bytes in a session of its own."""
    data = random.Random(size).randbytes(size)
    row = kit.takeaway(kit.event("The long one"), "A walk", kind=Kind.VIDEO.value)
    kit.attach(
        row,
        b"mov",
        kind=Kind.VIDEO,
        renditions={"play": data},
        types={"play": ("video/mp4", ".mp4")},
    )
    return data


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_a_round_an_edit_and_a_takedown(place: Place, kit: Kit) -> None:
    photo = kit.photo(kit.event(), 1, "Frost")
    add(kit, place)
    assert "can be written to" in target_registry.test_target(kit.session, kit.context, "stick")
    assert place.names() == []
    assert {row["state"] for row in publish(kit.session, kit.context)} == {"sent"}
    story, media = kit.deliveries("story")[0].key, kit.deliveries("media")[0].key
    there = site_files(story, media)
    assert place.names() == there
    assert "Frost" in (place.folder / f"{story}.html").read_text()
    decisions.change(kit.session, photo, kit.actor, {"caption": "Hoar frost"})
    publish(kit.session, kit.context)
    assert "Hoar frost" in (place.folder / f"{story}.html").read_text()
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    publish(kit.session, kit.context)
    assert place.names() == [
        "feed.json",
        "feed.xml",
        "index.html",
        "search/search.js",
        "search/words.js",
        "style/site.css",
        "style/tokens.css",
    ]


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_connection_lost_half_way_leaves_no_half_file(
    place: Place, kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    data = film(kit, 1_500_000)
    with cut_proxy(place.server.port) as proxy:
        add(kit, place, proxy.port)
        proxy.left = 700_000
        rows = publish(kit.session, kit.context)
        assert proxy.cuts
        assert next(row["state"] for row in rows if row["kind"] == "media") == "due"
        assert [name for name in place.names() if not name.endswith(".part")] == []
        proxy.left = None
        kit.clock.forward(minutes=10)
        assert {row["state"] for row in publish(kit.session, kit.context)} == {"sent"}
        # Where it can go on from what lies there, nearly nothing goes twice.
        assert place.kind != "sftp" or proxy.sent < 1.2 * len(data)
    [name] = [name for name in place.names() if name.endswith(".mp4")]
    assert (place.folder / name).read_bytes() == data
    gc.collect()
    assert "never retrieved" not in caplog.text
    assert [name for name in place.names() if name.endswith(".part")] == []


@pytest.mark.parametrize("place", ["webdav"], indirect=True)
def test_sign_in_page_instead_of_a_new_folder_is_no_folder(place: Place) -> None:
    with closing(FaultProxy(place.server.port)) as proxy:
        pages = iter(["portal"])
        proxy.fault = lambda method, path: next(pages, None) if method == "MKCOL" else None
        with pytest.raises(Offline, match="sign in"):
            write_one(place, int(proxy.url.rpartition(":")[2]))
        write_one(place, int(proxy.url.rpartition(":")[2]))
    assert place.names() == ["one.html"]


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_machines_that_write_the_same_file_do_not_mix(place: Place) -> None:
    bodies = [bytes([number]) * 300_000 for number in range(4)]
    errors: list[PublishError] = []

    def write(number: int) -> None:
        drive = place.drive()
        drive.mark = f"m{number}"
        try:
            drive.ready()
            for _ in range(3):
                drive.put("pages/one.html", bodies[number])
        except PublishError as error:
            errors.append(error)
        finally:
            drive.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [repr(e) for e in errors if not isinstance(e, RetryAfter | Offline)] == []
    assert len(errors) < 4
    assert place.names() == ["pages/one.html"] or errors
    assert (place.folder / "pages/one.html").read_bytes() in bodies


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_reads_lists_and_removes(place: Place) -> None:
    drive = place.drive()
    drive.read_back = True
    drive.ready()
    assert drive.names("media") == []
    assert drive.size("media/a b&ü.txt") is None
    drive.put("media/a b&ü.txt", b"words")
    assert drive.names("media") == ["a b&ü.txt"]
    assert drive.size("media/a b&ü.txt") == 5
    assert b"".join(drive.read("media/a b&ü.txt")) == b"words"
    drive.forget("media/a b&ü.txt")
    drive.forget("media/a b&ü.txt")
    assert drive.size("media/a b&ü.txt") is None
    drive.close()


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_wrong_password_or_key_pauses(place: Place, tmp_path: Path) -> None:
    wrong = {"password": "wrong"}
    if place.kind == "sftp":
        key = tmp_path / "id"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        wrong = {"key": str(key)}
    with pytest.raises(AuthRefused, match="refused"):
        write_one(place, login=wrong)


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_server_that_is_down_is_offline(place: Place) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(cut_proxy(place.server.port))
        port = proxy.port
    with pytest.raises(Offline):
        write_one(place, port)


@pytest.mark.parametrize("place", ["sftp"], indirect=True)
def test_another_server_key_is_refused(place: Place, secrets_file: Path) -> None:
    place.drive().close()
    known = secrets_file.with_name("known_hosts")
    assert known.read_text().startswith(f"[127.0.0.1]:{place.server.port} ssh-ed25519 ")
    place.drive().close()
    assert len(known.read_text().splitlines()) == 1
    place.server.stop()
    place.server.start(HOST_KEY="other")
    try:
        with pytest.raises(PauseTarget, match="different key"):
            place.drive()
    finally:
        place.server.stop()
        place.server.start(HOST_KEY="host")


@pytest.mark.parametrize("place", ["webdav"], indirect=True)
def test_sign_in_page_instead_of_webdav_is_offline(place: Place) -> None:
    with portal() as port, pytest.raises(Offline, match="Wi-Fi"):
        write_one(place, port)


# --- Disks ---------------------------------------------------------------------------------------------


def test_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    drive = DiskDrive(str(tmp_path / "site"), "stick")
    drive.ready()
    drive.put("index.html", b"before")
    # What is written there is answered with "no space left on device" by the kernel.
    (tmp_path / "site" / drive.part_of("index.html")).symlink_to("/dev/full")
    with pytest.raises(PayloadTooLarge, match="no room left"):
        drive.put("index.html", b"after")
    assert (tmp_path / "site" / "index.html").read_bytes() == b"before"
    assert [p.name for p in (tmp_path / "site").iterdir()] == ["index.html"]


def test_file_that_can_not_fit_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = DiskDrive(str(tmp_path / "site"), "stick")
    drive.ready()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(PayloadTooLarge):
        drive.put("media/one.mp4", b"x" * 2000)
    assert [p for p in (tmp_path / "site").rglob("*") if p.is_file()] == []


def test_stick_pulled_out_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drive = DiskDrive(str(tmp_path / "site"), "stick")
    drive.ready()

    def pulled(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", pulled)
        with pytest.raises(Offline, match="stick"):
            drive.put("index.html", b"words")
    assert drive.size("index.html") is None
    drive.put("index.html", b"words")
    assert (tmp_path / "site" / "index.html").read_bytes() == b"words"


def test_damaged_file_on_a_stick_is_copied_again(kit: Kit, tmp_path: Path) -> None:
    """As after a stick that was pulled out: the name is there, the bytes are not. Found when it is added again."""
    kit.photo(kit.event(), 1, "Frost")
    given = {"url": str(tmp_path / "site")}
    target_registry.add_target(kit.session, "folder", "stick", given, now=kit.clock(), rng=kit.rng)
    publish(kit.session, kit.context)
    [media] = (tmp_path / "site" / "media").iterdir()
    whole = media.read_bytes()
    media.write_bytes(whole[:500] + bytes(len(whole) - 500))
    target_registry.remove_target(kit.session, kit.facts, "stick", now=kit.context.clock())
    target_registry.add_target(kit.session, "folder", "again", given, now=kit.clock(), rng=kit.rng)
    publish(kit.session, kit.context)
    assert media.read_bytes() == whole


# --- S3 --------------------------------------------------------------------------------------------------


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(PauseTarget, match=r"pip install 'social-reporter\[s3\]'"):
        open_drive("s3://bucket/site", Login("cloud"))
    monkeypatch.setitem(sys.modules, "publish.drives.sftp", None)
    with pytest.raises(PauseTarget, match=r"pip install 'social-reporter\[sftp\]'"):
        open_drive("sftp://host/site", Login("server"))
    with pytest.raises(PauseTarget, match="webdavs://"):
        open_drive("https://example.org/dav", Login("cloud"))


def test_s3_round(kit: Kit) -> None:
    for name in ("s3fs", "moto"):
        pytest.importorskip(name, reason="on demand: pip install s3fs 'moto[server,s3]'")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        keys = {
            "aws_access_key_id": "kit",
            "aws_secret_access_key": "kit-secret",
            "region_name": "us-east-1",
        }
        client = pytest.importorskip("boto3").client("s3", endpoint_url=endpoint, **keys)
        client.create_bucket(Bucket="gathering")
        photo = kit.photo(kit.event(), 1, "Frost")
        secret_store.set_secret(
            str(kit.facts.id), target_registry.secret_name("cloud"), "kit-secret"
        )
        given = {"url": "s3://gathering/site", "user": "kit", "endpoint": endpoint}
        target_registry.add_target(
            kit.session, "folder", "cloud", given, now=kit.clock(), rng=kit.rng
        )
        assert {row["state"] for row in publish(kit.session, kit.context)} == {"sent"}
        story, media = kit.deliveries("story")[0].key, kit.deliveries("media")[0].key

        def names() -> list[str]:
            rows = client.list_objects_v2(Bucket="gathering").get("Contents", [])
            return sorted(row["Key"] for row in rows)

        assert f"site/media/{media}.jpg" in names()
        page = client.get_object(Bucket="gathering", Key=f"site/{story}.html")
        assert page["ContentType"] == "text/html"
        assert b"Frost" in page["Body"].read()
        decisions.withdraw(kit.session, photo, kit.actor, kit.store)
        publish(kit.session, kit.context)
        assert names() == [
            "site/feed.json",
            "site/feed.xml",
            "site/index.html",
            "site/search/search.js",
            "site/search/words.js",
            "site/style/site.css",
            "site/style/tokens.css",
        ]
    finally:
        server.stop()
