"""A rehearsal: volunteers played against a running kiosk, by HTTP and tus as phones do it, and what it could take."""

from __future__ import annotations

import json
import math
import random
import ssl
import tempfile
import time
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from threading import Event, Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

from kiosk.demo import sample_media
from kiosk.rehearsal.sandbox import client_id

# Bytes of a PATCH, as the page on phones sends them.
CHUNK = 4 << 20
PHOTOS_EACH = 2
# One volunteer in ten sends a video.
VIDEO_EVERY = 10
VIDEO_BYTES = 20_000_000
# Volunteers don't press the button at the same moment, but within these seconds.
SPREAD = 2.0
V1 = {"Tus-Resumable": "1.0.0"}
JSON = {"Accept": "application/json"}
TIMEOUT = 120


@dataclass
class Material:
    """What all volunteers send; each makes it new by its last 16 bytes, which mean nothing."""

    photos: list[bytes]
    video: bytes

    @classmethod
    def generate(cls, rng: random.Random) -> Material:
        """Photos as large as those of phones (12 megapixels, some 4 MB) and a short film."""
        photos = [
            sample_media.photo(scene, width=4000, height=3000, rng=rng, quality=90) + bytes(16)
            for scene in ("garden", "table")
        ]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "film.mp4"
            sample_media.video(path, "roofs", seconds=8, rng=rng)
            film = path.read_bytes()
        return cls(photos, sample_media.padded(film, VIDEO_BYTES, rng))

    @property
    def largest(self) -> int:
        """Bytes that ten volunteers bring."""
        photos = 10 * PHOTOS_EACH * max(len(photo) for photo in self.photos)
        return photos + len(self.video)


@dataclass
class Notes:
    """What the volunteers write down meanwhile."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: Counter[str] = field(default_factory=Counter)
    receipts: set[str] = field(default_factory=set)
    bytes: int = 0
    lock: Lock = field(default_factory=Lock)
    # Somebody has stopped the rehearsal: whoever has not begun a step leaves it.
    over: Event = field(default_factory=Event)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step, in seconds. One that failed is not timed, but its reason is told."""
        if self.over.is_set():
            raise Over
        started = time.perf_counter()
        try:
            yield
        except Unwanted as error:
            with self.lock:
                self.refused[f"{name}: {error}"] += 1
        except (OSError, HTTPException) as error:
            with self.lock:
                self.refused[f"{name}: the connection broke ({type(error).__name__})"] += 1
        else:
            with self.lock:
                self.took[name].append(time.perf_counter() - started)

    def accept(self, receipt: str, size: int) -> None:
        """The kiosk has thanked for it."""
        with self.lock:
            self.receipts.add(receipt)
            self.bytes += size


class Over(Exception):
    """The rehearsal was stopped."""


class Unwanted(Exception):
    """The kiosk answered otherwise than a phone hopes for."""


