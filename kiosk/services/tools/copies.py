"""Backup, bundle and merge for the desk: to or from a stick, with progress and a plain result."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.services.merging import merge_in
from kiosk.services.publishing import write_bundle
from kiosk.services.tools.sticks import gatherings_on_sticks, inserted_sticks
from kiosk.services.tools.tasks import Progress, Warnings
from reporter.config import exists, load_settings
from reporter.errors import ConfigError, NotFound
from reporter.gathering.backup import copy_gathering
from reporter.gathering.copies import BACKUP, BUNDLE, note_copy
from reporter.merge.bundle import bundle_title
from reporter.messages import N_, Message

STICK_GONE = N_("This stick is not in any more. Put it in again, then choose it.")
# Systems keep parts of a file system in memory, and say when a stick may be pulled.
EJECT = N_("Eject the stick before you pull it out.")


def chosen_stick(name: str) -> Path:
    """Get an inserted stick by its path. Raises NotFound: it may have been removed meanwhile, or
    have become full."""
    found = next((stick.path for stick in inserted_sticks() if str(stick.path) == name), None)
    if found is None:
        raise NotFound(STICK_GONE)
    return found


def chosen_gathering(name: str) -> Path:
    """Get a gathering or bundle on an inserted stick. Raises NotFound."""
    found = next((one.path for one in gatherings_on_sticks() if str(one.path) == name), None)
    if found is None:
        raise NotFound(STICK_GONE)
    return found


def title_of(other: Path) -> str:
    """Get the title of a gathering in a folder or a bundle; '' if it can't be read."""
    try:
        return load_settings(other).gathering.title if exists(other) else bundle_title(other)
    except ConfigError:
        return ""


def chosen_backup(name: str) -> Path:
    """Get a backup on an inserted stick: a gathering's folder, not a bundle. Raises NotFound."""
    found = chosen_gathering(name)
    if not exists(found):
        raise NotFound(
            "A bundle is not a backup: it holds only what everybody may see. Bring it in instead."
        )
    return found


def folder_name(title: str) -> str:
    """Convert a title to a file name that is valid on every stick."""
    plain = unicodedata.normalize("NFKC", title)
    return re.sub(r"[^\w -]+", "", plain).strip()[:60] or "gathering"


def back_up(kiosk: KioskContext, stick: Path, progress: Progress) -> Sequence[str]:
    """Make a verified copy in a folder with the gathering's name; returns a message on the
    result."""
    goal = stick / f"{folder_name(kiosk.settings.gathering.title)} backup"
    done = copy_gathering(kiosk.settings.folder, goal, progress=progress)
    note_copy(db.session(), BACKUP, goal, now=kiosk.now())
    messages = [
        Message(
            "The copy is in %(goal)s, and all of it was read back. Files copied: %(copied)s; there already: %(known)s.",
            goal=goal,
            copied=done.copied,
            known=done.known,
        ),
        Message(EJECT),
    ]
    return [*messages, *_missing(len(done.missing))]


def bundle_to(kiosk: KioskContext, stick: Path, progress: Progress) -> Sequence[str]:
    """Write the curated bundle as one file to a stick."""
    goal = stick / f"{folder_name(kiosk.settings.gathering.title)}.zip"
    bundle = write_bundle(kiosk, goal, progress=progress)
    note_copy(db.session(), BUNDLE, bundle.path, now=kiosk.now())
    return [
        Message(
            "The bundle is in %(goal)s, and all of it was read back. Takeaways: %(takeaways)s; files: %(files)s.",
            goal=goal,
            takeaways=bundle.takeaways,
            files=bundle.files,
        ),
        Message(EJECT),
    ]


def restore_from(kiosk: KioskContext, source: Path, progress: Progress) -> Sequence[str]:
    """Restore a backup from a stick as another gathering on this laptop; the running one is
    unchanged."""
    title = load_settings(source).gathering.title
    goal = free_folder(kiosk.settings.folder.resolve().parent, folder_name(title))
    done = copy_gathering(source, goal, progress=progress)
    messages = [
        Message(
            "“%(title)s” is back in %(goal)s, and all of it was read back. Files: %(files)s.",
            title=title,
            files=done.copied + done.known,
            goal=goal,
        ),
        Message("Below you can go on with it on this laptop."),
    ]
    return [*messages, *_missing(len(done.missing))]


def free_folder(parent: Path, name: str) -> Path:
    """A path for a new folder of this name, with a number appended where it exists already."""
    names = (name, *(f"{name} {number}" for number in range(2, 1000)))
    return next(parent / one for one in names if not (parent / one).exists())


def _missing(count: int) -> list[str]:
    if not count:
        return []
    return [
        Message(
            "Originals that are missing in the gathering itself: %(count)s. Look for another copy.",
            count=count,
        )
    ]


def take_in(kiosk: KioskContext, other: Path, progress: Progress) -> Sequence[str]:
    """Merge another kiosk's gathering or bundle."""
    done = merge_in(kiosk, other, tell=lambda number, whole: progress(number, whole, ""))
    kiosk.index.sync(db.session())
    messages = [
        Message(
            "Takeaways: %(came)s new, %(changed)s changed there, %(withdrawn)s taken back there, %(known)s "
            "known already. New files: %(files)s.",
            came=done.takeaways,
            files=done.files,
            changed=done.changed,
            withdrawn=done.withdrawn,
            known=done.known,
        )
    ]
    left = [Message("Left out: %(what)s", what=line) for line in done.left]
    return Warnings([*messages, *left]) if left else messages
