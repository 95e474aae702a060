"""The kiosk's background work: threads that ask the rows what is due. Stopped or killed, they go on by query."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from kiosk.runtime.changes import ChangeWatch
from kiosk.runtime.context import KioskContext, current_kiosk
from kiosk.runtime.database import db
from kiosk.runtime.lazy_blueprints import LazyApp
from kiosk.web.middleware.error_pages import note_failure
from reporter.errors import attempt

log = logging.getLogger(__name__)

# Seconds that decoders hold back while phones send.
HOLD_SECONDS = 10.0
# Seconds between two turns with work meanwhile.
BREATH_SECONDS = 0.5
# The same for the index, which knows better when to hold back: whoever has just sent something looks for it.
INDEX_BREATH_SECONDS = 0.1
# Seconds that the index holds back while files are being sent: what came in is found within two.
INDEX_HOLD_SECONDS = 1.2

# A turn returns how much it did: as long as that isn't 0, the next turn follows at once.
Turn = Callable[[KioskContext], int]


def process(kiosk: KioskContext) -> int:
    """Make renditions of what was received."""
    from capture.renditions.worker import process_due

    if _intake_first(kiosk):
        return 0
    # A batch that began while nobody sent ends as soon as somebody does.
    begun_quietly = not kiosk.held_since
    return process_due(
        db.session(),
        kiosk.store,
        kiosk.pool,
        now=kiosk.now,
        limits=kiosk.settings.limits,
        stop=lambda: begun_quietly and kiosk.receiving(),
    )


def _intake_first(kiosk: KioskContext) -> bool:
    """Whether to hold back because phones are sending: their people stand and wait, and a picture can wait a little.

    Not for long: where somebody always sends, pictures are made all the same, a few at a time.
    """
    if not kiosk.receiving():
        kiosk.held_since = 0.0
        return False
    now = time.monotonic()
    kiosk.held_since = kiosk.held_since or now
    if now - kiosk.held_since < HOLD_SECONDS:
        return True
    kiosk.held_since = now
    return False


def look(kiosk: KioskContext) -> int:
    """Look for faces in what is ready."""
    from capture.analysis.face_worker import look_for_faces
    from capture.renditions.worker import WAITING
    from reporter.annotations.face_review import set_check
    from reporter.database.job_queue import due_ids
    from reporter.models import Media

    if kiosk.held_since:
        return 0
    if kiosk.settings.publish.check_faces:
        # However the setting was changed. It is taken back at the desk's page on faces, or by a restart.
        set_check(db.session(), True)
    # Renditions first: somebody waits for those.
    if due_ids(db.session(), Media, states=WAITING, now=kiosk.now(), limit=1):
        return 0
    return look_for_faces(db.session(), kiosk.store, kiosk.pool, limits=kiosk.settings.limits)


def read(kiosk: KioskContext) -> int:
    """Read the words in pictures, where the extra for it is installed."""
    from capture.analysis.ocr import can_read
    from capture.analysis.ocr_worker import read_due

    return read_due(db.session(), kiosk.store, kiosk.slow_pool) if can_read() else 0


def draft(kiosk: KioskContext) -> int:
    """Draft the captions that somebody asked for."""
    from capture.analysis.caption_worker import draft_due

    return draft_due(db.session(), kiosk.store, kiosk.slow_pool, kiosk.settings.captions.model)


def index(kiosk: KioskContext) -> int:
    """Take changed rows into the index: many at once while files are being sent, but at once what is taken back."""
    from reporter.gathering.purge import purge_due

    end = time.monotonic() + INDEX_HOLD_SECONDS
    while kiosk.busy() and time.monotonic() < end and purge_due(db.session()) is None:
        db.session.rollback()
        time.sleep(0.1)
    return kiosk.index.sync(db.session())


def reindex(kiosk: KioskContext) -> int:
    """Build the index again, beside the one that answers, if the desk or other settings ask for it."""
    from reporter.search.maintenance import rebuild_if_asked

    return rebuild_if_asked(db.session(), kiosk.index)


def deliver(kiosk: KioskContext) -> int:
    """Send what is due, if the organizer lets it go out by itself; takedowns always."""
    from kiosk.services.publishing import deliver_once

    _look_at_clock(kiosk)
    sent = deliver_once(kiosk)
    if not sent:
        from kiosk.peers import publisher_lease

        publisher_lease.release(kiosk)
    return sent


def _look_at_clock(kiosk: KioskContext) -> None:
    from kiosk.runtime.clock_steps import ClockSteps, recall_waiting

    steps: ClockSteps = kiosk.parts.setdefault("clock steps", ClockSteps())
    if steps.was_set_back(db.session(), kiosk.now()):
        recall_waiting(db.session(), kiosk.now())


def hear(kiosk: KioskContext) -> int:
    """Look at the target whose turn it is for replies."""
    from kiosk.services.conversation import listen_once

    return listen_once(kiosk)


def merge_laptops(kiosk: KioskContext) -> int:
    """Take in what is new at other laptops, where the desk wants it, and look at those that are paired."""
    from kiosk.peers.exchange import merge_next

    return merge_next(kiosk)


def push_hub(kiosk: KioskContext) -> int:
    """Bring what is new to the hub, where there is one."""
    from kiosk.peers.push import push_next

    return push_next(kiosk)


def cards(kiosk: KioskContext) -> int:
    """Read the card that the desk asked for."""
    from reporter.enums import ImportState
    from reporter.models.camera import CardImport

    is_requested = CardImport.state == ImportState.ASKED
    if db.session.scalar(select(CardImport.id).where(is_requested).limit(1)) is None:
        return 0
    from kiosk.services.card_imports import import_next

    return import_next(kiosk)


def watched_folder(kiosk: KioskContext) -> int:
    """Take in what has appeared in the folder that the desk watches."""
    if not kiosk.settings.kiosk.watch_folder:
        return 0
    from kiosk.services.tools.watched_folder import look_once

    look_once(kiosk)
    # A file counts as whole when it stands still between two looks: never look again at once.
    return 0


def film(kiosk: KioskContext) -> int:
    """Make the film that the desk asked for; take one away that may not be seen any more."""
    from reporter.models import Film

    row = db.session.get(Film, 1)
    if row is None or not (row.requested or row.fingerprint):
        return 0
    from kiosk.services.films import make_due

    return make_due(kiosk)


def purge(kiosk: KioskContext) -> int:
    """Let withdrawn content leave the files of database and index, within a minute or two."""
    from reporter.gathering.purge import purge as purge_files

    purge_files(db.session(), db.engine, kiosk.index, kiosk.settings.folder)
    return 0


def retain(kiosk: KioskContext) -> int:
    """Announce what will go by itself, and let go what is over."""
    from kiosk.privacy.retention import run_clock

    run_clock(kiosk)
    return 0


def tidy(kiosk: KioskContext) -> int:
    """Complete what a kill had interrupted; drop uploads that ran out and leftovers of broken-off requests."""
    from capture.intake.sweep import sweep
    from capture.renditions.image_quality_worker import glance_due
    from kiosk.web.shared.tus_uploads import uploads
    from reporter.database.planner_statistics import refresh_statistics
    from reporter.moderation.blocked_words import rescreen
    from reporter.search.maintenance import look_after

    uploads().complete_interrupted(db.session(), now=kiosk.now())
    uploads().sweep_expired(db.session(), now=kiosk.now())
    sweep(db.session(), kiosk.store, kiosk.now())
    # Somebody may have changed the list of words.
    rescreen(db.session(), kiosk.store.folder)
    look_after(db.session(), kiosk.index, now=kiosk.now())
    refresh_statistics(db.engine)
    # A turn that found something is followed by the next at once.
    return glance_due(db.session(), kiosk.store, kiosk.pool)


# Seconds until a turn that found nothing is taken all the same, without any change of the database: something may be
# due by now. (What goes out and what is asked of other places has its own times.)
REST_SECONDS = 15.0
# (turn, least seconds between turns that found nothing)
TURNS: tuple[tuple[Turn, float], ...] = (
    (process, 0.4),
    (process, 0.4),
    (look, 1.0),
    (read, 5.0),
    (draft, 3.0),
    # Withdrawn things have to be out within a second, whatever else the laptop does.
    (index, 0.02),
    (reindex, 1.0),
    (deliver, 5.0),
    (hear, 10.0),
    (merge_laptops, 2.0),
    (push_hub, 5.0),
    (cards, 1.0),
    (watched_folder, 2.0),
    (film, 1.0),
    # Well within the ten minutes that we promise; what is withdrawn at once is purged at once.
    (purge, 60.0),
    (retain, timedelta(hours=1).total_seconds()),
    (tidy, timedelta(minutes=10).total_seconds()),
)


class Workers:
    """The threads of one kiosk."""

    def __init__(self, app: LazyApp) -> None:
        self._app = app
        self._stop = threading.Event()
        self._changed = [threading.Event() for _ in TURNS]
        folder = app.extensions["kiosk"].settings.folder
        self._watch = ChangeWatch(folder / "reporter.db", self._changed)
        self._threads = [
            threading.Thread(
                target=self._loop, args=(*turn, changed), name=turn[0].__name__, daemon=True
            )
            for turn, changed in zip(TURNS, self._changed, strict=True)
        ]

    def start(self) -> None:
        """Begin; what was under way when the kiosk was killed is taken up again.

        The code of all pages first: threads that import one another's packages at once can shut each other out.
        """
        self._app.load_lazy()
        self._watch.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask all to end after their turn, and wait a little."""
        self._stop.set()
        self._watch.stop()
        with self._app.app_context():
            current_kiosk().stop()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=5)

    def _loop(self, turn: Turn, pause: float, changed: threading.Event) -> None:
        while not self._stop.is_set():
            # Before the turn: a change that comes during it is one that it may have missed.
            changed.clear()
            if not self._one(turn):
                self._stop.wait(pause)
                changed.wait(max(0.0, self._rest(turn) - pause))
            elif self._app.extensions["kiosk"].receiving():
                # Phones are sending: more at once instead of turn upon turn.
                self._stop.wait(INDEX_BREATH_SECONDS if turn is index else BREATH_SECONDS)

    def _rest(self, turn: Turn) -> float:
        """Seconds to wait for a change; none for what holds back for phones, or has times of its own."""
        held = self._app.extensions["kiosk"].held_since
        own_times = (deliver, hear, merge_laptops, watched_folder, retain, tidy)
        return 0.0 if held or turn in own_times else REST_SECONDS

    def _one(self, turn: Turn) -> int:
        """A turn in a context of its own. Whatever goes wrong is noted; the next turn comes."""
        with self._app.app_context():
            done = attempt(lambda: turn(current_kiosk()))
            if not isinstance(done, Exception):
                return done
            if not self._stop.is_set():
                # Logged without anybody's words.
                note_failure(log, f"worker {turn.__name__}", done)
            self._stop.wait(2)
            # Whatever it was may still be to do.
            return 1
