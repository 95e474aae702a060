"""Admission of uploads: the desk's pause, blocked devices, and rate limits per device and address."""

from __future__ import annotations

import functools
import math
import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from reporter.actor import ELSEWHERE, Actor
from reporter.config import LimitSettings
from reporter.errors import BadInput, Forbidden, Paused, TooMuch
from reporter.models import BlockedDevice, Gathering, Takeaway

MINUTE = timedelta(minutes=1)
# How long an established device's share counts for its address after it last sent.
BEHIND_FOR = timedelta(minutes=10)
# Most devices to remember; more at once come from somebody who makes them up.
MOST_KEYS = 10_000


def pause(session: Session, *, now: datetime) -> None:
    """Pause intake until ``resume``. Stored content stays readable; phones keep their queue. Commits."""
    _gathering(session).paused_at = now
    session.commit()


def resume(session: Session) -> None:
    """Resume intake. Commits."""
    _gathering(session).paused_at = None
    session.commit()


def paused_since(session: Session) -> datetime | None:
    """Since when intake is paused, or None."""
    return session.scalar(select(Gathering.paused_at))


def block(session: Session, takeaway: Takeaway, actor: Actor) -> None:
    """Block the device that a takeaway came from. Raises BadInput if it is unknown. Commits."""
    if not takeaway.device or takeaway.device.startswith(ELSEWHERE):
        raise BadInput("Nobody knows which device this came from, so none can be blocked.")
    if session.get(BlockedDevice, takeaway.device) is None:
        row = BlockedDevice(device=takeaway.device, blocked_at=actor.now, who=actor.who)
        session.add(row)
        session.commit()


def unblock(session: Session, device: str) -> None:
    """Unblock a device. Commits."""
    row = session.get(BlockedDevice, device)
    if row is not None:
        session.delete(row)
        session.commit()


def blocked_devices(session: Session) -> list[tuple[BlockedDevice, list[Takeaway]]]:
    """Blocked devices, newest first, each with its newest takeaways, so that the desk can recognize them."""
    rows = session.scalars(select(BlockedDevice).order_by(BlockedDevice.blocked_at.desc()))
    query = select(Takeaway).order_by(Takeaway.received_at.desc()).limit(3)
    return [
        (row, list(session.scalars(query.where(Takeaway.device == row.device))))
        for row in rows.all()
    ]


def admit(session: Session, device: str) -> None:
    """Raise Paused while intake is paused, Forbidden for a blocked device."""
    found = session.execute(_admit_query(), {"device": device}).one_or_none()
    if found is not None and found.paused_at is not None:
        raise Paused(
            "The kiosk takes a break and takes nothing in just now. What you recorded waits on your phone; "
            "it is sent when the kiosk goes on."
        )
    if found is not None and found.blocked:
        raise Forbidden(
            "The organizers have stopped this phone from sending. If that is a mistake, "
            "talk to the person at the kiosk."
        )


# Runs with every request that uploads something, so the query is built once.
@functools.cache
def _admit_query() -> Select[datetime | None, bool]:
    blocked = select(BlockedDevice.device).where(BlockedDevice.device == bindparam("device"))
    return select(Gathering.paused_at, blocked.exists().label("blocked"))


