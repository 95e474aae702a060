"""tus and forms over HTTP: the right status in every corner, on real sockets, with a public client."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from tusclient import client as tus_client
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from kiosk.server.http import bind, make_server
from reporter.config import Settings
from reporter.media.store import Store
from reporter.models import EventSession, Takeaway, Upload
from reporter.moderation.decisions import by_receipt
from tests.support.kiosk_process import TurnableClock
from tests.support.media.files import mp4
from tests.support.submissions import jpeg
from tests.support.waiting import until

CLIENT = "6f1c0e62-6c0e-4b69-8a83-0d5d3d0f7c11"
PIECE = {"Content-Type": "application/offset+octet-stream"}
V1 = {"Tus-Resumable": "1.0.0"}


def metadata(**fields: str) -> str:
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in fields.items())


@pytest.fixture
def begin(client: FlaskClient, event: EventSession) -> Callable[..., str]:
    """Begin an upload; gives its address."""
    code = event.code

    def create(length: int, **fields: str) -> str:
        words = metadata(session=code, filename="IMG_1.JPG", **fields)
        headers = {**V1, "Upload-Length": str(length), "Upload-Metadata": words}
        answer = client.post("/uploads", headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    return create


def patch(client: FlaskClient, url: str, offset: int, data: bytes, **headers: str) -> TestResponse:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.patch(
        url, data=data, headers={**V1, **PIECE, "Upload-Offset": str(offset), **headers}
    )


def originals(store: Store) -> list[bytes]:
    return sorted(path.read_bytes() for path in store.media.glob("*/*"))


def leftovers(store: Store) -> list[str]:
    return sorted(path.name for path in store.incoming.iterdir())


def test_the_server_says_what_it_can(client: FlaskClient) -> None:
    for url in ("/uploads", "/uploads/0123"):
        answer = client.options(url)
        assert answer.status_code == 204
        assert answer.headers["Tus-Resumable"] == answer.headers["Tus-Version"] == "1.0.0"
        extensions = set(answer.headers["Tus-Extension"].split(","))
        assert extensions == {
            "creation",
            "creation-with-upload",
            "termination",
            "checksum",
            "expiration",
        }
        assert answer.headers["Tus-Max-Size"] == str(1000 << 20)
        assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")


def test_an_upload_from_first_byte_to_receipt(
    client: FlaskClient, begin: Callable[..., str], session: Session, store: Store
) -> None:
    data = jpeg(1, 150_000)
    url = begin(len(data), text="Wärme", client_id=CLIENT)
    assert urlsplit(url).path.startswith("/uploads/")
    first = patch(client, url, 0, data[:70_000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "70000")
    assert "Reporter-Receipt" not in first.headers
    asked = client.head(url, headers=V1)
    assert asked.status_code == 200
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("70000", "150000")
    assert asked.headers["Cache-Control"] == "no-store"
    assert asked.headers["Upload-Expires"] == "Mon, 16 Mar 2026 14:00:00 GMT"
    pairs = dict(pair.split(" ") for pair in asked.headers["Upload-Metadata"].split(","))
    assert base64.b64decode(pairs["text"]).decode() == "Wärme"
    last = patch(client, url, 70_000, data[70_000:])
    receipt = last.headers["Reporter-Receipt"]
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, "150000")
    assert by_receipt(session, receipt).text == "Wärme"
    assert originals(store) == [data]
    again = client.head(url, headers=V1)
    assert (again.headers["Upload-Offset"], again.headers["Reporter-Receipt"]) == (
        "150000",
        receipt,
    )
    repeated = patch(client, url, 70_000, data[70_000:])
    assert (repeated.status_code, repeated.headers["Reporter-Receipt"]) == (409, receipt)
    assert originals(store) == [data]


def test_creation_with_upload(client: FlaskClient, event: EventSession, store: Store) -> None:
    headers = {**V1, **PIECE, "Upload-Length": "2000"}
    headers["Upload-Metadata"] = metadata(session=event.code)
    half = client.post("/uploads", headers=headers, data=jpeg(1)[:900])
    assert (half.status_code, half.headers["Upload-Offset"]) == (201, "900")
    whole = client.post("/uploads", headers=headers, data=jpeg(2))
    assert (whole.status_code, whole.headers["Upload-Offset"]) == (201, "2000")
    assert whole.headers["Reporter-Receipt"]
    assert originals(store) == [jpeg(2)]
    wrong = client.post("/uploads", headers={**headers, "Content-Type": "image/jpeg"}, data=b"x")
    assert wrong.status_code == 415


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Tus-Resumable": None}, 412),
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Upload-Length": None}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "1e3"}, 400),
        ({"Upload-Length": "٣"}, 400),
        ({"Upload-Length": None, "Upload-Defer-Length": "1"}, 400),
        ({"Upload-Length": str(1000 * (1 << 20) + 1)}, 413),
        ({"Upload-Length": "9" * 30}, 400),
        ({"Upload-Length": "0"}, 422),
        ({"Upload-Metadata": ""}, 422),
        ({"Upload-Metadata": metadata(session="")}, 422),
        ({"Upload-Metadata": metadata(session="000000")}, 404),
        ({"Upload-Metadata": "session !!!"}, 400),
        ({"Upload-Metadata": "session MDA=,session MDA="}, 400),
        ({"Upload-Metadata": "session " + base64.b64encode(b"\xff\xfe").decode()}, 400),
        ({"Upload-Metadata": "text " + "A" * 70_000}, 400),
    ],
)
def test_creation_refuses(
    client: FlaskClient,
    event: EventSession,
    session: Session,
    store: Store,
    changes: dict[str, str | None],
    status: int,
) -> None:
    headers = {**V1, "Upload-Length": "10", "Upload-Metadata": metadata(session=event.code)}
    merged = {name: value for name, value in {**headers, **changes}.items() if value is not None}
    merged = {k: v.encode().decode("latin-1") for k, v in merged.items()}
    answer = client.post("/uploads", headers=merged)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    problem = json.loads(answer.data)
    assert problem["status"] == status
    assert len(problem["detail"]) > 10
    assert answer.headers["Cache-Control"] == "no-store"
    assert (answer.headers.get("Tus-Version") == "1.0.0") == (status == 412)
    assert session.scalar(select(func.count()).select_from(Upload)) == 0
    assert leftovers(store) == []


def test_creation_refuses_a_session_that_is_not_recorded(
    client: FlaskClient, event: EventSession, session: Session
) -> None:
    event.do_not_record = True
    session.commit()
    headers = {**V1, "Upload-Length": "10", "Upload-Metadata": metadata(session=event.code)}
    answer = client.post("/uploads", headers=headers)
    assert answer.status_code == 403
    assert "not to be recorded" in answer.json["detail"]  # type: ignore[index]


def test_a_full_disk_is_507(
    client: FlaskClient, event: EventSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "free_bytes", lambda self: 600 << 20)
    headers = {**V1, "Upload-Metadata": metadata(session=event.code)}
    for length, status in ((200 << 20, 507), (99 << 20, 201)):
        answer = client.post("/uploads", headers={**headers, "Upload-Length": str(length)})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("offset", "headers", "status"),
    [
        ("5", {}, 409),
        ("", {}, 400),
        ("-1", {}, 400),
        ("0", {"Content-Type": "application/octet-stream"}, 415),
        ("0", {"Tus-Resumable": "2.0.0"}, 412),
        ("0", {"Upload-Checksum": "sha1 " + base64.b64encode(b"x" * 20).decode()}, 460),
        ("0", {"Upload-Checksum": "crc32 AAAA"}, 400),
        ("0", {"Upload-Checksum": "sha1 AAAA"}, 400),
        ("0", {"Upload-Checksum": "sha1 %"}, 400),
    ],
)
def test_a_piece_is_refused(
    client: FlaskClient,
    begin: Callable[..., str],
    offset: str,
    headers: dict[str, str],
    status: int,
) -> None:
    url = begin(2000)
    sent = {**V1, **PIECE, "Upload-Offset": offset, **headers}
    answer = client.patch(url, data=jpeg(1)[:100], headers=sent)
    assert (answer.status_code, answer.json["status"]) == (status, status)  # type: ignore[index]
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert client.head(url, headers=V1).headers["Upload-Offset"] == "0"


def test_a_piece_with_the_right_checksum(client: FlaskClient, begin: Callable[..., str]) -> None:
    url = begin(2000)
    digest = base64.b64encode(hashlib.sha1(jpeg(1), usedforsecurity=False).digest()).decode()
    answer = patch(client, url, 0, jpeg(1), Upload_Checksum=f"sha1 {digest}")
    assert (answer.status_code, "Reporter-Receipt" in answer.headers) == (204, True)


def test_more_than_announced_is_413(client: FlaskClient, begin: Callable[..., str]) -> None:
    url = begin(2000)
    assert patch(client, url, 0, jpeg(1) + b"!").status_code == 413
    assert client.head(url, headers=V1).headers["Upload-Offset"] == "0"


def test_what_no_one_can_open_is_415_and_gone(
    client: FlaskClient, begin: Callable[..., str], store: Store
) -> None:
    url = begin(2000)
    answer = patch(client, url, 0, b"MZ" + b"\0" * 1998)
    assert answer.status_code == 415
    assert "IMG_1.JPG" in answer.json["detail"]  # type: ignore[index]
    assert client.head(url, headers=V1).status_code == 404
    assert leftovers(store) == []


def test_unknown_and_expired_uploads(
    client: FlaskClient, begin: Callable[..., str], clock: TurnableClock, app: Flask
) -> None:
    assert client.head("/uploads/" + "0" * 40, headers=V1).status_code == 404
    assert patch(client, "/uploads/" + "0" * 40, 0, b"x").status_code == 404
    assert client.delete("/uploads/..%2Freporter.db", headers=V1).status_code == 404
    url = begin(2000)
    clock.turn(hours=48)
    for answer in (client.head(url, headers=V1), patch(client, url, 0, b"x")):
        assert answer.status_code == 410
    from kiosk.workers import tidy

    with app.app_context():
        tidy(app.extensions["kiosk"])
    assert client.head(url, headers=V1).status_code == 404


def test_terminating(client: FlaskClient, begin: Callable[..., str], store: Store) -> None:
    url = begin(2000)
    assert leftovers(store)
    assert client.delete(url, headers=V1).status_code == 204
    assert client.head(url, headers=V1).status_code == 404
    assert leftovers(store) == []


def test_methods_by_another_name(client: FlaskClient, begin: Callable[..., str]) -> None:
    url = begin(2000)
    headers = {**V1, **PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert client.post(url, data=jpeg(1)[:10], headers=headers).headers["Upload-Offset"] == "10"
    assert client.post(url, headers=V1).status_code == 405
    assert client.get(url, headers=V1).status_code == 405
    deleted = client.post(url, headers={**V1, "X-HTTP-Method-Override": "DELETE"})
    assert deleted.status_code == 204


def test_a_video_that_is_too_long_is_refused_at_the_end(
    app: Flask,
    client: FlaskClient,
    event: EventSession,
    begin: Callable[..., str],
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What can't be looked into in five seconds would pass: on a busy machine that may be this one.
    monkeypatch.setattr("capture.renditions.worker.PROBE_SECONDS", 300.0)
    kiosk = app.extensions["kiosk"]
    limits = dataclasses.replace(kiosk.settings.limits, video_seconds=1)
    kiosk.settings = dataclasses.replace(kiosk.settings, limits=limits)
    data = mp4(8.0).read_bytes()
    url = begin(len(data))
    answers = [patch(client, url, 0, data), send_form(client, event.code, [("a.mp4", data)])]
    for answer in answers:
        assert answer.status_code == 422
        assert "0:08 min" in answer.json["detail"]  # type: ignore[index]
    assert client.head(url, headers=V1).status_code == 404
    short = mp4(1.0).read_bytes()
    assert patch(client, begin(len(short)), 0, short).headers["Reporter-Receipt"]
    assert originals(store) == [short]
    assert leftovers(store) == []


# --- Forms ------------------------------------------------------------------------------------------


def send_form(
    client: FlaskClient, code: str, files: list[tuple[str, bytes]], **form: str
) -> TestResponse:
    parts: dict[str, Any] = {
        **form,
        "file": [FileStorage(io.BytesIO(d), name) for name, d in files],
    }
    boundary, body = encode_multipart(parts)
    return client.post(
        f"/s/{code}/takeaways",
        data=body,
        headers={"Accept": "application/json"},
        content_type=f"multipart/form-data; boundary={boundary}",
    )


def test_a_form_with_two_files_and_an_empty_field(
    client: FlaskClient, event: EventSession, store: Store
) -> None:
    files = [("a.jpg", jpeg(1, 300_000)), ("", b""), ("b.jpg", jpeg(2))]
    answer = send_form(client, event.code, files, text="two #bees", client_id=CLIENT)
    assert answer.status_code == 201, answer.text
    record = answer.json
    assert record is not None
    assert record["text"] == "two #bees"
    hashes = [hashlib.sha256(data).hexdigest() for _, data in (files[0], files[2])]
    assert [media["sha256"] for media in record["media"]] == hashes
    assert originals(store) == sorted([jpeg(1, 300_000), jpeg(2)])
    assert leftovers(store) == []
    again = send_form(client, event.code, files, text="two #bees", client_id=CLIENT)
    assert again.json["receipt"] == record["receipt"]  # type: ignore[index]
    assert leftovers(store) == []


@pytest.mark.parametrize(
    ("files", "form", "status"),
    [
        ([("a.jpg", b"no picture at all")], {}, 415),
        ([("a.jpg", jpeg(1)), ("b.jpg", b"no")], {"text": "x"}, 415),
        ([("a.jpg", jpeg(1))], {"intent": "boast"}, 422),
        ([], {}, 422),
        ([], {"text": "x" * 5001}, 413),
        ([], {"text": "x" * 600_000}, 413),
        ([(f"{n}.jpg", jpeg(n)) for n in range(21)], {}, 413),
    ],
)
def test_a_refused_form_leaves_nothing(
    client: FlaskClient,
    event: EventSession,
    session: Session,
    store: Store,
    files: list[tuple[str, bytes]],
    form: dict[str, str],
    status: int,
) -> None:
    answer = send_form(client, event.code, files, **form)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert session.scalar(select(func.count()).select_from(Takeaway)) == 0
    assert originals(store) == []
    assert leftovers(store) == []


def test_a_garbled_form_is_400(client: FlaskClient, event: EventSession, store: Store) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + jpeg(1)
    answer = client.post(
        f"/s/{event.code}/takeaways", data=body, content_type="multipart/form-data; boundary=b"
    )
    assert answer.status_code == 400
    assert leftovers(store) == []
    assert originals(store) == []


def test_a_full_disk_refuses_a_form(
    client: FlaskClient, event: EventSession, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "free_bytes", lambda self: (500 << 20) + 1000)
    assert send_form(client, event.code, [("a.jpg", jpeg(1))]).status_code == 507
    assert leftovers(store) == []


# --- Real sockets -----------------------------------------------------------------------------------


@contextmanager
def serving(app: Flask, *, silence: float = 10) -> Iterator[tuple[httpx.Client, list[str]]]:
    """A client of the application behind the real server, and what that server logs."""
    logged: list[str] = []
    server = make_server(app, bind("127.0.0.1", 0))
    server.timeout = silence
    monitor: Any = server
    monitor.error_log = lambda msg="", **_more: logged.append(msg)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.bind_addr[1]}"
        # A connection each: the server hangs up on one that has been silent, at times just as it is used again.
        alone = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=url, verify=False, timeout=120, limits=alone) as client:
            yield client, logged
    finally:
        server.stop()
        thread.join(120)


@pytest.fixture
def server(app: Flask) -> Iterator[httpx.Client]:
    """A client of the application behind the real server."""
    with serving(app) as (client, _logged):
        yield client


class Raw:
    """A client that does with its connection what it wants."""

    def __init__(self, server: httpx.Client) -> None:
        url = server.base_url
        self.host = url.netloc.decode()
        self.socket = socket.create_connection((url.host, url.port), timeout=20)

    def head(self, line: str, **headers: str) -> None:
        lines = [f"{line} HTTP/1.1", f"Host: {self.host}", "Tus-Resumable: 1.0.0"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def patch(self, url: str, offset: int, length: int) -> None:
        self.head(
            f"PATCH {url}",
            Content_Type=PIECE["Content-Type"],
            Upload_Offset=str(offset),
            Content_Length=str(length),
        )

    def status(self) -> int:
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            data += self.socket.recv(1)
        return int(data.split()[1])

    def reset(self) -> None:
        """Close as a phone that vanished: no farewell, but RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def begin_at(server: httpx.Client, code: str, length: int, **fields: str) -> str:
    headers = {**V1, "Upload-Length": str(length)}
    headers["Upload-Metadata"] = metadata(session=code, **fields)
    answer = server.post("/uploads", headers=headers)
    assert answer.status_code == 201
    return answer.headers["Location"]


