"""Captions that count frames or fractions of seconds, and what speech recognition writes."""

import contextlib
import json
import time

import pytest

from reporter.errors import BadInput
from reporter.media.webvtt import Cue, read_caption_file

TWO = [(1.0, 3.0, "Good morning\nall"), (4.0, 6.0, "Two")]
FILES = {
    "MicroDVD": "{1}{1}25.000\n{25}{75}Good morning|all\n{100}{150}{y:i}Two",
    "MicroDVD from zero": "{0}{0}50\n{50}{150}Good morning|all\n{200}{300}{C:$0000ff}Two",
    "MPL2": "[10][30]Good morning|/all\n[40][60]/Two",
    "SubViewer 1": "[TITLE]\nx\n[00:00:01]\nGood morning|all\n[00:00:03]\n\n[00:00:04]\nTwo\n[00:00:06]\n",
    "SubViewer 2": "[INFORMATION]\n00:00:01.00,00:00:03.00\nGood morning[br]all\n\n00:00:04.00,00:00:06.00\nTwo\n",
    "SAMI": "<SAMI><BODY><SYNC Start=1000><P Class=K>Good morning<br>all\n<SYNC Start='3000'><P>&nbsp;"
    "<SYNC Start=4000><P><i>Two</i><SYNC Start=6000><P>&nbsp;</BODY></SAMI>",
    "Whisper's TSV": "start\tend\ttext\n1000\t3000\tGood morning<br>all\n4000\t6000\tTwo\n",
    "Whisper's JSON": json.dumps(
        {
            "text": "x",
            "segments": [
                {"id": 0, "start": 1.0, "end": 3.0, "text": " Good morning\nall"},
                {"id": 1, "start": 4, "end": 6, "text": " Two"},
            ],
        }
    ),
    "YouTube's JSON": json.dumps(
        {
            "wireMagic": "pb3",
            "events": [
                {"tStartMs": 0, "dDurationMs": 9000, "id": 1},
                {
                    "tStartMs": 1000,
                    "dDurationMs": 2000,
                    "segs": [{"utf8": "Good "}, {"utf8": "morning\nall"}],
                },
                {"tStartMs": 4000, "dDurationMs": 2000, "segs": [{"utf8": "Two"}]},
            ],
        },
        indent=2,
    ),
    "Whisper's output": "[00:00:01.000 --> 00:00:03.000]  Good morning<br>all\n[00:04.000 --> 00:06.000]   Two\n",
    "one hyphen too few": "1\n00:00:01,000 -> 00:00:03,000\nGood morning\nall\n\n2\n00:00:04,000->00:00:06,000\nTwo\n",
    "WebVTT, times in a note": "WEBVTT\n\nNOTE 0:01 --> here\nmore\n\n00:01.000 --> 00:03.000\nGood morning\nall\n\n"
    "NOTE\n00:02.000 --> nothing\n\n00:04.000 --> 00:06.000 region:a\nTwo\n",
}


def read(text: str) -> list[Cue]:
    return read_caption_file(text.encode())


@pytest.mark.parametrize("name", FILES)
def test_every_cue_comes_with_its_times(name: str) -> None:
    assert [(cue.begin, cue.end, cue.text) for cue in read(FILES[name])] == TWO


def test_frames_without_a_rate_are_refused() -> None:
    with pytest.raises(BadInput, match="count pictures"):
        read("{25}{75}Good morning\n{100}{150}Two")
    with pytest.raises(BadInput, match="count pictures"):
        read("{1}{1}0.001\n{25}{75}Good morning")


@pytest.mark.parametrize(
    "text",
    [
        '{"segments": [{"start": NaN, "end": Infinity, "text": "x"}]}',
        '{"segments": [1, 2]}',
        '{"events": 7}',
        '{"a": ' + "[" * 100_000,
        "850STL25.0110437" + " " * 1100,
    ],
)
def test_what_holds_no_captions_says_so(text: str) -> None:
    with pytest.raises(BadInput, match="no captions"):
        read(text)


@pytest.mark.parametrize("piece", ["<sync ", "<!--", "<sync start=1", "[00:00:01]\n", "{1}{1}"])
def test_hostile_captions_take_no_time(piece: str) -> None:
    begun = time.process_time()
    for head in ("", "<sami>", "<sami><sync start=1>"):
        with contextlib.suppress(BadInput):
            read((head + piece * 40_000)[:190_000])
    assert time.process_time() - begun < 5
