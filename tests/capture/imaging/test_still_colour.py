"""Stills as they come: HDR, wide gamuts, huge ones and ones whose file breaks off."""

import io
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from capture.decoding.coefficients import held_bytes
from capture.decoding.mime_sniff import sniff
from capture.decoding.safe_open import MOST_BYTES, TooMuchMemory, check_memory
from capture.decoding.truncation.detection import CUT_SHORT
from capture.imaging.colour import Colour
from capture.imaging.icc_profile import DISPLAY_P3, matrix_profile, to_srgb
from capture.imaging.still_colour import coded_colour
from capture.imaging.tone_mapping import to_srgb_codes
from capture.renditions.pipeline import Result, process_file
from reporter.errors import MediaFailed
from tests.support.media import files, stills
from tests.support.media.colours import (
    BARS,
    HLG,
    PQ,
    SDR,
    bar_codes,
    bars_in,
    film_of_bars,
    still_of_bars,
    to_ycbcr,
)


def result_of(path: Path, out: Path) -> Result:
    kind = sniff(path.read_bytes()[:8192])
    assert kind is not None
    return process_file(path, out, kind.mime)


def view_of(path: Path, out: Path) -> np.ndarray:
    made = next(one.path for one in result_of(path, out).made if one.name == "view")
    return np.asarray(Image.open(made))


# --- PNG's own numbers ----------------------------------------------------------------------------

SRGB_CORNERS = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
P3_CORNERS = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


def png_with(path: Path, pixels: np.ndarray, *chunks: tuple[bytes, bytes]) -> Path:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    data, more = out.getvalue(), b""
    for name, body in chunks:
        more += (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )
    path.write_bytes(data[:33] + more + data[33:])
    return path


@pytest.mark.parametrize(
    ("gamma", "corners"), [(1.0, b""), (1 / 1.8, b""), (1 / 2.2, P3_CORNERS), (1.0, SRGB_CORNERS)]
)
def test_gamma_and_corners_of_a_png_count(gamma: float, corners: bytes, tmp_path: Path) -> None:
    bars = still_of_bars() / 255
    light = np.where(bars <= 0.04045, bars / 12.92, ((bars + 0.055) / 1.055) ** 2.4)
    if corners == P3_CORNERS:
        # SMPTE EG 432-1's primaries by those of BT.709.
        light = (
            light @ np.array([[0.8225, 0.1774, 0], [0.0332, 0.9669, 0], [0.0171, 0.0724, 0.9108]]).T
        )
    pixels = np.rint(np.clip(light, 0, 1) ** gamma * 255).astype(np.uint8)
    chunks = [(b"gAMA", struct.pack(">I", round(gamma * 100_000)))]
    chunks += [(b"cHRM", corners)] if corners else []
    path = png_with(tmp_path / "a.png", pixels, *chunks)
    assert np.abs(bars_in(view_of(path, tmp_path)) - BARS).max() <= 6


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", SRGB_CORNERS)],
        # What says more goes first, and nonsense doesn't count.
        [(b"gAMA", struct.pack(">I", 100_000)), (b"sRGB", b"\0")],
        [(b"gAMA", struct.pack(">I", 0))],
        [(b"cHRM", P3_CORNERS)],
    ],
)
def test_a_png_of_usual_numbers_is_left_alone(
    chunks: list[tuple[bytes, bytes]], tmp_path: Path
) -> None:
    path = png_with(tmp_path / "a.png", still_of_bars(), *chunks)
    assert np.abs(bars_in(view_of(path, tmp_path)) - BARS).max() <= 4


def test_a_grey_png_in_linear_light_is_shown_bright(tmp_path: Path) -> None:
    grey = np.full((64, 96), 55, np.uint8)
    grey[:, :48] = 255
    path = png_with(tmp_path / "a.png", grey, (b"gAMA", struct.pack(">I", 100_000)))
    assert abs(int(view_of(path, tmp_path)[32, 80].max()) - 128) <= 4


# --- HDR ------------------------------------------------------------------------------------------


