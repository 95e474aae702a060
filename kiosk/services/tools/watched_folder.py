"""The watched folder chosen at the desk: new files are imported automatically, also after a
restart."""

from __future__ import annotations

import dataclasses
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.services.card_imports import FolderWatch, finish, import_context
from reporter.clock import new_id
from reporter.config import save_settings
from reporter.enums import ImportState
from reporter.errors import BadInput
from reporter.models.camera import CardImport

if TYPE_CHECKING:
    from capture.cards.importer import Importer

# Maximum number of proposed folders: picture folders and their subfolders.
MOST = 12


@dataclass
class Watched:
    """The state of the watched folder while this kiosk runs."""

    folder: str
    seen: FolderWatch
    # The import that its files are recorded in; None until the first of them.
    job: uuid.UUID | None = None


def look_once(kiosk: KioskContext) -> int:
    """One worker turn: import what is complete by now; returns how many files."""
    folder = kiosk.settings.kiosk.watch_folder
    if kiosk.watched is None or kiosk.watched.folder != folder:
        kiosk.watched = Watched(folder, FolderWatch([Path(folder)])) if folder else None
    watched = kiosk.watched
    if watched is None:
        return 0

    def importer() -> Importer:
        from capture.cards.importer import Importer

        return Importer(
            import_context(kiosk),
            _job(kiosk, watched),
            tell=lambda _tally: None,
            stopped=lambda: False,
        )

    done = watched.seen.look(importer)
    if done:
        finish(_job(kiosk, watched))
    return done


def _job(kiosk: KioskContext, watched: Watched) -> CardImport:
    """The import row of this folder; one for as long as the kiosk runs."""
    row = db.session.get(CardImport, watched.job) if watched.job else None
    if row is None:
        now = kiosk.now()
        row = CardImport(
            id=new_id(now, kiosk.rng),
            path=watched.folder,
            # Not requested, so that no other worker picks it up.
            state=ImportState.RUNNING.value,
            failures=[],
            created_at=now,
            heartbeat_at=now,
        )
        db.session.add(row)
        db.session.commit()
        watched.job = row.id
    return row


def choose_folder(kiosk: KioskContext, text: str) -> None:
    """Watch this folder from now on, or none (''). Raises BadInput for what is no folder or
    contains the gathering."""
    folder = str(_checked(kiosk, Path(text).expanduser())) if text else ""
    save_settings(kiosk.settings.folder, {"kiosk": {"watch_folder": folder}})
    section = dataclasses.replace(kiosk.settings.kiosk, watch_folder=folder)
    kiosk.settings = dataclasses.replace(kiosk.settings, kiosk=section)


def _checked(kiosk: KioskContext, folder: Path) -> Path:
    if not folder.is_absolute() or not folder.is_dir():
        raise BadInput("There is no folder %(path)s on this laptop.", path=folder)
    own, wanted = kiosk.settings.folder.resolve(), folder.resolve()
    if wanted == own or wanted in own.parents or own in wanted.parents:
        raise BadInput(
            "The gathering itself lies there. Choose a folder of its own for the pictures."
        )
    return folder


def proposed_folders() -> list[Path]:
    """Folders where camera software and synced phones put pictures on this laptop."""
    top = Path(platformdirs.user_pictures_dir())
    try:
        inside = sorted(path for path in top.iterdir() if path.is_dir() and path.name[0] != ".")
    except OSError:
        return []
    return [top, *inside][:MOST]
