"""A gathering with content for the publish tests, a target in memory, and a proxy that breaks answers."""

from __future__ import annotations

import hashlib
import http.client
import io
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image, ImageDraw
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from publish.errors import Gone
from publish.outbox.context import PublishContext
from publish.posts.model import GatheringFacts, Post, PostMedia, Remote, gathering_facts
from publish.status.target_registry import make_publish_context
from publish.targets import FrontPageEntry, Target, TargetOption
from publish.targets.capabilities import HasFrontPage, ManualPosting, MediaLibrary
from reporter import models
from reporter.actor import Actor
from reporter.clock import new_id
from reporter.codes import make_code, make_receipt
from reporter.config import Settings, load_settings
from reporter.enums import Kind, MediaState, TakeawayState
from reporter.gathering.folder import make_gathering, open_engine
from reporter.media.store import Store

START = datetime(2026, 5, 9, 14, 0, tzinfo=UTC)


class ManualClock:
    """A clock that moves when a test says so."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        """Let time pass, as ``minutes=5``."""
        self.now += timedelta(**parts)


def jpeg(seed: int, size: tuple[int, int] = (640, 480)) -> bytes:
    """A JPEG of its own for every seed."""
    rng = random.Random(seed)
    picture = Image.new("RGB", size, tuple(rng.randrange(80, 220) for _ in range(3)))
    draw = ImageDraw.Draw(picture)
    for _ in range(40):
        x, y = rng.randrange(size[0]), rng.randrange(size[1])
        colour = tuple(rng.randrange(256) for _ in range(3))
        draw.ellipse([x, y, x + rng.randrange(20, 160), y + rng.randrange(20, 160)], fill=colour)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


@dataclass
class Kit:
    """A gathering on the disk, one open session, and shortcuts to fill it as intake, processing and desk would."""

    settings: Settings
    engine: Engine
    session: Session
    store: Store
    facts: GatheringFacts
    clock: ManualClock
    rng: random.Random
    context: PublishContext

    def id(self) -> uuid.UUID:
        """A new id."""
        return new_id(self.clock(), self.rng)

    @property
    def actor(self) -> Actor:
        """Who decides in tests."""
        return Actor(self.clock(), self.rng, "test")

    def event(
        self, title: str = "Community gardens in winter", **values: Any
    ) -> models.EventSession:
        """A session of the schedule."""
        row = models.EventSession(
            id=self.id(),
            code=make_code(self.rng),
            title=title,
            created_at=self.clock(),
            **{"starts_at": START, "room": "Room 2", **values},
        )
        self.session.add(row)
        self.session.commit()
        return row

    def takeaway(
        self, event: models.EventSession, text: str = "", **values: Any
    ) -> models.Takeaway:
        """An approved note, unless ``state`` says otherwise."""
        self.clock.forward(seconds=1)
        defaults: dict[str, Any] = {
            "kind": Kind.NOTE.value,
            "state": TakeawayState.APPROVED.value,
            "author": "Ada",
            "intent": "learned",
        }
        row = models.Takeaway(
            id=self.id(),
            receipt=make_receipt(self.rng),
            session_id=event.id,
            text=text,
            recorded_at=self.clock(),
            received_at=self.clock(),
            approved_at=self.clock(),
            revision=1,
            **{**defaults, **values},
        )
        self.session.add(row)
        self.session.commit()
        return row

    def photo(
        self, event: models.EventSession, seed: int, text: str = "", **values: Any
    ) -> models.Takeaway:
        """An approved takeaway with a processed photo and its alt text."""
        takeaway = self.takeaway(event, text, **{"kind": Kind.PHOTO.value, **values})
        self.attach(
            takeaway,
            jpeg(seed),
            kind=Kind.PHOTO,
            renditions={"view": jpeg(seed, (320, 240))},
        )
        return takeaway

    def attach(
        self,
        takeaway: models.Takeaway,
        data: bytes,
        *,
        kind: Kind,
        renditions: Mapping[str, bytes],
        types: Mapping[str, tuple[str, str]] | None = None,
        alt: str | None = None,
    ) -> models.Media:
        """Keep an original and its renditions, as processing leaves them."""
        sha256 = hashlib.sha256(data).hexdigest()
        media = self.session.scalar(select(models.Media).where(models.Media.sha256 == sha256))
        if media is None:
            media = models.Media(
                id=self.id(),
                sha256=sha256,
                kind=kind.value,
                type="image/jpeg",
                ext=".jpg",
                bytes=len(data),
                state=MediaState.READY.value,
                due_at=self.clock(),
                received_at=self.clock(),
            )
            self.session.add(media)
            original = self.store.original(sha256, ".jpg")
            original.parent.mkdir(parents=True, exist_ok=True)
            original.write_bytes(data)
            for name, made in renditions.items():
                mime, ext = (types or {}).get(name, ("image/jpeg", ".jpg"))
                path = self.store.rendition(sha256, name, ext)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(made)
                media.renditions.append(
                    models.Rendition(
                        name=name,
                        type=mime,
                        ext=ext,
                        bytes=len(made),
                        width=320,
                        height=240,
                        sha256=hashlib.sha256(made).hexdigest(),
                    )
                )
        position = len(takeaway.attachments)
        attachment = models.Attachment(
            media=media,
            position=position,
            alt=(takeaway.text or "Photo") if alt is None else alt,
            filename="IMG_1.jpg",
        )
        takeaway.attachments.append(attachment)
        self.session.commit()
        return media

    def target(self, name: str = "fake", kind: str = "fake", **values: Any) -> models.Target:
        """A target's row."""
        row = models.Target(
            id=self.id(), kind=kind, name=name, created_at=self.clock(), **{"options": {}, **values}
        )
        self.session.add(row)
        self.session.commit()
        return row

    def deliveries(self, kind: str | None = None) -> list[models.Delivery]:
        """The ledger as it is in the database."""
        self.session.expire_all()
        query = select(models.Delivery).order_by(models.Delivery.created_at, models.Delivery.id)
        rows = self.session.scalars(query)
        return [row for row in rows if kind in (None, row.item_kind)]

    def states(self) -> list[tuple[str, str]]:
        """(kind, state) of every row, sorted."""
        return sorted((row.item_kind, row.state) for row in self.deliveries())


