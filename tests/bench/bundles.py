"""A bundle of many photos beside copying and hashing the same bytes. PHOTOS (1000) and PHOTO_KB (1500) set the size."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import tempfile
from pathlib import Path

from publish.bundle import make_bundle
from reporter.states import Kind
from tests.bench.rows import Row, pairs
from tests.publish_fakes import Kit, jpeg, open_kit

ASSETS = Path(__file__).parents[2] / "static"
_PIECE = 1 << 20


def measure() -> list[Row]:
    """One row."""
    photos = int(os.environ.get("PHOTOS", "1000"))
    size = int(os.environ.get("PHOTO_KB", "1500")) * 1000
    # Beside the checkout and not in /tmp, which is memory on many machines.
    with (
        tempfile.TemporaryDirectory(prefix=".bench-", dir=ASSETS.parent) as name,
        open_kit(Path(name) / "gathering") as kit,
    ):
        _fill(kit, photos, size)
        return [_row(kit, Path(name), photos)]


def _fill(kit: Kit, photos: int, size: int) -> None:
    """Twenty sessions; a photo and its rendition are each of their own."""
    events = [kit.event(f"Session {number}") for number in range(20)]
    luck, picture = random.Random(1), jpeg(1)
    for number in range(photos):
        row = kit.takeaway(events[number % 20], f"Photo {number}", kind=Kind.PHOTO.value)
        made = {"view": picture + luck.randbytes(size // 6)}
        # Coded data as long as a phone's: before the end mark, so that stripping walks all of it.
        body = luck.randbytes(size).replace(b"\xff", b"\xfe")
        kit.attach(row, picture[:-2] + body + picture[-2:], kind=Kind.PHOTO, renditions=made)


def _row(kit: Kit, folder: Path, photos: int) -> Row:
    goal, copy = folder / "bag", folder / "copy"

    def ours() -> None:
        make_bundle(
            kit.session,
            kit.store,
            goal,
            facts=kit.facts,
            now=kit.clock(),
            rng=kit.rng,
            assets=ASSETS,
        )

    ours()
    files = sorted(path for path in (goal / "data").rglob("*") if path.is_file())
    total = sum(path.stat().st_size for path in files)
    # The bytes come from where ours come from: the gathering, not the bundle that was just made.
    sources = [
        *(kit.store.folder / "renditions").rglob("*.jpg"),
        *(kit.store.folder / "media").rglob("*.jpg"),
    ]

    def theirs() -> None:
        for number, path in enumerate(sources):
            _copy(path, copy / f"{number}.jpg")

    def clear() -> None:
        shutil.rmtree(goal, ignore_errors=True)
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()

    clear()
    note = (
        f"{photos} photos, {total / 1e6:.0f} MB in {len(files)} files. Ours frees originals of place and time, writes, "
        "brings to the disk, reads back and compares; theirs copies, hashes while copying (SHA-512), and "
        "brings to the disk."
    )
    return pairs(
        f"bundle of {photos} photos",
        ours,
        theirs,
        peer="copy and hash",
        runs=3,
        note=note,
        between=clear,
    )


def _copy(source: Path, goal: Path) -> str:
    digest = hashlib.sha512()
    with source.open("rb") as file, goal.open("xb") as out:
        while piece := file.read(_PIECE):
            digest.update(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()