def hdr_avif(path: Path, transfer: int) -> None:
    """As cameras and phones write it: 10 bit, the colours told by numbers."""
    film_of_bars(
        path,
        tags=(9, transfer, 9),
        matrix=9,
        size=(480, 320),
        format="avif",
        encoder="libsvtav1",
        count=1,
    )


def hdr_heif(path: Path, transfer: int) -> None:
    """Canon's HIF."""
    import pillow_heif

    codes = np.rint(bar_codes(transfer) * 65535).astype(np.uint16)
    index = np.arange(480) * len(BARS) // 480
    pixels = np.tile(codes[index], (320, 1, 1))
    image = pillow_heif.from_bytes("RGB;16", (480, 320), pixels.tobytes())
    image.save(
        path,
        quality=95,
        chroma=444,
        matrix_coefficients=9,
        color_primaries=9,
        transfer_characteristics=transfer,
        full_range_flag=1,
        format="HEIF",
    )


def hdr_png(path: Path, transfer: int) -> None:
    """PNG of the third edition: a cICP chunk before the pixels."""
    out = io.BytesIO()
    Image.fromarray(still_of_bars(transfer=transfer)).save(out, "PNG")
    data, body = out.getvalue(), b"cICP" + bytes((9, transfer, 0, 1))
    chunk = struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body))
    path.write_bytes(data[:33] + chunk + data[33:])


def hdr_profile(path: Path, transfer: int) -> None:
    """A JPEG whose profile has the numbers in it (ICC.1:2022), as programs for photos write it."""
    profile = bytearray(matrix_profile(DISPLAY_P3, 2.2, "HDR"))
    at = len(profile)
    count = int.from_bytes(profile[128:132], "big")
    # Its place in the table is taken from the copyright.
    place = next(n for n in range(132, 132 + 12 * count, 12) if profile[n : n + 4] == b"cprt")
    profile[place : place + 12] = b"cicp" + struct.pack(">II", at, 12)
    profile += b"cicp" + bytes(4) + bytes((9, transfer, 0, 1))
    profile[:4] = struct.pack(">I", len(profile))
    Image.fromarray(still_of_bars(transfer=transfer)).save(
        path, "JPEG", quality=95, subsampling=0, icc_profile=bytes(profile)
    )


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="no such call here")
def test_making_an_avif_leaves_the_tests_their_place_among_others(tmp_path: Path) -> None:
    before = os.sched_getscheduler(0)
    hdr_avif(tmp_path / "a.avif", PQ)
    assert os.sched_getscheduler(0) == before


