"""A bundle of many photos beside copying and hashing the same bytes. PHOTOS (1000) and PHOTO_KB (1500) set the size."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from publish.bundle.builder import make_bundle
from reporter.enums import Kind
from tests.bench.rows import Row, pairs
from tests.support.publish.fakes import Kit, jpeg, open_kit

ASSETS = Path(__file__).parents[3] / "static"
_PIECE = 1 << 20


def measure() -> list[Row]:
    """Two rows: a folder, and one zip."""
    photos = int(os.environ.get("PHOTOS", "1000"))
    size = int(os.environ.get("PHOTO_KB", "1500")) * 1000
    # Beside the checkout and not in /tmp, which is memory on many machines.
    with (
        tempfile.TemporaryDirectory(prefix=".bench-", dir=ASSETS.parent) as name,
        open_kit(Path(name) / "gathering") as kit,
    ):
        _fill(kit, photos, size)
        return [_row(kit, Path(name), photos, form) for form in ("bag", "bag.zip")]


def _fill(kit: Kit, photos: int, size: int) -> None:
    """Twenty sessions; a photo and its rendition are each of their own."""
    events = [kit.event(f"Session {number}") for number in range(20)]
    luck, picture = random.Random(1), jpeg(1)
    for number in range(photos):
        row = kit.takeaway(events[number % 20], f"Photo {number}", kind=Kind.PHOTO.value)
        made = {"view": picture + luck.randbytes(size // 6)}
        # Coded data as long as a phone's: before the end mark, so that stripping walks all of it.
        # Coded data writes each 0xFF with a 0x00 after it.
        body = luck.randbytes(size).replace(b"\xff", b"\xff\x00")
        kit.attach(row, picture[:-2] + body + picture[-2:], kind=Kind.PHOTO, renditions=made)


def _row(kit: Kit, folder: Path, photos: int, form: str) -> Row:
    goal, copy = folder / form, folder / "copy"

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

    # The bytes come from where ours come from: the gathering, not the bundle that was just made.
    sources = [
        *(kit.store.folder / "renditions").rglob("*.jpg"),
        *(kit.store.folder / "media").rglob("*.jpg"),
    ]

    def theirs() -> None:
        # As many hands as there are processors, as ours has.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            names = (copy / f"{number}.jpg" for number in range(len(sources)))
            list(pool.map(_copy, sources, names))

    def clear() -> None:
        shutil.rmtree(goal, ignore_errors=True)
        goal.unlink(missing_ok=True)
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()

    clear()
    total = sum(path.stat().st_size for path in sources)
    note = (
        f"{photos} photos, {total / 1e6:.0f} MB in {len(sources)} files. Both copy, hash while copying (SHA-512) and "
        "bring each file to the disk. Ours besides reads the rows, frees originals of place and time, writes the site, "
        "reads all back from the disk and compares."
    )
    return pairs(
        f"bundle of {photos} photos, {'a zip' if form.endswith('zip') else 'a folder'}",
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
