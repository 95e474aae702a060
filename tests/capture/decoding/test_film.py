"""Films as they come: their colours, tracks, edit lists and shapes, in the copy that is played and in its poster."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from capture.decoding.mime_sniff import sniff
from capture.decoding.probe import Probe, probe
from capture.decoding.safe_open import open_media
from capture.imaging.colour import Colour
from capture.renditions.pipeline import process_file
from tests.support.media import files
from tests.support.media.colours import BARS, HLG, PQ, bars_in, film_of_bars
from tests.support.media.recordings import caf_of


def probed(path: Path) -> Probe:
    kind = sniff(path.read_bytes()[:8192])
    assert kind is not None
    return probe(path, kind.mime)


def made_of(path: Path, out: Path) -> dict[str, Path]:
    kind = sniff(path.read_bytes()[:8192])
    assert kind is not None
    return {made.name: made.path for made in process_file(path, out, kind.mime).made}


def frames_of(path: Path, **options: str) -> list[Any]:
    import av

    with av.open(str(path), options=options) as container:
        return list(container.decode(video=0))


def seen_in(frame: Any) -> np.ndarray:
    """A decoded picture as a player shows it, which goes by the tags."""
    pixels: np.ndarray = frame.reformat(
        format="rgb24", src_colorspace=frame.colorspace, src_color_range=frame.color_range
    ).to_ndarray()
    return pixels


def assert_bars(pixels: np.ndarray, *, within: int) -> None:
    seen = bars_in(pixels)
    assert np.abs(seen - np.array(BARS)).max() <= within, seen


# --- colour ---------------------------------------------------------------------------------------

# (tags of the file, matrix it was made with, size); both sizes that are copied and that are encoded anew.
KINDS = [
    ((1, 1, 1), 1, (1920, 1080)),
    ((1, 1, 1), 1, (640, 360)),
    ((6, 6, 6), 6, (1920, 1080)),
    ((5, 6, 5), 5, (1920, 1080)),
    ((6, 6, 6), 6, (640, 360)),
    ((9, 14, 9), 9, (1920, 1080)),
]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("tags", "matrix", "size"), KINDS)
def test_colours_stay_what_they_were(
    tags: tuple[int, int, int], matrix: int, size: tuple[int, int], full: bool, tmp_path: Path
) -> None:
    film = film_of_bars(tmp_path / "a.mp4", tags=tags, matrix=matrix, full=full, size=size)
    made = made_of(film, tmp_path / "out")
    frame = frames_of(made["play"])[2]
    assert 2 not in (frame.color_primaries, frame.color_trc, frame.colorspace)
    if tags[0] != 9:
        assert_bars(seen_in(frame), within=7)
        assert_bars(np.asarray(Image.open(made["poster"])), within=9)
    else:
        # The bars have the codes of sRGB but wide primaries: what a screen can't show is cut off.
        assert (frame.color_primaries, frame.colorspace) == (1, 1)
        assert np.abs(bars_in(seen_in(frame))[2] - (255, 0, 29)).max() <= 9


def test_tags_stand_in_the_header_of_a_copied_film(tmp_path: Path) -> None:
    film = film_of_bars(tmp_path / "a.mp4", tags=None, matrix=6)
    assert b"colr" not in film.read_bytes()
    play = made_of(film, tmp_path / "out")["play"].read_bytes()
    assert b"colrnclx\0\x06\0\x06\0\x06\0" in play


def test_full_range_becomes_limited_range(tmp_path: Path) -> None:
    film = film_of_bars(tmp_path / "a.mp4", tags=None, matrix=6, full=True, size=(1920, 1080))
    frame = frames_of(made_of(film, tmp_path / "out")["play"])[2]
    assert (frame.color_range, frame.format.name) == (1, "yuv420p")
    # Luma of white and of grey.
    luma = frame.to_ndarray()[100, [20, 320]]
    assert np.abs(luma.astype(int) - (235, 126)).max() <= 2


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("size", [(480, 320), (1920, 1080)])
def test_hdr_is_tone_mapped(transfer: int, size: tuple[int, int], tmp_path: Path) -> None:
    film = film_of_bars(
        tmp_path / "a.mov",
        tags=(9, transfer, 9),
        matrix=9,
        size=size,
        format="mov",
        encoder="libx265",
    )
    made = made_of(film, tmp_path / "out")
    frame = frames_of(made["play"])[2]
    assert (frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range) == (1,) * 4
    for pixels in (seen_in(frame), np.asarray(Image.open(made["poster"]))):
        assert bars_in(pixels)[0].min() >= 240
        assert_bars(pixels, within=15)


@pytest.mark.parametrize(
    ("encoder", "format", "size", "full", "matrix"),
    [
        ("libx264", "mp4", (1280, 720), False, 1),
        ("libx264", "mp4", (640, 480), False, 6),
        ("libx264", "mp4", (1280, 720), True, 6),
        ("libvpx", "webm", (1280, 720), False, 1),
        ("libvpx", "webm", (640, 480), False, 6),
        ("libvpx-vp9", "webm", (1280, 720), False, 6),
        ("libsvtav1", "mp4", (1280, 720), False, 6),
    ],
)
def test_what_a_file_leaves_out_is_taken_as_chromium_takes_it(
    encoder: str, format: str, size: tuple[int, int], full: bool, matrix: int, tmp_path: Path
) -> None:
    film = film_of_bars(
        tmp_path / "a", tags=None, matrix=1, full=full, size=size, format=format, encoder=encoder
    )
    described = probed(film).film
    assert described is not None
    assert described.picture is not None
    assert described.picture.colour == Colour(matrix, matrix, matrix, full)


def test_mended_films_keep_their_colours(tmp_path: Path) -> None:
    from reporter.media.edits import Edits

    film = film_of_bars(tmp_path / "a.mp4", tags=(1, 1, 1), matrix=1, full=True, size=(1280, 720))
    edits = Edits(turn=180)
    made = process_file(film, tmp_path / "out", "video/mp4", edits=edits).made
    play = next(one.path for one in made if one.name == "play")
    assert_bars(seen_in(frames_of(play)[2])[::-1, ::-1], within=9)


# --- tracks ---------------------------------------------------------------------------------------


def two_sounds(path: Path, *, first: str, format: str = "mov") -> Path:
    """A picture between two sounds; the first one's codec gets another name, which nothing here knows."""
    import av

    with av.open(str(path), "w", format=format) as out:
        sounds = [out.add_stream("aac", rate=48_000, layout="mono")]
        picture: Any = out.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = 320, 240, "yuv420p"
        sounds.append(out.add_stream("aac", rate=48_000, layout="mono"))
        for n in range(30):
            frame = av.VideoFrame.from_ndarray(files.scene(320, 240, n / 30), format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, 30)
            out.mux(picture.encode(frame))
        wave = files.tone(1.0)
        for n in range(0, len(wave) - 1024, 1024):
            piece = av.AudioFrame.from_ndarray(
                wave[None, n : n + 1024], format="fltp", layout="mono"
            )
            piece.sample_rate, piece.pts = 48_000, n
            for sound in sounds:
                out.mux(sound.encode(piece))
        for stream in (picture, *sounds):
            out.mux(stream.encode(None))
    data = path.read_bytes()
    at = data.index(b"mp4a", data.index(b"stsd"))
    data = data[:at] + first.encode() + data[at + 4 :]
    if first != "mp4a":
        # Nor does it have a description by MPEG-4.
        at = data.index(b"esds", at)
        data = data[:at] + b"dapa" + data[at + 4 :]
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("first", ["mp4a", "apac"])
def test_tracks_in_any_order_and_unknown_ones_beside(first: str, tmp_path: Path) -> None:
    film = two_sounds(tmp_path / "a.mov", first=first)
    found = probed(film)
    assert found.codecs == ("h264", "aac")
    assert found.film is not None
    assert found.film.sound is not None
    assert found.film.sound.index == (0 if first == "mp4a" else 2)
    play = probed(made_of(film, tmp_path / "out")["play"])
    assert play.codecs == ("h264", "aac")
    assert play.duration == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("encoder", ["libvpx", "libvpx-vp9"])
