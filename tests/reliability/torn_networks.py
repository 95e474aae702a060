"""Three kiosks and a hub, cut off from one another at random: ``python -m tests.reliability.torn_networks``; JSON.

Everything runs in network namespaces of its own (``unshare -n``): the hub with a real PostgreSQL in one, each kiosk in
another, joined by a bridge whose ports go down and up. Phones write to their kiosk all the while, some of them the same
to two kiosks, and take some of it back; desks approve and hide; kiosks merge with one another and with the hub in
random order. Then everything is joined, merged until nothing is new, and compared.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from reporter.clock import utc_now
from reporter.config import load_settings, save_settings
from reporter.database.row_security import TenantScope, scope_transactions, working_for
from reporter.enums import TakeawayState
from reporter.errors import NotFound
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from reporter.hub.models import HubGathering
from reporter.models import Takeaway, Tombstone
from reporter.moderation.decisions import by_receipt
from tests.reliability.crash_rounds import say
from tests.support.kiosk_process import KioskProcess
from tests.support.servers.postgres import missing_programs, postgres_cluster
from tests.tools.hub import database, reporter, running

LAPTOPS = 3
NETWORK = "10.78.0"
HUB, PORT = f"{NETWORK}.254", 8080
ORGANIZATION = "Gardens"
# Seconds until all have to have the same once they are joined again; many times what an idle machine takes.
PATIENCE = 240.0
_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


def cant_cut() -> str:
    """Why no networks can be made here; empty if they can."""
    if os.name != "posix" or os.geteuid() or not shutil.which("unshare") or not shutil.which("ip"):
        return "networks of one's own need root, unshare and ip"
    if lacking := missing_programs():
        return f"the hub needs {', '.join(lacking)} (make system-packages)"
    made = "ip link add name br0 type bridge && ip link add name v0 type veth peer name v1"
    done = subprocess.run(["unshare", "-n", "sh", "-c", made], capture_output=True, check=False)
    return "" if done.returncode == 0 else "this kernel gives no bridge or no veth"


@dataclass
class Tally:
    """What happened, and what was wrong at the end."""

    seconds: float
    sent: int = 0
    twice_sent: int = 0
    withdrawn: int = 0
    decided: int = 0
    asked_to_merge: int = 0
    cuts: int = 0
    # Seconds until all had the same, and rounds of merges that it took.
    settled_after: float = 0.0
    rounds: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


def _checked(done: int) -> None:
    if done:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Laptop:
    """A kiosk in a namespace of its own; whatever has to happen there is called in its threads."""

    def __init__(self, number: int, folder: Path, code: str) -> None:
        self.number, self.folder, self.code = number, folder, code
        self.address = f"{NETWORK}.{number + 1}"
        secrets = folder.with_suffix(".secrets")
        self.kiosk = KioskProcess(folder, secrets, ("--host", "0.0.0.0"), program=("-m", "kiosk"))
        self.secrets = secrets
        self._namespace = -1
        # Created by the first thread, which makes the namespace; others enter it.
        ThreadPoolExecutor(1).submit(self._make_namespace).result()
        self.threads = ThreadPoolExecutor(8, initializer=self._enter)
        port = f"port{number}"
        _ip("link", "add", "name", port, "type", "veth", "peer", "name", f"lap{number}")
        _ip("link", "set", port, "master", "bridge", "up")
        _ip("link", "set", f"lap{number}", "netns", f"/proc/{os.getpid()}/fd/{self._namespace}")
        self.threads.submit(self._join).result()

    def _make_namespace(self) -> None:
        _checked(_LIBC.unshare(_CLONE_NEWNET))
        self._namespace = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    def _enter(self) -> None:
        _checked(_LIBC.setns(self._namespace, _CLONE_NEWNET))

    def _join(self) -> None:
        _ip("link", "set", "lo", "up")
        _ip("addr", "add", f"{self.address}/24", "dev", f"lap{self.number}")
        _ip("link", "set", f"lap{self.number}", "up")

    def plug(self, *, joined: bool) -> None:
        """Join it to the others, or cut it off."""
        _ip("link", "set", f"port{self.number}", "up" if joined else "down")

    @property
    def url(self) -> str:
        """Where others reach it."""
        return f"http://{self.address}:{self.kiosk.port}"

    def desk(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do something at the laptop's own desk."""
        return self.threads.submit(self._at_desk, work, *arguments).result()

    def _at_desk(self, work: Callable[..., Any], *arguments: Any) -> Any:
        with httpx.Client(base_url=f"http://127.0.0.1:{self.kiosk.port}", timeout=60) as http:
            return work(http, *arguments)

    def stop(self) -> None:
        """End the kiosk and leave its namespace, which ends with that."""
        self.kiosk.kill()
        self.threads.shutdown()
        os.close(self._namespace)


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None, page[:500]
    return found[1]


