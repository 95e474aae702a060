"""Opens photos, videos and audio with the libraries' safeguards on. Every file opened here may be
hostile."""

from __future__ import annotations

import errno
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

from capture.decoding.coefficients import held_bytes
from capture.decoding.demuxers import demuxer_of
from capture.decoding.exif_dates import read_camera_time
from capture.decoding.formats.chains import is_repetition, packets_of
from capture.decoding.formats.decoders import decoder_of, length_of
from capture.decoding.formats.jpeg2000_profile import jp2_profile
from capture.decoding.formats.jpeg_start import without_stray_bytes
from capture.decoding.formats.jxl_header import read_jxl_size
from capture.decoding.formats.png_chunks import without_broken_chunks
from capture.decoding.formats.tiff_pages import show_whole_picture
from capture.decoding.mime_sniff import RAW_TYPES
from capture.decoding.raw_exif import open_raw_exif
from capture.decoding.truncation.completion import FIRST_FILLING, Filling, completed
from capture.decoding.truncation.detection import END_OF_IMAGE, note_on, whole_part, whole_part_of
from capture.decoding.truncation.structure import is_whole_tiff
from capture.imaging.raw_preview import read_preview
from reporter.errors import MediaFailed
from reporter.messages import Message

RAW_MIMES = frozenset(kind.mime for kind in RAW_TYPES)

# Exceptions of Pillow's readers for broken data. PIL.UnidentifiedImageError is an OSError.
PHOTO_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    EOFError,
    ZeroDivisionError,
    struct.error,
    NotImplementedError,
    RuntimeError,
)
BROKEN_PHOTO = Message("This photo is damaged and can't be opened. Please take or send it again.")
UNKNOWN_VARIANT = Message("This kind of photo can't be opened here. Save it as JPEG and send that.")
BROKEN_MEDIA = Message(
    "This recording is damaged and can't be opened. Please record or send it again."
)
NO_PREVIEW = Message(
    "There is no picture in this raw file that can be shown. Save it as JPEG and bring that in."
)
# The laptop is short of disk space or memory; capture.decoding.process_pool has messages for that.
_NOT_ITS_FAULT = (errno.ENOSPC, errno.ENOMEM)

# Memory for decoding one picture: a worker's limit (capture.decoding.process_pool) less what its
# libraries need.
MOST_BYTES = 1_800_000_000
# The limit for a JPEG's coefficients, which keeps the total below 500 MB: two fit a small laptop.
MOST_HELD = 400_000_000
# Segments before the first scan: phone pictures have depth maps and gain maps there.
_MOST_HEAD = 16 << 20
# Pillow stores a pixel in four bytes; the libraries for HEIF, AVIF and WebP keep copies of their
# own.
_BYTES_PER_PIXEL = {"PNG": 4, "GIF": 4, "HEIF": 9, "AVIF": 9, "WEBP": 8}
_PILLOW_FORMATS = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/gif": ("GIF",),
    "image/webp": ("WEBP",),
    "image/avif": ("AVIF",),
    "image/heic": ("HEIF",),
    "image/heif": ("HEIF", "AVIF"),
    "image/tiff": ("TIFF",),
    "image/bmp": ("BMP",),
    "image/jp2": ("JPEG2000",),
    "image/jxl": ("JXL",),
}


# The entry of an AVIF that calls an item Exif (ISO/IEC 14496-12, 8.11.6.2: version 2 or 3), and its data.
_EXIF_ITEM = re.compile(rb"(infe[\x02\x03].{3}(?:..|.{4})..)Exif", re.DOTALL)
_EXIF_DATA = re.compile(rb"Exif\0\0(?:MM\0\*|II\*\0)")
_MOST_EXIF = 1 << 16


@contextmanager
def open_photo(
    path: Path, mime: str, *, max_pixels: int, filling: Filling = FIRST_FILLING
) -> Iterator[Any]:
    """Open a Pillow image, its header read and its pixels not yet decoded. ``filling`` stands in for
    what a truncated file lacks.

    Raises MediaFailed for a broken file, and for more than ``max_pixels`` before any allocation.
    """
    from PIL import Image

    _register_openers(path, mime, max_pixels)
    try:
        source, formats = _source(path, mime, filling), _PILLOW_FORMATS.get(mime, ("JPEG", "MPO"))
        with _pixel_limit(max_pixels), _open_with_pillow(source, formats) as image:
            if mime in RAW_MIMES:
                _take_raw_exif(path, image)
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        _refuse_size(max_pixels, error)
    except PHOTO_ERRORS as error:
        if getattr(error, "errno", None) in _NOT_ITS_FAULT:
            raise
        unknown = _is_unsupported(error) or (mime == "image/tiff" and is_whole_tiff(path))
        raise MediaFailed(UNKNOWN_VARIANT if unknown else BROKEN_PHOTO) from error