def finish_at(server: httpx.Client, url: str, data: bytes) -> str:
    """Ask and go on from there, as a client does; gives the receipt."""
    asked = server.head(url, headers=V1)
    offset = int(asked.headers["Upload-Offset"])
    headers = {**V1, **PIECE, "Upload-Offset": str(offset)}
    answer = server.patch(url, headers=headers, content=data[offset:])
    assert answer.status_code == 204, answer.text
    return str(answer.headers["Reporter-Receipt"])


def insist_at(server: httpx.Client, url: str, data: bytes) -> str:
    """The same while older requests may still come in: where the kiosk knows better, ask again."""
    while True:
        asked = server.head(url, headers=V1).headers
        if receipt := asked.get("Reporter-Receipt"):
            return str(receipt)
        headers = {**V1, **PIECE, "Upload-Offset": asked["Upload-Offset"]}
        rest = data[int(asked["Upload-Offset"]) :]
        answer = server.patch(url, headers=headers, content=rest)
        if answer.status_code != 409:
            assert answer.status_code == 204, answer.text
            return str(answer.headers["Reporter-Receipt"])


def part_size(store: Store, url: str) -> int:
    return (store.incoming / f"{url.rsplit('/', 1)[1]}.part").stat().st_size


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_that_breaks_keeps_its_bytes(
    server: httpx.Client, event: EventSession, store: Store, how: str
) -> None:
    data = jpeg(1, 400_000)
    url = begin_at(server, event.code, len(data))
    raw = Raw(server)
    raw.patch(url, 0, len(data))
    raw.socket.sendall(data[:200_000])
    if how == "close":
        raw.socket.close()
        until(lambda: part_size(store, url) == 200_000)
    else:
        until(lambda: part_size(store, url) == 200_000)
        raw.reset()
    asked = server.head(url, headers=V1)
    assert int(asked.headers["Upload-Offset"]) == 200_000
    assert finish_at(server, url, data)
    assert originals(store) == [data]


