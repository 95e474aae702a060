"""One day of many gatherings, played event by event (simpy): when each evening is at the hub, and what waits for it.

What one thing costs was measured (``Costs``); how many of them there are, and when, is assumed (``Day``), and both
stand in docs/scale.md.
"""

from __future__ import annotations

import math
import random
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

HOUR = 3600.0


@dataclass(frozen=True)
class Costs:
    """Processor seconds per step, measured on this machine."""

    # Pushing one takeaway without files, all told: web process and database.
    row: float
    # Receiving one MB of originals and handing it to the object store.
    megabyte: float
    # One takeaway into the index.
    document: float
    # Renditions of one photo.
    photo: float
    # Claiming a gathering, with 16 workers at it.
    claim: float
    # One answer to a question with facets, at the median.
    search: float


@dataclass(frozen=True)
class Day:
    """Assumptions about a day."""

    takeaways: float = 200
    # Of all takeaways; what is left is words alone.
    photos: float = 0.6
    films: float = 0.05
    photo_mb: float = 3.0
    film_mb: float = 40.0
    # A film's renditions, in photos.
    film_as_photos: float = 60
    # Evenings end around 21:00; most within these hours, over two zones.
    ends_at: float = 21 * HOUR
    spread: float = 1.0 * HOUR
    # A laptop is online after so long, at the median; half of them bring it home first.
    online_after: float = 0.5 * HOUR
    # Megabits a second upwards, at the median, and how much that differs (sigma of the logarithm).
    uplink: float = 10.0
    uplink_spread: float = 0.8
    # Questions that people ask of each gathering's space in the evening's last hours.
    searches: float = 50
    # Deliveries of each gathering (stories and files), and replies that come back.
    deliveries: float = 60
    replies: float = 30


@dataclass(frozen=True)
class Machines:
    """A hub's hardware: processors for web and workers, and its network."""

    web: int
    workers: int
    megabits: float = 1000.0


@dataclass
class Outcome:
    """Results of a day."""

    gatherings: int
    takeaways: int = 0
    media: int = 0
    gigabytes: float = 0
    # Seconds from going online until the last byte and row was there; until all renditions were made.
    pushed: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    # What the slower of network, web and laptop would have taken alone, for the same gathering.
    alone: list[float] = field(default_factory=list)
    deepest: int = 0
    web_busy: float = 0
    worker_busy: float = 0
    # (hour of the day, gatherings that wait for renditions)
    depth: list[tuple[float, int]] = field(default_factory=list)

    def at(self, values: list[float], share: float) -> float:
        """A quantile."""
        ordered = sorted(values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Hub:
    """The day's queues. Work of one gathering is cut into pieces, so that others get their turn."""

    def __init__(self, machines: Machines, outcome: Outcome) -> None:
        self.world = simpy.Environment()
        self.web = simpy.Resource(self.world, machines.web)
        self.workers = simpy.Resource(self.world, machines.workers)
        self.line = simpy.Resource(self.world, max(1, int(machines.megabits // 50)))
        self.outcome = outcome
        self.waiting = 0


# Of the data that a laptop sends, and of the work that is made of it, pieces of about so many seconds.
PIECES = 10


def play(gatherings: int, costs: Costs, day: Day, machines: Machines, seed: int = 1) -> Outcome:
    """Simulate one day."""
    rng, outcome = random.Random(seed), Outcome(gatherings)
    hub = _Hub(machines, outcome)
    for _ in range(gatherings):
        hub.world.process(_gathering(hub, costs, day, machines, rng))
    hub.world.run()
    return outcome


def _gathering(
    hub: _Hub, costs: Costs, day: Day, machines: Machines, rng: random.Random
) -> Generator[Any, Any, None]:
    takeaways = max(1, round(rng.lognormvariate(math.log(day.takeaways), 0.6)))
    photos, films = round(takeaways * day.photos), round(takeaways * day.films)
    megabytes = photos * day.photo_mb + films * day.film_mb
    uplink = min(50.0, rng.lognormvariate(math.log(day.uplink), day.uplink_spread))
    start = max(0.0, rng.gauss(day.ends_at, day.spread)) + rng.expovariate(
        math.log(2) / day.online_after
    )
    yield hub.world.timeout(start)
    online = hub.world.now
    serving = takeaways * costs.row + megabytes * costs.megabyte + day.searches * costs.search
    sending = megabytes * 8 / uplink
    for _ in range(PIECES):
        with hub.line.request() as turn:
            yield turn
            yield hub.world.timeout(sending / PIECES)
        yield from _work(hub, hub.web, serving / PIECES)
    hub.outcome.web_busy += serving
    hub.outcome.pushed.append(hub.world.now - online)
    hub.outcome.alone.append(sending + serving)
    _count(hub, +1)
    making = costs.claim + takeaways * costs.document
    making += costs.photo * (photos + films * day.film_as_photos)
    for _ in range(PIECES):
        yield from _work(hub, hub.workers, making / PIECES)
    _count(hub, -1)
    hub.outcome.worker_busy += making
    hub.outcome.ready.append(hub.world.now - online)
    hub.outcome.takeaways += takeaways
    hub.outcome.media += photos + films
    hub.outcome.gigabytes += megabytes / 1000


def _work(hub: _Hub, whose: simpy.Resource, seconds: float) -> Generator[Any, Any, None]:
    with whose.request() as turn:
        yield turn
        yield hub.world.timeout(seconds)


def _count(hub: _Hub, change: int) -> None:
    hub.waiting += change
    hub.outcome.deepest = max(hub.outcome.deepest, hub.waiting)
    hub.outcome.depth.append((hub.world.now / HOUR, hub.waiting))
