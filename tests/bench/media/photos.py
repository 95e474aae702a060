"""A 12-megapixel JPEG from received to its two renditions beside libvips, and the renditions alone beside Pillow."""

from __future__ import annotations

import random
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps
from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.decoding.process_pool import DecoderPool
from capture.imaging.rendition_file import JPEG_QUALITY, THUMB, VIEW
from capture.intake.receive import receive
from capture.intake.submission import ReceivedFile, Submission
from capture.renditions.photo import make_photo
from capture.renditions.worker import process_due
from reporter.clock import utc_now
from reporter.config import LimitSettings
from reporter.enums import MediaState
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import EventSession, Media
from tests.bench.installed import Lacking, vips
from tests.bench.rows import Row, pairs, timed
from tests.bench.sizes import megapixels, photo_size
from tests.support.media.files import jpeg

NOTE = (
    f"Both decode in a process that is there already and write view ({VIEW}) and thumb ({THUMB}), quality "
    f"{JPEG_QUALITY}, metadata left out. We also check the file, read its EXIF, and write the rows."
)


@dataclass
class Intake:
    """A new gathering that takes in the same photo again and again, in bytes of its own each time."""

    session: Session
    store: Store
    event: EventSession
    pool: DecoderPool
    rng: random.Random

    def take(self, photo: bytes) -> None:
        """Until its receipt could be given."""
        incoming = self.store.begin(uuid.uuid4().hex)
        # What stands behind the end of a JPEG no decoder looks at.
        incoming.write(photo + self.rng.randbytes(8))
        offer = Submission(
            self.event, files=(ReceivedFile.of(incoming, "photo.jpg"),), consent="agreed"
        )
        receive(
            self.session, self.store, offer, now=utc_now(), rng=self.rng, limits=LimitSettings()
        )

    def process(self) -> None:
        """Until it is ready."""
        process_due(self.session, self.store, self.pool, now=utc_now, limits=LimitSettings())
        assert set(self.session.scalars(select(Media.state))) == {MediaState.READY}
        self.session.rollback()


@contextmanager
def intake(folder: Path) -> Iterator[Intake]:
    """In a folder that is thrown away."""
    rng = random.Random(5)
    settings = make_gathering(
        folder / "g", "Bench", timezone="UTC", language="en", now=utc_now(), rng=rng
    )
    with open_session(settings) as session, DecoderPool(1, priority=0) as pool:
        event = add_session(session, "Bench", now=utc_now(), rng=rng)
        yield Intake(session, Store(settings.folder), event, pool, rng)


def measure() -> list[Row]:
    """Two rows."""
    with tempfile.TemporaryDirectory() as name:
        source = jpeg(*photo_size(), orientation=6)
        return [_beside_vips(source, Path(name)), _beside_pillow(source, Path(name))]


def _beside_vips(source: Path, folder: Path) -> Row:
    name = f"JPEG of {megapixels(photo_size())} from received to ready"
    photo = source.read_bytes()
    try:
        with vips() as peer, intake(folder) as door:

            def ours() -> float:
                door.take(photo)
                return timed(door.process)

            return pairs(
                name,
                ours,
                lambda: timed(lambda: peer.make(source, folder)),
                peer="libvips",
                runs=9,
                note=NOTE,
                self_timed=True,
            )
    except Lacking as lacking:
        return Row.left_out(name, str(lacking))


def _beside_pillow(source: Path, folder: Path) -> Row:
    def pillow() -> None:
        with Image.open(source) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
            for size in (VIEW, THUMB):
                small = upright.copy()
                small.thumbnail((size, size), Image.Resampling.LANCZOS)
                small.save(folder / f"p{size}.jpg", quality=JPEG_QUALITY)

    return pairs(
        f"JPEG of {megapixels(photo_size())} to view and thumb",
        lambda: make_photo(source, folder, "image/jpeg"),
        pillow,
        peer="Pillow, full decode",
        runs=9,
    )
