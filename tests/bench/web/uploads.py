"""Forty phones with a 3 MB photo each at the same time, beside writing the same bytes with fsync and nothing else."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reporter.clock import utc_now
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from tests.bench.kiosk_process import REAL
from tests.bench.rows import Row, pairs
from tests.bench.socket_client import Wire
from tests.support.kiosk_process import KioskProcess

PHONES, BYTES = 40, 3_000_000


def measure() -> list[Row]:
    """One row: plain form uploads until the receipt is there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rng = random.Random(3)
        settings = make_gathering(
            folder / "g", "Bench", timezone="UTC", language="en", now=utc_now(), rng=rng
        )
        with open_session(settings) as session:
            code = add_session(session, "Bench", now=utc_now(), rng=rng).code
        kiosk = KioskProcess(settings.folder, folder / "secrets.json", program=REAL)
        kiosk.start()
        path = f"/s/{code}/takeaways"
        try:
            return [
                pairs(
                    f"{PHONES} phones send {BYTES // 1_000_000} MB each, at once, until the receipt",
                    lambda: _each(lambda: _send(kiosk.port, path, _photo(rng))),
                    lambda: _each(lambda: _write(folder, _photo(rng))),
                    peer="the same bytes to the same disk with fsync",
                    runs=5,
                    note="the peer makes no HTTP, no hash, no row; the kiosk decodes what came in at the same time.",
                )
            ]
        finally:
            kiosk.kill()


def _photo(rng: random.Random) -> bytes:
    """Bytes that begin as a JPEG does and are new each time: the kiosk takes known ones in one step."""
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + rng.randbytes(BYTES - 12)


def _each(work: Callable[[], object]) -> None:
    with ThreadPoolExecutor(PHONES) as phones:
        under_way = [phones.submit(work) for _ in range(PHONES)]
        for sent in under_way:
            sent.result()


def _send(port: int, path: str, photo: bytes) -> None:
    """One form over a plain socket: a library's client would spend more on itself than the kiosk on the form."""
    wire = Wire(port)
    begin = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    end = b"\r\n--b--\r\n"
    headers = {
        "Accept": "application/json",
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": str(len(begin) + len(photo) + len(end)),
    }
    answer = wire.ask(f"POST {path}", headers, begin, photo, end)
    assert answer[":status"] == "201", answer
    wire.close()


def _write(folder: Path, photo: bytes) -> None:
    handle, path = tempfile.mkstemp(dir=folder)
    try:
        os.write(handle, photo)
        os.fsync(handle)
    finally:
        os.close(handle)
        os.unlink(path)
