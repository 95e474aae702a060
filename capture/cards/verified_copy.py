"""Copies files from a card with verification, never writing to it; reads their order and cameras
from the headers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from capture.cards.clock_offset import moment
from capture.cards.scan import ScannedItem
from capture.cards.shot_inspection import glance
from capture.decoding.probe import Probe
from capture.decoding.process_pool import DecoderPool
from capture.intake.submission import ReceivedFile
from reporter.errors import MediaFailed, ReporterError
from reporter.media.store import Store, disk_errors, hash_file
from reporter.messages import N_

PIECE = 1 << 20
GLANCE_SECONDS = 20.0
UNREADABLE_ON_CARD = N_(
    "%(name)s can't be read from the card (%(what)s). Put the card in again and repeat the import."
)
# Called after every chunk; returns True when reading has to stop.
Stopped = Callable[[], bool]
Copied = Callable[[int], None]


class CardTrouble(ReporterError):
    """A file of the card can't be read: the card was removed, or it is damaged there."""

    title = N_("The card can't be read")


class Halted(ReporterError):
    """The import was asked to stop."""

    title = N_("Stopped")


@dataclass(frozen=True)
class Ordered:
    """A file of the card with what is known before copying."""

    found: ScannedItem
    taken: datetime
    # Make, model and serial number; empty for a file without them.
    camera: tuple[str, str, str]
    # Duration of a film or audio file in seconds, None where unknown.
    seconds: float | None = None
    # Whether the file itself says when it was taken.
    stated: bool = False


def in_camera_order(
    found: Sequence[ScannedItem], pool: DecoderPool, zone: ZoneInfo, *, now: datetime
) -> list[Ordered]:
    """Sort each camera's files by time, then by name. Reads only headers."""
    with ThreadPoolExecutor(2) as readers:
        probes = list(readers.map(lambda one: _glance(one, pool), found))
    ordered = [
        Ordered(
            one,
            # What is probed is the first of joined spans, so its own end counts.
            moment(probe, mtime=one.pieces[0].mtime, zone=zone, now=now, name=one.name),
            _identity(probe),
            seconds=probe.duration if probe else None,
            stated=probe is not None and probe.captured_at is not None,
        )
        for one, probe in zip(found, probes, strict=True)
    ]
    named = {one.camera for one in ordered if any(one.camera)}
    if len(named) == 1:
        # Voice notes and camcorder streams name no camera; on a card of one camera they belong to
        # it.
        (only,) = named
        ordered = [replace(one, camera=only) for one in ordered]
    return sorted(ordered, key=lambda one: (one.taken, one.found.name))


def _glance(found: ScannedItem, pool: DecoderPool) -> Probe | None:
    if found.kind is None:
        return None
    try:
        probe: Probe | None = pool.run(glance, found.path, found.kind.mime, timeout=GLANCE_SECONDS)
    except MediaFailed:
        return None
    return probe


def _identity(probe: Probe | None) -> tuple[str, str, str]:
    return (probe.make, probe.model, probe.serial) if probe else ("", "", "")


def copy_in(
    found: ScannedItem, store: Store, *, rng: random.Random, stopped: Stopped, copied: Copied
) -> ReceivedFile:
    """Copy a file (or joined spans) into ``incoming/``, flush it to disk and verify it by reading
    it back.

    Raises CardTrouble where the card can't be read to the end, DiskFull, Halted.
    """
    with store.arriving(f"card-{rng.getrandbits(96):024x}") as incoming:
        for piece in _pieces(found):
            if stopped():
                raise Halted("Stopped. Run the import again: it goes on where it was.")
            incoming.write(piece)
            copied(len(piece))
        # Hashed as it was read from the card: what is written is what is hashed.
        arrival = ReceivedFile.of(incoming, found.filename)
        with disk_errors():
            same = hash_file(arrival.path, from_disk=True) == arrival.sha256
        if not same or arrival.size != found.size:
            raise CardTrouble(
                "%(name)s changed while it was copied, or the copy is damaged. Import it again.",
                name=found.name,
            )
    return arrival


def _pieces(found: ScannedItem) -> Iterator[bytes]:
    """Yield the bytes in order. Errors while reading become CardTrouble; exceptions from the
    consumer pass unchanged."""
    for part in found.pieces:
        try:
            file = part.path.open("rb")
        except OSError as error:
            raise _trouble(found, error) from error
        with file:
            while True:
                try:
                    piece = file.read(PIECE)
                except OSError as error:
                    raise _trouble(found, error) from error
                if not piece:
                    break
                yield piece


def _trouble(found: ScannedItem, error: OSError) -> CardTrouble:
    what = error.strerror or "no reason given"
    return CardTrouble(UNREADABLE_ON_CARD, name=found.name, what=what)