def test_sound_before_the_picture_as_browsers_record(encoder: str, tmp_path: Path) -> None:
    film = tmp_path / "a.webm"
    sound_first(film, encoder)
    made = made_of(film, tmp_path / "out")
    assert probed(made["play"]).codecs == ("h264", "aac")
    assert len(frames_of(made["play"])) == 45


def sound_first(path: Path, encoder: str) -> None:
    import av

    with av.open(str(path), "w", format="webm", options={"live": "1"}) as out:
        sound = out.add_stream("libopus", rate=48_000, layout="mono")
        picture: Any = out.add_stream(encoder, rate=30, options=dict(files.VPX))
        picture.width, picture.height, picture.pix_fmt = 320, 180, "yuv420p"
        wave = files.tone(2.0)
        for n in range(45):
            piece = av.AudioFrame.from_ndarray(
                wave[None, n * 1600 : n * 1600 + 1600], format="flt", layout="mono"
            )
            piece.sample_rate, piece.pts = 48_000, n * 1600
            out.mux(sound.encode(piece))
            frame = av.VideoFrame.from_ndarray(files.scene(320, 180, n / 30), format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, 30)
            out.mux(picture.encode(frame))
        out.mux(sound.encode(None))
        out.mux(picture.encode(None))


def test_a_time_code_track_is_left_out(tmp_path: Path) -> None:
    film = tmp_path / "a.mov"
    files.record(
        film,
        format="mov",
        video="libx264",
        audio="aac",
        seconds=1.0,
        size=(320, 240),
        tags={"timecode": "10:00:00:00"},
        options={"preset": "ultrafast"},
    )
    found = probed(film).film
    assert found is not None
    assert any(other.startswith("data/") for other in found.others)
    assert probed(made_of(film, tmp_path / "out")["play"]).codecs == ("h264", "aac")


