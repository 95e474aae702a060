"""A kiosk and its hub: paired by a code, then what is new is brought there, and goes on where it was broken off.

What others have decided there, or brought from another laptop, comes back the same way.
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
from kiosk.peers.pairing import Introduction, introduction, keep_peer, token_of
from kiosk.peers.snapshot import write_snapshot
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from reporter.enums import TakeawayState
from reporter.errors import Conflict, Forbidden, NotFound, ReporterError
from reporter.models import Peer, Takeaway

# What of the settings belongs to the gathering, wherever it is kept: neither the Wi-Fi nor the laptop's own.
_SHARED = ("gathering", "publish", "privacy", "limits")
# How often what is new is brought by itself; where nothing is, how often the hub is asked for what is new there.
EVERY, LISTEN = timedelta(minutes=1), timedelta(minutes=3)
# Originals under way at once.
LANES = 4
_TRIES = 4
_PIECE = 1 << 18
# Is told what went: files done, files in all, bytes that went just now.
Progress = Callable[[int, int, int], None]


@dataclass
class Pushed:
    """What a push brought."""

    # New there or newer; how many originals and bytes of them went; takeaways that it had already.
    takeaways: int = 0
    media: int = 0
    bytes: int = 0
    already: int = 0
    # Sentences on what could not be taken there.
    left: list[str] = dataclasses.field(default_factory=list)

    def told(self) -> dict[str, int]:
        """As ``reporter push --json`` says it."""
        return {
            "takeaways": self.takeaways,
            "media": self.media,
            "bytes": self.bytes,
            "already": self.already,
        }


def pair_hub(kiosk: KioskContext, url: str, code: str) -> Peer:
    """Tie this gathering to a hub; a former hub is forgotten. Raises Unreachable, Forbidden or BadInput. Commits."""
    us, settings = introduction(kiosk), kiosk.settings
    offer = {
        "code": code,
        "id": str(us.id),
        "name": us.name,
        "gathering": {"id": str(kiosk.gathering_id), "name": settings.gathering.title},
        "settings": {name: dataclasses.asdict(getattr(settings, name)) for name in _SHARED},
    }
    with PeerClient(url) as client:
        told = client.call("POST", "/hub/push/pair", json=offer)
        other = Introduction.from_json({**told, "url": client.url})
    session = db.session()
    for old in session.scalars(select(Peer).where(Peer.hub, Peer.id != other.id)):
        session.delete(old)
    peer = keep_peer(session, kiosk, other, str(told["token"]))
    peer.hub = peer.automatic = True
    session.commit()
    return peer


def hub_of(kiosk: KioskContext) -> Peer:
    """The hub of this gathering; raises NotFound, which says how to get one."""
    peer = db.session.scalar(select(Peer).where(Peer.hub))
    if peer is None:
        raise NotFound(
            "This gathering has no hub yet. Get a code there, and tie it with: reporter pair HUB-URL CODE"
        )
    return peer


def push(kiosk: KioskContext, peer: Peer, done: Pushed, progress: Progress | None = None) -> None:
    """Bring everything new to the hub, noted in ``done``, and take in what is new there. Broken off, the next push
    goes on where it was.

    Raises Unreachable, or Forbidden where the hub does not know us any more. Commits what was reached.
    """
    token = token_of(kiosk, peer)
    if not token:
        raise Forbidden("%(name)s has to be paired once more.", name=peer.name)
    peer.tried_at, peer.asked_at = kiosk.now(), None
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
        # A hub of an older version has no mark of its own rows, and nothing comes back.
        if known.get("rows") and (known["mark"] != mark or known["rows"] != peer.received):
            _take_back(kiosk, client, peer, done)
    _note(kiosk, peer, done)


def _take_back(kiosk: KioskContext, client: PeerClient, peer: Peer, done: Pushed) -> None:
    report, mark = take_in(kiosk, client, peer, known=peer.received)
    done.left += report.left
    if mark:
        peer.received = "" if report.left else mark


def push_next(kiosk: KioskContext) -> int:
    """The background turn: push when the desk asked, or when something is new; why it did not work is kept. 0 or 1."""
    now = kiosk.now()
    peer = db.session.scalar(select(Peer).where(Peer.hub, Peer.url != ""))
    waits = peer is not None and peer.tried_at is not None and peer.tried_at > now - EVERY
    if peer is None or not (peer.asked_at or (peer.automatic and not waits)):
        return 0
    heard = peer.reached_at is not None and peer.reached_at > now - LISTEN
    if not peer.asked_at and not peer.error and heard and peer.snapshot == _own_mark(kiosk):
        # Nothing is new here, and there it was looked for a moment ago: the next look has time.
        peer.tried_at = now
        db.session.commit()
        return 0
    try:
        push(kiosk, peer, Pushed())
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
    done: Pushed
    progress: Progress | None

    def note(self, number: int, total: int, size: int) -> None:
        self.done.media, self.done.bytes = self.done.media + 1, self.done.bytes + size
        if self.progress:
            self.progress(number, total, size)


def _bring(
    kiosk: KioskContext, client: PeerClient, rows: Path, mark: str, *, sending: _Sending
) -> None:
    """Rows, the originals that are missing there, and the rows once more, which are merged then."""
    done, packed = sending.done, zlib.compress(rows.read_bytes(), 6)
    headers = {"X-Snapshot": mark, "Content-Type": "application/zlib"}
    for _attempt in range(_TRIES):
        told = client.call("PUT", "/hub/push/rows", content=packed, headers=headers)
        if not told["missing"]:
            report = told["report"]
            done.takeaways += report["takeaways"] + report["changed"] + report["withdrawn"]
            done.already, done.left = report["known"], list(report["left"])
            return
        _send_all(kiosk, client, told["missing"], sending)
    raise Conflict("%(url)s still misses files. Push once more.", url=client.url)


def _send_all(
    kiosk: KioskContext, client: PeerClient, missing: list[dict[str, Any]], sending: _Sending
) -> None:
    """Send originals, several at once; the first error is raised when those under way have ended."""
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
    """One original from where it was broken off; how many bytes went."""
    sha256, ext, size = str(one["sha256"]), str(one["ext"]), int(one["bytes"])
    offset = int(one["offset"])
    path = kiosk.store.original(sha256, ext)
    if not path.is_file() or path.stat().st_size != size:
        raise ReporterError(
            "An original is missing or damaged on this laptop: %(name)s. See: reporter doctor",
            name=path.name,
        )
    headers = {
        "Upload-Offset": str(offset),
        "Upload-Length": str(size),
        "X-Extension": ext,
        "Content-Length": str(size - offset),
    }
    client.call(
        "PATCH", f"/hub/push/media/{sha256}", content=_pieces(path, offset), headers=headers
    )
    return size - offset


def _pieces(path: Path, offset: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while piece := file.read(_PIECE):
            yield piece


def _note(kiosk: KioskContext, peer: Peer, done: Pushed) -> None:
    peer.merged_at = peer.reached_at = kiosk.now()
    peer.error = ""
    if done.takeaways or done.media or done.left:
        peer.report = {**done.told(), "left": done.left, "at": kiosk.now().isoformat()}
    db.session.commit()
