"""Detects still formats of cameras and scanners by their first bytes: TIFF, BMP, JPEG 2000, JPEG
XL, raw files."""

from __future__ import annotations

from capture.decoding.formats.jxl_header import read_jxl_size
from capture.decoding.formats.media_type import MediaType
from capture.imaging.raw_preview import (
    DNG_VERSION,
    IMAGE_WIDTH,
    MAKE,
    NEW_SUBFILE_TYPE,
    PHOTOMETRIC,
    SUB_DIRECTORIES,
    IfdEntry,
    first_directory,
)

TIFF = MediaType("photo", "image/tiff", ".tif")
BMP = MediaType("photo", "image/bmp", ".bmp")
JP2 = MediaType("photo", "image/jp2", ".jp2")
JXL = MediaType("photo", "image/jxl", ".jxl")
CR2 = MediaType("photo", "image/x-canon-cr2", ".cr2")
CR3 = MediaType("photo", "image/x-canon-cr3", ".cr3")
CRW = MediaType("photo", "image/x-canon-crw", ".crw")
NEF = MediaType("photo", "image/x-nikon-nef", ".nef")
ARW = MediaType("photo", "image/x-sony-arw", ".arw")
DNG = MediaType("photo", "image/x-adobe-dng", ".dng")
RW2 = MediaType("photo", "image/x-panasonic-rw2", ".rw2")
ORF = MediaType("photo", "image/x-olympus-orf", ".orf")
RAF = MediaType("photo", "image/x-fuji-raf", ".raf")
PEF = MediaType("photo", "image/x-pentax-pef", ".pef")
SRW = MediaType("photo", "image/x-samsung-srw", ".srw")
X3F = MediaType("photo", "image/x-sigma-x3f", ".x3f")
MRW = MediaType("photo", "image/x-minolta-mrw", ".mrw")
IIQ = MediaType("photo", "image/x-phaseone-iiq", ".iiq")
# TIFF-based raw files of other makers: Hasselblad, Kodak, Epson, Mamiya.
CAMERA_RAW = MediaType("photo", "image/x-camera-raw", ".raw")

# Kept as they are; what is displayed is the JPEG that the camera embedded
# (capture.imaging.embedded_jpeg).
RAW_TYPES = (CR2, CR3, CRW, NEF, ARW, DNG, RW2, ORF, RAF, PEF, SRW, X3F, MRW, IIQ, CAMERA_RAW)
STILL_TYPES = (TIFF, BMP, JP2, JXL, *RAW_TYPES)

_RAW_STARTS = (
    (b"IIU\0", RW2),
    (b"IIRO", ORF),
    (b"IIRS", ORF),
    (b"MMOR", ORF),
    (b"FUJIFILMCCD-RAW ", RAF),
    (b"FOVb", X3F),
    (b"II\x1a\0\0\0HEAPCCDR", CRW),
    (b"\0MRM", MRW),
)
_MAKERS = (
    (b"NIKON", NEF),
    (b"SONY", ARW),
    (b"PENTAX", PEF),
    (b"RICOH", PEF),
    (b"SAMSUNG", SRW),
)
# Sizes of the header after BMP's file header: OS/2 1 and 2, Windows 3 to 5.
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
_JP2_BOX, _JXL_BOX = b"\0\0\0\x0cjP  \r\n\x87\n", b"\0\0\0\x0cJXL \r\n\x87\n"


def sniff_raw(head: bytes) -> MediaType | None:
    """Detect a camera's raw file, by its signature or by the maker in its TIFF."""
    for start, kind in _RAW_STARTS:
        if head.startswith(start) and len(head) > 64:
            return kind
    if head[4:12] == b"ftypcrx ":
        # A film in the same container, whose pictures nothing here reads.
        return None if b"CanonCRM" in head else CR3
    if head[:4] not in (b"II*\0", b"MM\0*"):
        return None
    if head[8:10] == b"CR":
        return CR2
    if head[8:12] in (b"IIII", b"MMMM"):
        return IIQ
    return _raw_of(first_directory(head))


def _raw_of(entries: dict[int, IfdEntry]) -> MediaType | None:
    """DNG 1.7 has a version tag; the others name their maker, and begin with a reduced picture
    instead of the full one."""
    if DNG_VERSION in entries:
        return DNG
    maker = entries[MAKE].value.upper() if MAKE in entries else b""
    found = next((kind for name, kind in _MAKERS if maker.startswith(name)), None)
    if found in (NEF, ARW, SRW):
        # A TIFF that the maker's program or an editor saved begins with the picture itself.
        is_whole = _number(entries.get(NEW_SUBFILE_TYPE)) == 0
        is_picture = _number(entries.get(PHOTOMETRIC)) in (1, 2, 6) and is_whole
        return found if SUB_DIRECTORIES in entries and not is_picture else None
    # Cameras put a reduced picture first and more after it; a scanner's TIFF begins with the full
    # picture.
    if found is None and MAKE in entries and SUB_DIRECTORIES in entries:
        return CAMERA_RAW if _number(entries.get(NEW_SUBFILE_TYPE)) == 1 else None
    # Pentax's first directory is the sensor data: a colour filter array (TIFF/EP, 32803) in
    # Pentax's compression.
    return found if found is PEF and _number(entries.get(PHOTOMETRIC)) not in range(9) else None


def _number(entry: IfdEntry | None) -> int:
    """Read a value below 256 in either byte order (larger ones read as some other number above 8);
    -1 without one."""
    return sum(entry.value[:4]) if entry is not None and entry.value else -1


def sniff_tiff(head: bytes) -> MediaType | None:
    """TIFF 6.0 or BigTIFF; where the first directory lies within the head, it must describe a
    picture."""
    if head[:8] in (b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0"):
        return TIFF
    if head[:4] not in (b"II*\0", b"MM\0*") or len(head) < 16:
        return None
    order = "little" if head[:1] == b"I" else "big"
    at = int.from_bytes(head[4:8], order)  # type: ignore[arg-type]
    if at < 8:
        return None
    if at + 2 > len(head):
        # The directory is at the end, as many writers place it. A head with the whole file would
        # contain it.
        return TIFF if len(head) >= 4096 else None
    entries = first_directory(head)
    return TIFF if IMAGE_WIDTH in entries or NEW_SUBFILE_TYPE in entries else None


def sniff_bmp(head: bytes) -> MediaType | None:
    """Windows and OS/2 bitmaps: one plane, a valid bit depth, a header of a known size."""
    if head[:2] != b"BM" or len(head) < 30:
        return None
    size = int.from_bytes(head[14:18], "little")
    at = 22 if size == 12 else 26
    planes, bits = (int.from_bytes(head[n : n + 2], "little") for n in (at, at + 2))
    known = size in _BMP_HEADERS and planes == 1 and bits in (0, 1, 2, 4, 8, 16, 24, 32, 64)
    return BMP if known else None


def sniff_jpeg2000(head: bytes) -> MediaType | None:
    """ISO/IEC 15444-1: the signature box and a ``jp2``/``jpx`` brand, or a bare codestream (SOC, then SIZ)."""
    if head.startswith(b"\xff\x4f\xff\x51"):
        return JP2
    return JP2 if head.startswith(_JP2_BOX) and head[16:20] == b"ftyp" else None


def sniff_jxl(head: bytes) -> MediaType | None:
    """ISO/IEC 18181-2: the signature box and a ``jxl`` brand, or a bare codestream with a plausible
    size."""
    if head.startswith(_JXL_BOX):
        return JXL if head[16:24] == b"ftypjxl " else None
    return JXL if read_jxl_size(head) is not None else None
