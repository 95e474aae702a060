"""Edits in pixels: what is blurred can't be recognized, what is cut out is what was meant, films and sound too."""

from __future__ import annotations

import functools
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from capture.analysis.face_detection import faces_in, find_faces
from capture.decoding.probe import probe
from capture.imaging.apply_edits import apply_edits, fitting, needed, preview, sheet_in
from capture.renditions.pipeline import Result, process_file
from reporter.media.edits import Edits, Region, read_edits
from tests.support.media import files
from tests.support.media.faces import detail, portrait, portrait_jpeg
from tests.support.media.flip_charts import photo as chart_photo
from tests.support.media.scene import made

# Where the one face of a portrait is.
FACE = (0.36, 0.39, 0.18, 0.29)
BLUR = Edits(blur=(Region("oval", (0.32, 0.32, 0.26, 0.42)),))


def edited(kind: str = "photo", **steps: list[float]) -> Edits:
    listed = [
        {"kind": name.replace("_", "-"), "numbers": numbers} for name, numbers in steps.items()
    ]
    return read_edits(listed, kind, duration=100.0)


def pixels_of(path: Path) -> Any:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def by_name(result: Result) -> dict[str, Any]:
    return {one.name: one for one in result.made}


def test_what_is_blurred_is_nobody_any_more() -> None:
    pixels = portrait()
    assert detail(pixels, FACE) > 15
    assert faces_in(Image.fromarray(pixels)) != []
    for kind in ("oval", "box"):
        made = apply_edits(pixels, Edits(blur=(Region(kind, BLUR.blur[0].place),)))
        assert detail(made, FACE) < 6
        assert faces_in(Image.fromarray(made)) == []
        # All around it nothing has changed; the picture that came in neither.
        assert np.array_equal(made[:, :350], pixels[:, :350])
        assert np.array_equal(made[:200], pixels[:200])
    assert np.array_equal(pixels, portrait())


def test_a_blurred_box_has_no_pixel_of_what_was_there() -> None:
    chance = np.random.default_rng(1)
    pixels = chance.integers(0, 255, (400, 600, 3), np.uint8)
    made = apply_edits(pixels, edited(box=[0.1, 0.1, 0.5, 0.5]))[40:240, 60:360]
    # Noise has neighbours that differ by 85 levels on average; what is left of it differs by none.
    assert np.abs(np.diff(made.astype(int), axis=0)).max() < 6
    assert np.abs(np.diff(made.astype(int), axis=1)).max() < 6


def test_crop_turn_and_tilt_cut_out_what_was_meant() -> None:
    pixels = np.zeros((400, 600, 3), np.uint8)
    pixels[100:200, 300:500] = 200
    assert (apply_edits(pixels, edited(crop=[0.5, 0.25, 1 / 3, 0.25])) == 200).all()
    turned = apply_edits(portrait(), edited(turn=[90]))
    assert turned.shape == (1200, 800, 3)
    # The red square was at the lower right: a quarter clockwise brings it to the lower left.
    assert tuple(turned[-10, 10]) == (200, 20, 20)
    assert tuple(apply_edits(portrait(), edited(turn=[270]))[10, -10]) == (200, 20, 20)


def test_tilting_straightens_what_leans() -> None:
    import cv2

    upright = np.full((600, 600, 3), 40, np.uint8)
    upright[:, 295:305] = 240
    matrix = cv2.getRotationMatrix2D((299.5, 299.5), 10, 1)
    leaning = cv2.warpAffine(upright, matrix, (600, 600), borderMode=cv2.BORDER_REPLICATE)
    # OpenCV turned it ten degrees counterclockwise, so ten clockwise bring it back.
    straight = apply_edits(leaning, edited(tilt=[10]))
    middle = straight.shape[1] // 2
    assert straight.shape[0] == straight.shape[1] < 600
    assert straight[5:-5, middle - 3 : middle + 3].min() > 200
    assert straight[:, : middle - 12].max() < 90
    assert apply_edits(leaning, edited(tilt=[-10]))[5, middle - 3 : middle + 3].max() < 90


def test_a_leaning_rectangle_never_reaches_over_the_edge() -> None:
    assert fitting((300, 200), (600, 400), 0, (600, 400)) == 1
    share = fitting((300, 200), (600, 400), 10, (600, 400))
    assert 0.75 < share < 0.85
    white = np.full((400, 600, 3), 255, np.uint8)
    white[0], white[-1], white[:, 0], white[:, -1] = 0, 0, 0, 0
    corner = apply_edits(white, edited(tilt=[-15], crop=[0.6, 0.6, 0.4, 0.4]))
    assert corner[2:-2, 2:-2].min() > 200


