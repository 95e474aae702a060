"""``python -m tests.tools.formats``: make a file of every format, run each through the product, write docs/formats.md.

Files are made here with the usual libraries; nothing of the table is written by hand but the names of the rows. A test
(tests/guards/test_formats.py) makes the table again and compares.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from capture.decoding.format_names import FORMATS, unreadable_format
from capture.decoding.mime_sniff import HEAD_BYTES
from capture.intake.submission import ReceivedFile, media_type_of
from capture.renditions.pipeline import Result, process_file
from publish.bundle.strip_metadata import stripped
from reporter.errors import MediaFailed, UnsupportedMedia
from tests.support.media import files, stills
from tests.support.media.recordings import caf_of, record
from tests.support.media.scene import made

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
SIZE = (320, 240)
HEAD = """# Formats

Written by `make formats` (tests/tools/formats.py) from a run: a file of every format is made, taken in, and processed.
What is kept is always the whole file as it came. What is shown and published are small copies without place and camera.

| format | kept as | shown as | published |
|---|---|---|---|
"""
TAIL = """
JPEG and PNG photos that nobody edited are also in the bundle in full size, without what they tell of place, time and
device; of all others the copies go out. A file whose content is none of these is refused with a sentence; on a card it
is named in the result.

Of a truncated JPEG, PNG, GIF, BMP, WebP, HEIC, AVIF, JPEG 2000 or TIFF the readable part is shown, and it is said that
the rest is missing; a truncated JPEG XL, and a HEIC or TIFF whose description was at its end, can't be opened.

Of a film whose picture or sound has a format that nothing here reads, the other part is played, and it is said what
is missing.

Refused by name, with what to save it as:

"""


@dataclass(frozen=True)
class Sample:
    """A row: what people call the format, and how a file of it is made."""

    label: str
    make: Callable[[], Path]


def motion_photo() -> Path:
    """A phone's JPEG with its film behind it."""
    data = files.jpeg(600, 400).read_bytes() + files.mp4(1.0).read_bytes()
    return made("motion.jpg", lambda path: _write(path, data))


def film(
    name: str, form: str, video: str, audio: str, *, strict: bool = True
) -> Callable[[], Path]:
    """A film of half a second."""
    options = None if strict else {"strict": "unofficial"}

    def make() -> Path:
        return made(
            name,
            lambda path: record(
                path,
                format=form,
                video=video,
                audio=audio,
                seconds=0.5,
                fps=25,
                size=SIZE,
                options=options,
            ),
        )

    return make


def sound(name: str, form: str, audio: str, rate: int = 48_000) -> Callable[[], Path]:
    """Half a second of sound."""

    def make() -> Path:
        return made(
            name,
            lambda path: record(path, format=form, audio=audio, seconds=0.5, rate=rate, channels=1),
        )

    return make


def raw(kind: str) -> Callable[[], Path]:
    """A raw file of a maker."""
    return lambda: stills.raw_path(kind)


