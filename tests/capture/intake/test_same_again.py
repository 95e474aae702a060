"""The same again, in every way in which something comes: docs/same-again.md, row by row.

Whatever a phone is told is safe has a row, its words, its bytes and its own receipt.
"""

from __future__ import annotations

import hashlib
import random
import re
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from capture.cards.importer import Importer, begin_import
from capture.cards.shot_intake import ImportContext
from capture.decoding.process_pool import DecoderPool
from kiosk.privacy.erasure import erase
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.merging import merge_in
from reporter.config import LimitSettings, Settings
from reporter.gathering.folder import open_session
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import EventSession, Takeaway, Upload
from reporter.models.camera import Cut, Shot
from reporter.moderation.decisions import by_receipt, hide, withdraw
from tests.support.browsers.pages import PHONE
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.servers.on_postgresql import copy_gathering

ROOT = Path(__file__).parents[3]
V1 = {"Tus-Resumable": "1.0.0"}
FIRST, SECOND = (str(uuid.UUID(int=number, version=4)) for number in (1, 2))


def photo(seed: int) -> bytes:
    buffer = BytesIO()
    pixels = random.Random(seed).randbytes(40 * 30 * 3)
    Image.frombytes("RGB", (40, 30), pixels).save(buffer, "JPEG")
    return buffer.getvalue()


@dataclass(frozen=True)
class Sent:
    """What somebody sends, and by which of two phones (``who``: cookie 'a' or 'b', '' for a phone without one)."""

    words: str = "bees"
    picture: int = 1
    client_id: str = FIRST
    who: str = "a"
    session: int = 0
    audience: str = ""
    author: str = ""

    def fields(self) -> dict[str, str]:
        values = {
            "text": self.words,
            "client_id": self.client_id,
            "audience": self.audience,
            "author": self.author,
        }
        return {name: value for name, value in values.items() if value}


@dataclass
class World:
    """A gathering with two sessions, and its phones."""

    app: Flask
    settings: Settings
    session: Session
    store: Store
    clock: TurnableClock
    events: list[EventSession]
    phones: dict[str, FlaskClient] = field(default_factory=dict)

    def phone(self, who: str) -> FlaskClient:
        """The phone's browser; with a name it has opened the page, and so has its cookie."""
        if who not in self.phones:
            self.phones[who] = self.app.test_client()
            if who:
                self.phones[who].get(f"/s/{self.events[0].code}", **PHONE)
        return self.phones[who]


# How it comes: returns the receipt, or the status of a refusal.
Way = Callable[[World, Sent], str | int]


def by_form(world: World, sent: Sent) -> str | int:
    """Words alone, as a page without scripts sends them."""
    where = f"/s/{world.events[sent.session].code}/takeaways"
    answer = world.phone(sent.who).post(where, data=sent.fields(), **PHONE)
    if answer.status_code != 303:
        return answer.status_code
    return re.sub(r".*/t/(\w+).*", r"\1", answer.headers["Location"])


def by_multipart(world: World, sent: Sent) -> str | int:
    where = f"/s/{world.events[sent.session].code}/takeaways"
    data: dict[str, Any] = {**sent.fields(), "file": (BytesIO(photo(sent.picture)), "a.jpg")}
    answer = world.phone(sent.who).post(where, data=data, **PHONE)
    if answer.status_code != 303:
        return answer.status_code
    return re.sub(r".*/t/(\w+).*", r"\1", answer.headers["Location"])


def by_json(world: World, sent: Sent) -> str | int:
    """The same form from a program, which asks for a record."""
    where = f"/s/{world.events[sent.session].code}/takeaways"
    data: dict[str, Any] = {**sent.fields(), "file": (BytesIO(photo(sent.picture)), "a.jpg")}
    headers = {"Accept": "application/json"}
    answer = world.phone(sent.who).post(where, data=data, headers=headers, **PHONE)
    return str(answer.get_json()["receipt"]) if answer.status_code == 201 else answer.status_code


