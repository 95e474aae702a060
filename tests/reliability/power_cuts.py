"""Power cuts below the kernel: ``python -m tests.reliability.power_cuts --cuts N`` prints one JSON document.

A real kiosk serves phones from a small ext4 on a recording disk. Afterwards the disk is put together as it would be
found after a power cut: everything before some flush, and of what was written since then any part, in any order
(a disk may write what it likes of that). On each such disk every receipt that a phone had been given until then is
there, with every byte.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqlalchemy import select

from kiosk.runtime.database import db
from reporter.clock import utc_now
from reporter.config import save_settings
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from reporter.media.store import hash_file
from reporter.models import Takeaway
from tests.end_to_end.test_kiosk_killed import Phone, World, photo
from tests.reliability.crash_rounds import ChildFailed, in_child, note_lines, say
from tests.reliability.recording_disk import RecordingDisk, after_power_cut, can_record, recorded
from tests.reliability.world import opened
from tests.support.kiosk_process import KioskProcess

MEGABYTES = 192
SECTOR = 512
PHONES = 4
# (place in the disk's log, receipt, SHA-256 of the file)
Mark = tuple[int, str, str]


@dataclass
class Cuts:
    """What came of the power cuts."""

    flushes: int = 0
    writes: int = 0
    receipts: int = 0
    cuts: int = 0
    # Receipts that had to be there, over all cuts.
    looked_for: int = 0
    bad_cuts: int = 0
    failures: list[str] = field(default_factory=list)
    # The same with a kiosk that calls no fsync, as a proof that this would be seen.
    without_fsync: dict[str, int] = field(default_factory=dict)


# A kiosk that believes that the disk has everything at once.
CARELESS = """
import os, sys
os.fsync = os.fdatasync = lambda handle: None
from kiosk.cli import main
sys.argv[0] = "reporter"
main()
"""


class MarkingWorld(World):
    """Notes at which place of the disk's log each receipt was given."""

    def __init__(self, code: str, disk: RecordingDisk) -> None:
        super().__init__(code)
        self.disk = disk
        self.marks: list[Mark] = []

    def thank(self, receipt: str, data: bytes, client_id: str) -> None:
        """A phone was told that it is safe."""
        super().thank(receipt, data, client_id)
        self.marks.append((len(self.disk.log), receipt, hashlib.sha256(data).hexdigest()))


class SmallPhone(Phone):
    """Sends photos of some hundred kilobytes, until it has sent enough."""

    def run(self) -> None:
        """By form and by tus in turns."""
        while not self.world.over.is_set():
            client_id = str(uuid.UUID(int=self.luck.getrandbits(128), version=4))
            data = photo(self.luck, self.luck.randrange(200_000))
            if self.luck.random() < 0.5:
                self.send_form(data, client_id)
            else:
                self.upload(data, client_id)


def record(
    folder: Path, *, seconds: float, careless: bool = False
) -> tuple[RecordingDisk, bytes, MarkingWorld]:
    """Let phones send to a kiosk whose gathering stands on the recording disk."""
    with recorded(folder, megabytes=MEGABYTES) as (disk, begin, mounted):
        rng, now = random.Random(1), utc_now()
        settings = make_gathering(
            mounted / "gathering", "Spring", timezone="UTC", language="en", now=now, rng=rng
        )
        limits = {"keep_free_mb": 0, "files_per_minute": 100_000}
        save_settings(settings.folder, {"limits": limits})
        with open_session(settings) as session:
            code = add_session(session, "Gardens", now=now, rng=rng).code
        world = MarkingWorld(code, disk)
        kiosk = KioskProcess(settings.folder, folder / "secrets.json")
        if careless:
            kiosk.program = ("-c", CARELESS)
        try:
            world.url = kiosk.start()
            world.up.set()
            senders = [threading.Thread(target=SmallPhone(world, n).run) for n in range(PHONES)]
            for sender in senders:
                sender.start()
            world.over.wait(seconds)
            world.over.set()
            for sender in senders:
                sender.join(60)
        finally:
            kiosk.kill()
    return disk, begin, world


