"""Ogg files in a chain: their length, what is kept of them, and times that go on."""

from pathlib import Path
from typing import Any

import av
import pytest

from capture.decoding.probe import probe
from capture.decoding.safe_open import decoded, open_media
from capture.renditions.pipeline import process_file
from reporter.media.edits import Edits
from tests.support.media import files
from tests.support.media.recordings import record


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three and two seconds, each a stream with a number of its own."""
    folder = tmp_path_factory.mktemp("chain")
    for number, seconds in enumerate((3.0, 2.0), start=1):
        record(
            folder / f"{number}.ogg",
            format="ogg",
            audio="libopus",
            seconds=seconds,
            container={"serial_offset": str(number)},
        )
    path = folder / "chain.ogg"
    path.write_bytes(b"".join((folder / f"{number}.ogg").read_bytes() for number in (1, 2)))
    return path


def times_of(path: Path) -> list[Any]:
    with open_media(path, "audio/ogg") as container:
        return [one.time for one in decoded(container, container.streams.audio[0])]


def test_the_length_is_that_of_all(chain: Path) -> None:
    assert probe(chain, "audio/ogg").duration == pytest.approx(5.0, abs=0.05)


def test_times_go_on_from_file_to_file(chain: Path) -> None:
    times = times_of(chain)
    assert times == sorted(times)
    assert (times[0], times[-1]) == pytest.approx((0.0, 5.0), abs=0.05)


@pytest.mark.parametrize("cut", [(0.5, 1.5), (2.5, 3.5), (3.2, 4.2)])
def test_nothing_that_was_trimmed_off_one_remains_of_another(
    chain: Path, tmp_path: Path, cut: tuple[float, float]
) -> None:
    made = {
        one.name: one
        for one in process_file(chain, tmp_path, "audio/ogg", edits=Edits(cut=cut)).made
    }
    assert made["play"].duration == pytest.approx(1.0, abs=0.05)


def test_a_single_file_stays_as_it_is() -> None:
    times = times_of(files.ogg_opus())
    assert times == sorted(times)
    assert probe(files.ogg_opus(), "audio/ogg").duration == pytest.approx(2.0, abs=0.02)


def test_a_file_that_ends_before_its_last_packet_is_not_a_day_long(tmp_path: Path) -> None:
    path = tmp_path / "short.ogg"
    with av.open(str(path), "w") as out:
        sound = out.add_stream("vorbis", rate=44_100, layout="stereo", options={"strict": "-2"})
        silence = av.AudioFrame("fltp", "stereo", 64)
        silence.sample_rate = 44_100
        for _ in range(12):
            out.mux(sound.encode(silence))
        out.mux(sound.encode(None))
    found = probe(path, "audio/ogg").duration
    assert found is not None
    assert found < 0.1