def by_tus(world: World, sent: Sent, *, name_hash: bool = False) -> str | int:
    data = photo(sent.picture)
    metadata = {"session": world.events[sent.session].code, "filename": "a.jpg", **sent.fields()}
    if name_hash:
        metadata["sha256"] = hashlib.sha256(data).hexdigest()
    words = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in metadata.items())
    headers = {**V1, "Upload-Length": str(len(data)), "Upload-Metadata": words}
    phone = world.phone(sent.who)
    begun = phone.post("/uploads", headers=headers, **PHONE)
    if begun.status_code != 201:
        return begun.status_code
    if receipt := begun.headers.get("Reporter-Receipt"):
        return receipt
    piece = {**V1, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    done = phone.patch(begun.headers["Location"], data=data, headers=piece, **PHONE)
    return done.headers["Reporter-Receipt"] if done.status_code == 204 else done.status_code


def by_tus_with_hash(world: World, sent: Sent) -> str | int:
    """A phone that asks first."""
    return by_tus(world, sent, name_hash=True)


WAYS: dict[str, Way] = {
    "form": by_form,
    "multipart": by_multipart,
    "json": by_json,
    "tus": by_tus,
    "tus-hash": by_tus_with_hash,
}
WITH_BYTES = frozenset(WAYS) - {"form"}


@dataclass(frozen=True)
class Row:
    """A row of the table: what is sent first, what happens then, what is sent again, and what comes of it."""

    name: str
    again: Sent
    # 'same': the first receipt; 'own': another one; a number: the refusal.
    result: str | int
    between: str = ""
    first: Sent = Sent()
    ways: frozenset[str] = frozenset(WAYS)


# Words alone are told apart by their client id only.
NEW = replace(Sent(), client_id="")
TABLE = (
    Row("a retry", Sent(), "same"),
    Row("a retry without the cookie", Sent(who=""), "same"),
    Row("a retry without words", Sent(words=""), "same", ways=WITH_BYTES),
    Row(
        "a retry with words for the first time",
        Sent(),
        "same",
        first=Sent(words=""),
        ways=WITH_BYTES,
    ),
    Row("the same id with other words", Sent(words="wasps"), "same"),
    Row("the same id with another picture", Sent(picture=2), "same", ways=WITH_BYTES),
    Row("the same id for fewer people", Sent(audience="room"), "same"),
    Row(
        "the same id by another author",
        Sent(words="x", author="Ben"),
        "own",
        first=Sent(author="Ada"),
    ),
    Row("the same id from another phone", Sent(who="b"), "own"),
    Row("the same id from another phone, other words", Sent(who="b", words="wasps"), "own"),
    Row("the same id without a cookie, other words", Sent(who="", words="wasps"), "own"),
    Row("the same id for another session", Sent(session=1, words="wasps"), "own"),
    Row("a retry after an organizer moved it", Sent(), "same", between="move"),
    Row(
        "another picture after an organizer moved it",
        Sent(picture=2),
        "same",
        between="move",
        ways=WITH_BYTES,
    ),
    Row("other words after an organizer moved it", Sent(words="wasps"), "same", between="move"),
    Row("a retry after the words were changed", Sent(), "same", between="change"),
    Row("a retry after it was hidden", Sent(), "same", between="hide"),
    Row("a retry after it was withdrawn", Sent(), 410, between="withdraw"),
    Row(
        "another picture after it was withdrawn",
        Sent(picture=2),
        410,
        between="withdraw",
        ways=WITH_BYTES,
    ),
    Row("a retry after it was erased", Sent(), 410, between="erase"),
    Row("a retry at a kiosk that it was merged into", Sent(), "same", between="merge"),
    Row(
        "other words at a kiosk that it was merged into",
        Sent(words="wasps"),
        "own",
        between="merge",
    ),
    Row("the same bytes from the same phone", NEW, "same", ways=WITH_BYTES),
    Row("the same bytes under a new id", Sent(client_id=SECOND), "same", ways=WITH_BYTES),
    Row("the same bytes with other words", replace(NEW, words="wasps"), "own"),
    Row("the same bytes for fewer people", replace(NEW, audience="room"), "own", ways=WITH_BYTES),
    Row("the same bytes from another phone", replace(NEW, who="b"), "own"),
    Row("the same bytes without a cookie", replace(NEW, who=""), "own"),
    Row("the same bytes for another session", replace(NEW, session=1), "own"),
    Row(
        "the same bytes after it was hidden, from another phone",
        replace(NEW, who="b"),
        "own",
        between="hide",
    ),
    Row("the same bytes after it was withdrawn", Sent(client_id=SECOND), "own", between="withdraw"),
    Row("the same bytes after it was withdrawn, without an id", NEW, "own", between="withdraw"),
    Row(
        "the same bytes after it was withdrawn, from another phone",
        replace(NEW, who="b", words="wasps"),
        "own",
        between="withdraw",
    ),
    Row("the same bytes after it was erased", Sent(client_id=SECOND), "own", between="erase"),
    Row(
        "the same bytes at a kiosk that it was merged into",
        replace(NEW, words="wasps"),
        "own",
        between="merge",
    ),
)


@pytest.fixture
def world(
    app: Flask,
    gathering: Settings,
    session: Session,
    store: Store,
    clock: TurnableClock,
    event: EventSession,
    rng: random.Random,
) -> World:
    other = add_session(session, "Wasps in autumn", now=clock(), rng=rng)
    return World(app, gathering, session, store, clock, [event, other])


def happen(world: World, what: str, receipt: str) -> None:
    """What an organizer, the contributor or another kiosk does in between."""
    from reporter.moderation.decisions import change, change_own

    session = world.session
    session.rollback()
    takeaway = by_receipt(session, receipt)
    if what == "hide":
        hide(session, takeaway, actor(world.clock))
    elif what == "withdraw":
        withdraw(session, takeaway, actor(world.clock), world.store)
    elif what == "erase":
        session.rollback()
        with world.app.app_context():
            assert erase(current_kiosk(), [by_receipt(db.session(), receipt)], who="desk").clean
    elif what == "move":
        change(session, takeaway, actor(world.clock), {"session_code": world.events[1].code})
    elif what == "change":
        change_own(session, takeaway, actor(world.clock), {"text": "honey"})
    elif what == "merge":
        merge_away(world, takeaway)
    session.rollback()


def merge_away(world: World, takeaway: Takeaway) -> None:
    """It was sent to another kiosk of the gathering, which was merged in."""
    other = world.settings.folder.parent / "other"
    receipt, words = takeaway.receipt, takeaway.text
    world.session.rollback()
    copy_gathering(world.settings.folder, other)
    world.session.execute(delete(Upload))
    world.session.delete(by_receipt(world.session, receipt))
    world.session.commit()
    with world.app.app_context():
        merge_in(current_kiosk(), other)
    world.session.expire_all()
    assert by_receipt(world.session, receipt).text == words


def check_kept(world: World, receipt: str, sent: Sent, *, files: bool) -> None:
    """What was thanked for is there: a row that is not withdrawn, the words, the bytes."""
    world.session.rollback()
    row = by_receipt(world.session, receipt)
    assert row.state != "withdrawn"
    assert sent.words in row.text or row.text == "honey"
    if sent.audience:
        assert row.audience == sent.audience
    if not files:
        return
    hashes = {attachment.media.sha256 for attachment in row.attachments}
    digest = hashlib.sha256(photo(sent.picture)).hexdigest()
    assert digest in hashes
    assert world.store.original(digest, ".jpg").read_bytes() == photo(sent.picture)


@pytest.mark.parametrize(
    ("row", "way"),
    [pytest.param(row, way, id=f"{row.name}-{way}") for row in TABLE for way in sorted(row.ways)],
)
def test_the_same_again(world: World, row: Row, way: str) -> None:
    send, files = WAYS[way], way != "form"
    first = send(world, row.first)
    assert isinstance(first, str)
    happen(world, row.between, first)
    again = send(world, row.again)
    if isinstance(row.result, int):
        assert again == row.result
        assert by_receipt(world.session, first).state == "withdrawn"
        assert list(world.store.incoming.iterdir()) == []
        return
    assert isinstance(again, str), f"refused with {again}"
    assert (again == first) is (row.result == "same")
    check_kept(world, again, row.again, files=files)
    if row.between not in ("withdraw", "erase"):
        check_kept(world, first, row.first if row.between != "change" else row.again, files=files)
    # Its answer was lost, and the phone's queue tries once more.
    if row.again.client_id or (files and row.again.who):
        assert send(world, row.again) == again
    wanted = 1 if row.result == "same" else 2
    assert world.session.scalar(select(func.count()).select_from(Takeaway)) == wanted
    assert list(world.store.incoming.iterdir()) == []


def test_every_row_stands_in_the_documentation() -> None:
    page = (ROOT / "docs" / "same-again.md").read_text(encoding="utf-8")
    results = {"same": "the first receipt", "own": "a takeaway of its own", 410: "refused (410)"}
    for row in TABLE:
        line = f"| {row.name} | {results[row.result]} |"
        assert line in page, line


# --- Cards ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(1, 3000) as pool:
        yield pool


def read_card(
    world: World, pool: DecoderPool, card: Path, rng: random.Random
) -> tuple[int, int, list[Any]]:
    """(imported, known, failures) of one reading."""
    job = begin_import(world.session, "card", now=world.clock(), rng=rng, event=world.events[0])
    context = ImportContext(
        world.session, world.store, pool, world.clock, rng, LimitSettings(), world.settings.zone
    )
    Importer(context, job, tell=lambda tally: None, stopped=lambda: False).run([card])
    world.session.commit()
    return job.imported, job.duplicates, job.failures


@pytest.mark.parametrize("between", ["", "hide", "withdraw", "erased"])
def test_a_card_is_read_again(
    world: World, pool: DecoderPool, tmp_path: Path, rng: random.Random, between: str
) -> None:
    """A card is read again and again: it means nothing by it, and brings nothing back."""
    card = tmp_path / "card"
    card.mkdir()
    (card / "a.jpg").write_bytes(photo(1))
    assert read_card(world, pool, card, rng)[:2] == (1, 0)
    receipt = world.session.scalars(select(Takeaway.receipt)).one()
    happen(world, "withdraw" if between == "erased" else between, receipt)
    if between == "erased":
        world.session.execute(delete(Cut))
        world.session.execute(delete(Shot))
        world.session.commit()
    imported, _known, _failures = read_card(world, pool, card, rng)
    assert imported == 0
    assert world.session.scalar(select(func.count()).select_from(Takeaway)) == 1


def test_what_a_phone_sent_before_the_card_came_is_in_once(
    world: World, pool: DecoderPool, tmp_path: Path, rng: random.Random
) -> None:
    by_tus(world, Sent())
    card = tmp_path / "card"
    card.mkdir()
    (card / "a.jpg").write_bytes(photo(1))
    world.session.rollback()
    assert read_card(world, pool, card, rng)[:2] == (0, 1)


def test_a_phone_sends_what_a_card_brought(
    world: World, pool: DecoderPool, tmp_path: Path, rng: random.Random
) -> None:
    """Its words must not be lost, nor may it get the card's receipt."""
    card = tmp_path / "card"
    card.mkdir()
    (card / "a.jpg").write_bytes(photo(1))
    read_card(world, pool, card, rng)
    of_card = world.session.scalars(select(Takeaway.receipt)).one()
    world.session.rollback()
    own = by_tus(world, Sent())
    assert isinstance(own, str)
    assert own != of_card
    check_kept(world, own, Sent(), files=True)


# --- Two kiosks -----------------------------------------------------------------------------------


THERE = "ZZZZYYYYXXXX"


def merge_a_second_kiosk(world: World, *, text: str, device: str) -> str:
    """A phone's first try is at a second kiosk, its second one here; then they are merged, twice. Our receipt."""
    other = world.settings.folder.parent / "other"
    world.session.rollback()
    copy_gathering(world.settings.folder, other)
    with open_session(replace(world.settings, folder=other)) as there:
        event = there.scalars(
            select(EventSession).where(EventSession.code == world.events[0].code)
        ).one()
        row = Takeaway(
            id=uuid.uuid4(),
            receipt=THERE,
            client_id=FIRST,
            session_id=event.id,
            kind="note",
            text=text,
            device=device,
            recorded_at=world.clock(),
            received_at=world.clock(),
            revision=1,
        )
        there.add(row)
        there.commit()
    here_receipt = by_form(world, Sent())
    assert isinstance(here_receipt, str)
    with world.app.app_context():
        for _ in range(2):
            merge_in(current_kiosk(), other)
    return here_receipt


def test_both_receipts_of_one_client_id_stay_valid(world: World) -> None:
    """The answer of one kiosk was lost, the phone sent it to the other; then they are merged."""
    here_receipt = merge_a_second_kiosk(world, text="bees", device="phone-there")
    phone = world.phone("a")
    for receipt in (here_receipt, THERE):
        page = phone.get(f"/t/{receipt}", **PHONE)
        assert (page.status_code, "bees" in page.text) == (200, True)
        answer = phone.get(f"/t/{receipt}", headers={"Accept": "application/json"}, **PHONE)
        assert answer.get_json()["text"] == "bees"
    [state] = phone.get(f"/mine/states?of={THERE}", **PHONE).get_json()
    assert (state["receipt"], state["text"]) == (THERE, "bees")
    gone = phone.post(f"/t/{THERE}/withdraw", **PHONE)
    assert gone.status_code == 303
    assert by_receipt(world.session, here_receipt).state == "withdrawn"


def test_one_client_id_with_other_words_at_each_kiosk_stays_two(world: World) -> None:
    here_receipt = merge_a_second_kiosk(world, text="wasps", device="")
    world.session.rollback()
    assert by_receipt(world.session, here_receipt).text == "bees"
    assert by_receipt(world.session, THERE).text == "wasps"
    assert world.session.scalar(select(func.count()).select_from(Takeaway)) == 2