def test_a_sheet_is_seen_straight_on() -> None:
    shot = chart_photo(15, 5)
    chart, numbers = shot.pixels, shot.corners.ravel().tolist()
    flat = apply_edits(chart, edited(clean_sheet=numbers, turn=[90]))
    straight = apply_edits(chart, edited(clean_sheet=numbers))
    assert flat.shape[:2] == straight.shape[1::-1]
    # White paper up to the edge, where the photo had a wall.
    assert straight[20:60, 20:-20].mean() > 235


def test_small_pieces_are_cut_out_of_enough_pixels(tmp_path: Path) -> None:
    assert needed(Edits(), 1600) == 1600
    assert needed(edited(crop=[0.1, 0.1, 0.25, 0.2]), 1600) == 6400
    assert needed(edited(crop=[0.1, 0.1, 0.05, 0.05]), 1600) == 8000
    src = files.jpeg(4000, 3000)
    small = process_file(src, tmp_path, "image/jpeg", edits=edited(crop=[0.1, 0.1, 0.4, 0.4]))
    assert [(m.name, m.width, m.height) for m in small.made] == [
        ("view", 1600, 1200),
        ("thumb", 640, 480),
    ]
    assert (small.probe.width, small.probe.height) == (4000, 3000)


@pytest.mark.parametrize("orientation", [1, 6])
def test_every_rendition_of_a_photo_is_blurred(tmp_path: Path, orientation: int) -> None:
    src = portrait_jpeg(2400, 1600, orientation=orientation)
    plain = process_file(src, tmp_path / "plain", "image/jpeg")
    mended = process_file(src, tmp_path / "mended", "image/jpeg", edits=BLUR)
    assert [m.name for m in mended.made] == ["view", "thumb"]
    for before, after in zip(plain.made, mended.made, strict=True):
        assert detail(pixels_of(before.path), FACE) > 15
        assert detail(pixels_of(after.path), FACE) < 6
        assert before.sha256 != after.sha256


@functools.cache
def film() -> Path:
    """Eight seconds with a face and a tone that rises every second, H.264 in MP4."""
    return made("film-face.mp4", _write_film)


def _write_film(path: Path) -> None:
    import av

    with av.open(str(path), "w", format="mp4") as out:
        video = out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "g": "25"})
        video.width, video.height, video.pix_fmt = 640, 360, "yuv420p"
        audio = out.add_stream("aac", rate=48_000, layout="mono")
        still = portrait(640, 360, ((0.3, 0.1, 0.4),))
        for number in range(200):
            still[:30, :30] = number
            frame = av.VideoFrame.from_ndarray(still, format="rgb24")
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for number in range(375):
            moment = (np.arange(1024) + number * 1024) / 48_000
            wave = 0.3 * np.sin(2 * np.pi * (300 + 100 * np.floor(moment)) * moment)
            sound = av.AudioFrame.from_ndarray(
                wave[None].astype(np.float32), format="fltp", layout="mono"
            )
            sound.sample_rate, sound.pts = 48_000, number * 1024
            sound.time_base = Fraction(1, 48_000)
            out.mux(audio.encode(sound))
        out.mux(audio.encode(None))


FILM_FACE = (0.4, 0.29, 0.2, 0.5)
FILM_BLUR = Region("box", (0.36, 0.2, 0.28, 0.7))


def frames_of(path: Path) -> list[tuple[float, Any]]:
    import av

    with av.open(str(path)) as container:
        return [
            (frame.time or 0.0, frame.to_ndarray(format="rgb24"))
            for frame in container.decode(video=0)
        ]


def test_every_frame_of_a_film_and_its_poster_are_blurred(tmp_path: Path) -> None:
    made = by_name(process_file(film(), tmp_path, "video/mp4", edits=Edits(blur=(FILM_BLUR,))))
    plain = frames_of(film())
    frames = frames_of(made["play"].path)
    assert len(frames) >= 195
    assert detail(plain[0][1], FILM_FACE) > 15
    assert max(detail(frame, FILM_FACE) for _moment, frame in frames) < 6
    for name in ("poster", "thumb"):
        assert detail(pixels_of(made[name].path), FILM_FACE) < 6
    # Elsewhere the colours are what they were.
    assert (
        abs(frames[0][1][-20:, -20:].mean((0, 1)) - plain[0][1][-20:, -20:].mean((0, 1))).max() < 6
    )


