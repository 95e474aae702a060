"""Loudness: what is measured, and that the playable copy of every recording comes out at -16 LUFS."""

from __future__ import annotations

import logging
import re
import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from capture.decoding.mime_sniff import sniff
from capture.renditions.audio import measure_loudness
from capture.renditions.pipeline import process_file
from capture.transcoding.loudness import Loudness, gain_for, measure
from tests.support.media import files

RATE = 48_000


def sine(level: float, seconds: float = 4.0, hertz: float = 997) -> np.ndarray:
    """A tone whose peaks stand at ``level`` dB of full scale."""
    t = np.arange(round(seconds * RATE)) / RATE
    return 10 ** (level / 20) * np.sin(2 * np.pi * hertz * t)


def speech(level: float, seconds: float = 8.0) -> np.ndarray:
    """Like a voice: bursts of coloured noise with pauses, and sharp beginnings that stand far above the rest."""
    chance = np.random.default_rng(4)
    noise = np.convolve(chance.normal(size=round(seconds * RATE)), np.hanning(24), "same")
    t = np.arange(len(noise)) / RATE
    syllables = np.clip(np.sin(2 * np.pi * 2.3 * t), 0, 1) ** 0.5 * (
        np.sin(2 * np.pi * 0.3 * t) > -0.6
    )
    attacks = 1 + 2.5 * (np.sin(2 * np.pi * 2.3 * t) > 0) * np.exp(-(t * 2.3 % 1) * 30)
    voice = noise * syllables * attacks
    return 10 ** (level / 20) * voice / np.abs(voice).max()


def write_wav(path: Path, sound: np.ndarray, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setparams((channels, 2, RATE, 0, "NONE", ""))
        samples = np.repeat(np.round(sound * 32767).astype("<i2"), channels)
        out.writeframes(samples.tobytes())
    return path


def play_of(path: Path, out: Path) -> Path:
    kind = sniff(path.read_bytes()[:8192])
    assert kind is not None
    made = {one.name: one for one in process_file(path, out, kind.mime).made}
    return made["play"].path


def summary(path: Path, caplog: pytest.LogCaptureFixture) -> tuple[float, float]:
    """(LUFS, true peak) as FFmpeg itself sums them up in its log: not the way that the product reads."""
    import av

    av.logging.set_level(av.logging.INFO)
    try:
        with (
            caplog.at_level(logging.INFO),
            av.logging.Capture() as log_lines,
            av.open(str(path)) as file,
        ):
            stream = file.streams.audio[0]
            graph = av.filter.Graph()
            nodes = [
                graph.add_abuffer(template=stream),
                graph.add("ebur128", "peak=true"),
                graph.add("abuffersink"),
            ]
            graph.link_nodes(*nodes).configure()
            for frame in file.decode(stream):
                graph.push(frame)
                _drain(graph)
            graph.push(None)
            _drain(graph)
            del graph, nodes
    finally:
        av.logging.set_level(None)
    text = "".join(words for _, _, words in log_lines)
    found = re.search(r"Summary:.*?I:\s+(\S+) LUFS.*?Peak:\s+(\S+) dBFS", text, re.DOTALL)
    assert found is not None, text[-500:]
    return float(found[1]), float(found[2])


def _drain(graph: Any) -> None:
    import av

    try:
        while True:
            graph.pull()
    except (av.error.BlockingIOError, av.error.EOFError):
        return


def test_the_reference_tone_measures_as_the_standard_says(tmp_path: Path) -> None:
    """EBU Tech 3341, test 1: a stereo tone of -23 dBFS is -23 LUFS; in one channel alone it is 3 LU less."""
    stereo = measure(write_wav(tmp_path / "stereo.wav", sine(-23), channels=2), "audio/wav")
    assert stereo.integrated == pytest.approx(-23, abs=0.1)
    assert stereo.peak == pytest.approx(-23, abs=0.2)
    mono = measure(write_wav(tmp_path / "mono.wav", sine(-23)), "audio/wav")
    assert mono.integrated == pytest.approx(-26, abs=0.1)


@pytest.mark.parametrize(
    ("loudness", "gain"),
    [(-23, 7), (-9, -7), (-16.8, 0), (-15.3, 0), (-40, 20), (-55, 0), (-70, 0)],
)
def test_the_gain_is_bounded_and_silence_is_left_alone(loudness: float, gain: float) -> None:
    assert gain_for(Loudness(loudness, -10)) == pytest.approx(gain)


@pytest.mark.parametrize("level", [-20, -14, -6, -0.1])
@pytest.mark.parametrize("channels", [1, 2])
def test_voices_come_out_equally_loud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, level: float, channels: int
) -> None:
    path = write_wav(tmp_path / "voice.wav", speech(level), channels)
    loudness, peak = summary(play_of(path, tmp_path / "out"), caplog)
    assert loudness == pytest.approx(-16, abs=1)
    assert peak <= -0.5


