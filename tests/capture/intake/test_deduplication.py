"""Ask first: what is here already isn't sent twice, and a hash alone opens nothing."""

from __future__ import annotations

import hashlib
import io
import uuid
from base64 import b64encode
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from tusclient import client as tus_client
from werkzeug.test import TestResponse

from reporter.enums import MediaState
from reporter.media.store import Store
from reporter.models import EventSession, Media, Takeaway
from reporter.moderation.decisions import by_receipt, withdraw
from tests.support.browsers.pages import PHONE
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.submissions import jpeg

V1 = {"Tus-Resumable": "1.0.0"}
OTHER = {**PHONE, "environ_base": {"REMOTE_ADDR": "192.168.4.99"}}
DATA = jpeg(5, 9000)
SHA256 = hashlib.sha256(DATA).hexdigest()

Begin = Callable[..., TestResponse]


@pytest.fixture
def begin(event: EventSession) -> Begin:
    code = event.code

    def create(
        client: FlaskClient,
        *,
        length: int = len(DATA),
        who: dict[str, object] = PHONE,
        **fields: str,
    ) -> TestResponse:
        metadata = {"session": code, "filename": "a.jpg", **fields}
        words = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in metadata.items())
        headers = {**V1, "Upload-Length": str(length), "Upload-Metadata": words}
        return client.post("/uploads", headers=headers, **who)

    return create


def finish(client: FlaskClient, begun: TestResponse, data: bytes = DATA) -> TestResponse:
    headers = {**V1, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    return client.patch(begun.headers["Location"], data=data, headers=headers, **PHONE)


@pytest.fixture
def client_id() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def receipt(client: FlaskClient, event: EventSession, begin: Begin, client_id: str) -> str:
    """Of a photo that a phone with its cookie has sent."""
    client.get(f"/s/{event.code}", **PHONE)
    return str(finish(client, begin(client, client_id=client_id)).headers["Reporter-Receipt"])


def test_the_same_client_id_and_hash_need_no_bytes(
    app: Flask, begin: Begin, session: Session, store: Store, receipt: str, client_id: str
) -> None:
    stranger = app.test_client()
    again = begin(stranger, client_id=client_id, sha256=SHA256.upper(), who=OTHER)
    assert again.status_code == 201
    assert again.headers["Reporter-Receipt"] == receipt
    assert again.headers["Upload-Offset"] == str(len(DATA))
    asked = stranger.head(again.headers["Location"], headers=V1, **OTHER)
    known = (asked.headers["Upload-Offset"], asked.headers["Reporter-Receipt"])
    assert known == (str(len(DATA)), receipt)
    assert list(store.incoming.iterdir()) == []
    assert session.scalar(select(func.count(Takeaway.id))) == 1


def test_the_same_phone_and_hash_need_no_bytes(
    client: FlaskClient, begin: Begin, receipt: str
) -> None:
    again = begin(client, client_id=str(uuid.uuid4()), sha256=SHA256)
    assert again.headers["Reporter-Receipt"] == receipt
    other_words = begin(client, client_id=str(uuid.uuid4()), sha256=SHA256, text="Another thought")
    assert "Reporter-Receipt" not in other_words.headers


@pytest.mark.parametrize("own_id", [True, False])
def test_a_hash_alone_opens_nothing(
    app: Flask, begin: Begin, session: Session, event: EventSession, receipt: str, own_id: bool
) -> None:
    """From the same address, with a cookie of its own or without, with another client id or none."""
    fields = {"client_id": str(uuid.uuid4())} if own_id else {}
    plain, known, forged = app.test_client(), app.test_client(), app.test_client()
    known.get(f"/s/{event.code}", **PHONE)
    forged.set_cookie(
        "device", f"{session.get_one(Takeaway, by_receipt(session, receipt).id).device}.x"
    )
    for thief in (plain, known, forged):
        answer = begin(thief, sha256=SHA256, **fields)
        assert answer.status_code == 201
        assert answer.headers["Upload-Offset"] == "0"
        assert "Reporter-Receipt" not in answer.headers


def test_the_bytes_themselves_give_a_stranger_a_takeaway_of_their_own(
    app: Flask,
    begin: Begin,
    session: Session,
    event: EventSession,
    receipt: str,
    store: Store,
    clock: TurnableClock,
) -> None:
    """An original may stand in a published bundle: whoever has it must not get the right to withdraw."""
    thief = app.test_client()
    thief.get(f"/s/{event.code}", **PHONE)
    own = finish(thief, begin(thief)).headers["Reporter-Receipt"]
    assert own != receipt
    withdraw(session, by_receipt(session, own), actor(clock), store)
    session.expire_all()
    assert by_receipt(session, receipt).attachments[0].media.sha256 == SHA256
    assert [path.read_bytes() for path in store.media.glob("*/*")] == [DATA]


@pytest.mark.parametrize("damage", ["failed", "gone", "length"])
def test_what_is_not_whole_is_sent_again(
    client: FlaskClient,
    begin: Begin,
    session: Session,
    store: Store,
    receipt: str,
    client_id: str,
    damage: str,
) -> None:
    media = session.scalars(select(Media)).one()
    length = len(DATA)
    if damage == "failed":
        media.state = MediaState.FAILED
        session.commit()
    elif damage == "gone":
        store.original(SHA256, ".jpg").unlink()
    else:
        length -= 1
    answer = begin(client, client_id=client_id, sha256=SHA256, length=length)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "0")


def test_a_wrong_hash_is_told_and_nothing_kept(
    client: FlaskClient, begin: Begin, session: Session, store: Store
) -> None:
    assert begin(client, sha256="abc").status_code == 422
    begun = begin(client, sha256=hashlib.sha256(b"another").hexdigest())
    assert finish(client, begun).status_code == 460
    assert client.head(begun.headers["Location"], headers=V1, **PHONE).status_code == 404
    assert list(store.incoming.iterdir()) == []
    assert session.scalar(select(func.count(Takeaway.id))) == 0


def test_a_public_client_takes_the_answer(
    app: Flask, event: EventSession, session: Session, store: Store, client_id: str
) -> None:
    """tuspy knows nothing of the header: its first piece is refused as complete, it asks, and is done."""
    from tests.kiosk.web.test_tus_uploads import serving

    fields = {"session": event.code, "client_id": client_id, "sha256": SHA256}
    with serving(app) as (server, _logged):
        phone = tus_client.TusClient(f"{str(server.base_url).rstrip('/')}/uploads")
        for _ in range(2):
            uploader = phone.uploader(
                file_stream=io.BytesIO(DATA),
                chunk_size=4000,
                metadata=fields,
                retries=2,
                retry_delay=0,
            )
            uploader.upload()
            assert uploader.offset == len(DATA)
    assert session.scalar(select(func.count(Takeaway.id))) == 1
    assert list(store.incoming.iterdir()) == []
