"""Pushes a kiosk's new data to its hub, to which it is paired by a code; an interrupted push
resumes.

Decisions made on the hub, and data it has from other laptops, come back the same way.
"""

from __future__ import annotations

import dataclasses
import tempfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from kiosk.peers.client import PeerClient
from kiosk.peers.exchange import take_in
from kiosk.peers.pairing import Introduction, introduction, keep_peer, remove_token, token_of
from kiosk.peers.snapshot import write_snapshot
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from reporter.enums import TakeawayState
from reporter.errors import Conflict, Forbidden, NotFound, ReporterError
from reporter.models import Peer, Takeaway

# Settings that belong to the gathering itself, wherever it runs: neither the Wi-Fi nor the laptop's
# own.
_SHARED = ("gathering", "publish", "privacy", "limits")
# Interval of automatic pushes; and, where nothing is new, of asking the hub for new data.
EVERY, LISTEN = timedelta(minutes=1), timedelta(minutes=3)
# Number of parallel uploads of originals.
LANES = 4
_TRIES = 4
_PIECE = 1 << 18
# Called with the upload progress: files done, files in total, bytes sent since the last call.
Progress = Callable[[int, int, int], None]


@dataclass
class PushReport:
    """The result of a push."""

    # Takeaways that are new or newer there; originals and bytes sent; takeaways that it already
    # had.
    takeaways: int = 0
    media: int = 0
    bytes: int = 0
    already: int = 0
    # Messages about what could not be merged there.
    left: list[str] = dataclasses.field(default_factory=list)

    def as_json(self) -> dict[str, int]:
        """As in ``reporter push --json``."""
        return {
            "takeaways": self.takeaways,
            "media": self.media,
            "bytes": self.bytes,
            "already": self.already,
        }


def pair_hub(kiosk: KioskContext, url: str, code: str) -> Peer:
    """Pair this gathering with a hub, replacing a previous one. Raises Unreachable, Forbidden or
    BadInput. Commits."""
    us, settings = introduction(kiosk), kiosk.settings
    offer = {
        "code": code,
        "id": str(us.id),
        "name": us.name,
        "gathering": {"id": str(kiosk.gathering_id), "name": settings.gathering.title},
        "settings": {name: dataclasses.asdict(getattr(settings, name)) for name in _SHARED},
    }
    with PeerClient(url) as client:
        answer = client.call("POST", "/hub/push/pair", json=offer)
        other = Introduction.from_json({**answer, "url": client.url})
    session = db.session()
    for old in session.scalars(select(Peer).where(Peer.hub, Peer.id != other.id)):
        remove_token(kiosk, old)
        session.delete(old)
    peer = keep_peer(session, kiosk, other, str(answer["token"]))
    peer.hub = peer.automatic = True
    session.commit()
    return peer


def hub_of(kiosk: KioskContext) -> Peer:
    """Get the hub of this gathering; raises NotFound, which explains how to get one."""
    peer = db.session.scalar(select(Peer).where(Peer.hub))
    if peer is None:
        raise NotFound(
            "This gathering has no hub yet. Get a code there, and tie it with: reporter pair HUB-URL CODE"
        )
    return peer


def push(
    kiosk: KioskContext, peer: Peer, done: PushReport, progress: Progress | None = None
) -> None:
    """Push everything new to the hub, counting in ``done``, and merge what is new there. An
    interrupted push resumes next time.

    Raises Unreachable, or Forbidden where the hub does not know us any more. Commits what was done
    so far.
    """
    token = token_of(kiosk, peer)
    if not token:
        raise Forbidden("%(name)s has to be paired once more.", name=peer.name)
    peer.tried_at, peer.merge_requested_at = kiosk.now(), None
    db.session.commit()
    with (
        tempfile.TemporaryDirectory(prefix="reporter-push-") as work,
        PeerClient(peer.url, token) as client,
    ):
        rows = Path(work) / "rows.db"
        mark = write_snapshot(kiosk.settings.folder / "reporter.db", rows)
        known = client.call("GET", "/hub/push/mark")
        if known["mark"] == mark:
            done.already = _count()
        else:
            _bring(kiosk, client, rows, mark, sending=_Sending(done, progress))
        peer.snapshot = "" if done.left else mark
        db.session.commit()
        # A hub of an older version does not send its own mark, so nothing comes back.
        if known.get("rows") and (known["mark"] != mark or known["rows"] != peer.received):
            _take_back(kiosk, client, peer, done)
    _note(kiosk, peer, done)


def _take_back(kiosk: KioskContext, client: PeerClient, peer: Peer, done: PushReport) -> None:
    report, mark = take_in(kiosk, client, peer, known=peer.received)
    done.left += report.left
    if mark:
        peer.received = "" if report.left else mark