# --- edit lists -----------------------------------------------------------------------------------


def trimmed(path: Path, *, audio: bool = False) -> Path:
    """A film whose first second is red and hidden by an edit list; the second one, blue, is what is meant."""
    import av

    with av.open(str(path), "w", format="mp4") as out:
        options = {"preset": "ultrafast", "g": "60", "bf": "2", "b-adapt": "0"}
        picture: Any = out.add_stream("libx264", rate=30, options=options)
        picture.width, picture.height, picture.pix_fmt = 320, 240, "yuv420p"
        for n in range(60):
            colour = (220, 20, 20) if n < 30 else (20, 20, 220)
            frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), colour, np.uint8), "rgb24")
            frame.pts, frame.time_base = n, Fraction(1, 30)
            out.mux(picture.encode(frame))
        out.mux(picture.encode(None))
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 12
    # Duration by the film's clock of 1000, then where it begins by the track's own of 15,360.
    data[at : at + 4] = (1000).to_bytes(4, "big")
    shift = int.from_bytes(data[at + 4 : at + 8], "big")
    data[at + 4 : at + 8] = (shift + 15_360).to_bytes(4, "big")
    path.write_bytes(data)
    return path


def test_what_was_trimmed_away_is_in_no_copy(tmp_path: Path) -> None:
    film = trimmed(tmp_path / "a.mp4")
    hidden = frames_of(film, ignore_editlist="1")
    assert len(hidden) == 60
    assert seen_in(hidden[0])[100, 100, 0] > 180
    described = probed(film).film
    assert described is not None
    assert described.picture is not None
    assert described.picture.is_trimmed
    made = made_of(film, tmp_path / "out")
    for frame in frames_of(made["play"], ignore_editlist="1"):
        red, _green, blue = (int(v) for v in seen_in(frame)[100, 100])
        assert blue > 150 > 80 > red
    assert len(frames_of(made["play"])) == pytest.approx(30, abs=2)
    assert np.asarray(Image.open(made["poster"]))[100, 100, 2] > 150


def test_sound_that_was_trimmed_away_is_in_no_copy(tmp_path: Path) -> None:
    """A second of noise, hidden by the edit list, then a second of silence."""
    import av

    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="ipod") as out:
        stream = out.add_stream("aac", rate=48_000, layout="mono")
        wave = np.random.default_rng(1).normal(0, 0.3, 96_000).astype(np.float32)
        wave[48_000:] = 0
        for n in range(0, len(wave) - 1024, 1024):
            piece = av.AudioFrame.from_ndarray(wave[None, n : n + 1024], "fltp", "mono")
            piece.sample_rate, piece.pts = 48_000, n
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 12
    data[at : at + 4] = (900).to_bytes(4, "big")
    data[at + 4 : at + 8] = (1024 + 51_200).to_bytes(4, "big")
    path.write_bytes(data)
    described = probed(path).film
    assert described is not None
    assert described.sound is not None
    assert described.sound.is_trimmed
    play = made_of(path, tmp_path / "out")["play"]
    with av.open(str(play), options={"ignore_editlist": "1"}) as container:
        heard = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    assert len(heard) < 60_000
    assert np.abs(heard).max() < 0.01