class PhoneConnection:
    """One phone's connection to the kiosk; it is opened again when it was closed."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._cookie = ""
        if parts.scheme == "https":
            # The own kiosk on the own machine: its certificate is for its name among phones.
            self._http: HTTPConnection = HTTPSConnection(
                parts.hostname,
                parts.port or 443,
                timeout=TIMEOUT,
                context=ssl._create_unverified_context(),  # noqa: S323  # this laptop's own
            )
        else:
            self._http = HTTPConnection(parts.hostname, parts.port or 80, timeout=TIMEOUT)

    def ask(
        self,
        method: str,
        path: str,
        want: int,
        *,
        body: bytes | memoryview | None = None,
        headers: Mapping[str, str] = {},
    ) -> tuple[Message, bytes]:
        """Headers and content of the answer; raises Unwanted for another status than ``want``."""
        given = {**headers, **({"Cookie": self._cookie} if self._cookie else {})}
        self._http.request(method, path, body=body, headers=given)
        answer = self._http.getresponse()
        content = answer.read()
        self._remember(answer)
        if answer.status != want:
            raise Unwanted(_reason(answer.status, content))
        return answer.headers, content

    def _remember(self, answer: HTTPResponse) -> None:
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            if cookie.startswith("device="):
                self._cookie = cookie.split(";", 1)[0]

    def close(self) -> None:
        """Hang up."""
        self._http.close()


def _reason(status: int, content: bytes) -> str:
    try:
        return f"{status}, {json.loads(content)['detail']}"
    except (ValueError, KeyError, TypeError):
        return str(status)


@dataclass
class Volunteer:
    """One phone, from the scan to the receipt."""

    url: str
    code: str
    number: int
    material: Material
    notes: Notes
    rng: random.Random

    def play(self) -> None:
        """Open the page, leave a line, some photos and perhaps a video, look at the receipt."""
        time.sleep(self.rng.uniform(0, SPREAD))
        line = PhoneConnection(self.url)
        try:
            with self.notes.step("page"):
                line.ask("GET", f"/s/{self.code}", 200, headers={"Accept-Encoding": "gzip"})
            with self.notes.step("note"):
                self._note(line)
            for number in range(PHOTOS_EACH):
                photo = self.material.photos[(self.number + number) % len(self.material.photos)]
                with self.notes.step("photo"):
                    self._file(line, photo, "photo.jpg")
            if self.number % VIDEO_EVERY == 0:
                with self.notes.step("video"):
                    self._file(line, self.material.video, "video.mp4")
        except Over:
            pass
        finally:
            line.close()

    def _note(self, line: PhoneConnection) -> None:
        words = {"text": f"Rehearsal: note {self.number}", "client_id": client_id(self.rng)}
        headers = {**JSON, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(words).encode()
        _, answer = line.ask("POST", f"/s/{self.code}/takeaways", 201, body=body, headers=headers)
        receipt = json.loads(answer)["receipt"]
        self.notes.accept(receipt, len(body))
        with self.notes.step("receipt"):
            line.ask("GET", f"/t/{receipt}", 200, headers=JSON)

    def _file(self, line: PhoneConnection, body: bytes, name: str) -> None:
        data = memoryview(body[:-16] + self.rng.randbytes(16))
        fields = {
            "session": self.code,
            "filename": name,
            "client_id": client_id(self.rng),
            "text": f"Rehearsal: {name}",
            "audience": "room",
        }
        metadata = ",".join(
            f"{key} {b64encode(text.encode()).decode()}" for key, text in fields.items()
        )
        begun, _ = line.ask(
            "POST",
            "/uploads",
            201,
            headers={**V1, "Upload-Length": str(len(data)), "Upload-Metadata": metadata},
        )
        place, receipt = urlsplit(begun["Location"]).path, ""
        for at in range(0, len(data), CHUNK):
            if self.notes.over.is_set():
                raise Over
            headers = {
                **V1,
                "Upload-Offset": str(at),
                "Content-Type": "application/offset+octet-stream",
            }
            done, _ = line.ask("PATCH", place, 204, body=data[at : at + CHUNK], headers=headers)
            receipt = done.get("Reporter-Receipt", "")
        if not receipt:
            raise Unwanted("no receipt came with the last piece")
        self.notes.accept(receipt, len(data))


def play(
    url: str,
    code: str,
    phones: int,
    *,
    material: Material,
    rng: random.Random,
    progress: Callable[[int, int, str], None],
) -> tuple[Notes, float]:
    """All volunteers at once; what they wrote down, and how many seconds it took."""
    notes = Notes()
    cast = [
        Volunteer(url, code, number, material, notes, random.Random(rng.random()))  # noqa: S311  # a rehearsal
        for number in range(phones)
    ]
    started = time.perf_counter()
    with ThreadPoolExecutor(phones) as pool:
        playing = [pool.submit(volunteer.play) for volunteer in cast]
        try:
            for done, future in enumerate(as_completed(playing), 1):
                future.result()
                progress(done, phones, f"{len(notes.receipts)} taken in")
        finally:
            notes.over.set()
    return notes, time.perf_counter() - started


def percentile(values: list[float], share: float) -> float:
    """The value that this share of all is not above (nearest rank); 0 for none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def milliseconds(values: list[float]) -> dict[str, float]:
    """How many there were, their median and their 99th percentile."""
    return {
        "count": len(values),
        "p50_ms": round(1000 * percentile(values, 0.5), 1),
        "p99_ms": round(1000 * percentile(values, 0.99), 1),
    }


def expected(phones: int) -> int:
    """Takeaways that this many volunteers bring."""
    return phones * (1 + PHOTOS_EACH) + math.ceil(phones / VIDEO_EVERY)


def is_there(url: str) -> dict[str, Any] | None:
    """What a kiosk at this address says of itself; None where none answers."""
    line = PhoneConnection(url)
    try:
        _, answer = line.ask("GET", "/healthz", 200)
        health = json.loads(answer)
    except (OSError, HTTPException, Unwanted, ValueError):
        return None
    finally:
        line.close()
    return health if isinstance(health, dict) and "gathering" in health else None
