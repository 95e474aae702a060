"""What the pages and workers of one running kiosk share: settings, store, index, clock, chance."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
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
    """One running kiosk. Everything that lasts is a row or a file; this is only the way to them."""

    settings: Settings
    gathering_id: uuid.UUID
    store: Store
    index: SearchIndex
    pool: DecoderPool
    # A second, small pool: a phone that waits for its video's length must not queue behind a transcoding.
    quick_pool: DecoderPool
    # A third for what takes its time and its memory, and what nobody waits for.
    slow_pool: DecoderPool
    clock: Clock
    rng: random.Random
    # What the decoders were started with: `settings` may have become another since.
    started: KioskSettings
    # Where phones reach this laptop, once the server listens.
    port: int = 0
    # The address that was found when the first page asked: another network that appears later doesn't take its place.
    found_ip: str = ""
    # The addresses of this laptop when somebody last looked at them; None: nobody has.
    known_ips: frozenset[str] | None = None
    # Codes of "try with your own phone" that a phone has opened, each with the address that it used.
    tried: dict[str, str] = field(default_factory=dict)
    # Raises PublishError for a place that may not be published to from this machine; None: any may.
    check_place: Callable[[Target], None] | None = None
    # Whether nobody else publishes this gathering just now (a hub, where there is one).
    may_send: Callable[[], bool] = lambda: True
    # Whether a phone is sending right now; the server says so, once it runs.
    receiving: Callable[[], bool] = lambda: False
    # Whether files are being sent right now.
    busy: Callable[[], bool] = lambda: False
    # Since when decoders have held back for it (time.monotonic); 0 while they don't.
    held_since: float = 0.0
    # For the desk; and what anybody may know of it: never an address, a receipt or somebody's words.
    last_error: str = ""
    last_error_kind: str = ""
    # Up to which revision the worker has compared the ledger: no more than a way to save it the same work again.
    queued_to: int = -1
    # What targets have learnt of their servers: lives as long as the kiosk.
    remote_state: RemoteState = field(default_factory=RemoteState)

    # What pages make once and keep, by name.
    parts: dict[str, Any] = field(default_factory=dict)
    # Themes as they were read last for a place, and what they were read from (see services.summaries.theme_views).
    themes_read: dict[tuple[Any, ...], tuple[tuple[object, ...], list[Any]]] = field(
        default_factory=dict
    )

    # The folder that is watched, once a worker has looked (see services.tools.watched_folder).
    watched: Any = None
    # Another gathering that the desk wants to go on with: this kiosk ends, and that one's begins.
    successor: Path | None = None

    def now(self) -> datetime:
        """The current instant."""
        return self.clock()

    def hand(self, who: str) -> Actor:
        """The hand of a person at this kiosk: 'desk', 'contributor' or 'shell'."""
        return Actor(now=self.now(), rng=self.rng, who=who)

    def note_error(self, kind: str, detail: str = "") -> None:
        """Remember the last trouble: its kind for everybody, its detail for the desk."""
        self.last_error_kind, self.last_error = kind, detail or kind

    def stop(self) -> None:
        """End the worker processes; forget sign-ins."""
        self.remote_state.close()
        self.pool.stop()
        self.quick_pool.stop()
        self.slow_pool.stop()


def current_kiosk() -> KioskContext:
    """The kiosk of the current application context."""
    kiosk: KioskContext = current_app.extensions["kiosk"]
    return kiosk