def _open_with_pillow(source: Path | BytesIO, formats: tuple[str, ...]) -> Any:
    """Open with Pillow, past a damaged note in a PNG and the Exif of an AVIF, for which it refuses all of it."""
    from PIL import Image

    try:
        image = Image.open(source, formats=formats)
        if image.format == "JPEG2000" and isinstance(source, Path):
            image.info["icc_profile"] = jp2_profile(source)
        return show_whole_picture(image) if image.format == "TIFF" else image
    except (OSError, ValueError, SyntaxError):
        if not {"AVIF", "PNG"} & set(formats):
            raise
        data = source.read_bytes() if isinstance(source, Path) else source.getvalue()
        if "PNG" in formats:
            return Image.open(BytesIO(without_broken_chunks(data)), formats=formats)
        if not _EXIF_ITEM.search(data):
            raise
        image = Image.open(BytesIO(_EXIF_ITEM.sub(rb"\1skip", data)), formats=formats)
        if found := _EXIF_DATA.search(data):
            image.info["exif"] = data[found.start() : found.start() + _MOST_EXIF]
        return image


def _is_unsupported(error: BaseException) -> bool:
    """Whether the file is intact, but of a variant that Pillow does not support."""
    return isinstance(error, NotImplementedError) or str(error).startswith("Unsupported")


def _refuse_size(max_pixels: int, cause: BaseException | None = None) -> NoReturn:
    raise MediaFailed(
        "This photo has more than %(count)s million pixels. Please send a smaller one.",
        count=max_pixels // 1_000_000,
    ) from cause


def _register_openers(path: Path, mime: str, max_pixels: int) -> None:
    """Load the plugin of a format that Pillow does not read. Opening a JPEG XL decodes it, so its
    size is read first."""
    if mime in ("image/heic", "image/heif"):
        import pillow_heif

        pillow_heif.register_heif_opener()
    if mime == "image/jxl":
        from pillow_jxl import JpegXLImagePlugin

        JpegXLImagePlugin.DECODE_THREADS = 1
        with path.open("rb") as file:
            size = read_jxl_size(file.read(1 << 20))
        if size and size[0] * size[1] > max_pixels:
            _refuse_size(max_pixels)


def _source(path: Path, mime: str, filling: Filling = FIRST_FILLING) -> Path | BytesIO:
    """The source for Pillow: the file, filled up where truncated, or the JPEG in a camera's raw file."""
    if mime == "image/jpeg":
        behind = without_stray_bytes(path)
        return path if behind is None else BytesIO(behind)
    if mime not in RAW_MIMES:
        return completed(path, mime, filling) or path
    preview = read_preview(path)
    if preview is None:
        raise MediaFailed(NO_PREVIEW)
    return BytesIO(preview)


def jpeg_bytes(path: Path, mime: str) -> bytes:
    """Read a JPEG, or the one embedded in a camera's raw file. Raises MediaFailed where that has none."""
    source = _source(path, mime)
    data = source.read_bytes() if isinstance(source, Path) else source.getvalue()
    # OpenCV decodes nothing of a JPEG without an end marker, or with a part of a segment before it.
    whole = whole_part_of(path) if mime == "image/jpeg" else whole_part(data)
    return data if whole is None else data[:whole] + END_OF_IMAGE


class TooMuchMemory(MediaFailed):
    """The picture can be kept, but not decoded here."""


def check_memory(image: Any) -> None:
    """Raise TooMuchMemory where decoding an opened picture would take more than ``MOST_BYTES``,
    or ``MOST_HELD``."""
    pixels = image.width * image.height
    if image.format in ("JPEG", "MPO"):
        if held_bytes(_head(image.fp)) > MOST_HELD:
            raise TooMuchMemory(
                "This photo has %(count)s million pixels in a progressive JPEG, which is more than "
                "fits into memory here. Please send it smaller, or saved as a JPEG that is not "
                "progressive.",
                count=pixels // 1_000_000,
            )
        return
    if pixels * _BYTES_PER_PIXEL.get(image.format, 8) > MOST_BYTES:
        raise TooMuchMemory(
            "This photo has %(count)s million pixels, which is more than fits into memory "
            "here. Please send it as a JPEG.",
            count=pixels // 1_000_000,
        )


def _head(file: Any) -> bytes:
    """Read the first megabytes of an opened picture, whose position is restored."""
    at = file.tell()
    file.seek(0)
    head: bytes = file.read(_MOST_HEAD)
    file.seek(at)
    return head