@contextmanager
def open_kit(folder: Path, *, seed: int = 1, title: str = "Spring gathering") -> Iterator[Kit]:
    """A new gathering in a folder."""
    clock, rng = ManualClock(), random.Random(seed)
    settings = make_gathering(
        folder, title, timezone="Europe/Berlin", language="en", now=clock(), rng=rng
    )
    with _opened(settings, clock, rng) as kit:
        yield kit


@contextmanager
def open_again(folder: Path, *, seed: int = 9) -> Iterator[Kit]:
    """A gathering that is there, with a chance of its own."""
    with _opened(load_settings(folder), ManualClock(), random.Random(seed)) as kit:
        yield kit


@contextmanager
def _opened(settings: Settings, clock: ManualClock, rng: random.Random) -> Iterator[Kit]:
    folder = settings.folder
    engine = open_engine(settings)
    store = Store(folder)
    store.make_folders()
    try:
        with Session(engine) as session:
            facts = gathering_facts(session, settings)
            context = make_publish_context(store, facts, clock=clock, rng=rng)
            yield Kit(settings, engine, session, store, facts, clock, rng, context)
    finally:
        engine.dispose()


@dataclass
class FakePlace:
    """What a FakeTarget holds, and what it was asked, in order. Survives the target object as a server would."""

    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    face: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    # (call, key or "*") -> errors to raise, one a call; "after" ones are raised when the work is done.
    before: dict[tuple[str, str], list[Exception]] = field(default_factory=dict)
    after: dict[tuple[str, str], list[Exception]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, call: str) -> int:
        """How often a method was called."""
        return sum(1 for name, _key in self.calls if name == call)


