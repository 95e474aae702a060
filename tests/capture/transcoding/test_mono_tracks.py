"""Cameras with a track for each microphone: all of them are heard, at the usual loudness."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from capture.decoding.mime_sniff import sniff
from capture.decoding.probe import probe
from capture.renditions.audio import make_audio
from capture.renditions.video import make_video
from capture.transcoding.loudness import measure

RATE, SECONDS = 48_000, 2


def film(path: Path, hertz: list[int], *, codec: str = "pcm_s16le", pictures: bool = True) -> Path:
    """A film with a track for each tone; 0 is silence."""
    with av.open(str(path), "w") as out:
        picture: Any = out.add_stream("mpeg2video", rate=25) if pictures else None
        sounds: list[Any] = []
        for _ in hertz:
            sound: Any = out.add_stream(codec, rate=RATE)
            sound.layout, sound.disposition = "mono", Disposition.default
            sounds.append(sound)
        packets: list[Any] = []
        if picture is not None:
            picture.width, picture.height, picture.pix_fmt = 160, 120, "yuv420p"
            for number in range(25 * SECONDS):
                frame: Any = av.VideoFrame.from_ndarray(
                    np.full((120, 160, 3), 90, np.uint8), format="rgb24"
                )
                frame.pts, frame.time_base = number, Fraction(1, 25)
                packets += picture.encode(frame)
            packets += picture.encode(None)
        time = np.arange(RATE * SECONDS) / RATE
        for sound, tone in zip(sounds, hertz, strict=True):
            wave = 0.1 * np.sin(2 * np.pi * tone * time)
            for begin in range(0, len(wave), 1920):
                piece = (wave[None, begin : begin + 1920] * 32767).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
                packets += sound.encode(frame)
            packets += sound.encode(None)
        for packet in sorted(packets, key=lambda one: one.dts * one.time_base):
            out.mux(packet)
    return path


def tones(play: Path) -> set[int]:
    """The tones that are heard, to the nearest 10 Hz."""
    with av.open(str(play)) as made:
        frames = [frame.to_ndarray().mean(axis=0) for frame in made.decode(audio=0)]
    sound = np.concatenate(frames)[RATE // 2 : RATE // 2 + RATE]
    power = np.abs(np.fft.rfft(sound))
    return {round(hertz / 10) * 10 for hertz in np.flatnonzero(power > power.max() / 4)}


@pytest.mark.parametrize(
    ("name", "hertz", "heard"),
    [
        ("two.mov", [440, 880], {440, 880}),
        ("four.mov", [0, 440, 0, 880], {440, 880}),
        ("four.mxf", [440, 880, 1320, 0], {440, 880, 1320}),
        ("one.mov", [440], {440}),
    ],
)
def test_every_microphone_is_heard(
    name: str, hertz: list[int], heard: set[int], tmp_path: Path
) -> None:
    src = film(tmp_path / name, hertz)
    kind = sniff(src.read_bytes()[:8192])
    assert kind is not None
    (tmp_path / "out").mkdir()
    play = make_video(src, tmp_path / "out", probe(src, kind.mime))[0]
    assert play.duration == pytest.approx(SECONDS, abs=0.1)
    assert tones(play.path) == heard
    assert measure(play.path, "video/mp4").integrated == pytest.approx(-16, abs=1.5)


def test_a_sound_without_pictures_is_mixed_too(tmp_path: Path) -> None:
    src = film(tmp_path / "sound.mov", [440, 880], pictures=False)
    (tmp_path / "out").mkdir()
    play = make_audio(src, tmp_path / "out", probe(src, "video/quicktime"))[0]
    assert tones(play.path) == {440, 880}


def test_compressed_tracks_may_be_languages_and_are_not_mixed(tmp_path: Path) -> None:
    src = film(tmp_path / "two.mkv", [440, 880], codec="pcm_s16le")
    (tmp_path / "out").mkdir()
    play = make_video(src, tmp_path / "out", probe(src, "video/x-matroska"))[0]
    assert tones(play.path) == {440}
