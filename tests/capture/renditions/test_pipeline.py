"""Renditions of photos, videos and sound: what is in the files that were made."""

import functools
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from capture.decoding.mime_sniff import sniff
from capture.decoding.probe import probe
from capture.decoding.safe_open import open_media
from capture.imaging.icc_profile import ADOBE_RGB, DISPLAY_P3, matrix_profile, to_srgb
from capture.imaging.rendition_file import RenditionFile, fit
from capture.renditions.audio import BARS, INK, PAPER, measure_loudness
from capture.renditions.pipeline import process_file
from capture.renditions.poster_frame import score_frame
from reporter.errors import MediaFailed
from tests.support.media import files
from tests.support.media.scene import folder

SECRETS = (
    b"Exif",
    b"GPS",
    b"Fielding",
    b"SN-0042",
    b"private comment",
    b"ICC_PROFILE",
    b"http://ns.adobe",
)
PLACE = (b"+48.1371", b"ISO6709", b"iPhone", b"2026-05-16")


def made_of(path: Path, out: Path) -> dict[str, RenditionFile]:
    kind = sniff(path.read_bytes()[:8192])
    assert kind is not None
    result = process_file(path, out, kind.mime)
    assert sorted(out.iterdir()) == sorted(made.path for made in result.made)
    return {made.name: made for made in result.made}


@functools.cache
def shared(path: Path) -> dict[str, RenditionFile]:
    """The renditions of a file that several tests look at, made once."""
    return made_of(path, Path(tempfile.mkdtemp(dir=folder())))


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """Colours near the four corners: top left, top right, bottom left, bottom right."""
    width, height = image.size
    pixels = np.asarray(image.convert("RGB")).astype(int)
    d = min(width, height) // 20
    places = ((d, d), (d, width - d), (height - d, d), (height - d, width - d))
    return [tuple(pixels[y, x]) for y, x in places]


def assert_corners(image: Image.Image, *, within: int = 12) -> None:
    for seen, meant in zip(corners(image), files.CORNERS, strict=True):
        assert max(abs(a - b) for a, b in zip(seen, meant, strict=True)) <= within, (seen, meant)


# --- photos ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(4000, 3000), (600, 400)])
def test_every_orientation_comes_out_upright(
    orientation: int, size: tuple[int, int], tmp_path: Path
) -> None:
    made = made_of(files.jpeg(*size, orientation=orientation), tmp_path)
    for name, longest in (("view", 1600), ("thumb", 640)):
        with Image.open(made[name].path) as image:
            assert image.size == fit(*size, longest) == (made[name].width, made[name].height)
            assert image.getexif().get(0x0112, 1) == 1
            assert_corners(image)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_heic_comes_out_upright(orientation: int, tmp_path: Path) -> None:
    made = made_of(files.heic(600, 400, orientation=orientation), tmp_path)
    with Image.open(made["view"].path) as image:
        assert image.size == (600, 400)
        assert_corners(image, within=20)


@pytest.mark.parametrize(
    "make",
    [
        files.jpeg,
        files.jpeg_display_p3,
        files.heic,
        files.avif,
        files.webp,
    ],
)
def test_nothing_private_is_left(make: Callable[[], Path]) -> None:
    original = make().read_bytes()
    assert any(secret in original for secret in SECRETS)
    for rendition in shared(make()).values():
        data = rendition.path.read_bytes()
        assert [secret for secret in SECRETS if secret in data] == []
        with Image.open(rendition.path) as image:
            assert dict(image.getexif()) == {}
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("make", [files.avif, files.webp, files.jpeg, files.jpeg_cmyk])
def test_every_kind_of_photo_shows_the_scene(make: Callable[[], Path]) -> None:
    with Image.open(shared(make())["view"].path) as image:
        assert image.format == "JPEG"
        assert image.mode == "RGB"
        assert_corners(image, within=25)


