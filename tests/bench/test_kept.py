"""What got worse since the rows that are kept, and what stays kept."""

import math
from pathlib import Path

import pytest

from tests.bench import kept
from tests.bench.profiled import tables
from tests.bench.rows import Row


def _row(ratio: float, low: float, high: float, name: str = "uploads") -> Row:
    return Row(name, "nginx", 10 * ratio, 10.0, ratio, low, high, 3)


@pytest.fixture(autouse=True)
def _own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FILE", tmp_path / "kept.json")


def test_only_a_ratio_beyond_the_last_spread_is_worse() -> None:
    kept.keep([_row(1.0, 0.9, 1.2)], "0.3")
    before = kept.load()
    assert list(kept.worse([_row(1.3, 1.1, 1.5)], before)) == [], "the spreads overlap"
    assert list(kept.worse([_row(0.5, 0.4, 0.6)], before)) == []
    assert list(kept.worse([_row(9.0, 8.0, 9.9, "new")], before)) == [], "nothing to compare with"
    (line,) = kept.worse([_row(1.6, 1.3, 1.9)], before)
    assert "uploads, beside nginx: 1.60 (1.30–1.90)" in line
    assert "1.00 (0.90–1.20)" in line


def test_a_row_takes_the_place_of_its_last_self_and_one_left_out_keeps_it() -> None:
    kept.keep([_row(1.0, 0.9, 1.2), _row(2.0, 1.9, 2.2, "codes")], "0.3")
    kept.keep([Row.left_out("uploads", "no nginx"), _row(1.5, 1.4, 1.6, "codes")], "7.0")
    found = {name: (one.row.ratio, one.beside) for (name, _), one in kept.load().items()}
    assert found == {"uploads": (1.0, "0.3"), "codes": (1.5, "7.0")}
    assert not any(math.isnan(one.row.ratio) for one in kept.load().values())


def test_a_sample_counts_for_the_library_at_work_and_for_ours_that_asked(tmp_path: Path) -> None:
    stacks = tmp_path / "stacks"
    stacks.write_text(
        "main (kiosk/app.py:3);search (reporter/search/executor.py:9);read (whoosh/fields.py:1) 3\n"
        "main (kiosk/app.py:3);wait (threading.py:320) 1\n"
    )
    text = "\n".join(tables(stacks))
    assert "| `whoosh` | 75% |" in text
    assert "| `threading` | 25% |" in text
    assert "| `reporter/search/executor.py` | 75% |" in text
    assert "| `kiosk/app.py` | 25% |" in text
