"""Names of file formats by extension, for messages about files that can't be kept."""

from __future__ import annotations

import functools
from pathlib import PurePath

from capture.decoding.mime_sniff import MEDIA_TYPES
from reporter.messages import N_, Message

UNKNOWN_KIND = Message("This kind of file can't be kept. Save it as JPEG or MP4 and bring that in.")
UNREADABLE_FORMAT = N_("%(format)s can't be opened here. Save it as %(instead)s and bring that in.")
NOT_WHAT_IT_SAYS = N_(
    "Its name says %(format)s, but its content does not: it is damaged, or something else."
)
# Extension -> (the format's name, what to save it as). All of these should be recordings: files
# that can't be kept are reported.
_PHOTO_FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".mpo": "JPEG",
    ".jps": "JPEG",
    ".heic": "HEIC",
    ".heif": "HEIF",
    ".hif": "HEIF",
    ".avif": "AVIF",
    ".png": "PNG",
    ".webp": "WebP",
    ".gif": "GIF",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".dib": "BMP",
    ".jp2": "JPEG 2000",
    ".j2k": "JPEG 2000",
    ".jpf": "JPEG 2000",
    ".jpx": "JPEG 2000",
    ".jxl": "JPEG XL",
    ".psd": "Photoshop (PSD)",
    ".svg": "SVG",
    ".exr": "OpenEXR",
    ".hdr": "Radiance HDR",
    ".insp": "Insta360 photo",
    ".bpg": "BPG",
    ".ico": "ICO",
    ".jxr": "JPEG XR",
    ".wdp": "JPEG XR",
    ".cr2": "Canon raw (CR2)",
    ".cr3": "Canon raw (CR3)",
    ".crw": "Canon raw (CRW)",
    ".nef": "Nikon raw (NEF)",
    ".nrw": "Nikon raw (NEF)",
    ".arw": "Sony raw (ARW)",
    ".sr2": "Sony raw (SR2)",
    ".srf": "Sony raw (SRF)",
    ".dng": "DNG raw",
    ".gpr": "DNG raw",
    ".raf": "Fujifilm raw (RAF)",
    ".orf": "Olympus raw (ORF)",
    ".ori": "Olympus raw (ORF)",
    ".rw2": "Panasonic raw (RW2)",
    ".rwl": "Panasonic raw (RW2)",
    ".pef": "Pentax raw (PEF)",
    ".srw": "Samsung raw (SRW)",
    ".x3f": "Sigma raw (X3F)",
    ".raw": "camera raw",
    ".3fr": "camera raw",
    ".fff": "camera raw",
    ".iiq": "Phase One raw (IIQ)",
    ".mrw": "Minolta raw (MRW)",
    ".erf": "camera raw",
    ".kdc": "camera raw",
    ".dcr": "camera raw",
    ".mef": "camera raw",
    ".mos": "camera raw",
}
FILM_FORMATS = {
    ".mp4": "MP4",
    ".m4v": "MP4",
    ".mov": "QuickTime (MOV)",
    ".qt": "QuickTime (MOV)",
    ".mts": "AVCHD (MTS)",
    ".m2ts": "AVCHD (MTS)",
    ".m2t": "AVCHD (MTS)",
    ".tod": "AVCHD (MTS)",
    ".avi": "AVI",
    ".mpg": "MPEG",
    ".mpeg": "MPEG",
    ".mpe": "MPEG",
    ".mod": "MPEG",
    ".vob": "MPEG",
    ".mxf": "MXF",
    ".3gp": "3GP",
    ".3g2": "3GP",
    ".webm": "WebM",
    ".mkv": "Matroska (MKV)",
    ".ogv": "Ogg",
    ".wmv": "Windows Media (WMV)",
    ".asf": "Windows Media (WMV)",
    ".flv": "Flash (FLV)",
    ".f4v": "Flash (F4V)",
    ".dv": "DV",
    ".divx": "DivX",
    ".360": "GoPro 360",
    ".insv": "Insta360 film",
    ".r3d": "RED raw (R3D)",
    ".braw": "Blackmagic raw (BRAW)",
    ".crm": "Canon raw film (CRM)",
    ".nev": "Nikon raw film (NEV)",
    ".apv": "Advanced Professional Video (APV)",
    ".rm": "RealMedia",
    ".rmvb": "RealMedia",
    ".mjpg": "Motion JPEG",
    ".mjpeg": "Motion JPEG",
}
_SOUND_FORMATS = {
    ".wav": "WAV",
    ".rf64": "WAV",
    ".w64": "Wave64",
    ".mp3": "MP3",
    ".mp2": "MP2",
    ".m4a": "M4A",
    ".m4b": "M4A",
    ".aac": "AAC",
    ".ogg": "Ogg",
    ".oga": "Ogg",
    ".opus": "Ogg",
    ".flac": "FLAC",
    ".amr": "AMR",
    ".awb": "AMR",
    ".caf": "Core Audio (CAF)",
    ".aif": "AIFF",
    ".aiff": "AIFF",
    ".aifc": "AIFF",
    ".wma": "Windows Media (WMA)",
    ".au": "AU",
    ".snd": "AU",
    ".ape": "Monkey's Audio",
    ".wv": "WavPack",
    ".mka": "Matroska (MKA)",
    ".dss": "Digital Speech (DSS)",
    ".ds2": "Digital Speech (DS2)",
    ".msv": "Memory Stick Voice (MSV)",
    ".dvf": "Sony Voice (DVF)",
    ".qcp": "Qualcomm (QCP)",
    ".ra": "RealAudio",
    ".spx": "Speex",
    ".ac3": "AC-3",
    ".dsf": "DSD (DSF)",
    ".dff": "DSD (DFF)",
    ".tta": "True Audio (TTA)",
}
FORMATS = {
    **{ext: (name, "JPEG") for ext, name in _PHOTO_FORMATS.items()},
    **{ext: (name, "MP4") for ext, name in FILM_FORMATS.items()},
    **{ext: (name, "WAV or MP3") for ext, name in _SOUND_FORMATS.items()},
}
# {extension: image, video or audio}, as browsers call them.
KINDS_BY_NAME = {
    **dict.fromkeys(_PHOTO_FORMATS, "image"),
    **dict.fromkeys(FILM_FORMATS, "video"),
    **dict.fromkeys(_SOUND_FORMATS, "audio"),
}
# These extensions are of photos, films or sounds: a file that can't be kept is a failure, not
# skipped.
MEDIA_NAMES = frozenset(FORMATS)


@functools.cache
def _readable() -> frozenset[str]:
    """Names of the formats that are kept and displayed."""
    return frozenset(FORMATS[kind.ext][0] for kind in MEDIA_TYPES if kind.ext in FORMATS)


def unreadable_format(name: str) -> tuple[str, str] | None:
    """(format, what to save it as) for a file whose extension is of a format that can't be opened
    here; else None."""
    found = FORMATS.get(PurePath(name).suffix.casefold())
    return found if found and found[0] not in _readable() else None


def explain_unreadable(name: str) -> str:
    """The message for a photo, film or sound whose content can't be kept; it names the format."""
    found = FORMATS.get(PurePath(name).suffix.casefold())
    if found is None:
        return UNKNOWN_KIND
    if unreadable_format(name) is None:
        return Message(NOT_WHAT_IT_SAYS, format=found[0])
    return Message(UNREADABLE_FORMAT, format=found[0], instead=found[1])