class FakeTarget(MediaLibrary, Target):
    """A target in memory that fails on command."""

    kind: ClassVar[str] = "fake"
    title: ClassVar[str] = "Fake"
    options: ClassVar[tuple[TargetOption, ...]] = ()
    place: FakePlace

    @contextmanager
    def _at(self, call: str, key: str) -> Iterator[None]:
        self.place.calls.append((call, key))
        _raise_next(self.place.before, call, key)
        with self.place.lock:
            yield
        _raise_next(self.place.after, call, key)

    def test(self) -> str:
        with self._at("test", ""):
            return "The fake answers."

    def find(self, key: str) -> Remote | None:
        with self._at("find", key):
            return _there(self.place.posts, key)

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        with self._at("create", post.key):
            assert post.key not in self.place.posts, "the same post was made twice"
            self.place.posts[post.key] = _content(post, links)
            return Remote(post.key, f"https://fake.example/{post.key}")

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        with self._at("update", post.key):
            if remote.id not in self.place.posts:
                raise Gone("gone")
            self.place.posts[remote.id] = _content(post, links)
            return remote

    def withdraw(self, remote: Remote) -> None:
        with self._at("withdraw", remote.id):
            self.place.posts.pop(remote.id, None)

    def find_media(self, key: str, ext: str) -> Remote | None:
        with self._at("find_media", key):
            return _there(self.place.files, key)

    def put_media(self, media: PostMedia) -> Remote:
        with self._at("put_media", media.key):
            assert media.key not in self.place.files, "the same file was sent twice"
            self.place.files[media.key] = {"bytes": media.path.read_bytes(), "alt": media.alt}
            return Remote(media.key, f"https://fake.example/files/{media.filename}")

    def update_media(self, remote: Remote, media: PostMedia) -> Remote:
        with self._at("update_media", media.key):
            if remote.id not in self.place.files:
                raise Gone("gone")
            self.place.files[remote.id]["alt"] = media.alt
            return remote

    def withdraw_media(self, remote: Remote) -> None:
        with self._at("withdraw_media", remote.id):
            shown = [post for post in self.place.posts.values() if remote.id in post["files"]]
            assert not shown, "a file was taken away while a post shows it"
            self.place.files.pop(remote.id, None)


class FakeFaceTarget(HasFrontPage, FakeTarget):
    """A fake with a front page."""

    kind: ClassVar[str] = "fakeface"

    def update_front_page(self, entries: Sequence[FrontPageEntry], known: Remote | None) -> Remote:
        with self._at("finish", ""):
            self.place.face = [entry.title for entry in entries]
            return Remote("index", "https://fake.example/")


class AssistedTarget(FakeTarget, ManualPosting):
    """A place where a person posts by hand."""

    kind: ClassVar[str] = "assisted"

    @classmethod
    def posting_url(cls, options: Mapping[str, str]) -> str:
        return "https://group.example/new"


def _raise_next(plan: dict[tuple[str, str], list[Exception]], call: str, key: str) -> None:
    for name in ((call, key), (call, "*"), ("*", "*")):
        if plan.get(name):
            raise plan[name].pop(0)


def _there(things: Mapping[str, Any], key: str) -> Remote | None:
    return Remote(key, f"https://fake.example/{key}") if key in things else None


def _content(post: Post, links: Mapping[str, Remote]) -> dict[str, Any]:
    return {
        "title": post.title,
        "texts": [block.caption or block.text for block in post.blocks],
        "files": [media.key for media in post.media() if media.key in links],
    }


# --- A proxy that loses answers ----------------------------------------------------------------------

