"""A hundred phones at once, beside servers that promise less, and the same bytes written with fsync, which is the
disk's limit; and fifty phones beside a hundred very slow ones.
"""

from __future__ import annotations

import os
import random
import socket
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from reporter.files import forget_cache
from tests.bench.kiosk_process import BenchKiosk, bench_kiosk
from tests.bench.peers import lacking, nginx_put, tus_server
from tests.bench.rows import Row, pairs
from tests.bench.socket_client import (
    MB,
    Where,
    Wire,
    clip,
    new_bytes,
    picture,
    send_put,
    send_tus,
)

PHONES, VIDEOS = 100, 10
TOTAL_MB = PHONES * 3 + VIDEOS * 40
NORMAL, PHOTOS = 50, 4
SLOW, SLOW_RATE = 100, 50_000

CROWD = f"{PHONES} phones with 3 MB photos, ten with 40 MB videos, at once"

Send = Callable[[bytes, random.Random], None]


def measure() -> Iterator[Row]:
    """Rows beside each peer that is here, beside the disk, and the one of the slow phones."""
    luck = random.Random(11)
    photo, video = picture(3 * MB), clip(40 * MB)
    for name in ("@tus/server", "nginx"):
        reason = lacking("nginx" if name == "nginx" else "node")
        if reason:
            yield Row.left_out(f"{PHONES} phones at once, beside {name}", reason)
        else:
            yield _beside(name, photo, video, luck)
    yield _beside_disk(photo, video, luck)
    yield _slow(photo, luck)


def _beside(name: str, photo: bytes, video: bytes, luck: random.Random) -> Row:
    with ExitStack() as stack:
        kiosk = stack.enter_context(bench_kiosk())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "peer"
        start, send = (tus_server, send_tus) if name != "nginx" else (nginx_put, send_put)
        peer = Where(stack.enter_context(start(folder)))
        row = pairs(
            CROWD,
            lambda: _crowd(_by_tus(kiosk), photo, video, luck),
            lambda: _crowd(partial(send, peer), photo, video, luck),
            peer=name
            + (
                " with its file store (no fsync)"
                if name != "nginx"
                else " WebDAV PUT (no fsync, no resume)"
            ),
            runs=3,
            between=lambda: _clear(folder, kiosk.folder / "media"),
        )
        ours, theirs = TOTAL_MB / row.ours_ms * 1000, TOTAL_MB / row.peer_ms * 1000
        return row.noted(
            f"{ours:.0f} MB/s and {theirs:.0f} MB/s: {1 / row.ratio:.2f} times. Ours is hashed, on the disk and has "
            "its receipt before the answer; pictures are small and padded, and the kiosk decodes them meanwhile."
        )


def _beside_disk(photo: bytes, video: bytes, luck: random.Random) -> Row:
    """How near the kiosk is to the limit of the disk: as many threads write the same bytes, and fsync each file."""
    with bench_kiosk() as kiosk, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        row = pairs(
            CROWD,
            lambda: _crowd(_by_tus(kiosk), photo, video, luck),
            lambda: _crowd(partial(_write, folder), photo, video, luck),
            peer="the same bytes to the same disk with fsync",
            runs=3,
            between=lambda: _clear(folder, kiosk.folder / "media"),
        )
        return row.noted(
            f"{1 / row.ratio:.2f} times the disk's limit, at which nothing is sent, received, hashed or noted down."
        )


def _write(folder: Path, body: bytes, luck: random.Random) -> None:
    with (folder / luck.randbytes(8).hex()).open("wb", buffering=0) as file:
        for part in new_bytes(body, luck):
            file.write(part)
        os.fsync(file.fileno())


def _by_tus(kiosk: BenchKiosk) -> Send:
    return partial(send_tus, _where(kiosk))


def _where(kiosk: BenchKiosk) -> Where:
    return Where(int(kiosk.url.rsplit(":", 1)[1]), kiosk.code)


def _crowd(send: Send, photo: bytes, video: bytes, luck: random.Random) -> None:
    seeds = [random.Random(luck.random()) for _ in range(PHONES + VIDEOS)]
    bodies = [video] * VIDEOS + [photo] * PHONES
    with ThreadPoolExecutor(PHONES + VIDEOS) as phones:
        for sent in [phones.submit(send, b, s) for b, s in zip(bodies, seeds, strict=True)]:
            sent.result()


def _clear(folder: Path, originals: Path) -> None:
    """Make room, and let nobody pay for what the other left to be written: peers without fsync leave all of it.

    Ours may not be deleted, but they leave the memory as the peer's do: where a virtual machine has to be given fresh
    pages for each crowd, those took the kiosk 1.5 s of processor time and the peer none.
    """
    kept = folder / "kept" if (folder / "kept").is_dir() else folder
    for path in kept.iterdir():
        if path.is_file() and path.stat().st_size >= 16:
            path.unlink()
    os.sync()
    for path in originals.glob("??/*"):
        with path.open("rb") as file:
            forget_cache(file.fileno())


def _slow(photo: bytes, luck: random.Random) -> Row:
    with bench_kiosk() as kiosk:
        where = _where(kiosk)

        def p99() -> float:
            return _p99(where, photo, luck)

        def beside_slow_ones() -> float:
            with _slow_phones(where):
                return p99()

        return pairs(
            f"{NORMAL} phones with 3 MB photos beside {SLOW} at {SLOW_RATE // 1000} KB/s: 99th percentile of a photo",
            beside_slow_ones,
            p99,
            peer="the same without the slow ones",
            runs=3,
            self_timed=True,
            note=f"each of the {NORMAL} sends {PHOTOS} photos, half a second after one another.",
        )


def _p99(where: Where, photo: bytes, luck: random.Random) -> float:
    """Milliseconds."""
    taken: list[float] = []

    def phone(seed: float) -> None:
        own = random.Random(seed)
        time.sleep(own.uniform(0, 0.5))
        for _ in range(PHOTOS):
            started = time.perf_counter()
            send_tus(where, photo, own)
            taken.append((time.perf_counter() - started) * 1000)
            time.sleep(0.5)

    with ThreadPoolExecutor(NORMAL) as phones:
        for done in [phones.submit(phone, luck.random()) for _ in range(NORMAL)]:
            done.result()
    return sorted(taken)[int(len(taken) * 0.99)]


@contextmanager
def _slow_phones(where: Where) -> Iterator[None]:
    """A hundred phones that have begun an upload each and send its bytes slowly."""
    stop = threading.Event()
    begun = [_begin(where) for _ in range(SLOW)]
    tick = 0.1

    def trickle() -> None:
        piece = b"\xff" * int(SLOW_RATE * tick)
        while not stop.wait(tick):
            for phone in begun:
                phone.send(piece)

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        for phone in begun:
            phone.close()


def _begin(where: Where) -> socket.socket:
    wire = Wire(where.port)
    # A hundred of these stay below what one address may announce (kiosk.server.transfers.ADDRESS_BYTES).
    v1, length = {"Tus-Resumable": "1.0.0"}, str(40 * MB)
    words = f"session {b64encode(where.code.encode()).decode()}"
    answer = wire.ask(
        "POST /uploads",
        {**v1, "Upload-Length": length, "Upload-Metadata": words, "Content-Length": "0"},
    )
    wire.begin(
        f"PATCH {answer['location']}",
        {
            **v1,
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": length,
        },
    )
    return wire.socket
