"""Films from scripts: what players read in them, what is seen and heard."""

from __future__ import annotations

import functools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from capture.decoding.probe import probe
from capture.films.excerpts import best_part
from capture.films.film_maker import MadeFilm, make_film
from capture.films.photo_motion import ZOOM, framing, photo_frames, what_matters
from capture.renditions.photo import make_photo
from capture.renditions.video import make_video
from capture.transcoding.loudness import TARGET, measure
from reporter.errors import MediaFailed
from reporter.films.script import SIZES, AspectRatio, Piece, PieceKind, Script
from tests.support.media.faces import portrait
from tests.support.media.films import frames, make_small_film, share_of
from tests.support.media.recordings import record
from tests.support.media.scene import folder

GREEN = (30, 150, 60)


def photo(into: Path, size: tuple[int, int] = (1200, 900)) -> Path:
    source = into / f"source-{size[0]}.jpg"
    picture = Image.new("RGB", size, GREEN)
    picture.paste((230, 230, 230), (size[0] // 2, 0, size[0] // 2 + 40, size[1]))
    picture.save(source, quality=92)
    make_photo(source, into, "image/jpeg", prefix=f"{size[0]}-")
    return into / f"{size[0]}-view.jpg"


def video(into: Path, seconds: float = 3.0, **more: Any) -> Path:
    source = into / "source.mp4"
    record(source, format="mp4", video="libx264", audio="aac", seconds=seconds, **more)
    make_video(source, into, probe(source, "video/mp4"), prefix="note-")
    return into / "note-play.mp4"


@functools.cache
def pieces() -> tuple[Piece, ...]:
    """A title, a photo, a note, a quote and an end, their files made once."""
    files = folder() / "pieces of a film"
    files.mkdir(exist_ok=True)
    return (
        Piece(PieceKind.TITLE, 1.0, "Spring gathering", "14 March 2026"),
        Piece(PieceKind.PHOTO, 1.5, words="Seeds", credit="Ana", path=str(photo(files))),
        Piece(PieceKind.VIDEO, 2.0, path=str(video(files))),
        Piece(PieceKind.QUOTE, 1.5, words="شكراً لكم جميعاً", credit="ليلى"),
        Piece(PieceKind.CLOSING, 1.0, "Thank you!", "g.example", url="http://g.example/"),
    )


@pytest.fixture(scope="module")
def film_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[AspectRatio], MadeFilm]:
    """The film of the script in a shape, rendered once."""

    @functools.cache
    def made(shape: AspectRatio) -> MadeFilm:
        return make_film(Script(pieces(), shape), tmp_path_factory.mktemp(shape) / "film.mp4")

    return made


@pytest.fixture
def made(film_of: Callable[[AspectRatio], MadeFilm]) -> MadeFilm:
    """The one that is wide."""
    return film_of(AspectRatio.LANDSCAPE)


@pytest.mark.parametrize("shape", AspectRatio)
def test_a_film_has_its_length_its_streams_and_its_tags(
    film_of: Callable[[AspectRatio], MadeFilm], shape: AspectRatio
) -> None:
    wanted, made = Script(pieces(), shape), film_of(shape)
    assert made.seconds == pytest.approx(wanted.seconds, abs=0.5)
    assert made.bytes == made.path.stat().st_size
    with av.open(str(made.path)) as film:
        (picture,), (sound,) = film.streams.video, film.streams.audio
        assert (picture.width, picture.height) == SIZES[shape]
        context = picture.codec_context
        assert (context.name, sound.codec_context.name) == ("h264", "aac")
        assert context.pix_fmt == "yuv420p"
        assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)
        assert context.color_range == 1
        assert picture.average_rate == Fraction(30)
        for stream in (picture, sound):
            assert stream.duration is not None
            assert stream.time_base is not None
            assert float(stream.duration * stream.time_base) == pytest.approx(made.seconds, abs=0.1)
    data = made.path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    # Nothing unfinished is left beside it.
    assert not list(made.path.parent.glob(".*"))


def test_what_is_heard_is_as_loud_as_all_renditions(made: MadeFilm) -> None:
    found = measure(made.path, "video/mp4")
    assert found.integrated == pytest.approx(TARGET, abs=1.0)
    assert found.peak < 0


def test_music_lies_below_what_is_said_and_the_whole_is_level(tmp_path: Path) -> None:
    music = tmp_path / "music.m4a"
    record(music, format="mp4", audio="aac", seconds=2)
    wanted = Script(pieces(), music=str(music))
    made = make_small_film(wanted, tmp_path / "film.mp4")
    assert measure(made.path, "video/mp4").integrated == pytest.approx(TARGET, abs=1.0)


def test_music_that_is_no_sound_says_so(tmp_path: Path) -> None:
    music = tmp_path / "music.txt"
    music.write_text("la la la")
    with pytest.raises(MediaFailed, match="not a sound file"):
        make_film(Script(pieces(), music=str(music)), tmp_path / "film.mp4")
    assert not (tmp_path / "film.mp4").exists()


def test_pieces_are_seen_in_their_order(made: MadeFilm) -> None:
    green = [moment for moment, seen in frames(made.path, 3) if share_of(seen, GREEN) > 0.5]
    assert min(green) > 1.0
    assert max(green) < 2.9
    first = next(frames(made.path))[1]
    assert first.mean() < 25