@pytest.mark.parametrize("system", [1, 9])
def test_blue_of_an_avif_in_video_range_is_whole(system: int, tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    film_of_bars(
        path,
        tags=(1, 13, system),
        matrix=system,
        size=(480, 320),
        format="avif",
        encoder="libsvtav1",
        count=1,
    )
    seen = bars_in(view_of(path, tmp_path / "out"))
    assert np.abs(seen - np.array(BARS)).max() <= 5, seen


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("make", [hdr_avif, hdr_heif, hdr_png, hdr_profile])
def test_hdr_stills_are_tone_mapped(
    make: Callable[[Path, int], None], transfer: int, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    make(path, transfer)
    seen = bars_in(view_of(path, tmp_path / "out"))
    assert seen[0].min() >= 240
    assert np.abs(seen - np.array(BARS)).mean(axis=0).max() <= 15, seen
    assert np.abs(seen - np.array(BARS)).max() <= 12, seen


def test_a_still_of_usual_colours_is_left_alone(tmp_path: Path) -> None:
    for name, path in (("avif", files.avif()), ("heic", files.heic())):
        assert coded_colour(path, f"image/{name}", None) is None
    wide = tmp_path / "a.avif"
    film_of_bars(
        wide,
        tags=(12, 13, 6),
        matrix=6,
        size=(480, 320),
        format="avif",
        encoder="libsvtav1",
        count=1,
    )
    assert coded_colour(wide, "image/avif", None) == Colour(12, 13)
    # A profile counts before numbers that are not HDR.
    assert coded_colour(wide, "image/avif", matrix_profile(DISPLAY_P3, 2.2, "P3")) is None


@pytest.mark.parametrize("cut", [8, 40, 60, 100, 180, 250])
def test_broken_boxes_tell_nothing_and_raise_nothing(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    hdr_avif(path, PQ)
    data = path.read_bytes()
    path.write_bytes(data[:cut])
    assert coded_colour(path, "image/avif", None) is None
    path.write_bytes(data[:cut] + b"\xff" * 40 + data[cut + 40 :])
    assert coded_colour(path, "image/avif", None) is None


# --- profiles by content --------------------------------------------------------------------------


def test_a_wide_profile_that_calls_itself_srgb_is_converted(tmp_path: Path) -> None:
    """Android's Display P3 is called "sRGB IEC61966-2.1 Display P3" or the like."""
    colours = ((230, 30, 30), (29, 200, 60), (250, 160, 20))
    pixels = np.repeat(np.array(colours, np.uint8), 32, axis=0)[None].repeat(64, axis=0)
    profile = matrix_profile(DISPLAY_P3, 2.2, "sRGB Display P3")
    path = files.jpeg_of(pixels, "p3-called-srgb.jpg", profile=profile)
    view = view_of(path, tmp_path).astype(int)
    meant = to_srgb_codes(np.array(colours) / 255, Colour(12, 4)) * 255
    assert np.rint(meant[0]).tolist() == pytest.approx([251, 0, 0], abs=3)
    assert np.abs(view[32, [16, 48, 80]] - meant).max() <= 6


def test_an_srgb_profile_of_any_name_changes_nothing() -> None:
    image = Image.fromarray(still_of_bars())
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for named in (
        profile,
        profile.replace("sRGB".encode("utf-16-be"), "Thing"[:4].encode("utf-16-be")),
    ):
        assert np.array_equal(np.asarray(to_srgb(image, named)), still_of_bars())


# --- cut short ------------------------------------------------------------------------------------


def cut_jpeg(path: Path, *, mode: str = "RGB", progressive: bool = False) -> None:
    out = io.BytesIO()
    image = Image.fromarray(files.scene(1200, 800, 0)).convert(mode)
    image.save(out, "JPEG", quality=90, progressive=progressive)
    path.write_bytes(out.getvalue()[: len(out.getvalue()) * 6 // 10])


def cut_other(path: Path, form: str) -> None:
    """PNG, GIF or BMP, which begins with its lowest row."""
    out = io.BytesIO()
    Image.fromarray(files.scene(1200, 800, 0)).save(out, form)
    path.write_bytes(out.getvalue()[: len(out.getvalue()) * 6 // 10])


CUT: dict[str, Callable[[Path], None]] = {
    "jpeg": cut_jpeg,
    "progressive": lambda path: cut_jpeg(path, progressive=True),
    "grey": lambda path: cut_jpeg(path, mode="L"),
    "cmyk": lambda path: cut_jpeg(path, mode="CMYK"),
    "png": lambda path: cut_other(path, "PNG"),
    "gif": lambda path: cut_other(path, "GIF"),
}


@pytest.mark.parametrize("name", CUT)
def test_what_is_there_of_a_cut_picture_is_shown_and_said(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    CUT[name](path)
    result = result_of(path, tmp_path / "out")
    assert result.note == CUT_SHORT
    view = np.asarray(Image.open(next(m.path for m in result.made if m.name == "view")))
    assert view.shape == (800, 1200, 3)
    whole = np.asarray(Image.fromarray(files.scene(1200, 800, 0)).convert("L"), np.int16)
    seen = np.asarray(Image.fromarray(view).convert("L"), np.int16)
    assert np.abs(seen[:200] - whole[:200]).mean() < 25


def test_a_cut_bmp_is_shown_from_the_ground_up(tmp_path: Path) -> None:
    path = tmp_path / "a"
    cut_other(path, "BMP")
    result = result_of(path, tmp_path / "out")
    assert result.note == CUT_SHORT
    view = np.asarray(
        Image.open(next(m.path for m in result.made if m.name == "view")).convert("L")
    )
    whole = np.asarray(Image.fromarray(files.scene(1200, 800, 0)).convert("L"), np.int16)
    assert np.abs(view[600:].astype(np.int16) - whole[600:]).mean() < 25


def test_a_whole_picture_is_not_called_cut(tmp_path: Path) -> None:
    whole = (
        files.jpeg,
        files.jpeg_cmyk,
        files.png_alpha,
        files.heic,
        files.gif_animated,
        stills.bmp,
    )
    for make in whole:
        assert result_of(make(), tmp_path / make.__name__).note == ""
    gif = tmp_path / "more.gif"
    gif.write_bytes(files.gif_animated().read_bytes() + b"more words")
    assert result_of(gif, tmp_path / "more gif").note == ""
    # A phone's second picture, or a film, stands behind the first one.
    path = tmp_path / "more.jpg"
    path.write_bytes(files.jpeg().read_bytes() + bytes(500))
    assert result_of(path, tmp_path / "more").note == ""


@pytest.mark.parametrize("more", [-200, 12, 60])
def test_a_picture_of_which_nothing_is_there_is_refused(more: int, tmp_path: Path) -> None:
    """Cut in the header, or so soon after the scan begins that all of it would be grey."""
    path, data = tmp_path / "a.jpg", files.jpeg().read_bytes()
    path.write_bytes(data[: data.index(b"\xff\xda") + more])
    with pytest.raises(MediaFailed, match="damaged"):
        result_of(path, tmp_path / "out")


# --- huge -----------------------------------------------------------------------------------------

DECODE = """
import sys
from pathlib import Path
from capture.renditions.pipeline import process_file
made = process_file(Path(sys.argv[1]), Path(sys.argv[2]), "image/jpeg").made
# Not ru_maxrss, which begins with what the parent has.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print([(m.width, m.height) for m in made], peak.split()[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
@pytest.mark.parametrize(("across", "down", "progressive"), [(8, 8, 0), (6, 7, 1)])
def test_the_largest_photos_take_less_than_500_megabytes(
    across: int, down: int, progressive: int, tmp_path: Path
) -> None:
    """200 megapixels of a phone; 131 where all scans are held until the last."""
    import cv2

    tile = cv2.cvtColor(files.scene(2040, 1530, 0), cv2.COLOR_RGB2BGR)
    how = [cv2.IMWRITE_JPEG_QUALITY, 80, cv2.IMWRITE_JPEG_PROGRESSIVE, progressive]
    done, data = cv2.imencode(".jpg", np.tile(tile, (down, across, 1)), how)
    assert done
    path = tmp_path / "huge.jpg"
    path.write_bytes(data.tobytes())
    output = subprocess.run(
        [sys.executable, "-c", DECODE, str(path), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": "."},
    ).stdout
    view, thumb = (1600, 1200 * down // across), (640, 480 * down // across)
    assert output.startswith(f"[{view}, {thumb}]")
    assert int(output.split()[-1]) < 500_000


class Claims:
    """What the header of a picture claims."""

    def __init__(self, format: str, megapixels: int) -> None:
        self.format = format
        self.width, self.height = 1000, megapixels * 1000


def test_the_limit_is_memory_and_not_a_count_of_pixels() -> None:
    for fine in (Claims("HEIF", 200), Claims("PNG", 400)):
        check_memory(fine)
    for much in (Claims("HEIF", 201), Claims("PNG", 451)):
        with pytest.raises(TooMuchMemory, match="million pixels"):
            check_memory(much)
    assert MOST_BYTES < 3000 << 20


def claiming(width: int, height: int, **how: Any) -> io.BytesIO:
    """A small JPEG whose frame header claims another size, which is all that is read of it."""
    out = io.BytesIO()
    Image.fromarray(files.scene(64, 48, 0)).save(out, "JPEG", **how)
    data = bytearray(out.getvalue())
    at = next(n for n in range(len(data)) if data[n] == 0xFF and data[n + 1] in (0xC0, 0xC2))
    data[at + 5 : at + 9] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return io.BytesIO(bytes(data))


@pytest.mark.parametrize(
    ("size", "how", "fits"),
    [
        ((16320, 12240), {}, True),
        ((40000, 25000), {}, True),
        ((13000, 10000), {"progressive": True}, True),
        ((16320, 12240), {"progressive": True}, False),
        ((13000, 10000), {"progressive": True, "subsampling": 0}, False),
        ((9000, 7000), {"progressive": True, "subsampling": 0}, True),
    ],
)
def test_a_progressive_jpeg_is_refused_before_it_is_decoded(
    size: tuple[int, int], how: dict[str, Any], fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with Image.open(claiming(*size, **how)) as image:
        file: Any = image.fp
        at = file.tell()
        with nullcontext() if fits else pytest.raises(TooMuchMemory, match="progressive JPEG"):
            check_memory(image)
        assert file.tell() == at


def test_held_bytes_are_counted_by_the_frame_and_the_first_scan() -> None:
    def jpeg(frame: int, components: int) -> bytes:
        parts = b"\x01\x22\0\x02\x11\x01\x03\x11\x01"
        size = (1000).to_bytes(2, "big") * 2
        sof = b"\xff" + bytes((frame,)) + (17).to_bytes(2, "big") + b"\x08" + size + b"\3" + parts
        scan = bytes((components,)) + b"\x01\0" * components + b"\0\x3f\0"
        return b"\xff\xd8" + sof + b"\xff\xda" + (2 + len(scan)).to_bytes(2, "big") + scan

    # 63 × 63 MCUs of four blocks of brightness and one of each colour.
    whole = 63 * 63 * 6 * 128
    assert held_bytes(jpeg(0xC0, 3)) == 0
    assert held_bytes(jpeg(0xC2, 3)) == whole
    # Sequential, but each component in a scan of its own: held as well.
    assert held_bytes(jpeg(0xC0, 1)) == whole
    for broken in (b"", b"\xff\xd8", jpeg(0xC2, 3)[:12], b"\xff\xd8" + bytes(40)):
        assert held_bytes(broken) == 0


# --- deep and inked -------------------------------------------------------------------------------


def test_sixteen_bits_keep_their_colours(tmp_path: Path) -> None:
    import cv2

    wide = still_of_bars()[..., ::-1].astype(np.uint16) * 257
    assert cv2.imwrite(str(tmp_path / "a.png"), wide)
    seen = bars_in(view_of(tmp_path / "a.png", tmp_path / "out"))
    assert np.abs(seen - np.array(BARS)).max() <= 5


def test_a_gain_map_beside_the_picture_changes_nothing(tmp_path: Path) -> None:
    """Ultra HDR: a second JPEG behind the first, announced by XMP; the first is what a usual screen shows."""
    out, gain = io.BytesIO(), io.BytesIO()
    Image.fromarray(still_of_bars()).save(out, "JPEG", quality=95, subsampling=0)
    Image.fromarray(np.full((80, 120), 200, np.uint8)).save(gain, "JPEG")
    path = tmp_path / "a.jpg"
    path.write_bytes(out.getvalue() + gain.getvalue())
    result = result_of(path, tmp_path / "out")
    assert result.note == ""
    seen = bars_in(np.asarray(Image.open(result.made[0].path)))
    assert np.abs(seen - np.array(BARS)).max() <= 8


def test_the_bars_are_what_they_say() -> None:
    """The makers of these files agree with the standards at their fixed points."""
    assert bar_codes(PQ)[0] == pytest.approx([0.5807] * 3, abs=0.001)
    assert bar_codes(HLG)[0] == pytest.approx([0.75] * 3, abs=0.001)
    assert to_ycbcr(bar_codes(SDR), 1, full=False)[0] == pytest.approx([235, 128, 128])
