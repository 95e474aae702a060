"""Captions: what people type, WebVTT and SubRip, nonsense, cuts; what is kept is what is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.errors import BadInput
from reporter.media.webvtt import Cue, clipped, moved, read_cues, spoken, typed, webvtt


def test_lines_as_people_type_them() -> None:
    told = "0:03 Good morning\n0:05.5 - 0:09 We had a compost heap\nthat froze\n\n 1:02:03 The end"
    assert read_cues(told) == [
        Cue(3, 4.5, "Good morning"),
        Cue(5.5, 9, "We had a compost heap\nthat froze"),
        Cue(3723, 3724.5, "The end"),
    ]
    assert read_cues("0:01 One\n0:02 Two")[0].end == 2
    assert read_cues(f"0:01 {'long ' * 100}")[0].end == 8
    assert read_cues("") == read_cues(" \n\n") == []


def test_webvtt_and_subrip() -> None:
    vtt = (
        "\ufeffWEBVTT - a title\n\nNOTE nothing\n\nSTYLE\n::cue { color: red }\n\nfirst\n"
        "00:01.000 --> 00:02.500 align:start\n<v Rosa>Hello &amp; <i>welcome</i></v>\nall\n\n"
        "00:00:03.000 --> 00:00:03.000\nno time for this\n"
    )
    assert read_cues(vtt) == [Cue(1, 2.5, "Hello & welcome\nall")]
    srt = "1\r\n00:00:04,000 --> 00:00:05,500\r\nSecond\r\n\r\n2\r\n00:00:01,000 --> 00:00:02,000\r\nFirst\r\n"
    assert [cue.text for cue in read_cues(srt)] == ["First", "Second"]


def test_written_and_read_again_it_is_the_same() -> None:
    cues = [
        Cue(0.25, 3, "a < b & c > d"),
        Cue(3600.5, 3601, "two\nlines --> here".replace("-->", "→")),
    ]
    told = webvtt(cues)
    assert told.startswith("WEBVTT\n\n00:00:00.250 --> 00:00:03.000\na &lt; b &amp; c &gt; d\n\n")
    assert read_cues(told) == cues
    assert webvtt([]) == ""
    lines = typed([Cue(3, 4.5, "Good morning"), Cue(65, 70, "two\nlines")])
    assert lines == "0:03 - 0:04.5 Good morning\n1:05 - 1:10 two\nlines"
    assert typed(read_cues(lines)) == lines
    assert spoken(cues) == "a < b & c > d\ntwo\nlines → here"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("Good morning", "Line 1 has no time"),
        ("0:75 x", "times in line 1"),
        ("00:01 --> later\nx", "times in line 1"),
        ("WEBVTT\n\n0:01:99.0 --> 0:02:00.0\nx", "line 3"),
        ("0:01 x\n" * 2001, "too long"),
        ("x" * 200_001, "too long"),
    ],
)
def test_what_cant_be_read_is_named(told: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read_cues(told)


@given(st.text(alphabet="0123456789:.,-> \n\r<&abcWEBVTT\u2028\x00é", max_size=200))
def test_hostile_captions_are_read_or_refused(told: str) -> None:
    try:
        cues = read_cues(told)
    except BadInput:
        return
    assert read_cues(webvtt(cues)) == [
        Cue(round(cue.begin, 3), round(cue.end, 3), cue.text) for cue in cues
    ]
    assert all("-->" not in cue.text and "\n\n" not in cue.text for cue in cues)


def test_a_cut_takes_its_captions_along() -> None:
    cues = [Cue(1, 3, "before"), Cue(4, 6, "across"), Cue(7, 8, "within"), Cue(9.5, 12, "end")]
    left = clipped(cues, 5, 10)
    assert left == [Cue(0, 1, "across"), Cue(2, 3, "within"), Cue(4.5, 5, "end")]
    assert moved(left, 5)[1] == Cue(7, 8, "within")
