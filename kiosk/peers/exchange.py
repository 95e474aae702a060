"""Merging over the network: download the other laptop's rows and the missing originals, then
merge as with a folder."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from kiosk.peers.client import PeerClient
from kiosk.peers.pairing import Introduction, introduction, keep_peer, token_of
from kiosk.runtime.addresses import url_of
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.services.merging import merge_folder
from reporter.enums import Source, TakeawayState
from reporter.errors import Conflict, Forbidden, NotFound, ReporterError
from reporter.gathering.lock import Locked, hold_lock
from reporter.gathering.purge import FETCHED
from reporter.media.store import Store
from reporter.merge.context import MergeReport
from reporter.merge.other_database import DATABASE, open_other
from reporter.models import Attachment, Media, Peer, Takeaway, Tombstone
from reporter.moderation.same_again import client_digest

# Intervals for polling paired laptops, and for automatic merges where the desk has enabled them.
LOOK = timedelta(seconds=30)
EVERY = timedelta(minutes=3)
# Seconds to wait for another process that fetches from the same laptop, and between two looks.
_PATIENCE, _PAUSE = 60.0, 0.2
# Called with the download progress: files done, files in total, bytes received since the last call.
Progress = Callable[[int, int, int], None]


def pair_with(kiosk: KioskContext, url: str, code: str) -> Peer:
    """Pair with the laptop at an address by the code on its screen. Raises Unreachable,
    Forbidden or BadInput."""
    us = introduction(kiosk)
    offer = {"code": code, "id": str(us.id), "name": us.name, "port": str(kiosk.port)}
    with PeerClient(url) as client:
        answer = client.call("POST", "/peers/pair", json=offer)
        other = Introduction.from_json({**answer, "url": client.url})
    return keep_peer(db.session(), kiosk, other, str(answer["token"]))


def peer_at(session: Session, url: str) -> Peer:
    """Get the paired laptop at an address; raises NotFound, which explains how to pair."""
    peer = session.scalar(select(Peer).where(Peer.url == url.rstrip("/")))
    if peer is None:
        raise NotFound(
            "%(url)s is not paired with this laptop yet. Let it show a code (desk, Other laptops), and give it with "
            "--code.",
            url=url,
        )
    return peer


def caller_url(address: str, port: int, scheme: str) -> str:
    """The base URL of a laptop that contacted us; empty where no kiosk runs there."""
    host = f"[{address}]" if ":" in address else address
    return url_of(host, port, scheme=scheme) if port else ""


def look_at(kiosk: KioskContext, peer: Peer) -> None:
    """Ask a laptop for its summary; an error is stored in its row. Commits."""
    peer.tried_at = kiosk.now()
    try:
        with _client(kiosk, peer) as client:
            summary = client.call("GET", "/peers/summary")
        peer.name, peer.reported_counts = str(summary["name"])[:80], summary["holds"]
        peer.reached_at, peer.error = kiosk.now(), ""
    except ReporterError as error:
        peer.error = error.message
    db.session.commit()


def merge_peer(kiosk: KioskContext, peer: Peer, progress: Progress | None = None) -> MergeReport:
    """Merge what is new at a paired laptop. An interrupted merge resumes at the next call;
    repeating it changes nothing.

    Raises Unreachable, Forbidden (it does not know us any more) or what a merge of a folder raises.
    """
    with _client(kiosk, peer) as client:
        report, mark = take_in(kiosk, client, peer, known=peer.snapshot, progress=progress)
    _note(kiosk, peer, report, mark)
    return report


def take_in(
    kiosk: KioskContext,
    client: PeerClient,
    peer: Peer,
    *,
    known: str,
    progress: Progress | None = None,
) -> tuple[MergeReport, str]:
    """Merge another laptop's data; also returns the ETag of its rows, which is empty where they
    are still the ``known`` ones."""
    base = "/hub/push" if peer.hub else "/peers"
    place = kiosk.store.incoming / f"{FETCHED}{peer.id.hex}"
    report = MergeReport()
    with _turn(place.with_suffix(".lock")):
        place.mkdir(parents=True, exist_ok=True)
        mark = client.fetch(f"{base}/snapshot", place / DATABASE, lambda _count: None, etag=known)
        if mark:
            gone = _fetch_missing(kiosk, client, place, progress, base=base)
            report = merge_folder(kiosk, place, peer.name)
            report.left += gone
        shutil.rmtree(place)
    return report, mark


@contextlib.contextmanager
def _turn(lock: Path) -> Iterator[None]:
    """Wait for another process of this laptop that fetches from the same place, as ``reporter push`` beside the kiosk.

    What is fetched is in one folder, so that an interrupted download resumes. Raises Conflict if that takes long.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        _wait_for(lock, held)
        yield


def _wait_for(lock: Path, held: contextlib.ExitStack) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < _PATIENCE:
        try:
            held.enter_context(hold_lock(lock))
        except Locked:
            time.sleep(_PAUSE)
        else:
            return
    raise Conflict("The laptop is busy. Please try again in a moment.")


