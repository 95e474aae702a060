"""Segments of the index are mapped: opening them takes no memory of its own."""

from __future__ import annotations

import io
import pickle
import random
import tracemalloc

import pytest
from sqlalchemy.orm import Session

from reporter.config import Settings
from reporter.models import EventSession
from reporter.search import WhooshIndex
from reporter.search.mapped_segments import mapped_file
from tests.support.kiosk_process import add_takeaway


@pytest.mark.sqlite("Whoosh's files")
def test_an_open_index_is_not_copied_to_memory(
    gathering: Settings, session: Session, event: EventSession, rng: random.Random
) -> None:
    """Each reader and each writer held all of it: 80 MB with 100,000 takeaways."""
    for _number in range(40):
        words = (f"{rng.getrandbits(48):x}" for _word in range(120))
        add_takeaway(session, event, rng, text=" ".join(words))
    whoosh = WhooshIndex(gathering.folder / "index")
    whoosh.sync(session)
    build = whoosh._build()
    size = sum(path.stat().st_size for path in build.folder.glob("*.seg"))
    # What is loaded once.
    build.open().reader().close()
    tracemalloc.start()
    try:
        reader = build.open().reader()
        held, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reader.doc_count() == 40
    reader.close()
    assert held < size / 4


def test_a_mapped_file_is_read_as_any_other() -> None:
    rng = random.Random(4)
    data = rng.randbytes(500)
    mapped, buffer = mapped_file(memoryview(data), name="part"), io.BytesIO(data)
    for _try in range(300):
        where, whence, size = rng.randrange(0, 520), rng.choice((0, 0, 1)), rng.randrange(-1, 60)
        assert mapped.seek(where, whence) == buffer.seek(where, whence)
        assert mapped.read(size) == buffer.read(size)
        assert mapped.tell() == buffer.tell()
    assert mapped.seek(-3, 2) == 497
    assert mapped.get(10, 5) == data[10:15]
    with pytest.raises(ValueError, match="before the beginning"):
        mapped.seek(-1)
    assert mapped_file(memoryview(pickle.dumps([1, "two"]))).read_pickle() == [1, "two"]
    mapped.close()
