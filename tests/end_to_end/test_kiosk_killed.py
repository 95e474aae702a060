"""kill -9 in the middle of uploads, ten times: what was thanked for is there, and the rest goes on where it was."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import random
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select

from reporter.config import Settings
from reporter.gathering.folder import open_session
from reporter.media.store import Store, hash_file
from reporter.models import EventSession, Media, Takeaway, Upload
from reporter.moderation.decisions import by_receipt
from tests.support.kiosk_process import KioskProcess
from tests.support.waiting import until

KILLS = 10
PHONES = 6
V1 = {"Tus-Resumable": "1.0.0"}


def photo(luck: random.Random, size: int) -> bytes:
    """A real JPEG that nobody has sent before; what follows its end mark makes it as large as asked."""
    buffer = io.BytesIO()
    picture = Image.frombytes("RGB", (24, 16), luck.randbytes(24 * 16 * 3))
    picture.resize((480, 320)).save(buffer, "JPEG")
    return buffer.getvalue() + luck.randbytes(size)


class World:
    """What the phones share: whether the kiosk is up, where it is, and what it has thanked for."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.url = ""
        self.up = threading.Event()
        self.over = threading.Event()
        self.thanked: dict[str, dict[str, str]] = defaultdict(dict)
        self.resumed: list[int] = []
        self.lock = threading.Lock()

    def thank(self, receipt: str, data: bytes, client_id: str) -> None:
        with self.lock:
            self.thanked[receipt][hashlib.sha256(data).hexdigest()] = client_id

    def thanks(self) -> dict[str, dict[str, str]]:
        with self.lock:
            return {receipt: dict(hashes) for receipt, hashes in self.thanked.items()}


class Phone:
    """Sends one takeaway after another, by form or by tus, and tries again until it is thanked for each."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.luck = random.Random(seed)

    def run(self) -> None:
        while not self.world.over.is_set():
            client_id = str(uuid.UUID(int=self.luck.getrandbits(128), version=4))
            if self.luck.random() < 0.4:
                self.send_form(photo(self.luck, self.luck.randrange(300_000)), client_id)
            else:
                for _ in range(2):
                    self.upload(
                        photo(self.luck, self.luck.randrange(200_000, 2_500_000)), client_id
                    )

    def insist(self, send: Callable[[httpx.Client], bool]) -> None:
        """Until it is done; a kiosk that is down is waited for."""
        done = False
        while not done:
            assert self.world.up.wait(300)
            with httpx.Client(base_url=self.world.url, verify=False, timeout=120) as http:
                try:
                    done = send(http)
                except httpx.TransportError:
                    time.sleep(0.02)

    def send_form(self, data: bytes, client_id: str) -> None:
        self.insist(lambda http: self.form(http, data, client_id))

    def form(self, http: httpx.Client, data: bytes, client_id: str) -> bool:
        answer = http.post(
            f"/s/{self.world.code}/takeaways",
            files={"file": ("IMG.JPG", data)},
            data={"text": client_id, "client_id": client_id},
            headers={"Accept": "application/json"},
        )
        assert answer.status_code == 201, answer.text
        self.world.thank(answer.json()["receipt"], data, client_id)
        return True

    def upload(self, data: bytes, client_id: str) -> None:
        place: list[str] = []
        self.insist(lambda http: self.go_on(http, data, client_id, place))

    def go_on(self, http: httpx.Client, data: bytes, client_id: str, place: list[str]) -> bool:
        """As a tus client does: begin, or ask and go on from there."""
        offset = 0
        if place:
            asked = http.head(place[0], headers=V1)
            assert asked.status_code == 200, "what was acknowledged is there"
            offset = int(asked.headers["Upload-Offset"])
            if offset:
                self.world.resumed.append(offset)
            if receipt := asked.headers.get("Reporter-Receipt"):
                self.world.thank(receipt, data, client_id)
                return True
        else:
            place.append(self.begin(http, len(data), client_id))
        headers = {
            **V1,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(len(data) - offset),
        }
        answer = http.patch(place[0], headers=headers, content=slowly(data[offset:]))
        assert answer.status_code == 204, answer.text
        self.world.thank(answer.headers["Reporter-Receipt"], data, client_id)
        return True

    def begin(self, http: httpx.Client, length: int, client_id: str) -> str:
        fields = {"session": self.world.code, "client_id": client_id, "text": client_id}
        words = (f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in fields.items())
        headers = {**V1, "Upload-Length": str(length), "Upload-Metadata": ",".join(words)}
        answer = http.post("/uploads", headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["Location"])


def slowly(data: bytes) -> Iterator[bytes]:
    """As over a Wi-Fi: some 20 MB/s."""
    for at in range(0, len(data), 40_000):
        yield data[at : at + 40_000]
        time.sleep(0.002)


def check_kept(settings: Settings, thanked: dict[str, dict[str, str]]) -> None:
    """Every receipt is in the database, with its words, and every byte of its files is on the disk."""
    store = Store(settings.folder)
    with open_session(settings) as session:
        for receipt, hashes in thanked.items():
            takeaway = by_receipt(session, receipt)
            media = {a.media.sha256: a.media for a in takeaway.attachments}
            assert set(hashes) <= set(media)
            assert {takeaway.client_id, takeaway.text} == set(hashes.values())
            for sha256 in hashes:
                path = store.original(sha256, media[sha256].ext)
                assert hash_file(path) == sha256
                assert path.stat().st_size == media[sha256].bytes


@pytest.mark.long
def test_ten_kills_lose_nothing_that_was_thanked_for(
    gathering: Settings, event: EventSession, kiosk_process: KioskProcess
) -> None:
    world, luck = World(event.code), random.Random(42)
    store = Store(gathering.folder)

    def under_way() -> bool:
        return any(path.stat().st_size for path in store.incoming.glob("*.part") if path.exists())

    def enough(goal: int) -> bool:
        return len(world.thanks()) >= goal and under_way()

    with ThreadPoolExecutor(PHONES) as pool:
        phones = [pool.submit(Phone(world, seed).run) for seed in range(PHONES)]
        for _ in range(KILLS):
            world.url = kiosk_process.start()
            world.up.set()
            goal = len(world.thanks()) + luck.randrange(2, 9)
            until(partial(enough, goal), 300, every=0.001)
            thanked = world.thanks()
            kiosk_process.kill()
            world.up.clear()
            check_kept(gathering, thanked)
        world.over.set()
        world.url = kiosk_process.start()
        world.up.set()
        for phone in phones:
            phone.result(300)
    thanked = world.thanks()
    check_kept(gathering, thanked)
    client_ids = {client_id for hashes in thanked.values() for client_id in hashes.values()}
    with open_session(gathering) as session:
        assert session.scalar(select(func.count()).select_from(Takeaway)) == len(client_ids)
        assert len(thanked) == len(client_ids), "one takeaway for each client id"
        sent = {sha256 for hashes in thanked.values() for sha256 in hashes}
        assert set(session.scalars(select(Media.sha256))) == sent
        assert {path.stem for path in store.media.glob("*/*")} == sent
        assert session.scalar(select(Upload.receipt).where(Upload.receipt != "")) in thanked
    assert len(thanked) >= 2 * KILLS
    assert len(world.resumed) >= KILLS, "uploads went on where they were"


# What runs before the kiosk: it kills itself, all of it, at one certain place of the way in.
KILLED_AT = """
import os, signal, sys
from capture.intake import receive as intake
from reporter.media.store import Store

