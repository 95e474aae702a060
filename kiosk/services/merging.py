"""Merges other gatherings, for the shell: checks incoming files, and detects whether OTHER is a
folder or a bundle."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from capture.decoding.mime_sniff import HEAD_BYTES, sniff
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from publish.bundle.bagit import check_bag
from reporter import config
from reporter.database.engine import translate_error
from reporter.errors import BadInput, Busy, NotFound, UnsupportedMedia
from reporter.media.place_errors import place_errors
from reporter.merge.bundle import DAMAGED, is_bundle, merge_bundle
from reporter.merge.context import MergeContext, MergeReport, Tell, no_progress
from reporter.merge.gathering import merge_gathering
from reporter.merge.other_database import open_other

# How often a merge is tried that others keep from the rows it needs.
_TRIES = 4


def look(path: Path) -> tuple[str, str, str]:
    """Detect a file's type from its first bytes, as at the intake; raises UnsupportedMedia."""
    with path.open("rb") as file:
        found = sniff(file.read(HEAD_BYTES))
    if found is None:
        raise UnsupportedMedia("It is not a photo, a video or a sound that can be kept.")
    return found.kind, found.mime, found.ext


def merge_in(kiosk: KioskContext, other: Path, *, tell: Tell = no_progress) -> MergeReport:
    """Merge a gathering folder or a bundle. Raises NotFound for neither, BadInput for the
    gathering itself."""
    if config.exists(other):
        if other.resolve() == kiosk.settings.folder.resolve():
            raise BadInput("This is the gathering itself.")
        with place_errors(kiosk.settings.folder, other):
            return merge_folder(kiosk, other, config.load_settings(other).kiosk.name, tell=tell)
    with _unpacked(other) as folder, place_errors(kiosk.settings.folder, other):
        if not is_bundle(folder):
            raise NotFound("%(other)s is neither a gathering folder nor a bundle.", other=other)
        check_bag(folder)
        return merge_bundle(
            db.session(), kiosk.store, folder, kiosk.actor("merge"), look=look, tell=tell
        )


def merge_folder(
    kiosk: KioskContext, folder: Path, laptop: str, *, tell: Tell = no_progress
) -> MergeReport:
    """Merge the database and originals in a folder; ``laptop`` is the name of the laptop that
    they come from.

    A merge commits as it goes and continues where it was; on PostgreSQL one that met a worker on
    the same rows (a deadlock) is repeated.
    """
    for _again in range(_TRIES - 1):
        try:
            return _merge_once(kiosk, folder, laptop, tell)
        except SQLAlchemyError as error:
            if not isinstance(translate_error(error), Busy):
                raise
            db.session.rollback()
    return _merge_once(kiosk, folder, laptop, tell)


def _merge_once(kiosk: KioskContext, folder: Path, laptop: str, tell: Tell) -> MergeReport:
    with open_other(folder) as session:
        merge = MergeContext(
            db.session(),
            session,
            kiosk.store,
            folder,
            kiosk.actor("merge"),
            look,
            laptop=laptop,
            tell=tell,
        )
        return merge_gathering(merge)


@contextmanager
def _unpacked(other: Path) -> Iterator[Path]:
    """A bundle file unpacked to a temporary folder; a folder as it is."""
    if not other.is_file():
        yield other
        return
    with tempfile.TemporaryDirectory(prefix="reporter-merge-") as work:
        try:
            with place_errors(Path(work), other), zipfile.ZipFile(other) as packed:
                # extractall strips path components that lead out of the folder.
                packed.extractall(work)
        except DAMAGED as error:
            raise BadInput(
                "%(other)s can't be read: %(error)s.", other=other, error=error
            ) from error
        inside = [path for path in Path(work).iterdir() if path.is_dir()]
        yield inside[0] if len(inside) == 1 else Path(work)
