"""Builds a gathering's context from its folder: store, search index, and sandboxed decoders."""

from __future__ import annotations

import random
import uuid
from pathlib import Path

from capture.decoding.process_pool import DecoderPool
from capture.isolation.sandbox import Sandbox, private_files
from kiosk.runtime.context import KioskContext
from kiosk.runtime.kiosk_index import KioskIndex
from reporter import secret_store
from reporter.clock import Clock
from reporter.config import Settings
from reporter.media.store import Store
from reporter.search import SearchIndex

# The decoders' folder for temporary files, among the renditions.
SCRATCH = ".scratch"


def make_kiosk(
    settings: Settings,
    gathering_id: uuid.UUID,
    *,
    clock: Clock,
    rng: random.Random,
    store: Store | None = None,
    index: SearchIndex | None = None,
    kept_under: uuid.UUID | None = None,
) -> KioskContext:
    memory, sandbox = settings.kiosk.memory_mb, decoder_sandbox(settings)
    return KioskContext(
        settings=settings,
        gathering_id=gathering_id,
        kept_under=kept_under,
        store=store or Store(settings.folder),
        index=index or KioskIndex(settings),
        started=settings.kiosk,
        pool=DecoderPool(settings.kiosk.workers, memory, sandbox=sandbox),
        quick_pool=DecoderPool(1, memory, sandbox=sandbox),
        slow_pool=DecoderPool(1, memory, sandbox=sandbox),
        clock=clock,
        rng=rng,
    )


def decoder_sandbox(settings: Settings) -> Sandbox:
    """Decoders may write renditions and read media, but neither the gathering's database nor any
    secrets."""
    store = Store(settings.folder)
    scratch = store.renditions / SCRATCH
    scratch.mkdir(parents=True, exist_ok=True)
    model = [Path(settings.captions.model)] if settings.captions.model else []
    secrets = private_files(Path.home(), secret_store.secrets_file().parent)
    return Sandbox(
        read=(store.media, store.incoming, *model),
        write=(store.renditions,),
        hidden=(settings.folder, *secrets),
        scratch=scratch,
    )
