"""Two kiosks publish the same gathering at the same moment, each with a ledger of its own: every item is there once."""

from __future__ import annotations

import dataclasses
import gc
import os
import random
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.status import target_registry
from publish.targets import Target, target_class
from publish.targets.capabilities import Batches, MediaLibrary
from reporter import secret_store
from reporter.models import Takeaway
from reporter.models import Target as TargetRow
from reporter.moderation import decisions
from tests.publish.conformance.contract import Place
from tests.publish.conformance.targets import PLACES
from tests.support.publish.fakes import FaultProxy, Kit, open_again, open_kit
from tests.support.publish.rounds import publish
from tests.support.servers.on_postgresql import copy_gathering

# More of them, and bad lines to all places: RACE_SEEDS=5 pytest tests/publish/outbox/test_two_publishers.py
SEEDS = int(os.environ.get("RACE_SEEDS", "0"))
# A media endpoint gives every file a new address, and many list none: a file that two send at once lies there twice,
# until both take it back.
FILES_DOUBLE = {"micropub"}


class Meeting:
    """Lets two kiosks do the same step to the same item at the same moment, once: both have looked and found nothing.

    ``seconds``: how long one waits for the other.
    """

    def __init__(self, seconds: float = 10.0) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._barriers: dict[tuple[str, str], threading.Barrier] = {}
        self.met = 0

    def wait(self, step: str, key: str) -> None:
        with self._lock:
            first = (step, key) not in self._barriers
            barrier = self._barriers.setdefault((step, key), threading.Barrier(2))
        with suppress(threading.BrokenBarrierError):
            barrier.wait(self._seconds if first else 0.01)
            self.met += first

    def attend(self, target: Target) -> Target:
        """The target, but before something new is made the other kiosk is waited for."""
        create = target.create

        def create_together(post: Any, links: Any) -> Any:
            self.wait("create", post.key)
            return create(post, links)

        target.create = create_together  # type: ignore[method-assign]
        if isinstance(target, MediaLibrary):
            self._attend_files(target)
        if isinstance(target, Batches):
            self._attend_rounds(target)
        return target

    def _attend_files(self, target: MediaLibrary) -> None:
        put_media = target.put_media

        def put_together(media: Any) -> Any:
            self.wait("put", media.key)
            return put_media(media)

        target.put_media = put_together  # type: ignore[method-assign]

    def _attend_rounds(self, target: Batches) -> None:
        put_all = target.put_all

        def round_together(posts: Any) -> Any:
            self.wait("round", posts[0].key)
            return put_all(posts)

        target.put_all = round_together  # type: ignore[method-assign]


@pytest.fixture(params=PLACES, ids=str)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with PLACES[request.param](request) as place:
        yield place


@pytest.fixture
def kiosks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Kit, Kit]]:
    """Two machines with the same gathering."""
    monkeypatch.setenv(secret_store.FILE_VARIABLE, str(tmp_path / "secrets.json"))
    seed = zlib.crc32(str(tmp_path).encode())
    with ExitStack() as stack:
        one = stack.enter_context(open_kit(tmp_path / "one", seed=seed))
        first, second = (one.event(title=f"{word} {one.facts.mark}") for word in ("Leeks", "Kale"))
        one.photo(first, seed % 1000, "Leeks stand the frost.")
        one.photo(first, seed % 1000 + 1, "So does kale.")
        one.takeaway(second, "Ask the neighbours first.")
        one.session.close()
        one.engine.dispose()
        copy_gathering(tmp_path / "one", tmp_path / "two")
        yield one, stack.enter_context(open_again(tmp_path / "two", seed=seed + 1))


def add(kit: Kit, place: Place, url: str) -> None:
    given = place.options(url if place.port else "")
    target_registry.add_target(
        kit.session, place.kind, "there", given, now=kit.clock(), rng=kit.rng
    )
    secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("there"), place.secret)
    kit.session.close()


def send(kit: Kit, meeting: Meeting | None = None) -> list[dict[str, Any]]:
    """Publish until nothing is open, on the clock of the test and a session of this thread."""

    def connect(row: TargetRow) -> Target:
        target = kit.context.connect(row)
        return meeting.attend(target) if meeting else target

    outbox = dataclasses.replace(kit.context, connect=connect)
    with Session(kit.engine) as session:
        pause = lambda seconds: kit.clock.forward(seconds=seconds)  # noqa: E731
        return publish(session, outbox, wait=True, pause=pause)


def race(kiosks: tuple[Kit, Kit], meeting: Meeting) -> None:
    """Both publish at once; what goes wrong in a thread is raised here."""
    wrong: list[BaseException] = []

    def run(kit: Kit) -> None:
        try:
            rows = send(kit, meeting)
            assert {row["state"] for row in rows} == {"sent"}, rows
        except BaseException as error:  # noqa: BLE001 - told in the test's own thread
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(kit,)) for kit in kiosks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    if wrong:
        raise wrong[0]


def check(place: Place, kit: Kit, posts: int, files: int) -> None:
    seen = place.census(kit.facts)
    assert len(seen.posts) == posts
    assert sum(len(post.files) for post in seen.posts) == files
    assert len({data for post in seen.posts for data in post.files}) == files
    if place.kind not in FILES_DOUBLE or not files:
        assert seen.library in (None, files)


@pytest.mark.parametrize("seed", range(max(1, SEEDS)))
def test_each_is_there_once_and_goes_when_one_kiosk_takes_it_back(
    kiosks: tuple[Kit, Kit], place: Place, *, seed: int
) -> None:
    one, two = kiosks
    for kit in kiosks:
        add(kit, place, place.url if place.port else "")
    meeting = Meeting()
    race(kiosks, meeting)
    # Where stories go together, the whole round is one step.
    assert meeting.met >= (1 if issubclass(target_class(place.kind), Batches) else 2)
    check(place, one, 2, 2)
    # Nothing more to do for either, and nothing doubled by looking again.
    for kit in kiosks:
        assert {row["state"] for row in send(kit)} == {"sent"}
    check(place, one, 2, 2)

    # One of them takes everything back: nothing of the other's stays.
    for kit in kiosks if place.kind in FILES_DOUBLE else [two]:
        with Session(kit.engine) as session:
            for row in session.scalars(select(Takeaway)).all():
                decisions.withdraw(session, row, kit.actor, kit.store)
        send(kit)
    check(place, two, 0, 0)


# Fixtures run in this process, and their form parser drops the file of a request that was cut.
@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("place", PLACES if SEEDS else ["wordpress", "mastodon"], indirect=True)
@pytest.mark.parametrize("seed", range(max(1, SEEDS)))
def test_each_is_there_once_over_bad_lines(
    kiosks: tuple[Kit, Kit], place: Place, *, seed: int
) -> None:
    if place.port is None:
        pytest.skip("nothing is sent over HTTP there")
    rng = random.Random(seed)
    lock = threading.Lock()
    faults = [rng.choice(["cut", "500", "before", "within", "drip", None]) for _ in range(10)]

    def fault(method: str, path: str) -> str | None:
        with lock:
            return faults.pop() if faults and rng.random() < 0.5 else None

    with ExitStack() as stack:
        for kit in kiosks:
            proxy = FaultProxy(place.port)
            stack.callback(proxy.close)
            proxy.fault = fault
            add(kit, place, proxy.url)
        race(kiosks, Meeting(1.0))
    check(place, kiosks[0], 2, 2)
    # Here, where that is known, and not in a later test.
    gc.collect()
