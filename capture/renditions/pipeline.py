"""Renditions: displayed, played and published instead of the original, which is never changed.

``thumb`` and ``view`` of a photo; ``poster``, ``thumb`` and ``play`` of a video or a voice note.
All of it runs in the workers of ``capture.decoding.process_pool``; the parts are in photo, video
and audio beside this module.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from capture.decoding.motion_photo import INNER_FILM, has_inner_film
from capture.decoding.probe import MAX_PIXELS, Probe, probe
from capture.decoding.truncation.detection import note_on
from capture.imaging.rendition_file import RenditionFile
from capture.renditions.audio import make_audio
from capture.renditions.image_quality import QualityMeasurement, measure_quality, quality_of
from capture.renditions.photo import open_view, save_photo
from capture.renditions.subtitles import brought_subtitles
from capture.renditions.video import make_video
from reporter.media.edits import Edits
from reporter.messages import Message

NO_PICTURE = Message(
    "The picture of this film is in a format that can't be shown here, so only its sound is played. "
    "Save it as MP4 and send that too."
)
NO_SOUND = Message(
    "The sound of this film is in a format that can't be played here, so the film is silent. "
    "Save it as MP4 and send that too."
)


@dataclass(frozen=True)
class Result:
    """The result for an original: its probed headers (with the true duration) and its renditions.

    ``look``: of a photo, and of a video's poster frame. ``note``: a message for people about a
    picture that is shown although its file is truncated, a motion photo's film, or a track that can't
    be decoded, else ''. ``subtitles``: those that a video brings along (WebVTT), else ''.
    """

    probe: Probe
    made: tuple[RenditionFile, ...]
    look: QualityMeasurement | None = None
    note: str = ""
    subtitles: str = ""


def process_file(
    src: Path,
    out_dir: Path,
    mime: str,
    *,
    prefix: str = "",
    max_pixels: int = MAX_PIXELS,
    edits: Edits | None = None,
    still_at: float | None = None,
    language: str = "",
) -> Result:
    """Probe an original and make all its renditions in ``out_dir``, each named
    ``{prefix}{name}{ext}``.

    ``still_at``: the time (seconds) of a video's poster; None: the best of some. ``language``: that of
    the session, which decides between several tracks of subtitles.

    The one task that ``capture.renditions.worker`` passes to a worker. Raises MediaFailed.
    """
    found = probe(src, mime, max_pixels=max_pixels)
    edits = edits or Edits()
    if found.kind == "photo":
        view = open_view(src, mime, max_pixels=max_pixels, edits=edits)
        made = tuple(save_photo(view, out_dir, prefix=prefix))
        note = note_on(src, mime) or (INNER_FILM if has_inner_film(src, mime) else "")
        return Result(found, made, quality_of(view), note)
    make = partial(make_video, still_at=still_at) if found.kind == "video" else make_audio
    made = tuple(make(src, out_dir, found, prefix=prefix, edits=edits))
    exact = next((m.duration for m in made if m.name == "play"), None)
    # The duration of the recording, before cuts.
    duration = found.duration if edits.cut else exact or found.duration
    start = float(found.film.start) if found.film is not None else 0.0
    subtitles = brought_subtitles(src, mime, start, language) if found.kind == "video" else ""
    probed = replace(found, duration=duration)
    poster = next((one.path for one in made if one.name == "poster"), None)
    look = measure_quality(poster) if poster else None
    return Result(probed, made, look, _missing_track(found), subtitles)


def _missing_track(found: Probe) -> str:
    """A sentence about a track that can't be decoded here, although the rest can; else ''."""
    others = found.film.others if found.film is not None else ()
    if found.kind == "audio" and "video/unknown" in others:
        return NO_PICTURE
    if found.kind == "video" and not found.has_audio and "audio/unknown" in others:
        return NO_SOUND
    return ""
