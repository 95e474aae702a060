"""The gatherings of a hub in one process: each with its context, made when it is first asked for."""

from __future__ import annotations

import dataclasses
import random
import shutil
import tempfile
import threading
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from platformdirs import user_cache_path
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.hub.paths import gathering_path
from kiosk.hub.places import check_place
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.runtime.making import make_kiosk
from publish.drives.s3_objects import open_objects
from publish.net.reachability import is_inside, stay_outside
from publish.outbox.context import secret_name
from reporter.clock import Clock
from reporter.config import FILE_NAME, KioskSettings, Settings, load_settings, save_settings
from reporter.gathering.folder import prepare_folder
from reporter.hub.config import HubSettings, media_folder
from reporter.hub.former_secrets import may_have_former
from reporter.hub.models import HubGathering
from reporter.media.mirror import MirroredStore, trim_copies
from reporter.media.objects import ObjectStore
from reporter.media.store import Store
from reporter.models import Gathering, Target
from reporter.search import Recipe
from reporter.search.postgres.index import PostgresIndex
from reporter.secret_store import move_secret

# Contexts that are kept: one has hardly more than its settings and search index until something is decoded.
KEPT = 64


@dataclasses.dataclass(eq=False)
class _Kept:
    """A context, the settings that it was made with, and how many requests or turns are using it."""

    settings: str
    kiosk: KioskContext
    users: int = 0


@dataclasses.dataclass
class Hub:
    """What the processes of a hub are wired with."""

    settings: HubSettings
    # Where gatherings have their folders.
    place: Path
    clock: Clock
    rng: random.Random
    # For pages that belong to no gathering.
    front: KioskContext
    # Where media are kept if not in their folders.
    objects: ObjectStore | None = None
    _known: OrderedDict[uuid.UUID, _Kept] = dataclasses.field(default_factory=OrderedDict)
    # Those that others have taken the place of, until nobody uses them any more.
    _leaving: list[_Kept] = dataclasses.field(default_factory=list)
    _guard: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def context_of(self, session: Session, gathering: HubGathering) -> KioskContext:
        """The context of a gathering, with the settings that hold now; in the scope of the gathering.

        Whoever has got it says when they are done with it (``leave``): until then its decoders go on.
        """
        with self._guard:
            known = self._known.get(gathering.id)
            if known is not None and known.settings == gathering.settings:
                self._known.move_to_end(gathering.id)
                known.users += 1
                return known.kiosk
        kiosk = self._make(session, gathering)
        with self._guard:
            former = self._known.pop(gathering.id, None)
            self._known[gathering.id] = _Kept(gathering.settings, kiosk, users=1)
            old = [self._known.popitem(last=False)[1] for _ in range(len(self._known) - KEPT)]
            dropped = [*old, *([former] if former else [])]
            self._leaving += [one for one in dropped if one.users]
            idle = [one for one in dropped if not one.users]
        for one in idle:
            one.kiosk.stop()
        return kiosk

    def leave(self, kiosk: KioskContext) -> None:
        """A request or turn is done with a context."""
        with self._guard:
            kept = (*self._known.values(), *self._leaving)
            one = next((one for one in kept if one.kiosk is kiosk), None)
            if one is None:
                return
            one.users -= 1
            done = not one.users and one in self._leaving
            if done:
                self._leaving.remove(one)
        if done:
            kiosk.stop()

    def _make(self, session: Session, gathering: HubGathering) -> KioskContext:
        folder = self.folder_of(gathering.id)
        folder.mkdir(parents=True, exist_ok=True)
        _put_settings(folder, gathering.settings)
        settings = load_settings(folder)
        address = self.settings.url and self.settings.url + gathering_path(gathering.id, "")
        settings = dataclasses.replace(
            settings, kiosk=dataclasses.replace(settings.kiosk, base_url=address)
        )
        prepare_folder(settings)
        if session.get(Gathering, gathering.local_id) is None:
            session.add(Gathering(id=gathering.local_id, created_at=gathering.created_at))
            session.commit()
        _take_former_secrets(session, gathering)
        kiosk = make_kiosk(
            settings,
            gathering.local_id,
            kept_under=gathering.id,
            clock=self.clock,
            rng=self.rng,
            store=self._store(folder),
            index=PostgresIndex(db.engine, Recipe.of(settings)),
        )
        root = self.settings.sites_of(gathering.id)
        kiosk.check_place = partial(check_place, root=root)
        kiosk.offered_folder = (root / "site").as_uri() if root else ""
        return kiosk

    def _store(self, folder: Path) -> Store:
        """A gathering's files: in its folder, or beyond it in an object store."""
        if self.objects is None:
            return Store(folder)
        return MirroredStore(folder, self.objects, folder.name)

    def folder_of(self, gathering: uuid.UUID) -> Path:
        """Where a gathering has its files."""
        return self.place / gathering.hex

    def trim(self) -> int:
        """Drop copies of an object store that this machine has not used for long; how many files went."""
        if self.objects is None:
            return 0
        return trim_copies(self.place, self.settings.cache_mb << 20)

    def stop(self) -> None:
        """End the worker processes of all."""
        with self._guard:
            contexts = [one.kiosk for one in (*self._known.values(), *self._leaving)]
            self._known.clear()
            self._leaving.clear()
        for kiosk in (*contexts, self.front):
            kiosk.stop()


def current_hub() -> Hub:
    """The hub of the current application context."""
    hub: Hub = current_app.extensions["hub"]
    return hub


def make_hub(settings: HubSettings, *, clock: Clock, rng: random.Random) -> Hub:
    """Wire a hub to its folder or object store. Raises ConfigError for what is neither."""
    place = media_folder(settings.media_url)
    objects = open_objects(settings.media_url) if place is None else None
    if place is None:
        place = Path(settings.folder or user_cache_path("social-reporter") / "hub").absolute()
    place.mkdir(parents=True, exist_ok=True)
    own = urlsplit(settings.url).hostname or ""
    # A hub on somebody's own machine, or in their own network, publishes there too.
    stay_outside(bool(own) and not is_inside(own))
    front = Settings(folder=place / "front", kiosk=KioskSettings(base_url=settings.url))
    prepare_folder(front)
    nobody = make_kiosk(front, uuid.UUID(int=0), clock=clock, rng=rng)
    return Hub(settings, place, clock, rng, nobody, objects)


def _take_former_secrets(session: Session, gathering: HubGathering) -> None:
    """Passwords that an older version kept under the kiosks' id of the gathering, if it is the only one with it."""
    if not may_have_former(session, gathering.id):
        return
    former, own = str(gathering.local_id), str(gathering.id)
    for name in session.scalars(select(Target.name)):
        move_secret(former, own, secret_name(name))


def _put_settings(folder: Path, text: str) -> None:
    """The rows are the truth; the file beside the media is what this machine reads."""
    if settings_text(folder) != text:
        (folder / FILE_NAME).write_text(text, encoding="utf-8")


def settings_text(folder: Path) -> str:
    """The settings file of a gathering; empty where there is none."""
    path = folder / FILE_NAME
    return path.read_text(encoding="utf-8") if path.exists() else ""


def written_settings(values: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of a settings file with these values. Raises ConfigError for impossible ones."""
    folder = Path(tempfile.mkdtemp(prefix="reporter-settings-"))
    try:
        save_settings(folder, values)
        return settings_text(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
