"""``python -m tests.bench.hub [TAKEAWAYS]``: fill, measure, simulate, and write docs/scale.md (``make
bench-hub``).
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL, create_engine, text

from reporter.database.row_security import TenantScope, scope_transactions, working_for
from reporter.hub.schema import upgrade_hub
from reporter.search.postgres.builds import take_in
from reporter.search.recipe import Recipe
from tests.bench.hub import page, pushing
from tests.bench.hub.asking import WORKERS, ask, claim
from tests.bench.hub.filling import ORGANIZATION, Place, fill, takeaways, vocabulary
from tests.bench.hub.simulation import Costs, Day, Machines, play
from tests.support.media import files
from tests.support.servers.postgres import postgres_cluster

MILLION = 1_000_000
QUESTIONS = 300
CLAIMS_EACH = 20
# As many takeaways as seventeen gatherings have.
LEAST = 4_000
DAYS = (
    (1, Machines(1, 1)),
    (40, Machines(2, 4)),
    (500, Machines(4, 24)),
    (5_000, Machines(16, 200, 10_000)),
)


def main(arguments: Sequence[str]) -> None:
    """Run everything; about twenty minutes for a million."""
    total = int(arguments[0]) if arguments else MILLION
    if total < LEAST:
        raise SystemExit(f"At least {LEAST:,}: each of the workers claims a gathering of its own.")
    options = (
        "-c shared_buffers=2GB -c maintenance_work_mem=1GB -c max_wal_size=16GB -c work_mem=32MB"
    )
    with postgres_cluster(OPTIONS=options) as postgres, postgres.database() as own:
        url = postgres.admin_url.set(database=own.database)
        owner = create_engine(url)
        scope_transactions(owner)
        upgrade_hub(owner)
        _say(f"filling with {total:,} takeaways")
        places = fill(owner, total, random.Random(7))
        measured = measure(url, places, total)
        owner.dispose()
    write(measured)


def measure(url: URL, places: Sequence[Place], total: int) -> page.Measured:
    """Measure everything on this machine."""
    _say("searching")
    search = [ask(url, place, QUESTIONS) for place in places]
    _say("claiming")
    claims = claim(url, _claims_each(url))
    _say("pushing")
    words, photos = pushing.measure(notes=1_000, photos=0), pushing.measure(notes=0, photos=60)
    engine = create_engine(url)
    with engine.begin() as connection:
        size = "SELECT pg_total_relation_size('search_document') + pg_total_relation_size('search_word')"
        index_bytes = int(connection.scalar(text(size)) or 0)
    document = _document_seconds(url)
    engine.dispose()
    row = (words.seconds - words.again_seconds) / words.takeaways
    rest = photos.seconds - photos.again_seconds - row * photos.takeaways
    costs = Costs(
        row=max(row, 0),
        megabyte=max(rest, 0) / (photos.bytes / 1e6),
        document=document,
        photo=_photo_seconds(),
        claim=claims[0].median / 1000,
        search=search[1][0].median / 1000,
    )
    return page.Measured(total, search, claims, words, photos, index_bytes, costs)


def write(measured: page.Measured) -> None:
    """Simulate the days and write the page."""
    day = Day()
    played = []
    for count, machines in DAYS:
        _say(f"playing {count:,} gatherings")
        played.append((machines, play(count, measured.costs, day, machines)))
    page.write(measured, played, day)
    _say("docs/scale.md")


def _claims_each(url: URL) -> int:
    """So many that there is one left for each worker."""
    engine = create_engine(url)
    with engine.connect() as connection:
        gatherings = int(connection.scalar(text("SELECT count(*) FROM hub_gathering")) or 0)
    engine.dispose()
    return max(1, min(CLAIMS_EACH, gatherings // (WORKERS + 1)))


def _document_seconds(url: URL) -> float:
    """Seconds to index one takeaway of a small gathering; removed afterwards."""
    rows = takeaways(vocabulary(random.Random(7)), random.Random(9), 500)
    for number, row in enumerate(rows, 1):
        row.id, row.revision = uuid.uuid4(), number
    engine = create_engine(url)
    scope_transactions(engine)
    with working_for(TenantScope(ORGANIZATION, uuid.UUID(int=3))), engine.connect() as connection:
        began = time.perf_counter()
        take_in(connection, 1, rows, Recipe())
        took = time.perf_counter() - began
        connection.rollback()
    engine.dispose()
    return took / len(rows)


def _photo_seconds() -> float:
    """Seconds to render one photo of 12 megapixels, in a process that has decoded one before."""
    from capture.renditions.pipeline import process_file

    took = []
    photo = files.jpeg(4000, 3000)
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            process_file(photo, Path(folder), "image/jpeg")
            took.append(time.perf_counter() - began)
    return statistics.median(took[1:])


def _say(what: str) -> None:
    print(f"{what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