def _note(kiosk: KioskContext, peer: Peer, report: MergeReport, mark: str) -> None:
    peer.merged_at = peer.reached_at = peer.tried_at = kiosk.now()
    peer.error = ""
    if mark:
        # What was left out is retried next time.
        peer.snapshot = "" if report.left else mark
        if has_changes(report):
            peer.report = {**asdict(report), "at": kiosk.now().isoformat()}
    db.session.commit()


def has_changes(report: MergeReport) -> bool:
    """Whether a merge added anything, or left something out."""
    return any(count for name, count in asdict(report).items() if name != "known")


def _client(kiosk: KioskContext, peer: Peer) -> PeerClient:
    token = token_of(kiosk, peer)
    if not peer.url or not token:
        raise Forbidden("%(name)s has to be paired once more.", name=peer.name)
    return PeerClient(peer.url, token)


def _fetch_missing(
    kiosk: KioskContext, client: PeerClient, place: Path, progress: Progress | None, *, base: str
) -> list[str]:
    """Download the originals missing here to the snapshot's folder; returns messages about those
    that failed."""
    store, left = Store(place), []
    with open_other(place) as other:
        wanted = list(missing_media(db.session(), other))
    for number, (sha256, ext, size) in enumerate(wanted):
        goal = store.original(sha256, ext)
        goal.parent.mkdir(parents=True, exist_ok=True)
        if not goal.exists():
            kiosk.store.need_room(size * 2, keep_free=kiosk.settings.limits.keep_free_mb << 20)
            heard = _file_progress(progress, number, len(wanted))
            try:
                client.fetch(f"{base}/media/{sha256}", goal, heard, sha256=sha256)
            except NotFound as error:
                # Withdrawn there a moment ago: the next snapshot will include that.
                left.append(error.message)
        if progress:
            progress(number + 1, len(wanted), 0)
    return left


def _file_progress(progress: Progress | None, number: int, total: int) -> Callable[[int], None]:
    return lambda count: progress(number, total, count) if progress else None


def missing_media(session: Session, other: Session) -> Iterator[tuple[str, str, int]]:
    """Yield (SHA-256, extension, bytes) of the originals that a merge would take from the other
    side, each once."""
    ids, clients = _buried(session)
    have = set(session.scalars(select(Media.sha256)))
    rows = other.execute(
        select(Media.sha256, Media.ext, Media.bytes, Takeaway.id, Takeaway.client_id)
        .join(Attachment, Attachment.media_id == Media.id)
        .join(Takeaway, Takeaway.id == Attachment.takeaway_id)
        .where(Takeaway.state != TakeawayState.WITHDRAWN, Takeaway.source != Source.FILM)
        .order_by(Takeaway.received_at, Takeaway.id, Attachment.position)
    )
    for sha256, ext, size, takeaway_id, client_id in rows:
        if sha256 in have or takeaway_id in ids or client_digest(client_id) in clients:
            continue
        have.add(sha256)
        yield sha256, ext, size


def _buried(session: Session) -> tuple[set[object], set[str]]:
    """Takeaways withdrawn here: their ids, and the digests of their client ids."""
    rows = session.execute(select(Tombstone.takeaway_id, Tombstone.client)).all()
    return {row[0] for row in rows}, {row[1] for row in rows} - {""}


def merge_next(kiosk: KioskContext) -> int:
    """One background turn: merge the laptop that was requested or is due, else poll one; returns
    how many."""
    session, now = db.session(), kiosk.now()
    stale = or_(Peer.tried_at.is_(None), Peer.tried_at < now - LOOK)
    known = (
        select(Peer)
        .where(Peer.url != "", Peer.hub.is_(False))
        .order_by(Peer.tried_at.nulls_first())
    )
    if peer := session.scalar(known.where(_due(now))):
        _try_merge(kiosk, peer)
    elif peer := session.scalar(known.where(stale)):
        look_at(kiosk, peer)
    return 0 if peer is None else 1


def _due(now: datetime) -> ColumnElement[bool]:
    """Requested by hand, or due for an automatic merge; a laptop that was not reached waits like
    one that was."""
    waits = and_(
        or_(Peer.merged_at.is_(None), Peer.merged_at < now - EVERY),
        or_(Peer.tried_at.is_(None), Peer.tried_at < now - LOOK),
    )
    return or_(Peer.merge_requested_at.is_not(None), and_(Peer.automatic, waits))


def _try_merge(kiosk: KioskContext, peer: Peer) -> None:
    """Merge; an error is stored in the laptop's row. Commits."""
    peer.tried_at, peer.merge_requested_at = kiosk.now(), None
    db.session.commit()
    try:
        merge_peer(kiosk, peer)
    except ReporterError as error:
        db.session.rollback()
        peer.error = error.message
        db.session.commit()