def test_a_small_photo_is_never_enlarged(tmp_path: Path) -> None:
    made = made_of(files.jpeg(120, 80), tmp_path)
    assert {(m.width, m.height) for m in made.values()} == {(120, 80)}


def test_a_photo_of_one_pixel_high(tmp_path: Path) -> None:
    line = files.jpeg_of(np.zeros((1, 5000, 3), np.uint8), "line.jpg")
    assert (made_of(line, tmp_path)["view"].width, made_of(line, tmp_path)["view"].height) == (
        1600,
        1,
    )


def test_transparency_becomes_white(tmp_path: Path) -> None:
    with Image.open(made_of(files.png_alpha(), tmp_path)["view"].path) as image:
        pixels = np.asarray(image)
    assert pixels[200, 100].min() >= 253
    assert pixels[30, 500].max() < 250


def test_16_bit_grey_keeps_its_range(tmp_path: Path) -> None:
    with Image.open(made_of(files.png_grey16(), tmp_path)["view"].path) as image:
        row = np.asarray(image.convert("L"))[100].astype(int)
    assert row[0] < 6
    assert 120 < row[150] < 135
    assert row[-1] > 249


def test_the_first_picture_of_an_animation(tmp_path: Path) -> None:
    path = files.gif_animated()
    with Image.open(made_of(path, tmp_path)["view"].path) as image, Image.open(path) as source:
        difference = np.abs(
            np.asarray(image).astype(int) - np.asarray(source.convert("RGB")).astype(int)
        )
    assert difference.mean() < 6


def test_a_picture_that_no_browser_shows_is_not_the_first_of_an_animation(tmp_path: Path) -> None:
    """An animated PNG may begin with one for programs that know no animations."""
    path, size = tmp_path / "a.png", (64, 48)
    half = Image.new("RGBA", size)
    half.paste((0, 160, 0, 255), (0, 0, 32, 48))
    blue = Image.new("RGBA", size, (0, 0, 220, 255))
    hidden = Image.new("RGBA", size, (220, 0, 0, 255))
    hidden.paste((60, 60, 60, 255), (0, 24, *size))
    hidden.save(path, save_all=True, append_images=[half, blue], default_image=True, blend=1)
    with Image.open(made_of(path, tmp_path / "out")["view"].path) as image:
        pixels = np.asarray(image).astype(int)
    assert np.abs(pixels[24, 8] - (0, 160, 0)).max() < 8
    assert pixels[24, 56].min() > 247
    # Of an animation that breaks off before its first picture there is only the hidden one.
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"fcTL", 0, data.index(b"fdAT")) - 4])
    with Image.open(made_of(path, tmp_path / "out")["view"].path) as image:
        assert np.abs(np.asarray(image).astype(int)[:16] - (220, 0, 0)).max() < 8


DEEP_GREYS: dict[str, tuple[type, float]] = {
    "floats": (np.float32, 1),
    "floats as of 8 bits": (np.float32, 255),
    "floats as of 16 bits": (np.float32, 65_535),
    "32 bits": (np.int32, 2_000_000_000),
    "16 bits": (np.uint16, 65_535),
}


@pytest.mark.parametrize("name", DEEP_GREYS)
def test_deep_grey_of_a_tiff_keeps_its_range(name: str, tmp_path: Path) -> None:
    kind, white = DEEP_GREYS[name]
    path = tmp_path / "deep.tif"
    values = np.linspace(0, 1, 256, dtype=np.float64)[None].repeat(64, 0) * white
    Image.fromarray(values.astype(kind)).save(path)
    with Image.open(made_of(path, tmp_path / "out")["view"].path) as image:
        row = np.asarray(image.convert("L"))[32].astype(int)
    assert np.abs(row - np.arange(256)).max() <= 4


