"""What a file is, by its bytes."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from capture.decoding.mime_sniff import HEAD_BYTES, sniff
from tests.support.media import files
from tests.support.media.raw_files import RESERVED, Writer
from tests.support.media.recordings import record
from tests.support.media.scene import made


def head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def older(name: str, form: str, video: str, audio: str) -> Path:
    """Half a second in a format of older programs and of broadcasters."""
    return made(
        name,
        lambda path: record(
            path, format=form, video=video, audio=audio, seconds=0.5, fps=25, size=(320, 240)
        ),
    )


REAL: list[tuple[Callable[[], Path], str, str, str]] = [
    (files.jpeg, "photo", "image/jpeg", ".jpg"),
    (files.jpeg_display_p3, "photo", "image/jpeg", ".jpg"),
    (files.jpeg_cmyk, "photo", "image/jpeg", ".jpg"),
    (files.png_alpha, "photo", "image/png", ".png"),
    (files.gif_animated, "photo", "image/gif", ".gif"),
    (files.webp, "photo", "image/webp", ".webp"),
    (files.heic, "photo", "image/heic", ".heic"),
    (files.avif, "photo", "image/avif", ".avif"),
    (files.mp4, "video", "video/mp4", ".mp4"),
    (files.mov_hevc, "video", "video/quicktime", ".mov"),
    (files.webm_live, "video", "video/webm", ".webm"),
    (files.mts, "video", "video/mp2t", ".mts"),
    (lambda: files.mts(packet=188), "video", "video/mp2t", ".mts"),
    (files.gp3, "video", "video/3gpp", ".3gp"),
    (files.m4a, "audio", "audio/mp4", ".m4a"),
    (files.wav, "audio", "audio/wav", ".wav"),
    (files.mp3, "audio", "audio/mpeg", ".mp3"),
    (lambda: files.mp3(tagged=False), "audio", "audio/mpeg", ".mp3"),
    (lambda: older("a.mp2", "mp2", "", "mp2"), "audio", "audio/x-mp2", ".mp2"),
    (files.aac, "audio", "audio/aac", ".aac"),
    (files.ogg_opus, "audio", "audio/ogg", ".ogg"),
    (files.flac, "audio", "audio/flac", ".flac"),
    (files.amr, "audio", "audio/amr", ".amr"),
    (files.avi, "video", "video/x-msvideo", ".avi"),
    (files.mpg, "video", "video/mpeg", ".mpg"),
    (lambda: files.mpg(old=True), "video", "video/mpeg", ".mpg"),
    (files.wmv, "video", "video/x-ms-wmv", ".wmv"),
    (files.wma, "audio", "audio/x-ms-wma", ".wma"),
    (files.caf, "audio", "audio/x-caf", ".caf"),
    (files.aiff, "audio", "audio/aiff", ".aiff"),
    (lambda: older("a.flv", "flv", "libx264", "aac"), "video", "video/x-flv", ".flv"),
    (lambda: older("a.mxf", "mxf", "mpeg2video", "pcm_s16le"), "video", "video/mxf", ".mxf"),
    (lambda: older("a.au", "au", "", "pcm_s16be"), "audio", "audio/basic", ".au"),
    (lambda: older("a.w64", "w64", "", "pcm_s16le"), "audio", "audio/x-w64", ".w64"),
    (lambda: older("a.wv", "wv", "", "wavpack"), "audio", "audio/x-wavpack", ".wv"),
]


@pytest.mark.parametrize(("make", "kind", "mime", "ext"), REAL)
@pytest.mark.parametrize("size", [4096, HEAD_BYTES])
def test_tells_real_files(
    make: Callable[[], Path], kind: str, mime: str, ext: str, size: int
) -> None:
    found = sniff(head(make())[:size])
    assert found is not None
    assert (found.kind, found.mime, found.ext) == (kind, mime, ext)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("photo.jpg", b"\xff\xd8\xff\xe0")
    return buffer.getvalue()


STRANGERS = {
    "empty": b"",
    "text": b"Dear all, see you at the garden.\n" * 50,
    "all G": b"G" * 8000,
    "html": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
    "zip": zipped(),
    "exe": b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" + bytes(400),
    "elf": b"\x7fELF\x02\x01\x01" + bytes(400),
    "pdf": b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n",
    "zeros": bytes(8192),
    "avi": b"RIFF\x24\0\0\0AVI LIST" + bytes(100),
    "tiff": b"II*\0\x08\0\0\0" + bytes(100),
    "playlist": b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",
    "ffconcat": b"ffconcat version 1.0\nfile /etc/passwd\n",
}


@pytest.mark.parametrize("name", STRANGERS)
def test_refuses_what_is_no_media(name: str) -> None:
    assert sniff(STRANGERS[name]) is None


POLYGLOTS = {
    "jpeg magic, then html": b"\xff\xd8\xff<html><script>alert(1)</script>",
    "gif magic, then script": b"GIF89a=1;/*" + b"<script>alert(1)</script>" * 20,
    "png magic without IHDR": b"\x89PNG\r\n\x1a\n<html>",
    "ftyp with text behind": b"\0\0\0\x14ftypisom\0\0\0\0isom<html><body>",
    "ebml of an unknown kind": b"\x1a\x45\xdf\xa3\x88\x42\x82\x85evil!" + bytes(50),
    "id3 with a broken size": b"ID3\x04\0\0\xff\xff\xff\xff" + bytes(100),
    "id3, then html": b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + b"<html>" * 30,
    "one mp3 frame in noise": b"\xff\xfb\x90\x00" + bytes(3000),
    "ogg page of no known codec": b"OggS\0\x02" + bytes(20) + b"\x01\x10<html>",
    "flac without its block": b"fLaC<html></html>",
    "avi without its header": b"RIFF\xff\0\0\0AVI LIST\xff\0\0\0<html>" + bytes(60),
    "mpeg pack, then html": b"\0\0\1\xba\x44" + bytes(9) + b"<html>" * 10,
    "caf of another version": b"caff\0\2\0\0desc" + bytes(60),
    "caf that begins with words": b"caff\0\1\0\0<html>" + bytes(60),
    "aiff that begins with html": b"FORM\0\0\0\xffAIFF<html>" + bytes(60),
    "a form of another kind": b"FORM\0\0\0\xffILBMBMHD" + bytes(60),
    "asf that is only a number": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + b"<html>" * 9,
    "wave without a format": b"RIFF\xff\0\0\0WAVEhtml" + bytes(60),
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_looks_behind_the_magic_number(name: str) -> None:
    assert sniff(POLYGLOTS[name]) is None


def test_a_photo_with_an_archive_behind_it_is_a_photo() -> None:
    data = files.jpeg(320, 200).read_bytes() + zipped()
    found = sniff(data[:HEAD_BYTES])
    assert found is not None
    assert found.mime == "image/jpeg"


@pytest.mark.parametrize(
    ("major", "compatible", "mime"),
    [
        (b"mif1", b"mif1heic", "image/heic"),
        (b"mif1", b"mif1avifmiaf", "image/avif"),
        (b"mif1", b"mif1miaf", "image/heif"),
        (b"msf1", b"msf1hevc", "image/heic"),
        (b"isom", b"isomiso2avc1mp41", "video/mp4"),
        (b"mp42", b"mp42isom", "video/mp4"),
        (b"XAVC", b"XAVCmp42iso2", "video/mp4"),
        (b"xyz1", b"xyz1isom", "video/mp4"),
        (b"3gp5", b"3gp5isom", "video/3gpp"),
        (b"3g2a", b"3g2a", "video/3gpp2"),
        (b"M4A ", b"M4A mp42isom", "audio/mp4"),
        (b"qt  ", b"qt  ", "video/quicktime"),
    ],
)
def test_reads_brands(major: bytes, compatible: bytes, mime: str) -> None:
    box = b"ftyp" + major + bytes(4) + compatible
    data = (len(box) + 4).to_bytes(4, "big") + box + b"\0\0\0\x08free"
    found = sniff(data)
    assert found is not None
    assert found.mime == mime


def test_canons_raw_film_is_no_raw_photo() -> None:
    start = b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + b"\0\0\1\0moov" + bytes(40) + b"CNCV"
    assert sniff(start + b"CanonCR3_001/00.09.00") is not None
    assert sniff(start + b"CanonCRM0001/02.09.00/00.00.00") is None


def test_a_makers_program_saves_tiff_too() -> None:
    """Nikon's has the picture first and a reduced one below it, a raw file the other way round."""
    writer = Writer("<", RESERVED)
    entries = [writer.text(0x010F, "NIKON CORPORATION"), writer.short(0x0100, 200)]
    entries += [writer.short(0x0106, 2), writer.long(0x014A, writer.directory([]))]
    for subfile, mime in ((0, "image/tiff"), (1, "image/x-nikon-nef")):
        first = writer.first([*entries, writer.long(0x00FE, subfile)])
        head = b"II*\0" + first.to_bytes(4, "little") + bytes(writer.data[8:])
        found = sniff(head)
        assert found is not None
        assert found.mime == mime


def test_unknown_brands_are_refused() -> None:
    box = b"ftypxyz \0\0\0\1xyz abc "
    assert sniff((len(box) + 4).to_bytes(4, "big") + box + b"\0\0\0\x08moov") is None


def test_quicktime_without_a_type_box() -> None:
    wide = b"\0\0\0\x08wide"
    found = sniff(wide + b"\0\0\x40\0mdat" + bytes(500))
    assert found is not None
    assert found.ext == ".mov"
    assert sniff(wide + b"\0\0\0\x08nope") is None


def test_never_raises_on_cut_or_scrambled_heads() -> None:
    known = {(mime, ext) for _make, _kind, mime, ext in REAL}
    for make, _kind, mime, ext in REAL:
        data = head(make())
        for length in (0, 1, 3, 4, 7, 8, 11, 12, 15, 27, 28, 40, 200):
            cut = sniff(data[:length])
            assert cut is None or (cut.mime, cut.ext) in known, (mime, ext, length, cut)
        for at in range(0, 64):
            scrambled = sniff(data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :])
            assert scrambled is None or (scrambled.mime, scrambled.ext) in known, (mime, ext, at)