def test_silence_ends_a_request_without_ado(app: Flask, event: EventSession, store: Store) -> None:
    data = jpeg(1, 400_000)
    with serving(app, silence=1.5) as (server, logged):
        url = begin_at(server, event.code, len(data))
        raw = Raw(server)
        raw.patch(url, 0, len(data))
        raw.socket.sendall(data[:200_000])
        assert raw.status() == 409
        assert raw.socket.recv(100_000)
        assert raw.socket.recv(1) == b"", "the connection is closed: what comes now is no request"
        raw.socket.close()
        assert part_size(store, url) == 200_000, "whatever came is on the disk"
        assert finish_at(server, url, data)
    assert originals(store) == [data]
    assert logged == []


@pytest.mark.parametrize("finished", [False, True])
def test_a_silent_phone_that_wakes_changes_no_byte(
    server: httpx.Client, event: EventSession, store: Store, finished: bool
) -> None:
    data = jpeg(1, 300_000)
    url = begin_at(server, event.code, len(data))
    raw = Raw(server)
    raw.patch(url, 0, len(data))
    raw.socket.sendall(data[: 65536 + 100])
    until(lambda: part_size(store, url) == 65636)
    if finished:
        assert finish_at(server, url, data)
    else:
        headers = {**V1, **PIECE, "Upload-Offset": "65636"}
        assert server.patch(url, headers=headers, content=data[65636:200_000]).is_success
    raw.socket.sendall(b"\xff" * (len(data) - 65636))
    assert raw.status() == 409
    raw.socket.close()
    if not finished:
        assert finish_at(server, url, data)
    assert originals(store) == [data]
    assert leftovers(store) == []