def test_white_of_a_deep_scan_may_be_zero(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    values = np.linspace(0, 65_535, 256)[None].repeat(64, 0).astype(np.uint16)
    Image.fromarray(values).save(path, tiffinfo={0x0106: 0})
    with Image.open(path) as file:
        written: Any = file
        assert written.tag_v2[0x0106] == 0
    with Image.open(made_of(path, tmp_path / "out")["view"].path) as image:
        row = np.asarray(image.convert("L"))[32].astype(int)
    assert np.abs(row - np.arange(255, -1, -1)).max() <= 4


def patch(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((64, 64, 3), colour, np.uint8)


def expected_srgb(colour: tuple[int, int, int], primaries: Any, gamma: float) -> np.ndarray:
    """The same light in sRGB, computed from the primaries alone (CIE 15, IEC 61966-2-1)."""

    def to_xyz(corners: Any) -> np.ndarray:
        spread = np.array([[x / y, 1, (1 - x - y) / y] for x, y in (*corners, (0.3127, 0.3290))]).T
        return spread[:, :3] * np.linalg.solve(spread[:, :3], spread[:, 3])

    light = (np.array(colour) / 255) ** gamma
    srgb = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
    linear = np.clip(np.linalg.inv(to_xyz(srgb)) @ to_xyz(primaries) @ light, 0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return coded * 255


COLOURS = [(200, 100, 60), (60, 150, 90), (120, 120, 120), (90, 80, 170)]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(
    ("primaries", "name"), [(DISPLAY_P3, "Display P3"), (ADOBE_RGB, "Adobe RGB")]
)
def test_profiles_become_srgb(
    colour: tuple[int, int, int], primaries: Any, name: str, tmp_path: Path
) -> None:
    profile = matrix_profile(primaries, 2.2, name)
    path = files.jpeg_of(patch(colour), f"{name}-{colour}.jpg", profile=profile)
    with Image.open(made_of(path, tmp_path)["view"].path) as image:
        seen = np.asarray(image).reshape(-1, 3).mean(axis=0)
    assert np.abs(seen - expected_srgb(colour, primaries, 2.2)).max() < 4


def test_adobe_rgb_by_exif_alone(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 65535
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    path = tmp_path / "R03.jpg"
    Image.fromarray(patch((60, 150, 90))).save(path, quality=95, subsampling=0, exif=exif)
    with Image.open(made_of(path, tmp_path / "out")["view"].path) as image:
        seen = np.asarray(image).reshape(-1, 3).mean(axis=0)
    assert np.abs(seen - expected_srgb((60, 150, 90), ADOBE_RGB, 2.2)).max() < 5


def test_a_damaged_profile_counts_as_none() -> None:
    image = Image.fromarray(patch((10, 200, 30)))
    assert to_srgb(image, b"no profile at all" * 20).getpixel((5, 5)) == (10, 200, 30)


def test_broken_photos_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(MediaFailed, match="damaged"):
        process_file(files.jpeg_broken(), tmp_path / "out", "image/jpeg")
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    for make in (files.jpeg, files.heic, files.webm_live, files.wav):
        first = shared(make())
        second = made_of(make(), tmp_path / make.__name__)
        assert {n: m.sha256 for n, m in first.items()} == {n: m.sha256 for n, m in second.items()}


# --- videos ---------------------------------------------------------------------------------------


def frame_of(play: Path, moment: float = 0.0) -> tuple[Image.Image, int]:
    """The frame at a moment as a player that heeds rotation shows it, and the rotation that was in the metadata."""
    with open_media(play, "video/mp4") as container:
        for frame in container.decode(video=0):
            if frame.time >= moment:
                return frame.to_image().rotate(frame.rotation, expand=True), frame.rotation
    raise AssertionError("no frame at that moment")


def box_order(path: Path) -> list[bytes]:
    data, at, names = path.read_bytes(), 0, []
    while at + 8 <= len(data):
        names.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4], "big") or len(data)
    return names


VIDEOS: list[tuple[Callable[[], Path], tuple[int, int], float]] = [
    (files.mp4, (640, 360), 2.0),
    (files.mov_hevc, (360, 640), 2.0),
    (lambda: files.mov_hevc(rotation=180), (640, 360), 2.0),
    (lambda: files.mov_hevc(rotation=90), (360, 640), 2.0),
    (lambda: files.mp4(rotation=-90), (360, 640), 2.0),
    (files.webm_live, (640, 360), 3.0),
    (lambda: files.webm_live(video="libvpx-vp9"), (640, 360), 3.0),
    (files.mts, (720, 576), 2.0),
    (files.gp3, (192, 144), 2.0),
]


@pytest.mark.parametrize(("make", "size", "seconds"), VIDEOS)
def test_every_video_becomes_playable(
    make: Callable[[], Path], size: tuple[int, int], seconds: float
) -> None:
    made = shared(make())
    play = probe(made["play"].path, "video/mp4")
    assert play.codecs == ("h264", "aac")
    assert (play.width, play.height) == size == (made["play"].width, made["play"].height)
    assert play.duration == pytest.approx(seconds, abs=0.15)
    assert made["play"].duration == play.duration
    order = box_order(made["play"].path)
    assert order.index(b"moov") < order.index(b"mdat")
    with open_media(made["play"].path, "video/mp4") as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
        assert abs(container.start_time) < 60_000
    data = made["play"].path.read_bytes()
    assert [secret for secret in PLACE if secret in data] == []


@pytest.mark.parametrize(("make", "size", "seconds"), VIDEOS)
def test_videos_and_posters_are_upright(
    make: Callable[[], Path], size: tuple[int, int], seconds: float
) -> None:
    made = shared(make())
    frame, _ = frame_of(made["play"].path, seconds / 2)
    with Image.open(made["poster"].path) as poster, Image.open(made["thumb"].path) as thumb:
        assert poster.size == size
        assert thumb.size == fit(*size, 640)
        for picture in (frame, poster, thumb):
            assert_corners(picture, within=60)


def test_what_fits_is_only_repacked(tmp_path: Path) -> None:
    path = files.mp4(rotation=-90)
    made = made_of(path, tmp_path)

    def packets(file: Path) -> list[bytes]:
        with open_media(file, "video/mp4") as container:
            return [bytes(p) for p in container.demux(video=0) if p.size]

    assert packets(made["play"].path) == packets(path)
    assert frame_of(made["play"].path)[1] == -90


def test_what_is_encoded_carries_its_rotation_in_the_pixels() -> None:
    image, rotation = frame_of(shared(files.mov_hevc())["play"].path)
    assert rotation == 0
    assert image.size == (360, 640)


def test_full_hd_becomes_720p(tmp_path: Path) -> None:
    made = made_of(files.mp4_1080p(1.0), tmp_path)
    assert (made["play"].width, made["play"].height) == (1280, 720)
    assert made["play"].bytes < files.mp4_1080p(1.0).stat().st_size


def test_interlaced_pictures_are_made_whole() -> None:
    with open_media(files.mts(), "video/mp2t") as container:
        assert next(container.decode(video=0)).interlaced_frame
    with open_media(shared(files.mts())["play"].path, "video/mp4") as container:
        frames = list(container.decode(video=0))
    assert not any(frame.interlaced_frame for frame in frames)
    assert 45 <= len(frames) <= 51


def test_sound_and_picture_stay_together() -> None:
    """The tone swells in the middle of every second; so it must in the copy."""
    levels, duration = measure_loudness(shared(files.webm_live())["play"].path, bars=60)
    assert duration == pytest.approx(3.0, abs=0.15)
    peaks = [max(range(a, a + 20), key=levels.__getitem__) for a in (0, 20, 40)]
    assert [peak / 20 % 1 for peak in peaks] == pytest.approx([0.5] * 3, abs=0.15)


def test_sixty_pictures_a_second_are_halved(tmp_path: Path) -> None:
    path = tmp_path / "sixty.webm"
    files.record(
        path,
        format="webm",
        video="libvpx",
        fps=60,
        seconds=2,
        size=(320, 180),
        options=files.VPX,
    )
    with open_media(made_of(path, tmp_path / "out")["play"].path, "video/mp4") as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert 58 <= len(times) <= 62
    assert np.diff(times).max() < 0.06


def test_a_player_can_jump_every_two_seconds(tmp_path: Path) -> None:
    """Also in what a slow webcam gives."""
    path = tmp_path / "slow.webm"
    files.record(path, format="webm", video="libvpx", seconds=7, fps=5, options=files.VPX)
    with open_media(made_of(path, tmp_path / "out")["play"].path, "video/mp4") as container:
        keys = [p.pts * p.time_base for p in container.demux(video=0) if p.is_keyframe and p.size]
    assert [float(key) for key in keys] == pytest.approx([0, 2, 4, 6], abs=0.25)


def test_a_broken_off_recording_keeps_what_there_is(tmp_path: Path) -> None:
    data = files.webm_live().read_bytes()
    path = tmp_path / "battery.webm"
    path.write_bytes(data[: len(data) * 2 // 3])
    made = made_of(path, tmp_path / "out")
    assert made["play"].duration is not None
    assert 1.0 < made["play"].duration < 2.8


def test_a_video_of_rubbish_frames_is_refused(tmp_path: Path) -> None:
    data = bytearray(files.mp4().read_bytes())
    begin, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[begin:end] = bytes(end - begin)
    path = tmp_path / "rubbish.mp4"
    path.write_bytes(data)
    with pytest.raises(MediaFailed, match="again"):
        process_file(path, tmp_path / "out", "video/mp4")


def test_the_poster_is_neither_black_nor_blurred() -> None:
    import cv2

    sharp = cv2.cvtColor(files.scene(640, 360), cv2.COLOR_RGB2GRAY)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 6)
    assert score_frame(sharp) > 2 * score_frame(blurred)
    assert score_frame(blurred) > score_frame(
        np.random.default_rng(1).integers(0, 12, sharp.shape, np.uint8)
    )
    assert score_frame(np.full_like(sharp, 250)) < 1


# --- sound ----------------------------------------------------------------------------------------


SOUNDS = (
    files.wav,
    files.m4a,
    files.ogg_opus,
    files.mp3,
    files.aac,
    files.flac,
    files.amr,
    files.webm_voice,
)


@pytest.mark.parametrize("make", SOUNDS)
def test_every_sound_becomes_playable(make: Callable[[], Path]) -> None:
    made = shared(make())
    play = probe(made["play"].path, "audio/mp4")
    assert (play.kind, play.codecs) == ("audio", ("aac",))
    assert (made["play"].mime, made["play"].ext) == ("audio/mp4", ".m4a")
    assert made["play"].duration == pytest.approx(2.0, abs=0.15)
    order = box_order(made["play"].path)
    assert order.index(b"moov") < order.index(b"mdat")
    with Image.open(made["poster"].path) as poster:
        assert poster.size == (1200, 675)
        colours = np.asarray(poster).reshape(-1, 3).astype(int)
    paper = (np.abs(colours - PAPER).max(axis=1) < 12).mean()
    ink = (np.abs(colours - INK).max(axis=1) < 25).mean()
    assert 0.5 < paper < 0.95
    assert 0.05 < ink < 0.4
    assert (made["thumb"].width, made["thumb"].height) == (640, 360)


def test_the_drawing_follows_the_loudness() -> None:
    levels, _ = measure_loudness(shared(files.wav())["play"].path)
    assert len(levels) == BARS
    assert max(levels) == 1.0
    quiet, loud = levels[BARS // 2], levels[BARS // 4]
    assert quiet < 0.2 < 0.8 < loud


def test_importing_loads_no_decoder() -> None:
    modules = ", ".join(
        f"capture.{name}"
        for name in (
            "decoding.mime_sniff",
            "decoding.probe",
            "decoding.process_pool",
            "renditions.pipeline",
            "renditions.worker",
        )
    )
    check = f"import sys, {modules}; print([m for m in ('cv2', 'av', 'PIL', 'numpy', 'pebble') if m in sys.modules])"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