SAMPLES = (
    Sample("JPEG", lambda: files.jpeg(600, 400)),
    Sample("JPEG in CMYK", files.jpeg_cmyk),
    Sample("Motion photo (JPEG with a film behind it): the picture", motion_photo),
    Sample("PNG", files.png_alpha),
    Sample("GIF: its first picture", files.gif_animated),
    Sample("WebP", lambda: files.webp(600, 400)),
    Sample("HEIC", lambda: files.heic(600, 400)),
    Sample("AVIF", lambda: files.avif(600, 400)),
    Sample("TIFF: its first picture", stills.tiff),
    Sample("BMP", stills.bmp),
    Sample("JPEG 2000", stills.jp2),
    Sample("JPEG 2000 codestream", stills.j2k),
    Sample("JPEG XL", stills.jxl),
    Sample("JPEG XL codestream", lambda: stills.jxl(container=False)),
    Sample("Canon raw (CR2): the picture in it", raw("cr2")),
    Sample("Canon raw (CR3): the picture in it", raw("cr3")),
    Sample("Nikon raw (NEF): the picture in it", raw("nef")),
    Sample("Sony raw (ARW): the picture in it", raw("arw")),
    Sample("DNG: the picture in it", raw("dng")),
    Sample("Panasonic raw (RW2): the picture in it", raw("rw2")),
    Sample("Olympus raw (ORF): the picture in it", raw("orf")),
    Sample("Fujifilm raw (RAF): the picture in it", raw("raf")),
    Sample("Pentax raw (PEF): the picture in it", raw("pef")),
    Sample("Samsung raw (SRW): the picture in it", raw("srw")),
    Sample("Sigma raw (X3F): the picture in it", raw("x3f")),
    Sample("Other raw files (Hasselblad 3FR and alike): the picture in it", raw("3fr")),
    Sample("MP4 (H.264, AAC)", film("a.mp4", "mp4", "libx264", "aac")),
    Sample("QuickTime (HEVC, AAC)", lambda: files.mov_hevc(1.0)),
    Sample("3GP (H.263, AMR)", files.gp3),
    Sample("WebM (VP8, Opus)", film("a.webm", "webm", "libvpx", "libopus")),
    Sample("Matroska (H.264, AAC)", film("a.mkv", "matroska", "libx264", "aac")),
    Sample("AVCHD (MTS)", files.mts),
    Sample("AVI (Motion JPEG, PCM)", film("a.avi", "avi", "mjpeg", "pcm_s16le", strict=False)),
    Sample("AVI (MPEG-4, MP3)", film("b.avi", "avi", "mpeg4", "libmp3lame")),
    Sample("MPEG program stream (MPG, MOD)", film("a.mpg", "vob", "mpeg2video", "mp2")),
    Sample("Windows Media (WMV)", film("a.wmv", "asf", "wmv2", "wmav2")),
    Sample("Flash (FLV: H.264, AAC)", film("a.flv", "flv", "libx264", "aac")),
    Sample("MXF (MPEG-2, PCM)", film("a.mxf", "mxf", "mpeg2video", "pcm_s16le")),
    Sample("WAV", files.wav),
    Sample("MP3", files.mp3),
    Sample("MP2", sound("a.mp2", "mp2", "mp2")),
    Sample("M4A (AAC)", files.m4a),
    Sample("AAC", files.aac),
    Sample("Ogg (Opus)", files.ogg_opus),
    Sample("FLAC", files.flac),
    Sample("AMR", files.amr),
    Sample("Core Audio (CAF, Apple Lossless)", sound("a.caf", "caf", "alac")),
    Sample(
        "Core Audio (CAF, Opus or AAC), as iPhones send voice messages",
        lambda: caf_of(files.ogg_opus(), b"opus", "voice.caf", frames=960),
    ),
    Sample("AIFF", sound("a.aiff", "aiff", "pcm_s16be")),
    Sample("Windows Media (WMA)", sound("a.wma", "asf", "wmav2", 44_100)),
    Sample("AU", sound("a.au", "au", "pcm_s16be")),
    Sample("Wave64", sound("a.w64", "w64", "pcm_s16le")),
    Sample("WavPack", sound("a.wv", "wv", "wavpack")),
    Sample("AC-3", sound("a.ac3", "ac3", "ac3")),
)


def rows() -> Iterator[str]:
    """The table's rows, each from a run of one file."""
    for sample in SAMPLES:
        yield f"| {sample.label} | {' | '.join(_run(sample.make()))} |"


def _run(path: Path) -> tuple[str, str, str]:
    """(kept as, shown as, published) of a file; the sentence where it is refused."""
    data = path.read_bytes()
    arrival = ReceivedFile(path, len(data), "", data[:HEAD_BYTES], path.name)
    try:
        kind = media_type_of(arrival)
    except UnsupportedMedia as error:
        return "refused", error.message.replace(path.name, "NAME"), "–"
    with tempfile.TemporaryDirectory() as folder:
        try:
            result = process_file(path, Path(folder), kind.mime)
        except MediaFailed as error:
            return f"{kind.mime} ({kind.ext})", f"not shown: {error.message}", "–"
    return f"{result.probe.mime} ({kind.ext})", _shown(result), _published(result, data)


def _shown(result: Result) -> str:
    return ", ".join(
        f"{one.name} ({one.mime})" for one in sorted(result.made, key=lambda m: m.name)
    )


def _published(result: Result, data: bytes) -> str:
    names = {one.name for one in result.made}
    copy = "view" if "view" in names else "play"
    whole = result.probe.kind == "photo" and stripped(data) is not None
    return f"{copy}; original without metadata" if whole else copy


def page() -> str:
    """docs/formats.md as it is now."""
    table = "".join(f"{row}\n" for row in rows())
    return HEAD + table + TAIL + "".join(f"- {line}\n" for line in _refused())


def _refused() -> Iterator[str]:
    by_goal: dict[str, set[str]] = {}
    for extension in FORMATS:
        found = unreadable_format(f"x{extension}")
        if found is not None:
            by_goal.setdefault(found[1], set()).add(found[0])
    for goal, names in by_goal.items():
        yield f"as {goal}: {', '.join(sorted(names, key=str.casefold))}"


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
