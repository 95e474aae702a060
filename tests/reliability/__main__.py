"""``python -m tests.reliability``: the long form, which writes docs/reliability.md from what was really run.

Parts can be run on their own, on different days and machines: what each came to is kept below ``.cache/reliability``,
and the page is written from what is kept, each part with its own date and load. A part that never ran here keeps its
section of the page.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from tests.guards.repository import ROOT
from tests.reliability.crash_rounds import EVERY_OPERATION

PAGE = ROOT / "docs" / "reliability.md"
HEAD = """# Reliability

Written by `make reliability` from its runs; nothing here is typed by hand. The short forms (few seeds) are in
`make test`: `tests/reliability/`, `tests/end_to_end/`.
"""
PARTS = ("system_calls", "power_cuts", "crowd", "takedowns", "torn_networks", "crash_rounds")
KEPT = ROOT / ".cache" / "reliability"


def run(module: str, *arguments: str) -> None:
    """Run a part and store its output (none if it can't run here), with its duration, date and load."""
    begun = time.monotonic()
    command = [sys.executable, "-m", f"tests.reliability.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode and not done.stdout.strip():
        raise SystemExit(f"{module} could not be run")
    kept = {
        "told": json.loads(done.stdout) if done.stdout.strip() else None,
        "seconds": time.monotonic() - begun,
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
        "load": os.getloadavg()[0],
        "machine": f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}",
    }
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{module}.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")


def kept(module: str) -> dict[str, Any]:
    """Return the stored result of a part. Raises FileNotFoundError if it never ran here."""
    return json.loads((KEPT / f"{module}.json").read_text(encoding="utf-8"))


def crash_section(tallies: list[dict[str, Any]]) -> Iterator[str]:
    """Return the table of crash rounds."""
    yield "## Crash rounds"
    yield ""
    rounds = sum(one["at_points"] + one["at_random"] for one in tallies)
    wrong = [line for one in tallies for line in one["failures"]]
    yield (
        f"{rounds} rounds: {len(wrong)} failures. Each begins with the same "
        "gathering, kills one operation with SIGKILL before one of its crash points (a commit, fsync, rename, link, "
        "removal, new folder or opening of a file for writing, found by one hook: "
        "`tests/reliability/crash_points.py`) or at any moment, takes it up again as people and the restarted kiosk "
        "do, and looks for what was lost, doubled or left over: receipts, bytes, rows, deliveries, the consent census, "
        "SQLite's integrity check."
    )
    yield ""
    yield "| operation | crash points | of them met | rounds at points | at any moment | failures |"
    yield "|---|---:|---:|---:|---:|---:|"
    for one in tallies:
        yield (
            f"| {one['operation']} | {one['points']} | {one['met']} | {one['at_points']} | {one['at_random']} "
            f"| {len(one['failures'])} |"
        )
    yield ""
    left = [
        kind.name
        for kind in EVERY_OPERATION
        if kind.name not in {one["operation"] for one in tallies}
    ]
    if left:
        yield f"Not in this run: {', '.join(left)}."
        yield ""
    yield from (f"- {line}" for line in wrong)


def power_section(results: dict[str, Any] | None) -> Iterator[str]:
    """Return the section on power cuts below the kernel."""
    yield "## Power cuts"
    yield ""
    if results is None:
        yield "Not run: no disk can be recorded on this machine (root, /dev/fuse and a loop device are needed)."
        return
    yield (
        "A kiosk served phones from a small ext4 on a recording disk (`tests/reliability/recording_disk.py`, a file "
        f"over FUSE below a loop device): {results['writes']} block writes, {results['flushes']} flushes, "
        f"{results['receipts']} receipts. {results['cuts']} power cuts: everything before a flush, and of "
        "what was written since then any part, cut at any sector. "
        f"Receipts looked for over all of them: {results['looked_for']}; lost or damaged: {len(results['failures'])}."
    )
    if results.get("without_fsync"):
        yield ""
        yield (
            "That the rig sees what it looks for: the same kiosk with its fsync switched off lost something in "
            f"{results['without_fsync']['bad_cuts']} of {results['without_fsync']['cuts']} cuts."
        )
    yield ""
    yield from (f"- {line}" for line in results["failures"])


def call_section(results: dict[str, Any] | None) -> Iterator[str]:
    """Return the section on the order of system calls."""
    yield "## Order of system calls"
    yield ""
    if results is None:
        yield "Not run: nothing can be traced on this machine (strace is needed)."
        return
    yield "One form with one photo, as `strace` saw it:"
    yield ""
    yield from (f"{number}. {name}" for number, name in enumerate(results["order"], 1))
    yield ""
    yield from (f"- missing: {name}" for name in results["missing"])


def crowd_section(results: dict[str, Any] | None) -> Iterator[str]:
    """Return the section on the crowd with a hostile phone."""
    yield "## A crowd with a hostile phone"
    yield ""
    if results is None:
        yield "Not run: no network of its own can be made on this machine."
        return
    alone, attacked = results["alone"], results["attacked"]
    yield (
        f"{results['phones']} phones, each with an address of its own, for {results['seconds']:.0f} s; in the second "
        "half one more sends bodies without an end, forty slow heads, heads of a megabyte, guessed receipts, requests "
        "whose answers it does not wait for and searches over HTTP/1.0 "
        f"({attacked['attacks']} attacks); the kiosk is killed {results['kills']} times. Thanked "
        f"{results['thanked']} times, lost {results['lost']}, twice {results['twice']}."
    )
    yield ""
    yield "| half | receipts | median, ms | p99, ms | refused or broken |"
    yield "|---|---:|---:|---:|---|"
    for name, one in (("alone", alone), ("attacked", attacked)):
        refused = ", ".join(f"{what}: {count}" for what, count in one["errors"].items()) or "none"
        yield f"| {name} | {one['sent']} | {one['median_ms']} | {one['p99_ms']} | {refused} |"
    yield ""
    memory = ", ".join(f"{one:.0f}" for one in results["memory_mb"])
    yield f"Resident memory of the kiosk in MB (before each kill, 3 s after it, at the end of each half): {memory}."


def takedown_section(results: dict[str, Any] | None) -> Iterator[str]:
    """Return the section on takedowns on real servers."""
    yield "## Takedowns at a real WordPress and MediaWiki"
    yield ""
    if results is None:
        yield "Not run: Debian's packages of WordPress and MediaWiki are needed."
        return
    yield (
        f"{results['rounds']} rounds: a story with a photo is published to both, the line goes, its contributor takes "
        f"it back, {results['offline']:.0f} s later the line is there again. Seconds from then until neither words nor "
        f"file can be found any more; failures: {len(results['failures'])}."
    )
    yield ""
    yield "| place | seconds, round by round | longest |"
    yield "|---|---|---:|"
    for name, seconds in results["seconds"].items():
        yield f"| {name} | {', '.join(map(str, seconds))} | {max(seconds, default=0.0)} |"
    yield ""
    yield from (f"- {line}" for line in results["failures"])


def torn_section(results: dict[str, Any] | None) -> Iterator[str]:
    """Return the section on kiosks and a hub that are cut off from one another."""
    yield "## Three kiosks and a hub, cut off from one another"
    yield ""
    if results is None:
        yield "Not run: no networks can be made on this machine (root, unshare, ip and PostgreSQL are needed)."
        return
    wrong = [line for kind in TORN for line in results[kind]]
    yield (
        "Each in a network namespace of its own (`tests/reliability/torn_networks.py`). For "
        f"{results['seconds']:.0f} s phones sent {results['sent']} takeaways ({results['twice_sent']} of them to a "
        f"second kiosk as well) and took {results['withdrawn']} back, desks decided {results['decided']} times and "
        f"asked for {results['asked_to_merge']} merges in random order, while one or more were cut off "
        f"{results['cuts']} times. Joined again, all four had the same after {results['settled_after']:.0f} s "
        f"({results['rounds']} rounds of merges). Lost, twice, back after it was taken back, or different between "
        f"them: {len(wrong)}."
    )
    yield ""
    yield from (f"- {line}" for line in wrong)


# What may be wrong at the end.
TORN = ("lost", "twice", "back", "differences")

SECTIONS: dict[str, Callable[[Any], Iterator[str]]] = {
    "crash_rounds": crash_section,
    "power_cuts": power_section,
    "system_calls": call_section,
    "crowd": crowd_section,
    "takedowns": takedown_section,
    "torn_networks": torn_section,
}


def sections_of(page: str) -> dict[str, str]:
    """The sections of a page by their headings, each with its heading."""
    _head, *rest = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    return {text.partition("\n")[0]: text.rstrip() + "\n" for text in rest}


def main() -> None:
    """Run the selected parts and write the page; exit code 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all")
    parser.add_argument("--rounds", type=int, default=312)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--phones", type=int, default=60)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    seed = str(asked.seed)
    arguments: dict[str, tuple[str, ...]] = {
        "power_cuts": ("--cuts", str(asked.cuts), "--seed", seed, "--prove"),
        "crowd": ("--phones", str(asked.phones), "--seconds", str(asked.seconds)),
        "torn_networks": ("--seconds", str(asked.seconds), "--seed", seed),
        "crash_rounds": ("--rounds", str(asked.rounds), "--seed", seed),
    }
    for part in asked.parts or PARTS:
        run(part, *arguments.get(part, ()))
    write_page()
    sys.exit(any(_lost(part) for part in asked.parts or PARTS))


def _lost(part: str) -> bool:
    """Whether a part found a failure."""
    results = kept(part)["told"] or {}
    if part == "crash_rounds":
        return any(one["failures"] for one in results)
    return any(results.get(kind) for kind in ("failures", "missing", *TORN))


def write_page() -> None:
    """Write docs/reliability.md from the parts that ran here, and from the page for the others."""
    before = sections_of(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    pieces = [HEAD]
    for part, section in SECTIONS.items():
        if not (KEPT / f"{part}.json").exists():
            heading = next(section(None))
            pieces += [before[heading]] if heading in before else []
            continue
        one = kept(part)
        heading, *text = section(one["told"])
        circumstances = f"{one['when']}, {one['machine']}, {one['seconds']:.0f} s, load {one['load']:.1f} at the end."
        pieces.append("\n".join([heading, "", circumstances, *text]).rstrip() + "\n")
    PAGE.write_text("\n".join(pieces), encoding="utf-8")


if __name__ == "__main__":
    main()