def test_the_line_below_a_photo_is_readable(made: MadeFilm) -> None:
    seen = next(pixels for moment, pixels in frames(made.path) if moment > 1.8)
    strip = seen[-60:, :300].astype(int)
    assert strip.max() > 220
    assert strip.min() < 60


@pytest.mark.parametrize("spots", [((0.3, 0.01, 0.2),), ((0.02, 0.4, 0.2),), ((0.75, 0.3, 0.2),)])
def test_a_face_at_the_edge_stays_whole(spots: Any) -> None:
    image = Image.fromarray(portrait(1600, 1200, spots))
    faces = what_matters(image)
    assert faces, "the detector sees the drawn face"
    found = framing(image.size, faces, (1280, 720))
    assert found is not None
    for x, y, wide, high in faces:
        for window in (found.wide, found.near):
            assert window.x <= x * 1600
            assert window.y <= y * 1200
            assert window.x + window.width >= (x + wide) * 1600 - 1
            assert window.y + window.height >= (y + high) * 1200 - 1
            assert window.width / window.height == pytest.approx(1280 / 720)


def test_faces_too_far_apart_show_the_photo_whole() -> None:
    faces = [(0.1, 0.02, 0.1, 0.15), (0.8, 0.85, 0.1, 0.14)]
    assert framing((1600, 1200), faces, (1280, 720)) is None
    assert framing((900, 1600), [], (1280, 720)) is None
    assert framing((900, 1600), [], (720, 1280)) is not None


def test_a_photo_shown_whole_is_cut_at_no_frame() -> None:
    picture = np.full((1600, 900, 3), 120, np.uint8)
    # A red frame around it, seen at all times on all four sides.
    picture[:40], picture[-40:], picture[:, :40], picture[:, -40:] = ((220, 20, 20),) * 4
    shown = list(photo_frames(Image.fromarray(picture), 1.0, (1280, 720), is_whole=True))
    for frame in (shown[0], shown[-1]):
        seen = av.VideoFrame.from_ndarray(frame, format="yuv420p").to_ndarray(format="rgb24")
        red = np.argwhere((seen[..., 0] > 150) & (seen[..., 1] < 80))
        (top, left), (bottom, right) = red.min(axis=0), red.max(axis=0)
        assert 0 < top < bottom < 719
        assert 0 < left < right < 1279
        assert (right - left) / (bottom - top) == pytest.approx(900 / 1600, abs=0.02)


def test_a_photo_comes_nearer() -> None:
    picture = np.full((900, 1600, 3), 120, np.uint8)
    picture[400:500, 700:900] = (220, 20, 20)
    shown = list(photo_frames(Image.fromarray(picture), 1.0, (1280, 720)))
    sizes = []
    for frame in (shown[0], shown[-1]):
        seen = av.VideoFrame.from_ndarray(frame, format="yuv420p").to_ndarray(format="rgb24")
        sizes.append(int(((seen[..., 0] > 150) & (seen[..., 1] < 80)).sum()))
    assert sizes[1] / sizes[0] == pytest.approx(ZOOM**2, rel=0.05)


def test_the_best_part_of_a_note_is_where_somebody_speaks(tmp_path: Path) -> None:
    from tests.support.media.recordings import tone

    source = tmp_path / "quiet-then-loud.mp4"
    record(source, format="mp4", video="libx264", audio="aac", seconds=12, size=(320, 180), fps=10)
    loud, quiet = tone(4), np.zeros(8 * 48_000, np.float32)
    _with_sound(source, tmp_path / "play.mp4", np.concatenate([quiet, loud]))
    part = best_part(tmp_path / "play.mp4", 4.0)
    assert part.start == pytest.approx(8.0, abs=1.0)
    assert part.seconds == 4.0


def test_a_short_note_is_taken_whole(tmp_path: Path) -> None:
    part = best_part(video(tmp_path, 2.0), 6.0)
    assert part.start == 0
    assert part.seconds == pytest.approx(2.0, abs=0.1)


def test_a_note_without_sound_and_one_held_upright_are_taken(tmp_path: Path) -> None:
    source = tmp_path / "silent.mp4"
    record(source, format="mp4", video="libx264", seconds=2, size=(640, 360), rotation=-90)
    make_video(source, tmp_path, probe(source, "video/mp4"), prefix="silent-")
    piece = Piece(PieceKind.VIDEO, 1.5, path=str(tmp_path / "silent-play.mp4"))
    made = make_film(Script((piece,)), tmp_path / "film.mp4")
    seen = next(pixels for moment, pixels in frames(made.path) if moment > 0.8)
    # Upright in the middle, before a darker ground at both sides.
    middle, side = seen[:, 500:780].mean(), seen[:, :300].mean()
    assert middle > side + 30
    assert measure(made.path, "video/mp4").integrated < -60


def _with_sound(source: Path, goal: Path, wave: Any) -> None:
    """A copy of a film with another sound."""
    with av.open(str(source)) as read, av.open(str(goal), "w", format="mp4") as out:
        pictures = out.add_stream_from_template(read.streams.video[0])
        sound = out.add_stream("aac", rate=48_000, layout="mono")
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = pictures
                out.mux(packet)
        for at in range(0, len(wave), 1024):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(wave[None, at : at + 1024]), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = 48_000, at
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
