"""Checks quickly, before the page modules are loaded, whether kiosk and hub are in sync, so that
a push has nothing to do."""

from __future__ import annotations

import sqlite3
import tempfile
import uuid
from contextlib import closing
from pathlib import Path

from kiosk.peers.client import PeerClient
from kiosk.peers.snapshot import write_snapshot
from reporter.errors import ReporterError
from reporter.secret_store import get_secret


def all_there(folder: Path) -> int | None:
    """The number of takeaways at a gathering folder's hub if both are in sync; None: a full push
    is needed."""
    database = folder / "reporter.db"
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as rows:
            peer, url, pushed, received = rows.execute(
                "SELECT id, url, snapshot, received FROM peer WHERE hub AND snapshot <> ''"
            ).fetchone()
            (gathering,) = rows.execute("SELECT id FROM gathering").fetchone()
            (count,) = rows.execute(
                "SELECT count(*) FROM takeaway WHERE state <> 'withdrawn'"
            ).fetchone()
        with tempfile.TemporaryDirectory(prefix="reporter-push-") as work:
            if write_snapshot(database, Path(work) / "rows.db") != pushed:
                return None
        token = get_secret(str(uuid.UUID(gathering)), f"peer:{uuid.UUID(peer)}") or ""
        with PeerClient(url, token) as client:
            known = client.call("GET", "/hub/push/mark")
    except (sqlite3.Error, TypeError, ReporterError):
        # An older schema, no hub, or one that can't be reached: the full push reports which.
        return None
    same = known["mark"] == pushed and known.get("rows", received) == received
    return int(count) if same else None