def push_next(kiosk: KioskContext) -> int:
    """One background turn: push when requested or when something is new; an error is stored.
    Returns 0 or 1."""
    now = kiosk.now()
    peer = db.session.scalar(select(Peer).where(Peer.hub, Peer.url != ""))
    waits = peer is not None and peer.tried_at is not None and peer.tried_at > now - EVERY
    if peer is None or not (peer.merge_requested_at or (peer.automatic and not waits)):
        return 0
    heard = peer.reached_at is not None and peer.reached_at > now - LISTEN
    if (
        not peer.merge_requested_at
        and not peer.error
        and heard
        and peer.snapshot == _own_mark(kiosk)
    ):
        # Nothing is new here, and the hub was asked a moment ago: wait.
        peer.tried_at = now
        db.session.commit()
        return 0
    try:
        push(kiosk, peer, PushReport())
    except ReporterError as error:
        db.session.rollback()
        peer.error = error.message
        db.session.commit()
        return 0
    return 1


def _own_mark(kiosk: KioskContext) -> str:
    with tempfile.TemporaryDirectory(prefix="reporter-push-") as work:
        return write_snapshot(kiosk.settings.folder / "reporter.db", Path(work) / "rows.db")


def _count() -> int:
    kept = select(func.count(Takeaway.id)).where(Takeaway.state != TakeawayState.WITHDRAWN)
    return db.session.scalar(kept) or 0


@dataclass(frozen=True)
class _Sending:
    done: PushReport
    progress: Progress | None

    def note(self, number: int, total: int, size: int) -> None:
        self.done.media, self.done.bytes = self.done.media + 1, self.done.bytes + size
        if self.progress:
            self.progress(number, total, size)


def _bring(
    kiosk: KioskContext, client: PeerClient, rows: Path, mark: str, *, sending: _Sending
) -> None:
    """Send the rows, the originals that are missing there, and the rows again, which are then
    merged."""
    done, packed = sending.done, zlib.compress(rows.read_bytes(), 6)
    headers = {"X-Snapshot": mark, "Content-Type": "application/zlib"}
    for _attempt in range(_TRIES):
        answer = client.call("PUT", "/hub/push/rows", content=packed, headers=headers)
        if not answer["missing"]:
            report = answer["report"]
            done.takeaways += report["takeaways"] + report["changed"] + report["withdrawn"]
            done.already, done.left = report["known"], list(report["left"])
            return
        _send_all(kiosk, client, answer["missing"], sending)
    raise Conflict("%(url)s still misses files. Push once more.", url=client.url)


def _send_all(
    kiosk: KioskContext, client: PeerClient, missing: list[dict[str, Any]], sending: _Sending
) -> None:
    """Upload originals in parallel; the first error is raised when the running uploads have
    ended."""
    with ThreadPoolExecutor(LANES, thread_name_prefix="push") as lanes:
        under_way = [lanes.submit(_send, kiosk, client, one) for one in missing]
        try:
            for number, one in enumerate(under_way):
                sending.note(number + 1, len(missing), one.result())
        except BaseException:
            for one in under_way:
                one.cancel()
            raise


def _send(kiosk: KioskContext, client: PeerClient, one: dict[str, Any]) -> int:
    """Upload one original, resuming where it broke off; returns how many bytes were sent."""
    sha256, ext, size = str(one["sha256"]), str(one["ext"]), int(one["bytes"])
    path = kiosk.store.original(sha256, ext)
    if not path.is_file() or path.stat().st_size != size:
        raise ReporterError(
            "An original is missing or damaged on this laptop: %(name)s. See: reporter doctor",
            name=path.name,
        )

    def send_from(offset: int) -> int:
        headers = {
            "Upload-Offset": str(offset),
            "Upload-Length": str(size),
            "X-Extension": ext,
            "Content-Length": str(size - offset),
        }
        where = f"/hub/push/media/{sha256}"
        client.call("PATCH", where, content=_pieces(path, offset), headers=headers)
        return size - offset

    offset = int(one["offset"])
    try:
        return send_from(offset)
    except Conflict:
        if not offset:
            raise
        # Another machine of the hub has the beginning.
        return send_from(0)


def _pieces(path: Path, offset: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while piece := file.read(_PIECE):
            yield piece


def _note(kiosk: KioskContext, peer: Peer, done: PushReport) -> None:
    peer.merged_at = peer.reached_at = kiosk.now()
    peer.error = ""
    if done.takeaways or done.media or done.left:
        peer.report = {**done.as_json(), "left": done.left, "at": kiosk.now().isoformat()}
    db.session.commit()
