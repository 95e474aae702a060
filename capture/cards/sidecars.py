"""Files on cards beside photos, films and audio, with the reasons for not importing them.

Every file of a card that does not become (part of) a takeaway is listed with one of these reasons.
"""

from __future__ import annotations

import re
from collections.abc import Set
from pathlib import Path, PurePath

from capture.decoding.format_names import FILM_FORMATS
from reporter.messages import N_, Message

HIDDEN = Message("A hidden file or folder, which computers leave on cards.")
SYSTEM = Message("A folder of the computer or the camera itself, without recordings.")
PREVIEWS = Message(
    "Small copies that the camera made of its films; the films themselves are taken in."
)
LINK = Message("A link to another place; cards have none, and it is not followed.")
THUMBNAIL = Message("The camera's small picture of a film.")
PROXY = Message("The camera's small copy of a film; the film itself is on the card.")
SINGLE_TRACK = Message("A single track of a recording; the mix of its tracks is taken in.")
EDITING = Message("What an editing program noted about a photo; the photo itself is taken in.")
FLIGHT = Message(
    "Words or flight data beside a film. Captions can be added at the desk, where a film is edited."
)
TRACK = Message("A track of places; places are not kept.")
CAMERA_NOTES = Message("The camera's own notes about its recordings.")
UNREADABLE = N_("It can't be read (%(what)s). Put the card in again.")
NO_MEDIA = Message("Not a photo, a film or a sound.")

_NOTES = (
    ".xml",
    ".bim",
    ".ppn",
    ".smi",
    ".cpi",
    ".mpl",
    ".mpls",
    ".clpi",
    ".bdm",
    ".bdmv",
    ".tdt",
    ".tid",
    ".ctg",
    ".ind",
    ".idx",
    ".pgi",
    ".moi",
    ".cif",
    ".sif",
    ".dat",
    ".bin",
    ".bnp",
    ".int",
    ".inp",
    ".log",
    ".mrk",
    ".nav",
    ".obs",
    ".rtk",
    ".ifo",
    ".bup",
    ".cpg",
    ".ini",
)
_REASONS = {
    **dict.fromkeys((".thm", ".scr"), THUMBNAIL),
    **dict.fromkeys((".lrv", ".lrf", ".glv"), PROXY),
    **dict.fromkeys((".xmp", ".aae", ".dop", ".pp3", ".on1", ".cos", ".arp", ".lrt"), EDITING),
    **dict.fromkeys((".srt", ".vtt", ".ass", ".scc"), FLIGHT),
    **dict.fromkeys((".gpx", ".nmea", ".kml", ".kmz", ".fit"), TRACK),
    **dict.fromkeys(_NOTES, CAMERA_NOTES),
}
# Pictures and films by their content, but only small copies of others.
_THUMBNAILS = frozenset({".thm", ".scr"})
COPY_NAMES = _THUMBNAILS | {".lrv", ".lrf", ".glv"}
# Zoom's recorders: ZOOM0001_Tr1.WAV and ZOOM0001_TrMic.WAV beside the mix, ZOOM0001_TrLR.WAV or ZOOM0001_LR.WAV; long
# recordings go on in ZOOM0001_Tr1-0002.WAV.
_ZOOM_TRACK = re.compile(r"(.+)_tr(?:\d{1,2}|mic|ms|xy)(-\d{4})?")
_GOPRO_PROXY = re.compile(r"gl(\d{6})")
# Insta360: LRV_20261224_101112_01_001.lrv beside VID_20261224_101112_00_001; with a lens of its own
# PRO_LRV_….mp4 beside PRO_VID_….mp4.
_INSTA_PROXY = re.compile(r"(pro_)?lrv_(\d{8}_\d{6})_\d\d_(\d{3})")


def reason_for(name: str) -> str:
    """The reason for skipping a file that is no recording, by its name."""
    return _REASONS.get(PurePath(name).suffix.casefold(), NO_MEDIA)


def is_copy(path: Path, beside: Set[str]) -> bool:
    """Whether a file is only the small copy (proxy) of a film. ``beside``: the names in its folder,
    in lower case.

    A proxy whose film is missing may be the only copy, and counts as a film of its own; a thumbnail
    does not.
    """
    stem, suffix = path.stem.casefold(), path.suffix.casefold()
    insta = _INSTA_PROXY.fullmatch(stem)
    if suffix in _THUMBNAILS or (suffix not in COPY_NAMES and insta is None):
        return suffix in _THUMBNAILS
    proxy = _GOPRO_PROXY.fullmatch(stem)
    stems = {f"gx{proxy[1]}", f"gh{proxy[1]}"} if proxy else {stem}
    if insta:
        stems = {f"{insta[1] or ''}vid_{insta[2]}_{lens:02}_{insta[3]}" for lens in range(100)}
    return any(f"{one}{ext}" in beside for one in stems for ext in FILM_FORMATS)


def is_single_track(path: Path, beside: Set[str]) -> bool:
    """Whether a file is one track of a recording whose mix is beside it; see ``is_copy`` for ``beside``."""
    track = _ZOOM_TRACK.fullmatch(path.stem.casefold())
    if track is None:
        return False
    suffix = f"{track[2] or ''}{path.suffix.casefold()}"
    return not beside.isdisjoint({f"{track[1]}_trlr{suffix}", f"{track[1]}_lr{suffix}"})
