"""A crowd with a hostile phone in it: ``python -m tests.reliability.crowd --phones N --seconds S``, one JSON document.

Everything runs in a network of its own (``unshare -n``), where each phone has its own address. First the crowd alone,
then the same crowd while one phone attacks, with a kill -9 of the kiosk in the middle of each half; memory is read
from /proc.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import func, select

from reporter.clock import utc_now
from reporter.config import Settings, save_settings
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from reporter.models import Takeaway
from tests.end_to_end.test_kiosk_killed import World, check_kept, photo
from tests.reliability.crash_rounds import say
from tests.support.kiosk_process import KioskProcess

KIOSK = "10.77.0.1"
ATTACKER = "10.77.255.9"
# A phone sends about this often, in seconds.
EVERY = 6.0


@dataclass
class Half:
    """The crowd during one half: milliseconds from a form's first byte to its receipt, and failed requests."""

    sent: int = 0
    median_ms: float = 0
    p99_ms: float = 0
    errors: dict[str, int] = field(default_factory=dict)
    attacks: int = 0


@dataclass
class Crowd:
    """Results of both halves."""

    phones: int
    seconds: float
    alone: Half = field(default_factory=Half)
    attacked: Half = field(default_factory=Half)
    kills: int = 0
    thanked: int = 0
    lost: int = 0
    twice: int = 0
    memory_mb: list[float] = field(default_factory=list)


class Street:
    """State shared by phones and the attacker in one half."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.seed = world, seed
        self.over = threading.Event()
        self.times: list[float] = []
        self.errors: Counter[str] = Counter()
        self.attacks = 0


def phone(street: Street, number: int) -> None:
    """Send a photo, wait, send the next; retry after a refusal or while the kiosk is down."""
    luck = random.Random(street.seed + number)
    transport = httpx.HTTPTransport(local_address=f"10.77.{1 + number // 200}.{1 + number % 200}")
    with httpx.Client(transport=transport, timeout=60) as http:
        while not street.over.wait(luck.uniform(0.5, 1.5) * EVERY):
            data, own = (
                photo(luck, luck.randrange(250_000)),
                str(uuid.UUID(int=luck.getrandbits(128), version=4)),
            )
            while not street.over.is_set() and not _send(street, http, data, own):
                street.over.wait(0.5)


def _send(street: Street, http: httpx.Client, data: bytes, own: str) -> bool:
    begun = time.monotonic()
    was_up = street.world.up.is_set()
    try:
        answer = http.post(
            f"{street.world.url}/s/{street.world.code}/takeaways",
            files={"file": ("a.jpg", data)},
            data={"text": own, "client_id": own},
            headers={"Accept": "application/json"},
        )
    except httpx.TransportError as error:
        if was_up and street.world.up.is_set():
            street.errors[type(error).__name__] += 1
        return False
    if answer.status_code != 201:
        street.errors[str(answer.status_code)] += 1
        return False
    street.world.thank(answer.json()["receipt"], data, own)
    street.times.append(time.monotonic() - begun)
    return True


# --- The hostile phone ----------------------------------------------------------------------------


def _connect(street: Street) -> socket.socket:
    port = int(street.world.url.rpartition(":")[2])
    return socket.create_connection((KIOSK, port), timeout=5, source_address=(ATTACKER, 0))


def endless_body(street: Street) -> None:
    """Send a body of unknown length that never ends."""
    with _connect(street) as wire:
        wire.sendall(
            f"POST /s/{street.world.code}/takeaways HTTP/1.1\r\nHost: {KIOSK}\r\nTransfer-Encoding: chunked\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n".encode()
        )
        while not street.over.is_set():
            wire.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def slow_heads(street: Street) -> None:
    """Hold forty connections, each sending a byte a second."""
    with contextlib.ExitStack() as open_ones:
        wires = [open_ones.enter_context(_connect(street)) for _ in range(40)]
        while not street.over.wait(1):
            for wire in wires:
                wire.sendall(b"G")


def large_heads(street: Street) -> None:
    """Send request heads of a megabyte."""
    with _connect(street) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"y" * 1_000_000 + b"\r\n\r\n")
        wire.recv(1000)


def wrong_receipts(street: Street) -> None:
    """Guess receipts, without a cookie."""
    for _ in range(50):
        with _connect(street) as wire:
            guess = f"{random.getrandbits(64):016X}"[:13]
            wire.sendall(
                f"GET /t/{guess} HTTP/1.1\r\nHost: {KIOSK}\r\nConnection: close\r\n\r\n".encode()
            )
            head = wire.recv(100).decode("latin-1")
        if head.startswith("HTTP/1.1 5") and not head.startswith("HTTP/1.1 503"):
            street.errors[f"attacker: {head[:20]}"] += 1


def asked_and_left(street: Street) -> None:
    """Ask for the first page on a new connection each time, and leave without its answer."""
    for _ in range(200):
        with _connect(street) as wire:
            wire.sendall(f"GET / HTTP/1.1\r\nHost: {KIOSK}\r\n\r\n".encode())


def old_searches(street: Street) -> None:
    """Search as HTTP/1.0 does, with a new connection each time."""
    for number in range(20):
        with _connect(street) as wire:
            wire.sendall(f"GET /search?q=a{number} HTTP/1.0\r\nHost: {KIOSK}\r\n\r\n".encode())
            while wire.recv(65536):
                pass


ATTACKS: tuple[Callable[[Street], None], ...] = (
    endless_body,
    slow_heads,
    large_heads,
    wrong_receipts,
    asked_and_left,
    old_searches,
)


def attack(street: Street, way: Callable[[Street], None]) -> None:
    """Repeat all attacks, however the kiosk responds."""
    while not street.over.wait(0.05):
        with contextlib.suppress(OSError):
            street.attacks += 1
            way(street)


# --- The run --------------------------------------------------------------------------------------


def memory_mb(pid: int) -> float:
    """Return a process's resident memory in megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def half(run: Crowd, world: World, kiosk: KioskProcess, *, hostile: bool) -> Half:
    """The crowd for half of the time; the kiosk is killed once in the middle."""
    street = Street(world, seed=10_000 * hostile)
    people = [threading.Thread(target=phone, args=(street, n)) for n in range(run.phones)]
    people += [threading.Thread(target=attack, args=(street, way)) for way in ATTACKS if hostile]
    for one in people:
        one.start()
    end = time.monotonic() + run.seconds / 2
    killed = False
    while time.monotonic() < end:
        time.sleep(1)
        if not killed and time.monotonic() > end - run.seconds / 4:
            killed = True
            run.memory_mb.append(round(memory_mb(kiosk.pid), 1))
            world.up.clear()
            kiosk.kill()
            kiosk.start()
            run.kills += 1
            world.up.set()
            time.sleep(3)
            run.memory_mb.append(round(memory_mb(kiosk.pid), 1))
    street.over.set()
    for one in people:
        one.join(90)
    run.memory_mb.append(round(memory_mb(kiosk.pid), 1))
    times = sorted(street.times) or [0.0]
    return Half(
        sent=len(street.times),
        median_ms=round(1000 * statistics.median(times), 1),
        p99_ms=round(1000 * times[int(0.99 * (len(times) - 1))], 1),
        errors=dict(street.errors),
        attacks=street.attacks,
    )


