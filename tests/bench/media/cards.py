"""Photos from a card to ready renditions and the site of them, beside sigal's gallery of the same (two processes).

``python -m tests.bench.media.cards 1000`` tells the memory that importing a thousand takes.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.cards.importer import Importer, begin_import
from capture.cards.shot_intake import ImportContext
from capture.decoding.process_pool import DecoderPool
from capture.imaging.rendition_file import JPEG_QUALITY, THUMB, VIEW
from capture.renditions.worker import process_due
from kiosk.runtime.static_files import static_dir
from publish.bundle.builder import make_bundle
from publish.posts.model import gathering_facts
from reporter.actor import Actor
from reporter.clock import utc_now
from reporter.config import LimitSettings, Settings
from reporter.enums import MediaState
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import EventSession, Media, Takeaway
from reporter.moderation.decisions import approve
from tests.bench.installed import Lacking, peer_python
from tests.bench.rows import Row, pairs, timed
from tests.bench.sizes import megapixels, photo_counts, photo_size
from tests.support.media.camera_rolls import Camera
from tests.support.media.scene import scene

WORKERS = 2
TAKEN = datetime(2026, 3, 14, 10, 0)  # noqa: DTZ001  a camera's clock
PEER = "sigal build"
NOTE = (
    "sigal makes the same two sizes, a copy of the original and its pages, in two processes. We also look for markers "
    "in each photo, read every copy back, write rows, approve, and make a verified bundle with its site; two workers."
)
SETTINGS = f"""
img_size = ({VIEW}, {VIEW})
thumb_size = ({THUMB}, {THUMB})
thumb_fit = False
keep_orig = True
jpg_options = {{'quality': {JPEG_QUALITY}}}
"""


def measure() -> Iterator[Row]:
    """Two rows for each number of photos."""
    for count in photo_counts():
        yield _row(count, photo_size())
        yield _again(count, photo_size())


def _again(count: int, size: tuple[int, int]) -> Row:
    """The same card once more, with nothing new on it, beside the first time."""
    with tempfile.TemporaryDirectory() as temporary, DecoderPool(WORKERS, priority=0) as pool:
        folder, times = Path(temporary), []
        card = make_card(folder / "card", count, size)

        def again() -> float:
            settings, goal = _gathering(folder, random.Random(9)), folder / uuid.uuid4().hex
            first, second = (
                timed(lambda: build(settings, goal, card, pool, count=count)) for _ in range(2)
            )
            times.append(first)
            shutil.rmtree(goal)
            shutil.rmtree(settings.folder)
            return second

        return pairs(
            f"the same card of {count} photos again, with nothing new on it (aim: 0.05)",
            again,
            times.pop,
            peer="the first time",
            self_timed=True,
            runs=1 if count > 100 else 3,
            note="Copied, decoded and written is nothing; the bundle's own bytes are not read again.",
        )


def _row(count: int, size: tuple[int, int]) -> Row:
    name = f"{count} photos of {megapixels(size)} from a card, verified, with renditions and site"
    with tempfile.TemporaryDirectory() as temporary, DecoderPool(WORKERS, priority=0) as pool:
        folder = Path(temporary)
        card = make_card(folder / "card", count, size)
        try:
            theirs = _sigal(card, folder, count)
        except Lacking as lacking:
            return Row.left_out(name, str(lacking))
        return pairs(
            name,
            lambda: gallery(folder, card, pool, count),
            theirs,
            peer=PEER,
            note=NOTE,
            runs=1 if count > 100 else 3,
        )


def make_card(card: Path, count: int, size: tuple[int, int]) -> Path:
    """A card with photos of different bytes."""
    camera = Camera(card, size=size)
    first = (card / camera.shoot(TAKEN, scene(*size))).read_bytes()
    for n in range(1, count):
        # Another EXIF, the same picture: decoding costs the same, making it costs nothing.
        data = first.replace(b"SN-0042-IMG_1\0", f"SN-{n:010}".encode() + b"\0")
        camera.number += 1
        camera.write(
            f"{camera.folder}/IMG_{camera.number:04}.JPG", data, TAKEN + timedelta(seconds=n)
        )
    return card


def gallery(folder: Path, card: Path, pool: DecoderPool, count: int) -> None:
    """Into a new gathering, until everything is ready, approved, and in a bundle with its site."""
    settings, goal = _gathering(folder, random.Random(9)), folder / uuid.uuid4().hex
    build(settings, goal, card, pool, count=count)
    shutil.rmtree(goal)
    shutil.rmtree(settings.folder)


def build(settings: Settings, goal: Path, card: Path, pool: DecoderPool, *, count: int) -> None:
    """What is new on a card into a gathering and its bundle."""
    rng = random.Random(str(uuid.uuid4()))
    with open_session(settings) as session:
        import_all(session, settings, card, pool, rng)
        for takeaway in session.scalars(select(Takeaway).where(Takeaway.state == "new")).all():
            takeaway.consent = "agreed"
            # Without a description no photo leaves the room.
            for attachment in takeaway.attachments:
                attachment.alt = "A landscape"
            approve(session, takeaway, Actor(utc_now(), rng, "bench"))
        made = make_bundle(
            session,
            Store(settings.folder),
            goal,
            facts=gathering_facts(session, settings),
            now=utc_now(),
            rng=rng,
            assets=static_dir(),
        )
    assert made.takeaways == count


def _gathering(folder: Path, rng: random.Random) -> Settings:
    return make_gathering(
        folder / uuid.uuid4().hex, "Bench", timezone="UTC", language="en", now=utc_now(), rng=rng
    )


def import_all(
    session: Session, settings: Settings, card: Path, pool: DecoderPool, rng: random.Random
) -> None:
    """Until all renditions are there: decoders work while the card is read, as in the kiosk."""
    store, done = Store(settings.folder), threading.Event()
    helpers = [
        threading.Thread(target=_render, args=(settings, store, pool, done)) for _ in range(WORKERS)
    ]
    for helper in helpers:
        helper.start()
    event = session.scalar(select(EventSession).where(EventSession.title == "Bench"))
    event = event or add_session(session, "Bench", now=utc_now(), rng=rng)
    job = begin_import(session, "card", now=utc_now(), rng=rng, event=event)
    shop = ImportContext(session, store, pool, utc_now, rng, LimitSettings(), settings.zone)
    Importer(shop, job, tell=lambda tally: None, stopped=lambda: False).run([card])
    session.commit()
    done.set()
    for helper in helpers:
        helper.join()
    assert job.failures == []
    assert set(session.scalars(select(Media.state))) == {MediaState.READY}
    session.rollback()


def _render(settings: Settings, store: Store, pool: DecoderPool, done: threading.Event) -> None:
    with open_session(settings) as session:
        while True:
            last = done.is_set()
            taken = process_due(session, store, pool, now=utc_now, limits=LimitSettings())
            session.rollback()
            if last and not taken:
                return
            if not taken:
                done.wait(0.1)


def _sigal(card: Path, folder: Path, count: int) -> Callable[[], None]:
    program = peer_python().with_name("sigal")
    settings, goal = folder / "sigal.conf.py", folder / "gallery"
    settings.write_text(SETTINGS, encoding="utf-8")
    line = [
        str(each) for each in (program, "build", "-q", "-n", WORKERS, "-c", settings, card, goal)
    ]

    def build() -> None:
        shutil.rmtree(goal, ignore_errors=True)
        subprocess.run(line, check=True, capture_output=True)
        assert len(list(goal.rglob("thumbnails/*.JPG"))) == count

    return build


def memory_of(count: int) -> None:
    """Import ``count`` photos of 2 megapixels; print the most memory that the importing process took (Linux), in MB."""
    with tempfile.TemporaryDirectory() as name, DecoderPool(WORKERS, priority=0) as pool:
        card = make_card(Path(name) / "card", count, (1600, 1200))
        # Making the card took memory too: let the peak begin anew (proc(5), clear_refs).
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before, rng = _peak(), random.Random(9)
        settings = _gathering(Path(name), rng)
        with open_session(settings) as session:
            import_all(session, settings, card, pool, rng)
        print(f"{count} photos: {before} MB before, {_peak()} MB at most")


def _peak() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    memory_of(int(sys.argv[1]))
