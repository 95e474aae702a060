"""A hub's background work: gatherings that are due are claimed one after the other, and get the turns of a laptop.

The registry's rows are the queue. A claim skips what another worker holds (SKIP LOCKED), is committed at once, and
runs out by itself: whoever is killed leaves a gathering to the next. What a turn does is claimed once more, row by row,
as on a laptop; so two workers in one gathering, after a claim that ran out, do nothing twice.
"""

from __future__ import annotations

import logging
import os
import platform
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from flask import Flask
from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from kiosk import workers
from kiosk.hub.gatherings import current_hub
from kiosk.hub.telemetry.turns import watched
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.hub.member_access import open_gathering
from kiosk.web.middleware.error_pages import note_failure
from kiosk.workers import Turn
from reporter.database.row_security import TenantScope, working_for
from reporter.errors import attempt
from reporter.hub import publisher_lease
from reporter.hub.models import HubGathering

log = logging.getLogger(__name__)

# A worker that says nothing for so long is no more; one that lives says something four times in that time.
LEASE = timedelta(seconds=60)
# When a gathering is looked at again though nobody has changed it: the longer it was quiet, the later, up to this many
# times as late. (Whatever changes it at the hub wakes it.)
REST, QUIETEST = timedelta(seconds=15), 4
# Longest that one gathering is worked for before others get their turn.
SHARE_SECONDS = 30.0
# How long to wait where nothing is due.
IDLE_SECONDS = 0.5
# (turn, least seconds between two of one gathering)
TURNS: tuple[tuple[Turn, float], ...] = (
    (workers.process, 0),
    (workers.look, 0),
    (workers.read, 5),
    (workers.draft, 5),
    (workers.reindex, 0),
    (workers.index, 0),
    (workers.deliver, 0),
    (workers.hear, 10),
    (workers.film, 0),
    (workers.purge, 60),
    (workers.retain, 3600),
    (workers.tidy, 600),
)


@dataclass(frozen=True)
class GatheringLease:
    """A gathering that is ours for a while."""

    organization: uuid.UUID
    gathering: uuid.UUID
    lease: str

    @property
    def scope(self) -> TenantScope:
        """For whom its turns work."""
        return TenantScope(self.organization, self.gathering)


def claim_next(session: Session, lease: str, *, now: datetime) -> GatheringLease | None:
    """The gathering that has been due the longest and that nobody holds. Commits."""
    with working_for(TenantScope(worker=True)):
        row = session.execute(
            select(HubGathering.id, HubGathering.organization_id)
            .where(HubGathering.due_at <= now)
            .order_by(HubGathering.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is not None:
            session.execute(_set(row.id, lease=lease, due_at=now + LEASE))
        session.commit()
    return None if row is None else GatheringLease(row.organization_id, row.id, lease)


def _set(gathering: uuid.UUID, **values: object) -> Update:
    statement = update(HubGathering).where(HubGathering.id == gathering).values(**values)
    return statement.execution_options(synchronize_session=False)


def give_back(session: Session, claim: GatheringLease, *, due: datetime) -> None:
    """Let others have it, from a moment on; nothing happens where it is not ours any more. Commits."""
    with working_for(TenantScope(worker=True)):
        session.execute(
            _set(claim.gathering, lease="", due_at=due).where(HubGathering.lease == claim.lease)
        )
        session.commit()


def renew(session: Session, claim: GatheringLease, *, now: datetime) -> None:
    """Say that we still work. Commits."""
    with working_for(TenantScope(worker=True)):
        session.execute(
            _set(claim.gathering, due_at=now + LEASE).where(HubGathering.lease == claim.lease)
        )
        session.commit()


def _may_send(gathering: uuid.UUID) -> bool:
    return publisher_lease.take(
        db.session(), gathering, publisher_lease.HUB, now=current_hub().clock()
    )


class HubWorker:
    """One thread that works for whatever gathering is due."""

    def __init__(self, app: Flask, number: int = 0) -> None:
        self._app = app
        self._stop = threading.Event()
        # Of its claims. Machines may share a name, and containers a process id.
        chance = uuid.uuid4().hex[:8]
        self.name = f"{platform.node()}/{os.getpid()}:{number}/{chance}"
        # When each turn of a gathering was taken last, in this process.
        self._taken: dict[tuple[uuid.UUID, str], float] = {}
        # How often a gathering had nothing to do since it last had.
        self._quiet: dict[uuid.UUID, int] = {}

    def run(self) -> None:
        """Work until ``stop``."""
        while not self._stop.is_set():
            with self._app.app_context():
                worked = attempt(self.work_once)
                if isinstance(worked, Exception):
                    note_failure(log, "hub worker", worked)
            if worked is not True:
                self._stop.wait(IDLE_SECONDS)

    def stop(self) -> None:
        """End after the current turn."""
        self._stop.set()

    def work_once(self) -> bool:
        """Work for one gathering; whether any was due. Needs an application context."""
        clock = current_hub().clock
        claim = claim_next(db.session(), self.name, now=clock())
        if claim is None:
            return False
        # What fails altogether is tried again after a rest, not at once and for ever.
        more, done = False, threading.Event()
        beating = threading.Thread(target=self._beat, args=(claim, done), daemon=True)
        beating.start()
        try:
            more = self._rounds(claim)
        finally:
            done.set()
            beating.join()
            db.session.rollback()
            with working_for(claim.scope):
                publisher_lease.release_for_hub(
                    db.session(), claim.gathering, claim.lease, now=clock()
                )
            give_back(db.session(), claim, due=clock() + self._rest(claim.gathering, more=more))
        return True

    def _rest(self, gathering: uuid.UUID, *, more: bool) -> timedelta:
        if more:
            self._quiet.pop(gathering, None)
            return timedelta(0) if not self._stop.is_set() else REST
        rounds = self._quiet[gathering] = self._quiet.get(gathering, 0) + 1
        return REST * min(rounds, QUIETEST)

    def _beat(self, claim: GatheringLease, done: threading.Event) -> None:
        """Say that we still work, however long a turn takes."""
        while not done.wait(LEASE.total_seconds() / 4):
            with self._app.app_context():
                error = attempt(lambda: renew(db.session(), claim, now=current_hub().clock()))
                if isinstance(error, Exception):
                    note_failure(log, "hub worker", error)

    def _rounds(self, claim: GatheringLease) -> bool:
        """Take turns until none finds anything, or for our share of time; whether there is more to do."""
        begun = time.monotonic()
        while not self._stop.is_set():
            done = sum(self._take(turn, pause, claim) for turn, pause in TURNS)
            if not done:
                return False
            self._quiet.pop(claim.gathering, None)
            if time.monotonic() - begun > SHARE_SECONDS:
                return True
        return True

    def _take(self, turn: Turn, pause: float, claim: GatheringLease) -> int:
        """One turn in a context of its own. Whatever goes wrong is noted; the others are taken all the same."""
        key, now = (claim.gathering, turn.__name__), time.monotonic()
        if self._stop.is_set() or now - self._taken.get(key, -1e9) < pause:
            return 0
        self._taken[key] = now
        with self._app.app_context(), working_for(claim.scope):
            open_gathering(claim.scope)
            kiosk = current_kiosk()
            kiosk.may_send = kiosk.may_go_on = partial(_may_send, claim.gathering)
            done = watched(turn.__name__, claim.gathering, lambda: attempt(lambda: turn(kiosk)))
            if isinstance(done, Exception):
                note_failure(log, f"worker {turn.__name__}", done)
                # Once in the rest's time, not again and again.
                self._taken[key] = now + REST.total_seconds() - pause
                return 0
            return done