# (method, path) -> "cut" (the server did it, the answer is lost), "500" (the same, with an error page instead),
# "stall" (the same, and silence until the client hangs up), "drip" (the same, and the answer comes in small drops),
# "before" (the request never arrives), "within" (half of its body arrives), "portal" (a sign-in page instead),
# "missing" (404 from the web server), bytes (the server did it, and these come as the body of a 200), a function that
# makes the answer and may ask the server for its own, or None.
HttpAnswer = tuple[int, Sequence[tuple[str, str]], bytes]
MakesAnswer = Callable[[Callable[[], HttpAnswer]], HttpAnswer]
Fault = Callable[[str, str], str | bytes | MakesAnswer | None]
_PORTAL = b"<!doctype html><title>Welcome to Cafe Wi-Fi</title><form>Sign in</form>"
# Seconds between two drops of an answer, and how many drops there are.
_DROP_S, _DROPS = 0.01, 12


class FaultProxy:
    """Stands before a real server and breaks what the plan says."""

    def __init__(self, upstream_port: int) -> None:
        self.fault: Fault = lambda method, path: None
        self.seen: list[tuple[str, str, int]] = []
        # Of the request for which a fault is asked.
        self.body = b""
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes: the second would wait 40 ms for the first to be acknowledged.
            disable_nagle_algorithm = True

            def _pass(self) -> None:
                body = proxy.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fault = proxy.fault(self.command, self.path)
                if fault in ("before", "within"):
                    if fault == "within":
                        proxy.forward_half(
                            upstream_port, self.command, self.path, self.headers, body
                        )
                    self.close_connection = True
                    return
                if fault == "portal":
                    self._answer(200, [("Content-Type", "text/html")], _PORTAL)
                    return
                if fault == "missing":
                    self._answer(404, [("Content-Type", "text/html")], b"<h1>Not found</h1>")
                    return

                def own() -> HttpAnswer:
                    return proxy.forward(upstream_port, self.command, self.path, self.headers, body)

                if callable(fault):
                    self._answer(*fault(own))
                    return
                status, headers, data = own()
                if isinstance(fault, bytes):
                    kind = [h for h in headers if h[0].lower() == "content-type"]
                    self._answer(200, kind, fault)
                elif fault in ("cut", "stall"):
                    self.close_connection = True
                    if fault == "stall":
                        # Until the client hangs up: nothing else comes over this connection.
                        self.connection.settimeout(60)
                        with suppress(OSError):
                            self.connection.recv(1)
                elif fault == "drip":
                    self._answer(status, headers, data, drops=_DROPS)
                elif fault == "500":
                    kept = [h for h in headers if h[0].lower().startswith("x-wp-")]
                    self._answer(500, kept, b"<h1>Internal Server Error</h1>")
                else:
                    self._answer(status, headers, data)

            do_GET = do_POST = do_DELETE = do_PUT = _pass
            do_PROPFIND = do_MKCOL = do_MOVE = _pass

            def _answer(
                self, status: int, headers: Sequence[tuple[str, str]], data: bytes, drops: int = 0
            ) -> None:
                self.send_response_only(status)
                for name, value in headers:
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                size = max(1, len(data) // drops) if drops else max(1, len(data))
                for start in range(0, len(data), size):
                    self.wfile.write(data[start : start + size])
                    if drops:
                        time.sleep(_DROP_S)

            def log_message(self, format: str, *args: Any) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def forward(
        self, port: int, method: str, path: str, headers: Any, body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Ask the real server."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=dict(headers.items()))
            response = connection.getresponse()
            data = response.read()
            self.seen.append((method, path.split("?")[0], len(body)))
            return response.status, response.getheaders(), data
        finally:
            connection.close()

    def forward_half(self, port: int, method: str, path: str, headers: Any, body: bytes) -> None:
        """Begin a request at the real server, and hang up in the middle of its body."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body[: len(body) // 2] or None)
        finally:
            connection.close()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def site_files(story: str, media: str) -> list[str]:
    """The files of a site with one story that has one photo, in order."""
    return sorted(
        [
            f"{story}.html",
            "feed.json",
            "feed.xml",
            "index.html",
            f"media/{media}.jpg",
            "search/search.js",
            "search/words.js",
            "style/site.css",
            "style/tokens.css",
        ]
    )