@pytest.mark.parametrize("late", ["sound", "picture"])
def test_a_track_that_begins_later_stays_in_its_place(late: str, tmp_path: Path) -> None:
    """One track begins half a second after the other: so it does in the copy, which itself begins at zero."""
    import av

    film = tmp_path / "a.mkv"
    with av.open(str(film), "w", format="matroska") as out:
        picture: Any = out.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = 320, 240, "yuv420p"
        sound = out.add_stream("aac", rate=48_000, layout="mono")
        shift = {"sound": (0, 24_000), "picture": (15, 0)}[late]
        wave = files.tone(2.0)
        for n in range(45):
            frame = av.VideoFrame.from_ndarray(files.scene(320, 240, n / 30), format="rgb24")
            frame.pts, frame.time_base = n + shift[0], Fraction(1, 30)
            out.mux(picture.encode(frame))
        for n in range(0, 48_000, 1024):
            piece = av.AudioFrame.from_ndarray(wave[None, n : n + 1024], "fltp", "mono")
            piece.sample_rate, piece.pts = 48_000, n + shift[1]
            piece.time_base = Fraction(1, 48_000)
            out.mux(sound.encode(piece))
        out.mux([*picture.encode(None), *sound.encode(None)])
    play, times = made_of(film, tmp_path / "out")["play"], dict[str, float]()
    for kind in ("audio", "video"):
        with av.open(str(play)) as container:
            first: Any = next(container.decode(**{kind: 0}))
            times[kind] = float(first.time)
    assert times["audio"] - times["video"] == pytest.approx(
        0.5 if late == "sound" else -0.5, abs=0.06
    )
    assert min(times.values()) == pytest.approx(0, abs=0.06)


