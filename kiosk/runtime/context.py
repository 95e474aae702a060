"""Shared state of one running kiosk's pages and workers: settings, store, index, clock, random
numbers."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from flask import current_app

from capture.decoding.process_pool import DecoderPool
from publish.net.remote_state import RemoteState
from reporter.actor import Actor
from reporter.clock import Clock
from reporter.config import KioskSettings, Settings
from reporter.media.store import Store
from reporter.models import Target
from reporter.search import SearchIndex


@dataclass
class KioskContext:
    """One running kiosk. All persistent state is in rows and files; this only gives access to
    them."""

    settings: Settings
    gathering_id: uuid.UUID
    store: Store
    index: SearchIndex
    pool: DecoderPool
    # A second, small pool: a phone that waits for its video's duration must not queue behind a
    # transcode.
    quick_pool: DecoderPool
    # A third for slow, memory-hungry work that nobody waits for.
    slow_pool: DecoderPool
    clock: Clock
    rng: random.Random
    # The settings with which the decoders were started: `settings` may have been replaced since.
    started: KioskSettings
    # Where its secrets are kept; None: under the gathering's id. At a hub that id is what a kiosk says.
    kept_under: uuid.UUID | None = None
    # The port at which phones reach this laptop, set once the server listens.
    port: int = 0
    # The one address at which it listens, in numbers; '' for every address of this laptop.
    only_at: str = ""
    # The address detected at the first page request: a network that appears later doesn't replace
    # it.
    found_ip: str = ""
    # The addresses of this laptop at the last check; None: not checked yet.
    known_ips: frozenset[str] | None = None
    # Codes of "try with your own phone" that a phone has opened, each with the address that it
    # used.
    tried: dict[str, str] = field(default_factory=dict)
    # Raises PublishError for a target that may not be published to from this machine; None: no
    # restriction.
    check_place: Callable[[Target], None] | None = None
    # A folder of this machine that may be published to, where that is no laptop into which a stick
    # can be put; '' for none, None on a laptop.
    offered_folder: str | None = None
    # Whether this kiosk may publish now: nobody else (a hub, where there is one) does.
    may_send: Callable[[], bool] = lambda: True
    # Whether a delivery that has begun may go on.
    may_go_on: Callable[[], bool] = lambda: True
    # Whether a phone is uploading right now; set by the server once it runs.
    receiving: Callable[[], bool] = lambda: False
    # Whether files are being uploaded right now.
    busy: Callable[[], bool] = lambda: False
    # Since when decoders have paused for uploads (time.monotonic); 0 while they don't.
    held_since: float = 0.0
    # The last error for the desk, and its kind for everybody: never an address, a receipt or
    # somebody's words.
    last_error: str = ""
    last_error_kind: str = ""
    # The revision up to which the worker has compared the ledger; only saves it repeated work.
    queued_to: int = -1
    # What targets have learnt about their servers; lives as long as the kiosk.
    remote_state: RemoteState = field(default_factory=RemoteState)

    # Cached results of pages, by name.
    parts: dict[str, Any] = field(default_factory=dict)
    # Cache of themes per place, with the state from which they were read (see
    # services.summaries.theme_views).
    themes_read: dict[tuple[Any, ...], tuple[tuple[object, ...], list[Any]]] = field(
        default_factory=dict
    )

    # The watched folder, once a worker has scanned it (see services.tools.watched_folder).
    watched: Any = None
    # Another gathering to switch to: this kiosk ends, and one for that gathering starts.
    successor: Path | None = None

    @property
    def secrets_id(self) -> str:
        """The key of this gathering's secrets in ``reporter.secret_store``."""
        return str(self.kept_under or self.gathering_id)

    @property
    def is_at_hub(self) -> bool:
        """Whether it is one of a hub's gatherings."""
        return self.kept_under is not None

    def now(self) -> datetime:
        """The current instant."""
        return self.clock()

    @property
    def only_for_phones(self) -> str:
        """The one address that phones may use; '' where there is no such limit.

        A kiosk on loopback has none: whatever stands before it passes phones on from the laptop's addresses.
        """
        return "" if self.only_at and ip_address(self.only_at).is_loopback else self.only_at

    def actor(self, who: str) -> Actor:
        """The actor for a person at this kiosk: 'desk', 'contributor' or 'shell'."""
        return Actor(now=self.now(), rng=self.rng, who=who)

    def note_error(self, kind: str, detail: str = "") -> None:
        """Record the last error: its kind for everybody, its detail for the desk."""
        self.last_error_kind, self.last_error = kind, detail or kind

    def stop(self) -> None:
        """Stop the worker processes; close the sign-ins at targets."""
        self.remote_state.close()
        self.pool.stop()
        self.quick_pool.stop()
        self.slow_pool.stop()


def current_kiosk() -> KioskContext:
    """The kiosk of the current application context."""
    kiosk: KioskContext = current_app.extensions["kiosk"]
    return kiosk
