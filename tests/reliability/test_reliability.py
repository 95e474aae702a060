"""The short form of ``make reliability``: a few crash rounds, the order of system calls, a few power cuts.

With ``make test-long``: takedowns at real places, and networks that are cut off from one another.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.guards.repository import ROOT
from tests.reliability import __main__ as reliability
from tests.reliability.recording_disk import can_record
from tests.reliability.system_calls import Call, calls, can_trace, order_of
from tests.reliability.takedowns import cant_run
from tests.reliability.torn_networks import cant_cut
from tests.support.servers.postgres import missing_programs


def run(module: str, *arguments: str) -> Any:
    """In a process of its own: it forks, mounts and kills."""
    command = [sys.executable, "-m", f"tests.reliability.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="the rounds fork")
def test_a_crash_anywhere_loses_and_doubles_nothing() -> None:
    names = ["completion", "migration", "delivery", "erase", "peer merge"]
    tallies = run("crash_rounds", "--rounds", "5", "--seed", "20260314", "--only", ",".join(names))
    assert [one["operation"] for one in tallies] == names
    assert all(one["points"] > 5 and one["met"] == 1 for one in tallies)


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32" or bool(missing_programs()), reason="needs PostgreSQL")
def test_a_push_to_a_hub_that_dies_anywhere_loses_and_doubles_nothing() -> None:
    [tally] = run("crash_rounds", "--rounds", "3", "--seed", "20260314", "--only", "push")
    assert tally["points"] > 100
    assert (tally["at_points"], tally["at_random"]) == (2, 1)


@pytest.mark.skipif(bool(can_trace()), reason=can_trace() or "-")
def test_bytes_then_name_then_row_then_thanks() -> None:
    assert run("system_calls")["missing"] == []


def test_a_part_that_did_not_run_here_keeps_its_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, kept = tmp_path / "reliability.md", tmp_path / "kept"
    before = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    page.write_text(before, encoding="utf-8")
    monkeypatch.setattr(reliability, "PAGE", page)
    monkeypatch.setattr(reliability, "KEPT", kept)
    reliability.write_page()
    assert page.read_text(encoding="utf-8") == before
    calls = {"order": ["the row is written"], "missing": []}
    of_calls = {"told": calls, "seconds": 1, "when": "2000-01-01", "load": 0, "machine": "2 cores"}
    kept.mkdir()
    (kept / "system_calls.json").write_text(json.dumps(of_calls), encoding="utf-8")
    reliability.write_page()
    after = page.read_text(encoding="utf-8")
    assert "2000-01-01" in after
    other = reliability.sections_of(before)
    found = reliability.sections_of(after)
    assert list(found) == list(other)
    changed = [heading for heading in other if other[heading] != found[heading]]
    assert changed == ["## Order of system calls"]


def test_the_trace_is_read_in_the_order_in_which_calls_end() -> None:
    """Two threads at once, and an answer before the log is on the disk."""
    trace = """\
11 write(7</g/incoming/a.part>, "x", 1) = 1
11 fsync(7</g/incoming/a.part> <unfinished ...>
12 sendto(9<socket:[1]>, "HTTP/1.1 200 OK", 15, 0, NULL, 0) = 15
11 <... fsync resumed>) = 0
11 link("/g/incoming/a.part", "/g/media/ab/abc.jpg") = 0
11 fsync(8</g/media/ab>) = 0
11 pwrite64(5</g/reporter.db-wal>, "row", 3, 0) = 3
11 sendto(9<socket:[1]>, "HTTP/1.1 201 CREATED", 20, 0, NULL, 0) = 20
11 fsync(5</g/reporter.db-wal>) = 0
11 fsync(6</g/other>) = -1 EIO (Input/output error)
"""
    assert [one.name for one in calls(trace)][1:3] == ["sendto", "fsync"]
    assert Call("fsync", "6</g/other>") not in list(calls(trace))
    # The thanks came before the log was on the disk: it is not found after it.
    assert order_of(trace)[-1] == "fsync of the log"


@pytest.mark.long
@pytest.mark.skipif(bool(cant_run()), reason=f"for lack of {cant_run()} (make system-packages)")
def test_what_was_taken_back_goes_from_real_places_when_the_line_is_back() -> None:
    results = run("takedowns", "--rounds", "1", "--offline", "6")
    assert results["failures"] == []
    assert [len(seconds) for seconds in results["seconds"].values()] == [1, 1]


@pytest.mark.long
@pytest.mark.skipif(bool(cant_cut()), reason=cant_cut() or "-")
def test_kiosks_and_a_hub_that_are_cut_off_at_random_end_with_the_same() -> None:
    results = run("torn_networks", "--seconds", "8", "--phones", "1", "--seed", "5")
    assert results["sent"] > 0
    assert [results[kind] for kind in ("lost", "twice", "back", "differences")] == [[]] * 4


@pytest.mark.skipif(bool(can_record()), reason=can_record() or "-")
def test_a_power_cut_below_the_kernel_loses_no_receipt() -> None:
    results = run("power_cuts", "--cuts", "2", "--seconds", "2", "--seed", "5")
    assert results["looked_for"] > 0
    assert results["failures"] == []