def die(*args, **kwargs):
    result = {before}(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)
    return result

{before} = {name}
{name} = die
from kiosk.cli import main
sys.argv[0] = "reporter"
main()
"""
PLACES = {
    "the file stands among the originals, without a row": "Store.link",
    "the row is committed, the upload not yet cleared away": "intake.try_remove",
}


@pytest.mark.parametrize("way", ["tus", "form"])
@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_kill_while_an_upload_completes_loses_no_acknowledged_byte(
    gathering: Settings,
    event: EventSession,
    kiosk_process: KioskProcess,
    place: str,
    asks: bool,
    way: str,
) -> None:
    """HEAD finds the upload and completes it; a phone that never asks again loses nothing either; no orphan stays."""
    if way == "form" and asks:
        pytest.skip("a form has no address to ask at")
    world, data, client_id = (
        World(event.code),
        photo(random.Random(3), 200_000),
        str(uuid.UUID(int=9)),
    )
    kiosk_process.program = ("-c", KILLED_AT.format(name=place, before="before"))
    world.url = kiosk_process.start()
    phone, at = Phone(world, 1), []
    with httpx.Client(base_url=world.url, verify=False, timeout=60) as http:
        if way == "tus":
            at.append(phone.begin(http, len(data), client_id))
            # Once by itself, so that all but the last piece is acknowledged.
            half = {**V1, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
            assert http.patch(at[0], headers=half, content=data[:150_000]).status_code == 204
            rest = {**half, "Upload-Offset": "150000"}
            with pytest.raises(httpx.TransportError):
                http.patch(at[0], headers=rest, content=data[150_000:])
        else:
            with pytest.raises(httpx.TransportError):
                phone.form(http, data, client_id)
    kiosk_process.kill()
    kiosk_process.program = ()
    # As if some time had passed: the kiosk lets alone what has just come.
    store = Store(gathering.folder)
    for path in store.incoming.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    for path in store.media.glob("*/*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    world.url = kiosk_process.start()
    sha256 = hashlib.sha256(data).hexdigest()
    if asks:
        with httpx.Client(base_url=world.url, verify=False, timeout=60) as http:
            asked = http.head(at[0], headers=V1)
            assert (asked.status_code, asked.headers["Upload-Offset"]) == (200, str(len(data)))
            check_kept(gathering, {asked.headers["Reporter-Receipt"]: {sha256: client_id}})

    def settled() -> bool:
        with open_session(gathering) as session:
            rows = set(session.scalars(select(Media.sha256)))
        originals = {path.stem for path in store.media.glob("*/*")}
        return not list(store.incoming.iterdir()) and originals == rows

    until(settled, 60)
    with open_session(gathering) as session:
        kept = session.scalar(select(func.count()).select_from(Takeaway))
    # A form was not acknowledged: its phone has it still. An upload's bytes were.
    assert kept == (1 if way == "tus" or place == "intake.try_remove" else 0)
