"""Unedited copies of files that a browser can display: for the edit page at the desk, never for
others."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from capture.decoding.probe import MAX_PIXELS
from capture.decoding.process_pool import DecoderPool
from capture.imaging.apply_edits import preview, sheet_in
from capture.renditions.photo import make_plain
from reporter.enums import Kind
from reporter.media.edits import Edits
from reporter.media.store import Store
from reporter.models import Media

_KEPT = {
    Kind.PHOTO.value: ("view", ".jpg", "image/jpeg"),
    Kind.VIDEO.value: ("play", ".mp4", "video/mp4"),
    Kind.AUDIO.value: ("play", ".m4a", "audio/mp4"),
}
# Somebody is waiting for the page.
SECONDS = 30.0
PREVIEW = 900


def plain_copy(
    store: Store, pool: DecoderPool, media: Media, *, max_pixels: int = MAX_PIXELS
) -> tuple[Path, str]:
    """The path of a file without edits, and its type: the stored copy, made again where it is
    missing.

    For a film or a voice note whose copy is missing this is the original, which not every browser
    plays. Raises MediaFailed, PoolBusy.
    """
    name, ext, mime = _KEPT[media.kind]
    made = [store.plain(media.sha256, ext)]
    made += [] if media.edits_fingerprint else [store.rendition(media.sha256, name, ext)]
    there = next((path for path in made if path.is_file()), None)
    if there is not None:
        return there, mime
    original = store.original(media.sha256, media.ext)
    if media.kind != Kind.PHOTO:
        return original, media.type
    made[0].parent.mkdir(parents=True, exist_ok=True)
    task = partial(make_plain, max_pixels=max_pixels)
    pool.run(task, original, made[0], media.type, timeout=SECONDS, patience=SECONDS)
    return made[0], mime


def preview_photo(
    store: Store, pool: DecoderPool, media: Media, edits: Edits, *, max_pixels: int = MAX_PIXELS
) -> bytes:
    """Render a photo as a JPEG as others would see it with these edits. Raises like
    ``plain_copy``."""
    path, _mime = plain_copy(store, pool, media, max_pixels=max_pixels)
    made: bytes = pool.run(preview, path, edits, PREVIEW, timeout=SECONDS, patience=SECONDS)
    return made


def propose_sheet(
    store: Store, pool: DecoderPool, media: Media, *, max_pixels: int = MAX_PIXELS
) -> list[float] | None:
    """Detect the corners of the sheet in a photo (eight shares), None where there is none.
    Raises like ``plain_copy``."""
    path, _mime = plain_copy(store, pool, media, max_pixels=max_pixels)
    found: list[float] | None = pool.run(sheet_in, path, timeout=SECONDS, patience=SECONDS)
    return found
