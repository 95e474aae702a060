"""The kiosk is everybody's: the desk's pause, blocked devices, and how much one device may bring in a minute."""

from __future__ import annotations

import functools
import math
import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reporter.actor import ELSEWHERE, Actor
from reporter.config import LimitSettings
from reporter.errors import BadInput, Forbidden, Paused, TooMuch
from reporter.models import BlockedDevice, Gathering, Takeaway

MINUTE = timedelta(minutes=1)
# How long an address has the share of a device that has sent from there.
BEHIND_FOR = timedelta(minutes=10)
# Devices that are remembered; more at once come from somebody who makes them up.
MOST_KEYS = 10_000


def pause(session: Session, *, now: datetime) -> None:
    """Take nothing in until ``resume``. What is safe stays readable; what waits on phones waits. Commits."""
    _gathering(session).paused_at = now
    session.commit()


def resume(session: Session) -> None:
    """Take in again. Commits."""
    _gathering(session).paused_at = None
    session.commit()


def paused_since(session: Session) -> datetime | None:
    """Since when the kiosk takes nothing in, or None."""
    return session.scalar(select(Gathering.paused_at))


def block(session: Session, takeaway: Takeaway, hand: Actor) -> None:
    """Take nothing more from the device that a takeaway came from. Raises BadInput if that isn't known. Commits."""
    if not takeaway.device or takeaway.device.startswith(ELSEWHERE):
        raise BadInput("Nobody knows which device this came from, so none can be blocked.")
    if session.get(BlockedDevice, takeaway.device) is None:
        row = BlockedDevice(device=takeaway.device, blocked_at=hand.now, who=hand.who)
        session.add(row)
        session.commit()


def unblock(session: Session, device: str) -> None:
    """Let a device send again. Commits."""
    row = session.get(BlockedDevice, device)
    if row is not None:
        session.delete(row)
        session.commit()


def blocked_devices(session: Session) -> list[tuple[BlockedDevice, list[Takeaway]]]:
    """Blocked devices, the newest first, each with its newest takeaways: how the desk knows who it is."""
    rows = session.scalars(select(BlockedDevice).order_by(BlockedDevice.blocked_at.desc()))
    query = select(Takeaway).order_by(Takeaway.received_at.desc()).limit(3)
    return [
        (row, list(session.scalars(query.where(Takeaway.device == row.device))))
        for row in rows.all()
    ]


def admit(session: Session, device: str) -> None:
    """Raise Paused while the kiosk takes nothing in, Forbidden for a blocked device."""
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


# Asked with every request that brings something: put together once.
@functools.cache
def _admit_query() -> Any:
    blocked = select(BlockedDevice.device).where(BlockedDevice.device == bindparam("device"))
    return select(Gathering.paused_at, blocked.exists().label("blocked"))


class Window:
    """What was counted by key within the last minute. In memory: a restart forgives."""

    def __init__(self, length: timedelta = MINUTE) -> None:
        self._length = length
        self._lock = threading.Lock()
        self._events: dict[str, deque[tuple[datetime, int]]] = {}

    def add(self, key: str, amount: int, *, now: datetime) -> None:
        """Count an event of some amount."""
        with self._lock:
            if len(self._events) >= MOST_KEYS and key not in self._events:
                self._forget(now)
            self._events.setdefault(key, deque()).append((now, amount))

    def forgive(self, key: str, amount: int) -> None:
        """What was announced last did not come: it counts as an event still, but its amount doesn't."""
        with self._lock:
            events = self._events.get(key, deque())
            for number in range(len(events) - 1, -1, -1):
                if events[number][1] == amount:
                    events[number] = (events[number][0], 0)
                    return

    def remove_last(self, key: str) -> None:
        """The event that was counted last was none."""
        with self._lock:
            if events := self._events.get(key):
                events.pop()

    def total(self, key: str, *, now: datetime) -> tuple[int, int, int]:
        """(how many events, their amounts in sum, whole seconds until the oldest no longer counts)."""
        with self._lock:
            events = self._events.get(key, deque())
            while events and events[0][0] <= now - self._length:
                events.popleft()
            if not events:
                self._events.pop(key, None)
                return 0, 0, 0
            left = (events[0][0] + self._length - now).total_seconds()
            return len(events), sum(amount for _, amount in events), max(1, math.ceil(left))

    def _forget(self, now: datetime) -> None:
        """Drop those that no longer count; all of them, should that not be enough."""
        old = [k for k, events in self._events.items() if events[-1][0] <= now - self._length]
        for key in old:
            del self._events[key]
        if len(self._events) >= MOST_KEYS:
            self._events.clear()


# How many fresh devices' shares one address has; established ones bring their own. A phone that takes a new cookie with
# each request gets no more than this.
FRESH_SHARES = 2
# An access point hides so many phones behind one address at most.
MOST_BEHIND_ONE = 100


@dataclass(frozen=True)
class Sender:
    """Who is about to bring something."""

    device: str
    # Many devices may sit behind one: an access point with a network of its own.
    address: str
    # Its cookie is some minutes old: it was not taken for this request.
    established: bool = False


class Shares:
    """What each device, and each address, began to bring within the last minute."""

    def __init__(self) -> None:
        # Two, so that made-up devices push no address out.
        self._devices, self._addresses = Window(), Window()
        self._lock = threading.Lock()
        self._behind: dict[str, dict[str, datetime]] = {}

    def take(self, sender: Sender, size: int, *, now: datetime, limits: LimitSettings) -> None:
        """Count ``size`` bytes that somebody is about to bring; raises TooMuch if its minute is used up.

        Whoever is below the mark is let in whole: a limit of bytes must never make a large file impossible.
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
        """What was announced did not come: see Window.forgive."""
        self._devices.forgive(sender.device, size)
        self._addresses.forgive(sender.address, size)

    def _note_behind(self, sender: Sender, now: datetime) -> None:
        with self._lock:
            devices = self._behind.setdefault(sender.address, {})
            if sender.device in devices or len(devices) < MOST_BEHIND_ONE:
                devices[sender.device] = now

    def _count_behind(self, address: str, now: datetime) -> int:
        """Established devices that have brought something lately."""
        with self._lock:
            devices = self._behind.get(address, {})
            for device in [one for one, seen in devices.items() if seen <= now - BEHIND_FOR]:
                del devices[device]
            if not devices:
                self._behind.pop(address, None)
            return len(devices)


def _gathering(session: Session) -> Gathering:
    return session.scalars(select(Gathering)).one()