def _post(http: httpx.Client, path: str, form: dict[str, str]) -> httpx.Response:
    """A form of the desk's page of laptops."""
    token = _token(http.get("/desk/laptops").text)
    answer = http.post(path, data={**form, "csrf_token": token})
    assert answer.status_code < 400, answer.text[-1500:]
    return answer


def _merge_one(http: httpx.Client, luck: random.Random, done: set[str] | None = None) -> str:
    """Ask for a merge with one of the laptop's peers that was not asked yet; its address, '' for none."""
    page = http.get("/desk/laptops").text
    places = set(re.findall(r'action="[^"]*(/desk/laptops/[0-9a-f-]{36}/merge)"', page)) - (
        done or set()
    )
    if not places:
        return ""
    place = luck.choice(sorted(places))
    http.post(place, data={"csrf_token": _token(page)})
    return place


class World:
    """The laptops, and what their phones were thanked for."""

    def __init__(self, laptops: list[Laptop], seed: int, tally: Tally) -> None:
        self.laptops, self.seed, self.tally = laptops, seed, tally
        self.over = threading.Event()
        self.lock = threading.Lock()
        # Words -> receipts, and the hash of the photo; words that were taken back.
        self.receipts: dict[str, list[str]] = {}
        self.hashes: dict[str, str] = {}
        self.gone: set[str] = set()

    def phone(self, laptop: Laptop, number: int) -> None:
        """Send, take back, and send the same at another laptop, because the first answer seemed lost."""
        luck = random.Random(self.seed * 1000 + number)
        here = self._client(laptop)
        while not self.over.wait(luck.uniform(0.05, 0.4)):
            words = str(uuid.UUID(int=luck.getrandbits(128), version=4))
            photo = _photo(luck) if luck.random() < 0.3 else b""
            if not self._send(here, laptop, words, photo):
                continue
            if luck.random() < 0.2:
                other = luck.choice(self.laptops)
                other.threads.submit(self._again, other, words, photo).result()
            if luck.random() < 0.25:
                self._withdraw(here, luck)

    def _client(self, laptop: Laptop) -> httpx.Client:
        return httpx.Client(
            base_url=f"http://127.0.0.1:{laptop.kiosk.port}",
            headers={"Accept": "application/json"},
            timeout=60,
        )

    def _again(self, laptop: Laptop, words: str, photo: bytes) -> None:
        with self._client(laptop) as http:
            self.tally.twice_sent += self._send(http, laptop, words, photo)

    def _send(self, http: httpx.Client, laptop: Laptop, words: str, photo: bytes) -> bool:
        answer = http.post(
            f"/s/{laptop.code}/takeaways",
            data={"text": words, "client_id": words, "consent": "agreed"},
            files={"file": ("a.jpg", photo)} if photo else None,
        )
        if answer.status_code not in (200, 201):
            return False
        with self.lock:
            self.tally.sent += 1
            self.receipts.setdefault(words, []).append(answer.json()["receipt"])
            if photo:
                self.hashes[words] = hashlib.sha256(photo).hexdigest()
        return True

    def _withdraw(self, http: httpx.Client, luck: random.Random) -> None:
        """One that the laptop in question has a receipt for; another laptop's it may not know yet."""
        with self.lock:
            left = sorted(set(self.receipts) - self.gone)
        words = luck.choice(left)
        answer = http.post(f"/t/{self.receipts[words][0]}/withdraw", data={"sure": "1"})
        if answer.status_code in (200, 303):
            with self.lock:
                self.gone.add(words)
                self.tally.withdrawn += 1

    def desk(self, laptop: Laptop, number: int) -> None:
        """Approve, hide and star what comes, and merge with one of the others now and then."""
        luck = random.Random(self.seed * 1000 + 500 + number)
        with httpx.Client(base_url=f"http://127.0.0.1:{laptop.kiosk.port}", timeout=60) as http:
            while not self.over.wait(luck.uniform(0.1, 0.6)):
                if luck.random() < 0.4:
                    self.tally.asked_to_merge += bool(_merge_one(http, luck))
                    continue
                with self.lock:
                    known = sorted(set(self.receipts) - self.gone)
                if known:
                    receipt = self.receipts[luck.choice(known)][0]
                    form = {"decision": luck.choice(("approve", "hide", "star"))}
                    form["csrf_token"] = _token(http.get("/desk/laptops").text)
                    answer = http.post(f"/desk/review/{receipt}/decide", data=form)
                    self.tally.decided += answer.status_code == 303

    def cutter(self) -> None:
        """Cut one off or join it again, now and then two at once."""
        luck = random.Random(self.seed * 1000 + 999)
        joined = dict.fromkeys(range(LAPTOPS), True)
        while not self.over.wait(luck.uniform(0.3, 1.5)):
            number = luck.randrange(LAPTOPS)
            joined[number] = not joined[number]
            self.laptops[number].plug(joined=joined[number])
            self.tally.cuts += not joined[number]
        for laptop in self.laptops:
            laptop.plug(joined=True)