def test_chunked_pieces(server: httpx.Client, event: EventSession, store: Store) -> None:
    data = jpeg(1, 200_000)
    url = begin_at(server, event.code, len(data))
    headers = {**V1, **PIECE, "Upload-Offset": "0"}
    pieces = iter([data[:10], data[10:150_000], data[150_000:]])
    answer = server.patch(url, headers=headers, content=pieces)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "200000")
    assert originals(store) == [data]


def test_a_refused_body_is_read_and_the_connection_lives(
    server: httpx.Client, event: EventSession, store: Store
) -> None:
    data = jpeg(1, 3_000_000)
    url = begin_at(server, event.code, len(data))
    headers = {**V1, **PIECE}
    refused = server.patch(url, headers={**headers, "Upload-Offset": "5"}, content=data)
    assert refused.status_code == 409
    assert "Connection" not in refused.headers
    taken = server.patch(url, headers={**headers, "Upload-Offset": "0"}, content=data)
    assert taken.status_code == 204
    assert originals(store) == [data]


def test_a_form_over_the_limit_gets_its_413(
    gathering: Settings, server: httpx.Client, app: Flask, event: EventSession, store: Store
) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1 << 20
    answer = server.post(
        f"/s/{event.code}/takeaways",
        files={"file": ("a.jpg", jpeg(1, 5 << 20))},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 413
    assert answer.json()["detail"]
    assert leftovers(store) == []


def test_a_form_that_breaks_off_leaves_nothing(
    server: httpx.Client, event: EventSession, session: Session, store: Store
) -> None:
    raw = Raw(server)
    raw.head(
        f"POST /s/{event.code}/takeaways",
        Content_Length="500000",
        Content_Type="multipart/form-data; boundary=b",
    )
    raw.socket.sendall(
        b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nhello\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    )
    raw.socket.sendall(jpeg(1, 200_000))
    until(lambda: leftovers(store) != [])
    raw.socket.close()
    until(lambda: leftovers(store) == [])
    assert session.scalar(select(func.count()).select_from(Takeaway)) == 0
    assert originals(store) == []


def test_tuspy_uploads_in_pieces_and_resumes(
    server: httpx.Client, event: EventSession, session: Session, store: Store
) -> None:
    data = jpeg(1, 500_000)
    phone = tus_client.TusClient(f"{server.base_url}/uploads".replace("//uploads", "/uploads"))
    fields = {"session": event.code, "filename": "photo.jpg", "text": "by tuspy"}
    uploader = phone.uploader(
        file_stream=io.BytesIO(data), chunk_size=120_000, metadata=fields, upload_checksum=True
    )
    uploader.upload_chunk()
    uploader.upload_chunk()
    resumed = phone.uploader(file_stream=io.BytesIO(data), chunk_size=120_000, url=uploader.url)
    assert resumed.offset == 240_000
    resumed.upload()
    last: Any = resumed.request
    assert by_receipt(session, last.response_headers["reporter-receipt"]).text == "by tuspy"
    assert originals(store) == [data]


def test_many_phones_with_bad_luck_lose_nothing(
    server: httpx.Client, event: EventSession, session: Session, store: Store
) -> None:
    """Sixteen phones at once whose connections break at random places, some taking over from themselves."""
    files = {n: jpeg(n, 100_000 + 17_000 * n) for n in range(16)}
    receipts: dict[int, str] = {}
    code = event.code

    def phone(n: int) -> None:
        luck, data = random.Random(n), files[n]
        url = begin_at(server, code, len(data))
        silent = []
        for _ in range(luck.randrange(1, 5)):
            offset = int(server.head(url, headers=V1).headers["Upload-Offset"])
            raw = Raw(server)
            raw.patch(url, offset, len(data) - offset)
            raw.socket.sendall(data[offset : offset + luck.randrange(90_000)])
            ending = luck.choice(["close", "reset", "silence"])
            if ending == "close":
                raw.socket.close()
            elif ending == "reset":
                raw.reset()
            else:
                silent.append(raw)
        receipts[n] = insist_at(server, url, data)
        for raw in silent:
            raw.reset()

    threads = [threading.Thread(target=phone, args=(n,)) for n in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(receipts.values())) == 16
    for n, receipt in receipts.items():
        (attachment,) = by_receipt(session, receipt).attachments
        assert attachment.media.sha256 == hashlib.sha256(files[n]).hexdigest()
    assert originals(store) == sorted(files.values())
    assert leftovers(store) == []