class SlidingWindow:
    """Sliding-window counter by key over the last minute. In memory: a restart resets it.

    The clock may be set back: what seems to lie ahead doesn't count, or a minute would last for hours.
    """

    def __init__(self, length: timedelta = MINUTE) -> None:
        self._length = length
        self._lock = threading.Lock()
        self._events: dict[str, deque[tuple[datetime, int]]] = {}

    def add(self, key: str, amount: int, *, now: datetime) -> None:
        """Count an event with an amount."""
        with self._lock:
            if len(self._events) >= MOST_KEYS and key not in self._events:
                self._forget(now)
            self._events.setdefault(key, deque()).append((now, amount))

    def forgive(self, key: str, amount: int) -> None:
        """Set the amount of the latest such event to 0: what was announced did not arrive, but the
        event still counts."""
        with self._lock:
            events = self._events.get(key, deque())
            for number in range(len(events) - 1, -1, -1):
                if events[number][1] == amount:
                    events[number] = (events[number][0], 0)
                    return

    def remove_last(self, key: str) -> None:
        """Remove the latest event."""
        with self._lock:
            if events := self._events.get(key):
                events.pop()

    def total(self, key: str, *, now: datetime) -> tuple[int, int, int]:
        """(number of events, sum of their amounts, whole seconds until the oldest expires)."""
        with self._lock:
            known = self._events.get(key, deque())
            events = deque(event for event in known if self._counts(event[0], now))
            if not events:
                self._events.pop(key, None)
                return 0, 0, 0
            self._events[key] = events
            left = (events[0][0] + self._length - now).total_seconds()
            return len(events), sum(amount for _, amount in events), max(1, math.ceil(left))

    def _counts(self, at: datetime, now: datetime) -> bool:
        return now - self._length < at <= now

    def _forget(self, now: datetime) -> None:
        """Drop expired keys; drop all of them if that is not enough."""
        old = [k for k, events in self._events.items() if not self._counts(events[-1][0], now)]
        for key in old:
            del self._events[key]
        if len(self._events) >= MOST_KEYS:
            self._events.clear()


# Shares of one address for new devices; established ones add their own. A phone that takes a new
# cookie with each request gets no more than this.
FRESH_SHARES = 2
# Most established devices that count for one address (an access point with NAT).
MOST_BEHIND_ONE = 100


@dataclass(frozen=True)
class Sender:
    """The origin of an upload."""

    device: str
    # Many devices may share one: an access point with a network of its own.
    address: str
    # Its cookie is some minutes old: it was not requested for this upload.
    established: bool = False


class Shares:
    """Rate limits: uploads begun within the last minute, by device and by address."""

    def __init__(self) -> None:
        # Two windows, so that made-up devices evict no address.
        self._devices, self._addresses = SlidingWindow(), SlidingWindow()
        self._lock = threading.Lock()
        self._behind: dict[str, dict[str, datetime]] = {}

    def take(self, sender: Sender, size: int, *, now: datetime, limits: LimitSettings) -> None:
        """Count an upload of ``size`` bytes; raises TooMuch if the limit for the minute is used up.

        Anybody below the limit may send a whole file: a byte limit must never make a large file
        impossible.
        """
        if sender.established:
            self._note_behind(sender, now)
        shares = FRESH_SHARES + self._count_behind(sender.address, now)
        for window, key, times in (
            (self._devices, sender.device, 1),
            (self._addresses, sender.address, shares),
        ):
            files, amount, left = window.total(key, now=now)
            most = limits.mb_per_minute << 20
            if files >= limits.files_per_minute * times or amount >= most * times:
                raise TooMuch(
                    "This phone has sent very much in the last minute. It goes on by itself in a moment.",
                    retry_after=left,
                )
        self._devices.add(sender.device, size, now=now)
        self._addresses.add(sender.address, size, now=now)

    def forgive(self, sender: Sender, size: int) -> None:
        """The announced upload did not arrive: see Window.forgive."""
        self._devices.forgive(sender.device, size)
        self._addresses.forgive(sender.address, size)

    def _note_behind(self, sender: Sender, now: datetime) -> None:
        with self._lock:
            devices = self._behind.setdefault(sender.address, {})
            if sender.device in devices or len(devices) < MOST_BEHIND_ONE:
                devices[sender.device] = now

    def _count_behind(self, address: str, now: datetime) -> int:
        """Number of established devices that sent from the address lately."""
        with self._lock:
            devices = self._behind.get(address, {})
            for device, seen in list(devices.items()):
                if not now - BEHIND_FOR < seen <= now:
                    del devices[device]
            if not devices:
                self._behind.pop(address, None)
            return len(devices)


def _gathering(session: Session) -> Gathering:
    return session.scalars(select(Gathering)).one()