def load_as_far_as_it_goes(image: Any, path: Path, mime: str) -> None:
    """Decode a Pillow image; of a truncated file, the part that is there. Other damage raises
    OSError."""
    from PIL import ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    # The plugin for HEIF would show black instead of raising.
    ImageFile.LOAD_TRUNCATED_IMAGES = image.format != "HEIF" and bool(note_on(path, mime))
    try:
        image.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _take_raw_exif(path: Path, image: Any) -> None:
    """Take time, camera and orientation from the raw file itself; its preview often has none, or a
    different orientation."""
    from PIL import Image

    found = open_raw_exif(path)
    if found is None:
        return
    raw, details, place = found
    kept = Image.Exif()
    kept.update({tag: raw[tag] for tag in (0x0112, 0x010F, 0x0110, 0x0132) if tag in raw})
    wanted = (0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0xA431)
    kept.get_ifd(0x8769).update({tag: details[tag] for tag in wanted if tag in details})
    # The time of a fix, never the location.
    kept.get_ifd(0x8825).update({tag: place[tag] for tag in (7, 29) if tag in place})
    image.info["exif"] = kept.tobytes()


@contextmanager
def _pixel_limit(max_pixels: int) -> Iterator[None]:
    """Pillow's own limit, which also covers nested images: its warning is turned into an error."""
    from PIL import Image

    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


@contextmanager
def open_media(path: Path, mime: str) -> Iterator[Any]:
    """Open a PyAV input container. Raises MediaFailed for a broken file, also while it is being
    read."""
    import av

    try:
        with av.open(
            str(path.absolute()),
            "r",
            format=demuxer_of(path, mime),
            container_options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        ) as container:
            yield container
    except (av.error.FFmpegError, ValueError) as error:
        if getattr(error, "errno", None) in _NOT_ITS_FAULT:
            raise
        raise MediaFailed(BROKEN_MEDIA) from error


def counted_seconds(container: Any) -> float | None:
    """Duration of the first audio track by its packets, without decoding; None where they don't give
    it. The container is at its end afterwards."""
    import av

    stream = container.streams.audio[0]
    ticks = 0
    with suppress(av.error.FFmpegError):
        for packet in container.demux(stream):
            ticks += length_of(packet)
    return float(ticks * stream.time_base) or None


def decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Yield all decodable frames of a stream; damaged parts between them are skipped.

    A phone whose battery died leaves a truncated file: what was recorded until then is kept.
    """
    import av

    packets, decoder = packets_of(container, stream), decoder_of(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:
            yield from decoder.decode(None)
            return
        if is_repetition(packet):
            continue
        try:
            yield from decoder.decode(packet)
        except (av.error.InvalidDataError, av.error.PatchWelcomeError):
            continue


@dataclass(frozen=True)
class Exif:
    """The few EXIF fields that we use (CIPA DC-008); everything else is dropped."""

    orientation: int = 1
    captured_at: datetime | None = None
    utc_offset: timedelta | None = None
    make: str = ""
    model: str = ""
    serial: str = ""
    adobe_rgb: bool = False


def read_exif(image: Any) -> Exif:
    """Read the EXIF of an opened photo; damaged EXIF counts as none, for the picture may be
    fine."""
    try:
        exif = image.getexif()
        details, interop = exif.get_ifd(0x8769), exif.get_ifd(0xA005)
        is_turned = _is_turned_by_library(image) or not _has_exif_orientation(image)
        orientation = 1 if is_turned else exif.get(0x0112, 1)
        time = read_camera_time(exif, details, exif.get_ifd(0x8825), _xmp_of(image))
        return Exif(
            orientation=orientation if orientation in range(1, 9) else 1,
            captured_at=time.taken,
            utc_offset=time.offset,
            make=_words(exif.get(0x010F)),
            model=_words(exif.get(0x0110)),
            serial=_words(details.get(0xA431)),
            adobe_rgb=_words(interop.get(1)) == "R03",
        )
    except PHOTO_ERRORS:
        return Exif()


def _is_turned_by_library(image: Any) -> bool:
    """Whether decoding already applies the orientation: Pillow does for TIFF, libjxl for JPEG XL
    unless it contains a JPEG."""
    return image.format == "TIFF" or (image.format == "JXL" and not image.jpeg)


def _has_exif_orientation(image: Any) -> bool:
    """Whether EXIF itself turns the picture: Pillow also takes XMP's word, which editors leave
    behind and browsers ignore."""
    from PIL import Image

    if not isinstance(image.info.get("exif"), bytes):
        return not _xmp_of(image)
    kept = Image.Exif()
    kept.load(image.info["exif"])
    return 0x0112 in kept


def _words(value: object) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
    return text.split("\0")[0].strip()[:100]


def _xmp_of(image: Any) -> str:
    """The XMP packet of an opened photo as text; empty where there is none."""
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or ""
    return packet.decode("utf-8", "replace") if isinstance(packet, bytes) else str(packet)
