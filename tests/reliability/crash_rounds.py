"""Seeded crash rounds: ``python -m tests.reliability.crash_rounds --rounds N --seed S`` prints one JSON document.

Every round begins with the same gathering, kills one operation (at one of its crash points, or at any moment), takes
it up again as people and the restarted kiosk would, and looks for what was lost or doubled. Each part of a round runs
in a process of its own, forked from one that has loaded everything and opened nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.reliability.crash_points import CrashPoints
from tests.reliability.long_operations import LONG_OPERATIONS
from tests.reliability.operations import OPERATIONS, Operation
from tests.reliability.world import make_world, place

# A part of a round that gets nothing done for so many seconds hangs, which is a failure too; also one that goes on for
# ten times as long. (Beside much other work a part may wait for minutes, and is no failure.)
LIMIT = 120
EVERY_OPERATION: tuple[type[Operation], ...] = (*OPERATIONS, *LONG_OPERATIONS)


@dataclass
class Tally:
    """Results of one operation's rounds."""

    operation: str
    # Crash points of it, and how many of them were met at least once.
    points: int = 0
    met: int = 0
    at_points: int = 0
    at_random: int = 0
    # Names of the functions in which it was killed.
    places: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Rounds:
    """A gathering on disk, and the rounds run on it."""

    def __init__(self, root: Path) -> None:
        self.base, self.work = root / "base", root / "round"
        self._notes_file = root / "told"
        in_child(lambda: make_world(self.work))
        self.work.rename(self.base)

    def measure(self, kind: type[Operation]) -> tuple[list[str], float]:
        """Return an operation's crash points by name, and its duration in seconds."""
        self._begin(kind)
        seen, begun = self._notes_file.with_name("points"), time.monotonic()

        def run() -> None:
            points = CrashPoints(self.work)
            points.install()
            kind(self.work).run(lambda _line: None)
            seen.write_text("\n".join(points.names))

        in_child(run)
        return seen.read_text().splitlines(), time.monotonic() - begun

    def play(
        self, kind: type[Operation], *, at: int | None = None, after: float = 0
    ) -> tuple[str, list[str]]:
        """One round, killed before the step ``at`` or ``after`` so many seconds; (where, what is wrong)."""
        self._begin(kind)
        died = self._notes_file.with_name("died")
        died.write_text("at a random moment")

        def run() -> None:
            if at is not None:
                CrashPoints(self.work, at=at, die=lambda name: note_lines(died, [name])).install()
            kind(self.work).run(self._note)

        in_child(run, kill_after=after or None)
        try:
            in_child(lambda: self._finish(kind))
        except ChildFailed as error:
            return died.read_text(), [f"could not be taken up again: {error}"]
        return died.read_text(), self._notes_file.with_name("wrong").read_text().splitlines()

    def _finish(self, kind: type[Operation]) -> None:
        operation, notes = kind(self.work), self._notes_file.read_text().splitlines()
        operation.finish(notes)
        wrong = operation.check(notes)
        self._notes_file.with_name("wrong").write_text("\n".join(wrong))

    def _begin(self, kind: type[Operation]) -> None:
        place(self.base, self.work)
        self._notes_file.write_text("")
        in_child(lambda: kind(self.work).prepare())

    def _note(self, line: str) -> None:
        with self._notes_file.open("a") as file:
            file.write(line + "\n")


def note_lines(path: Path, lines: list[str]) -> None:
    """Return what a process reports to the one that waits for it."""
    path.write_text("\n".join(lines))


class ChildFailed(Exception):
    """A part of a round ended with an error."""


def in_child(work: Callable[[], None], *, kill_after: float | None = None) -> None:
    """Run in a forked process and wait. Raises ChildFailed for an error or a hang, not for a kill."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        os._exit(_run_and_tell(work, writing))
    os.close(writing)
    ended, hung = threading.Event(), threading.Event()
    watch = threading.Thread(target=_watch, args=(pid, kill_after, ended, hung))
    watch.start()
    with os.fdopen(reading) as pipe:
        output = pipe.read()
    ended.set()
    watch.join()
    _pid, status = os.waitpid(pid, 0)
    if hung.is_set() or (os.WIFEXITED(status) and os.WEXITSTATUS(status)):
        raise ChildFailed("it hung" if hung.is_set() else output)


def _watch(
    pid: int, kill_after: float | None, ended: threading.Event, hung: threading.Event
) -> None:
    """Kill a child after so many seconds (None: once it hangs)."""
    if kill_after is not None:
        if not ended.wait(kill_after):
            os.kill(pid, signal.SIGKILL)
        return
    used = -1
    for _each in range(10):
        if ended.wait(LIMIT):
            return
        before, used = used, _ticks(pid)
        if used == before:
            break
    hung.set()
    os.kill(pid, signal.SIGKILL)


def _ticks(pid: int) -> int:
    """Processor time of a process and of its ended children, in clock ticks (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def _run_and_tell(work: Callable[[], None], pipe: int) -> int:
    try:
        work()
    except BaseException:  # noqa: BLE001 - the child has nobody above it
        os.write(pipe, traceback.format_exc()[-1500:].encode())
        return 1
    return 0


def play_all(root: Path, *, rounds: int, seed: int, only: str = "") -> list[Tally]:
    """``rounds`` over all operations: two of three at crash points, each once before any twice; the rest anywhere."""
    world, rng = Rounds(root), random.Random(seed)
    kinds = [kind for kind in EVERY_OPERATION if not only or kind.name in only.split(",")]
    kinds = [kind for kind in kinds if not kind.missing_programs()]
    tallies = []
    for number, kind in enumerate(kinds):
        share = rounds // len(kinds) + (number < rounds % len(kinds))
        with kind.surroundings():
            tallies.append(_play_kind(world, kind, share, rng))
        say(f"{kind.name}: {share} rounds, {len(tallies[-1].failures)} failures")
    return tallies


def _play_kind(world: Rounds, kind: type[Operation], rounds: int, rng: random.Random) -> Tally:
    names, seconds = world.measure(kind)
    tally = Tally(kind.name, points=len(names))
    left = _shuffled(len(names), rng)
    met: set[int] = set()
    for number in range(rounds):
        if number % 3 == 2:
            where, wrong = world.play(kind, after=rng.uniform(0.01, seconds))
            tally.at_random += 1
        else:
            at = next(left)
            met.add(at)
            where, wrong = world.play(kind, at=at)
            tally.at_points += 1
            tally.places.append(where)
        tally.failures += [f"{where}: {one}" for one in wrong]
        for one in wrong:
            say(f"{kind.name}, round {number}, {where}: {one}")
    tally.met, tally.places = len(met), sorted(set(tally.places))
    return tally


def _shuffled(count: int, rng: random.Random) -> Iterator[int]:
    while True:
        yield from rng.sample(range(count), count)


def say(line: str) -> None:
    """Print progress."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Run the rounds given on the command line; exit code 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="Names of operations, with commas.")
    asked = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="crash-rounds-"))
    os.environ["REPORTER_SECRETS_FILE"] = str(root / "secrets.json")
    try:
        tallies = play_all(root, rounds=asked.rounds, seed=asked.seed, only=asked.only)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(json.dumps([asdict(one) for one in tallies], indent=2))
    sys.exit(any(one.failures for one in tallies))


if __name__ == "__main__":
    main()