def crowd(root: Path, *, phones: int, seconds: float) -> Crowd:
    """Run both halves, and count what was lost or duplicated."""
    run = Crowd(phones, seconds)
    with prepared(root) as (settings, world, kiosk):
        run.alone = half(run, world, kiosk, hostile=False)
        run.attacked = half(run, world, kiosk, hostile=True)
        kiosk.stop()
    thanked = world.thanks()
    run.thanked = len(thanked)
    for receipt, hashes in thanked.items():
        try:
            check_kept(settings, {receipt: hashes})
        except AssertionError:
            run.lost += 1
    with open_session(settings) as session:
        rows = session.scalar(select(func.count()).select_from(Takeaway)) or 0
        texts = session.scalar(select(func.count(Takeaway.text.distinct()))) or 0
    run.twice = rows - texts
    return run


@contextlib.contextmanager
def prepared(root: Path) -> Iterator[tuple[Settings, World, KioskProcess]]:
    """A kiosk with an empty gathering, listening for this network."""
    rng, now = random.Random(1), utc_now()
    settings = make_gathering(
        root / "gathering", "Spring", timezone="UTC", language="en", now=now, rng=rng
    )
    save_settings(settings.folder, {"limits": {"keep_free_mb": 0}})
    with open_session(settings) as session:
        code = add_session(session, "Gardens", now=now, rng=rng).code
    kiosk, world = (
        KioskProcess(settings.folder, root / "secrets.json", ("--host", "0.0.0.0")),
        World(code),
    )
    try:
        kiosk.start()
        world.url = f"http://{KIOSK}:{kiosk.port}"
        world.up.set()
        yield settings, world, kiosk
    finally:
        kiosk.kill()


def main() -> None:
    """Exit code 1 if something was lost, duplicated or answered with an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if not asked.inside:
        if os.geteuid() or not shutil.which("unshare") or not shutil.which("ip"):
            say("no network of its own can be made here: root, unshare and ip are needed")
            return
        network = 'ip link set lo up && ip addr add 10.77.0.1/16 dev lo && exec "$@"'
        again = [sys.executable, "-m", "tests.reliability.crowd", *sys.argv[1:], "--inside"]
        sys.exit(
            subprocess.run(
                ["unshare", "-n", "sh", "-c", network, "sh", *again], check=False
            ).returncode
        )
    root = Path(tempfile.mkdtemp(prefix="crowd-"))
    try:
        run = crowd(root, phones=asked.phones, seconds=asked.seconds)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(json.dumps(asdict(run), indent=2))
    sys.exit(bool(run.lost or run.twice or _server_errors(run)))


def _server_errors(run: Crowd) -> int:
    """Answers of 500 and above, but 503, which asks to come again."""
    found = Counter(run.alone.errors) + Counter(run.attacked.errors)
    return sum(
        n for what, n in found.items() if what.startswith(("5", "attacker")) and what != "503"
    )


if __name__ == "__main__":
    main()