def _photo(luck: random.Random) -> bytes:
    """A real JPEG that nobody has sent before."""
    buffer = BytesIO()
    Image.frombytes("RGB", (24, 16), luck.randbytes(24 * 16 * 3)).save(buffer, "JPEG")
    return buffer.getvalue() + luck.randbytes(luck.randrange(60_000))


# --- What all have at the end ---------------------------------------------------------------------


def census(session: Session) -> dict[str, tuple[Any, ...]]:
    """What people can tell apart, by words; what was taken back has none."""
    rows = session.scalars(select(Takeaway).where(Takeaway.state != TakeawayState.WITHDRAWN))
    return {
        row.text: (
            row.state,
            row.audience,
            row.starred,
            row.consent,
            tuple(sorted(one.media.sha256 for one in row.attachments)),
        )
        for row in rows
    }


@dataclass
class Place:
    """One of the four: how its rows are read, and the folder of its files."""

    name: str
    opened: Callable[[], contextlib.AbstractContextManager[Session]]
    files: Path


def places_of(laptops: list[Laptop], url: str, media: Path) -> list[Place]:
    """The laptops and the hub."""

    @contextlib.contextmanager
    def at_hub() -> Iterator[Session]:
        engine = create_engine(url)
        scope_transactions(engine)
        try:
            with Session(engine) as session:
                with working_for(TenantScope(migrating=True)):
                    row = session.scalars(select(HubGathering)).one()
                    scope = TenantScope(row.organization_id, row.id)
                    session.rollback()
                with working_for(scope):
                    yield session
        finally:
            engine.dispose()

    def at(laptop: Laptop) -> Callable[[], contextlib.AbstractContextManager[Session]]:
        return lambda: open_session(load_settings(laptop.folder))

    own = [Place(f"laptop {one.number}", at(one), one.folder) for one in laptops]
    return [*own, Place("hub", at_hub, media)]


def settle(world: World, places: list[Place], tally: Tally) -> None:
    """Let everybody merge with everybody, in random order, until all have the same."""
    luck, begun = random.Random(world.seed), time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        tally.rounds += 1
        for laptop in luck.sample(world.laptops, LAPTOPS):
            asked: set[str] = set()
            while place := laptop.desk(_merge_one, luck, asked):
                asked.add(place)
        time.sleep(2)
        found = []
        for place in places:
            with place.opened() as session:
                found.append((census(session), set(session.scalars(select(Tombstone.takeaway_id)))))
        if all(one == found[0] for one in found):
            break
    tally.settled_after = round(time.monotonic() - begun, 1)


def judge(world: World, places: list[Place], tally: Tally) -> None:
    """Note what is lost, twice, back or different."""
    first: dict[str, tuple[Any, ...]] | None = None
    for place in places:
        with place.opened() as session:
            found = census(session)
            texts = Counter(session.scalars(select(Takeaway.text).where(Takeaway.text != "")))
            tally.twice += [f"{place.name}: {words}" for words, count in texts.items() if count > 1]
            for words, receipts in world.receipts.items():
                for receipt in receipts:
                    tally.lost += _lost(world, session, place, words, receipt)
        tally.back += [f"{place.name}: {words}" for words in world.gone & set(found)]
        hashes = [world.hashes[words] for words in world.gone if words in world.hashes]
        names = {path.name for path in place.files.rglob("*") if path.is_file()}
        tally.back += [
            f"{place.name}: the photo {one}"
            for one in hashes
            if any(name.startswith(one) for name in names)
        ]
        if first is None:
            first = found
        tally.differences += [
            f"{place.name}: {words}: {first.get(words)} / {found.get(words)}"
            for words in sorted(set(first) | set(found))
            if first.get(words) != found.get(words)
        ]


def _lost(world: World, session: Session, place: Place, words: str, receipt: str) -> Iterator[str]:
    """Whoever has this receipt finds nothing, or something else."""
    try:
        row = by_receipt(session, receipt)
    except NotFound:
        yield f"{place.name}: nothing has the receipt {receipt} of {words}"
        return
    if words in world.gone:
        if row.state != TakeawayState.WITHDRAWN:
            yield f"{place.name}: {words} was taken back and is {row.state}"
    elif row.text != words:
        yield f"{place.name}: {receipt} of {words} says {row.text!r} ({row.state})"
    elif words in world.hashes and world.hashes[words] not in {
        one.media.sha256 for one in row.attachments
    }:
        yield f"{place.name}: {words} has lost its photo"


