"""Broadcasters' subtitles: times from the start of the programme, letters with their accents in front."""

from __future__ import annotations

import pytest

from reporter.errors import BadInput
from reporter.media.webvtt import Cue, read_caption_file


def code_of(seconds: float, rate: int) -> bytes:
    frames = round(seconds * rate)
    hours, rest = divmod(frames, 3600 * rate)
    minutes, rest = divmod(rest, 60 * rate)
    return bytes((hours, minutes, rest // rate, rest % rate))


def block(
    begin: float, end: float, text: bytes, *, rate: int = 25, last: int = 0xFF, comment: int = 0
) -> bytes:
    times = code_of(begin, rate) + code_of(end, rate)
    return (
        b"\x00\x01\x00"
        + bytes([last, 0])
        + times
        + bytes([20, 2, comment])
        + text.ljust(112, b"\x8f")
    )


def file(*blocks: bytes, page: bytes = b"00", rate: int = 25, start: str = "00000000") -> bytes:
    head = b"850STL%d.01" % rate + b"1" + page + b"09"
    return head.ljust(256) + start.encode().ljust(768) + b"".join(blocks)


def test_letters_lines_and_colours() -> None:
    data = file(
        block(1, 2.48, b"\x0d\x0b\x0bGr\xc8u\xfbe, \xc2el\xcfe\x8a\x8a\x07\xf9 \xe1r"),
        block(3, 4, b"Zwei"),
        block(5, 6, b"not for viewers", comment=1),
    )
    assert read_caption_file(data) == pytest.approx(
        [Cue(1, 2.48, "Grüße, élě\nø Ær"), Cue(3, 4, "Zwei")]
    )


def test_times_count_from_the_start_of_the_programme() -> None:
    data = file(block(36001, 36002.5, b"One", rate=30), rate=30, start="10000000")
    assert read_caption_file(data) == pytest.approx([Cue(1, 2.5, "One")])


def test_a_text_in_several_blocks_and_another_alphabet() -> None:
    words = "Насіння зійшло".encode("iso8859_5")
    data = file(block(1, 2, words[:8], last=0), block(1, 2, words[8:]), page=b"01")
    assert [cue.text for cue in read_caption_file(data)] == ["Насіння зійшло"]


def test_a_letter_that_is_not_known_is_refused() -> None:
    with pytest.raises(BadInput, match="encoding of this file is uncertain"):
        read_caption_file(file(block(1, 2, b"A\xe5B")))