def cut_disks(
    disk: RecordingDisk, begin: bytes, rng: random.Random, cuts: int
) -> Iterator[tuple[int, bytearray]]:
    """(place in the log, the disk as it may be found when power fails there)."""
    flushes = [number for number, entry in enumerate(disk.log) if entry is None]
    chosen = sorted(rng.sample(range(len(flushes)), min(cuts, len(flushes))))
    solid, done = bytearray(begin), 0
    for index in chosen:
        for entry in disk.log[done : flushes[index]]:
            if entry is not None:
                solid[entry.offset : entry.offset + len(entry.data)] = entry.data
        done = flushes[index]
        following = flushes[index + 1] if index + 1 < len(flushes) else len(disk.log)
        place = rng.randrange(done, following + 1)
        found = bytearray(solid)
        for entry in disk.log[done:place]:
            if entry is not None and rng.random() < 0.5:
                # Of a write that was under way any sectors may have come, no half ones.
                kept = rng.randrange(1, len(entry.data) // SECTOR + 1) * SECTOR
                found[entry.offset : entry.offset + kept] = entry.data[:kept]
        yield place, found


def look(folder: Path, wanted: list[Mark]) -> list[str]:
    """What is missing of these receipts in a gathering that was found after a power cut."""
    wrong = []
    with opened(folder, hours=3) as (_app, kiosk):
        verdict = db.session.execute(db.text("PRAGMA integrity_check")).scalar()
        if verdict != "ok":
            wrong.append(f"the database is damaged: {verdict}")
        for _place, receipt, sha256 in wanted:
            row = db.session.scalar(select(Takeaway).where(Takeaway.receipt == receipt))
            media = {a.media.sha256: a.media for a in row.attachments} if row else {}
            if sha256 not in media:
                wrong.append(f"receipt {receipt} is lost")
                continue
            path = kiosk.store.original(sha256, media[sha256].ext)
            if not path.is_file() or hash_file(path) != sha256:
                wrong.append(f"the file of {receipt} is lost")
    return wrong


def cut_power(root: Path, *, cuts: int, seconds: float, seed: int, careless: bool = False) -> Cuts:
    """Record for so many seconds, then cut so often."""
    root.mkdir()
    disk, begin, world = record(root, seconds=seconds, careless=careless)
    writes = sum(entry is not None for entry in disk.log)
    result = Cuts(len(disk.log) - writes, writes, len(world.marks))
    for place, image in cut_disks(disk, begin, random.Random(seed), cuts):
        wanted = [mark for mark in world.marks if mark[0] <= place]
        result.cuts += 1
        result.looked_for += len(wanted)
        wrong = _after_cut(root, image, wanted) if wanted else []
        result.failures += [f"at {place}: {one}" for one in wrong]
        result.bad_cuts += bool(wrong)
    return result


def _after_cut(root: Path, image: bytearray, wanted: list[Mark]) -> list[str]:
    """What is missing on a disk after a power cut."""
    wrong = root / "wrong"
    with after_power_cut(image, root) as found:
        if not (found / "gathering" / "reporter.toml").exists():
            return ["there is no gathering"]
        try:
            in_child(lambda: note_lines(wrong, look(found / "gathering", wanted)))
        except ChildFailed as error:
            return [f"it could not be opened: {error}"]
    return wrong.read_text().splitlines()


def main() -> None:
    """Exit code 1 when a receipt was lost; 0 with a reason where no disk can be recorded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--prove", action="store_true", help="Show that a kiosk without fsync would be found out."
    )
    asked = parser.parse_args()
    if reason := can_record():
        say(f"no disk can be recorded here: {reason}")
        return
    root = Path(tempfile.mkdtemp(prefix="power-cuts-"))
    os.environ["REPORTER_SECRETS_FILE"] = str(root / "secrets.json")
    try:
        result = cut_power(
            root / "careful", cuts=asked.cuts, seconds=asked.seconds, seed=asked.seed
        )
        if asked.prove:
            lax = cut_power(root / "lax", cuts=20, seconds=6, seed=asked.seed, careless=True)
            result.without_fsync = {"cuts": lax.cuts, "bad_cuts": lax.bad_cuts}
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(json.dumps(asdict(result), indent=2))
    sys.exit(bool(result.failures))


if __name__ == "__main__":
    main()
