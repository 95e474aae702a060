"""Many at once look for an index that is not there yet: one is made, and all use it."""

from __future__ import annotations

import threading
from pathlib import Path

from reporter.search import Recipe
from reporter.search.index_files import IndexGenerations


def test_threads_that_begin_at_once_share_one_index(tmp_path: Path) -> None:
    builds, recipe = IndexGenerations(tmp_path / "index"), Recipe()
    start, found, failures = threading.Barrier(8), [], []

    def begin() -> None:
        start.wait(30)
        try:
            found.append(builds.current(recipe).folder)
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [path.name for path in (tmp_path / "index").iterdir() if path.is_dir()] == [
        found[0].name
    ]