def test_a_film_is_cut_cropped_and_turned(tmp_path: Path) -> None:
    edits = edited("video", cut=[2, 5], crop=[0, 0, 0.5, 1], turn=[90])
    result = process_file(film(), tmp_path, "video/mp4", edits=edits)
    made = by_name(result)
    assert (made["play"].width, made["play"].height) == (360, 320)
    assert made["play"].duration == pytest.approx(3, abs=0.1)
    # What is told of the original stays what it is.
    assert (result.probe.width, result.probe.duration) == (640, pytest.approx(8, abs=0.1))
    moments = frames_of(made["play"].path)
    # The corner counts frames: turned to the right it is at the upper right; second 2 is frame 50.
    assert moments[0][1][5:20, -20:-5].mean() == pytest.approx(50, abs=6)
    assert moments[-1][1][5:20, -20:-5].mean() == pytest.approx(124, abs=6)
    assert moments[0][0] < 0.05


def pitch_of(path: Path, second: float) -> float:
    import av

    with av.open(str(path)) as container:
        parts = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    wave = np.concatenate(parts)[round(second * rate) : round((second + 0.4) * rate)]
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(spectrum.argmax() * rate / len(wave))


def test_sound_is_cut_at_the_same_moments(tmp_path: Path) -> None:
    made = by_name(process_file(film(), tmp_path, "video/mp4", edits=edited("video", cut=[2, 5])))[
        "play"
    ]
    # Second 2 of the recording has 500 Hz, second 4 has 700.
    assert pitch_of(made.path, 0.3) == pytest.approx(500, abs=10)
    assert pitch_of(made.path, 2.3) == pytest.approx(700, abs=10)


def test_a_voice_note_is_cut_and_drawn_anew(tmp_path: Path) -> None:
    src = files.wav()
    seconds = probe(src, "audio/wav").duration
    assert seconds is not None
    whole = by_name(process_file(src, tmp_path / "whole", "audio/wav"))
    cut = edited("audio", cut=[0, seconds / 2])
    half = by_name(process_file(src, tmp_path / "half", "audio/wav", edits=cut))
    assert half["play"].duration == pytest.approx(seconds / 2, abs=0.1)
    assert half["poster"].sha256 != whole["poster"].sha256


def test_a_preview_is_what_comes_of_it(tmp_path: Path) -> None:
    src = portrait_jpeg(1600, 1000)
    path = tmp_path / "shown.jpg"
    path.write_bytes(preview(src, Edits(blur=BLUR.blur, turn=180), 800))
    shown = pixels_of(path)
    assert shown.shape == (500, 800, 3)
    assert detail(shown, (1 - 0.54, 1 - 0.68, 0.18, 0.29)) < 6
    assert shown[10, 10].tolist() == pytest.approx([200, 20, 20], abs=8)


def test_a_sheet_is_proposed_where_there_is_one(tmp_path: Path) -> None:
    shot = chart_photo(15, 5)
    path = tmp_path / "chart.jpg"
    Image.fromarray(shot.pixels).save(path, quality=92)
    found = sheet_in(path)
    assert found is not None
    assert np.abs(np.array(found) - shot.corners.ravel()).max() < 0.02
    assert sheet_in(portrait_jpeg()) is None


def test_faces_are_found_upright_in_photos_and_films() -> None:
    spots = ((0.1, 0.1, 0.3), (0.6, 0.3, 0.2))
    for orientation in (1, 6):
        src = portrait_jpeg(1500, 1000, spots, orientation=orientation)
        found = sorted(find_faces(src, "image/jpeg"))
        assert len(found) == 2
        for box, (x, y, side) in zip(found, spots, strict=True):
            centre = box[0] + box[2] / 2, box[1] + box[3] / 2
            goal = x + side / 2, (y + side / 2) * 1500 / 1000
            assert centre == pytest.approx(goal, abs=0.05)
    [box] = find_faces(film(), "video/mp4")
    assert box[0] + box[2] / 2 == pytest.approx(0.5, abs=0.05)
    assert find_faces(files.jpeg(800, 600), "image/jpeg") == []