# --- One run --------------------------------------------------------------------------------------


def run(root: Path, *, seconds: float, seed: int, phones: int) -> Tally:
    """Tear and join for so many seconds, then compare."""
    tally = Tally(seconds)
    _ip("link", "set", "lo", "up")
    _ip("link", "add", "name", "bridge", "type", "bridge")
    _ip("addr", "add", f"{HUB}/24", "dev", "bridge")
    _ip("link", "set", "bridge", "up")
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(postgres_cluster())
        media = root / "hub"
        environment = {
            **os.environ,
            "REPORTER_DATABASE_URL": database(postgres),
            "REPORTER_MEDIA_URL": str(media),
            "REPORTER_HUB_URL": f"http://{HUB}:{PORT}",
            "REPORTER_SECRETS_FILE": str(root / "hub.secrets"),
        }
        reporter(
            environment, "hub", "init", "--organization", ORGANIZATION, "--owner", "a@example.org"
        )
        for part in (("serve", "--host", HUB, "--port", str(PORT)), ("worker",)):
            process = stack.enter_context(running(environment, *part))
            assert process.stdout is not None
            assert process.stdout.readline()
        laptops = _laptops(root, stack)
        _pair(laptops, environment)
        say(f"{LAPTOPS} kiosks and a hub, paired; {seconds:g} seconds")
        world = World(laptops, seed, tally)
        work = [
            one.threads.submit(world.phone, one, one.number * 10 + phone)
            for one in laptops
            for phone in range(phones)
        ]
        work += [one.threads.submit(world.desk, one, one.number) for one in laptops]
        cutting = ThreadPoolExecutor(1).submit(world.cutter)
        time.sleep(seconds)
        world.over.set()
        for one in (*work, cutting):
            one.result()
        places = places_of(laptops, environment["REPORTER_DATABASE_URL"], media)
        settle(world, places, tally)
        judge(world, places, tally)
    return tally


def _laptops(root: Path, stack: contextlib.ExitStack) -> list[Laptop]:
    """Copies of one folder, as when somebody prepares the laptops of an evening."""
    rng, now = random.Random(1), utc_now()
    settings = make_gathering(
        root / "laptop0", "Spring", timezone="UTC", language="en", now=now, rng=rng
    )
    with open_session(settings) as session:
        code = add_session(session, "Gardens", now=now, rng=rng).code
    laptops = []
    for number in range(LAPTOPS):
        folder = root / f"laptop{number}"
        if number:
            shutil.copytree(settings.folder, folder)
        # Phones of one address, which is each kiosk's own, may send as much as they like here.
        save_settings(folder, {"kiosk": {"name": f"Room {number}"}, "limits": {"keep_free_mb": 0}})
        laptops.append(Laptop(number, folder, code))
        stack.callback(laptops[-1].stop)
        laptops[-1].threads.submit(laptops[-1].kiosk.start).result()
    return laptops


def _pair(laptops: list[Laptop], environment: dict[str, str]) -> None:
    """Each with the hub, by a command; each two with one another, by their desks."""
    for laptop in laptops:
        answer = reporter(environment, "hub", "pairing-code", "--organization", ORGANIZATION)
        command = [sys.executable, "-m", "kiosk", "--gathering", str(laptop.folder)]
        command += ["pair", environment["REPORTER_HUB_URL"], answer["code"]]
        laptop.threads.submit(
            subprocess.run,
            command,
            check=True,
            stdout=sys.stderr,
            env={**os.environ, "REPORTER_SECRETS_FILE": str(laptop.secrets)},
        ).result()
    for number, laptop in enumerate(laptops):
        for other in laptops[number + 1 :]:
            page = laptop.desk(_post, "/desk/laptops/code", {}).text
            found = re.search(r'<strong dir="ltr">([A-Z0-9]{4}-[A-Z0-9]{4})</strong>', page)
            assert found is not None, page
            form = {"url": laptop.url, "code": found[1]}
            other.desk(_post, "/desk/laptops", form)


def main() -> None:
    """Exit code 1 if something is lost, twice, back or different."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--phones", type=int, default=2, help="at each kiosk")
    parser.add_argument("--seed", type=int, default=20260314)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if not asked.inside:
        if reason := cant_cut():
            say(reason)
            return
        again = [sys.executable, "-m", "tests.reliability.torn_networks", *sys.argv[1:], "--inside"]
        sys.exit(subprocess.run(["unshare", "-n", *again], check=False).returncode)
    root = Path(tempfile.mkdtemp(prefix="torn-"))
    try:
        tally = run(root, seconds=asked.seconds, seed=asked.seed, phones=asked.phones)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(json.dumps(asdict(tally), indent=2))
    sys.exit(bool(tally.lost or tally.twice or tally.back or tally.differences))


if __name__ == "__main__":
    main()