def test_silence_and_noise_stay_quiet(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    noise = np.random.default_rng(1).normal(scale=10 ** (-66 / 20), size=4 * RATE)
    for name, sound in (("silence", np.zeros(4 * RATE)), ("noise", noise)):
        path = write_wav(tmp_path / f"{name}.wav", sound)
        before, _ = summary(path, caplog)
        after, _ = summary(play_of(path, tmp_path / name), caplog)
        assert after == pytest.approx(before, abs=2)
        assert after < -50


@pytest.mark.parametrize(
    "make",
    [
        files.mp4,
        files.webm_live,
        files.mts,
        files.webm_voice,
        files.m4a,
    ],
)
def test_videos_and_voices_of_all_kinds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, make: Any
) -> None:
    path = make()
    play = play_of(path, tmp_path / "out")
    assert summary(play, caplog)[0] == pytest.approx(-16, abs=1)
    # Neither longer nor shorter, and not shifted: the tone swells in the middle of each second.
    before, _ = measure_loudness(path, bars=100) if path.suffix == ".m4a" else (None, 0)
    after, seconds = measure_loudness(play, bars=100)
    assert seconds == pytest.approx(3 if make is files.webm_live else 2, abs=0.15)
    if before is not None:
        assert np.argmax(after[:50]) == pytest.approx(np.argmax(before[:50]), abs=2)


def test_sound_that_is_loud_enough_is_only_repacked(tmp_path: Path) -> None:
    """What came out once comes out the same again: no second encoding."""
    once = play_of(files.mp4(), tmp_path / "once")
    assert packets(play_of(once, tmp_path / "twice")) == packets(once)
    assert packets(once) != packets(files.mp4())


def packets(path: Path) -> list[bytes]:
    import av

    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


def test_a_film_without_sound_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    files.record(path, format="mp4", video="libx264", seconds=1)
    assert measure(path, "video/mp4") == Loudness(-70.0, -120.0)
    assert play_of(path, tmp_path / "out").stat().st_size > 0


def float_wave(samples: np.ndarray, path: Path) -> Path:
    """A WAV file of 32-bit float, as recorders and editing programs write it."""
    data = samples.astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 1, RATE, RATE * 4, 4, 32)
    body = (
        b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data))
    )
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + len(data)) + body + data)
    return path


@pytest.mark.parametrize(("odd", "at"), [(np.nan, 0), (-np.inf, 0), (3e38, 60_000)])
def test_samples_that_are_no_sound_are_silent(odd: float, at: int, tmp_path: Path) -> None:
    samples = sine(-20, 2.0)
    samples[at : at + 3] = odd
    src = float_wave(samples, tmp_path / "odd.wav")
    kind = sniff(src.read_bytes()[:8192])
    assert kind is not None
    found = process_file(src, tmp_path / "out", kind.mime)
    play = next((tmp_path / "out").glob("*play.m4a"))
    assert found.probe.duration == pytest.approx(2.0, abs=0.1)
    assert measure(play, "audio/mp4").integrated == pytest.approx(-16, abs=1)


def test_a_recording_far_above_full_scale_is_as_loud_as_others(tmp_path: Path) -> None:
    src = float_wave(sine(19), tmp_path / "loud.wav")
    assert measure(src, "audio/wav").integrated == pytest.approx(16, abs=0.5)