# --- shape ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080)])
def test_a_mirrored_film_is_shown_as_players_show_it(size: tuple[int, int], tmp_path: Path) -> None:
    """Front cameras mark their films so: the bars run from right to left."""
    film = film_of_bars(tmp_path / "a.mp4", tags=(1, 1, 1), matrix=1, size=size)
    data = bytearray(film.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    assert int.from_bytes(data[at : at + 4], "big") == 0x10000
    data[at : at + 4] = (-0x10000).to_bytes(4, "big", signed=True)
    film.write_bytes(data)
    made = made_of(film, tmp_path / "out")
    assert_bars(seen_in(frames_of(made["play"])[2])[:, ::-1], within=7)
    assert_bars(np.asarray(Image.open(made["poster"]))[:, ::-1], within=9)


def test_wide_pixels_are_made_square(tmp_path: Path) -> None:
    import av

    film = tmp_path / "a.mp4"
    with av.open(str(film), "w") as out:
        stream: Any = out.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 480, 360, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        frame = av.VideoFrame.from_ndarray(files.scene(480, 360, 0), format="rgb24")
        frame.pts, frame.time_base = 0, Fraction(1, 30)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    found = probed(film)
    assert (found.width, found.height) == (640, 360)
    play = frames_of(made_of(film, tmp_path / "out")["play"])[0]
    assert (play.width, play.height) == (640, 360)


# --- formats --------------------------------------------------------------------------------------


def motion_jpeg(path: Path) -> None:
    """The AVI of a compact camera of 2005: Motion JPEG and 8-bit sound."""
    import av

    with av.open(str(path), "w", format="avi") as out:
        stream: Any = out.add_stream("mjpeg", rate=15)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
        stream.codec_context.color_range = 2
        sound = out.add_stream("pcm_u8", rate=8000, layout="mono")
        for n in range(30):
            frame = av.VideoFrame.from_ndarray(files.scene(320, 240, n / 15), format="rgb24")
            frame = frame.reformat(format="yuvj420p", dst_color_range="JPEG")
            frame.pts, frame.time_base = n, Fraction(1, 15)
            out.mux(stream.encode(frame))
            wave = (np.sin(np.arange(533) / 5) * 60 + 128).astype(np.uint8)
            piece = av.AudioFrame.from_ndarray(wave[None], format="u8", layout="mono")
            piece.sample_rate, piece.pts = 8000, n * 533
            out.mux(sound.encode(piece))
        out.mux(stream.encode(None))


FILMS = {
    "mjpeg.avi": None,
    "divx.avi": {"format": "avi", "video": "mpeg4", "audio": "libmp3lame"},
    "camcorder.mod": {"format": "vob", "video": "mpeg2video", "audio": "ac3"},
    "old.mpg": {"format": "mpeg", "video": "mpeg1video", "audio": "mp2"},
    "windows.wmv": {"format": "asf", "video": "wmv2", "audio": "wmav2"},
}


@pytest.mark.parametrize("name", FILMS)
def test_films_of_older_cameras(name: str, tmp_path: Path) -> None:
    film, recipe = tmp_path / name, FILMS[name]
    if recipe is None:
        motion_jpeg(film)
    else:
        files.record(film, seconds=2.0, fps=25, size=(320, 240), **recipe)  # type: ignore[arg-type]
    made = made_of(film, tmp_path / "out")
    play = probed(made["play"])
    assert play.codecs == ("h264", "aac")
    assert play.duration == pytest.approx(2.0, abs=0.2)
    seen = seen_in(frames_of(made["play"])[20])
    for (y, x), meant in zip(
        ((12, 12), (12, 307), (227, 12), (227, 307)), files.CORNERS, strict=True
    ):
        assert np.abs(seen[y, x].astype(int) - meant).max() <= 60


SOUNDS = {
    "memo.caf": {"format": "caf", "audio": "alac"},
    "memo.aiff": {"format": "aiff", "audio": "pcm_s16be"},
    "memo.wma": {"format": "asf", "audio": "wmav2"},
    "wide.wma": {"format": "asf", "audio": "aac"},
}


@pytest.mark.parametrize("name", SOUNDS)
def test_sound_of_recorders(name: str, tmp_path: Path) -> None:
    sound = tmp_path / name
    files.record(sound, seconds=2.0, **SOUNDS[name])  # type: ignore[arg-type]
    found = probed(sound)
    assert (found.kind, found.duration) == ("audio", pytest.approx(2.0, abs=0.1))
    assert probed(made_of(sound, tmp_path / "out")["play"]).codecs == ("aac",)


@pytest.mark.parametrize(("codec", "frames"), [(b"opus", 960), (b"aac ", 1024)])
def test_voice_messages_of_iphones(codec: bytes, frames: int, tmp_path: Path) -> None:
    source = files.ogg_opus(2.0) if codec == b"opus" else files.m4a(2.0)
    sound = caf_of(source, codec, f"voice-{frames}.caf", frames=frames)
    found = probed(sound)
    assert (found.kind, found.duration) == ("audio", pytest.approx(2.0, abs=0.1))
    play = probed(made_of(sound, tmp_path / "out")["play"])
    assert (play.codecs, play.duration) == (("aac",), pytest.approx(2.0, abs=0.1))


def bare_mp3(path: Path, bit_rate: int, seconds: float) -> bytes:
    """Frames of one bit rate without any header before them."""
    import av

    container = {"id3v2_version": "0", "write_xing": "0"}
    with av.open(str(path), "w", format="mp3", options=container) as out:
        stream = out.add_stream("libmp3lame", rate=48_000, layout="mono")
        stream.bit_rate = bit_rate
        wave = files.tone(seconds)
        for n in range(0, len(wave), 1152):
            piece = av.AudioFrame.from_ndarray(wave[None, n : n + 1152], "flt", "mono")
            piece.sample_rate, piece.pts = 48_000, n
            for fitting in av.AudioResampler("fltp", "mono", 48_000).resample(piece):
                fitting.pts = n
                out.mux(stream.encode(fitting))
        out.mux(stream.encode(None))
    return path.read_bytes()


def test_mp3_of_variable_rate_without_a_header_is_measured_by_its_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    slow, fast = (bare_mp3(tmp_path / "part.mp3", rate, 15) for rate in (32_000, 320_000))
    path.write_bytes(slow + fast)
    with open_media(path, "audio/mpeg") as guessed:
        assert guessed.duration / 1e6 > 60
    assert probed(path).duration == pytest.approx(30, abs=0.2)
    assert probed(made_of(path, tmp_path / "out")["play"]).duration == pytest.approx(30, abs=0.2)
