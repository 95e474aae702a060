"""Sound that FFmpeg's own choice of decoder can't decode to its end."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from capture.decoding.formats import decoders
from capture.decoding.safe_open import decoded, open_media
from capture.renditions.pipeline import process_file
from tests.support.media.recordings import tone

RATE, FRAME = 8000, 160


@pytest.fixture(scope="module")
def memo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phone's AMR with discontinuous transmission: a second of hiss, one of sound, one of hiss."""
    import av

    path = tmp_path_factory.mktemp("memo") / "memo.amr"
    samples = np.random.default_rng(1).normal(0, 3, 3 * RATE)
    samples[RATE : 2 * RATE] = tone(1, RATE) * 20_000
    with av.open(str(path), "w", format="amr") as out:
        stream = out.add_stream("libopencore_amrnb", rate=RATE, layout="mono", options={"dtx": "1"})
        stream.bit_rate = 12_200
        for begin in range(0, len(samples), FRAME):
            piece = samples[begin : begin + FRAME].astype(np.int16)
            frame = av.AudioFrame.from_ndarray(piece[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def frames_of(path: Path) -> list[Any]:
    with open_media(path, "audio/amr") as container:
        return list(decoded(container, container.streams.audio[0]))


def loud(frames: list[Any]) -> list[float]:
    """The times, in tenths of a second, at which there is sound; one decoder gives integers, the other floats."""
    least = 1000 if frames[0].format.name == "s16" else 1000 / 32768
    return sorted({round(one.time, 1) for one in frames if np.abs(one.to_ndarray()).max() > least})


def test_a_memo_with_pauses_is_decoded_with_its_pauses(memo: Path) -> None:
    frames = frames_of(memo)
    assert sum(frame.samples for frame in frames) / RATE == pytest.approx(3.0, abs=0.05)
    assert (loud(frames)[0], loud(frames)[-1]) == pytest.approx((1.0, 2.0), abs=0.11)


def test_without_the_other_decoder_what_was_said_stays_in_its_place(
    memo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoders, "_WHOLE", {})
    frames = frames_of(memo)
    assert len(frames) < 150
    assert (loud(frames)[0], loud(frames)[-1]) == pytest.approx((1.0, 2.0), abs=0.11)


def test_a_memo_with_pauses_becomes_playable(memo: Path, tmp_path: Path) -> None:
    made = {one.name: one for one in process_file(memo, tmp_path, "audio/amr").made}
    assert made["play"].duration == pytest.approx(3.0, abs=0.15)
