"""Captions: what people type, WebVTT and SubRip, nonsense, cuts; what is kept is what is found."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.errors import BadInput
from reporter.media.webvtt import (
    Cue,
    check_letters,
    clipped,
    editable_lines,
    from_first_hour,
    moved,
    read_caption_file,
    read_cues,
    spoken_text,
    webvtt,
)


def test_lines_as_people_type_them() -> None:
    lines = "0:03 Good morning\n0:05.5 - 0:09 We had a compost heap\nthat froze\n\n 1:02:03 The end"
    assert read_cues(lines) == [
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
    assert read_cues(vtt) == [Cue(1, 2.5, "Rosa: Hello & welcome\nall")]
    srt = "1\r\n00:00:04,000 --> 00:00:05,500\r\nSecond\r\n\r\n2\r\n00:00:01,000 --> 00:00:02,000\r\nFirst\r\n"
    assert [cue.text for cue in read_cues(srt)] == ["First", "Second"]


def test_written_and_read_again_it_is_the_same() -> None:
    cues = [
        Cue(0.25, 3, "a < b & c > d"),
        Cue(3600.5, 3601, "two\nlines --> here".replace("-->", "→")),
    ]
    text = webvtt(cues)
    assert text.startswith("WEBVTT\n\n00:00:00.250 --> 00:00:03.000\na &lt; b &amp; c &gt; d\n\n")
    assert read_cues(text) == cues
    assert webvtt([]) == ""
    lines = editable_lines([Cue(3, 4.5, "Good morning"), Cue(65, 70, "two\nlines")])
    assert lines == "0:03 - 0:04.5 Good morning\n1:05 - 1:10 two\nlines"
    assert editable_lines(read_cues(lines)) == lines
    assert spoken_text(cues) == "a < b & c > d\ntwo\nlines → here"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Good morning", "Line 1 has no time"),
        ("0:75 x", "times in line 1"),
        ("00:01 --> later\nx", "times in line 1"),
        ("WEBVTT\n\n0:01:99.0 --> 0:02:00.0\nx", "line 3"),
        ("0:01 x\n" * 2001, "too long"),
        pytest.param("0:01 " + "x" * 200_001, "too long", id="too many letters"),
    ],
)
def test_what_cant_be_read_is_named(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read_cues(text)


@given(st.text(alphabet="0123456789:.,-> \n\r<&abcWEBVTT\u2028\x00é", max_size=200))
def test_hostile_captions_are_read_or_refused(text: str) -> None:
    try:
        cues = read_cues(text)
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


WORDS = {
    "Persian": "می\u200cروم به باغ",
    "Hindi": "क्\u200dष और र्\u200dक",
    "family": "👨\u200d👩\u200d👧\u200d👦 came",
    "Spanish": "mi\u00a0casa",
    "French": "Quoi\u202f?",
    "direction": "\u2067שלום\u2069 and \u200fعربي\u200f",
    "smaller": "If 2<3,5>1 then stay",
    "heart": "I <3 you & R&D; AT&T",
}


@pytest.mark.parametrize("words", WORDS.values(), ids=list(WORDS))
def test_spaces_joiners_and_signs_stay(words: str) -> None:
    srt = f"1\n00:00:01,000 --> 00:00:03,250\n{words}\n"
    for text in (srt, f"WEBVTT\n\n{srt[2:]}", f"0:01 - 0:03.25 {words}"):
        cues = read_cues(text)
        assert cues == [Cue(1, 3.25, words)]
        assert read_cues(webvtt(cues)) == cues
        assert read_cues(editable_lines(cues)) == cues


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (r"{\an8}If 2<3,5>1 then {\i1}stay{\i0}", "If 2<3,5>1 then stay"),
        (r"{\pos(192,200)\fad(100,200)}Up", "Up"),
        ("{Y:i}Slanted", "Slanted"),
        ("{not a mark} kept", "{not a mark} kept"),
        ('<font color="#ff0000">Red</font> <B>bold</B>', "Red bold"),
        ("<v Rosa>Hi</v> <c.yellow.bg_blue>yellow</c> <00:00:01.500>then", "Rosa: Hi yellow then"),
        ("<lang pl>Cześć</lang><ruby>漢<rt>かん</rt></ruby>", "Cześć漢かん"),
        ("one<br/>two", "one\ntwo"),
        ("&lt;b&gt; &amp; &nbsp;x &copy", "<b> & \u00a0x &copy"),
    ],
)
def test_marks_of_files_are_understood(written: str, words: str) -> None:
    assert read_cues(f"1\n00:00:01,000 --> 00:00:03,000 X1:40 X2:600\n{written}\n")[0].text == words


def test_settings_ids_and_empty_lines_of_files() -> None:
    vtt = (
        "WEBVTT\n\nREGION\nid:fred\n\nintro\n00:01.000-->00:02.000 line:0 position:20% align:start\nOne\n\n"
        "NOTE x\n\nnothing\n"
    )
    assert read_cues(vtt) == [Cue(1, 2, "One")]
    srt = "1\n00:00:01,000 --> 00:00:02,000\nOne\n\nstill one\n\n2\n100:00:03,000 --> 100:00:04,000\nTwo\n\n\n"
    assert read_cues(srt) == [Cue(1, 2, "One\nstill one"), Cue(360003, 360004, "Two")]
    sbv = "0:00:01.000,0:00:02.500\nOne[br]two\n\n0:00:03.000,0:00:04.000\nThree\n"
    assert read_cues(sbv) == [Cue(1, 2.5, "One\ntwo"), Cue(3, 4, "Three")]
    ass = (
        "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\b1}One, two\\Nthree\\hfour\n"
    )
    assert read_cues(ass) == [Cue(1, 2.5, "One, two\nthree\u00a0four")]


OLD_CHARSETS = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp850",
    "mac-roman",
    "koi8-r",
    "cp1254",
    "cp932",
    "cp949",
]
GERMAN = "Grüße aus dem Garten – schön!\nÇa pousse déjà, señor…"


@pytest.mark.parametrize(
    ("words", "charset"),
    [
        (GERMAN, "cp1252"),
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"),
        ("Zażółć gęślą jaźń, dziękuję", "cp1250"),
        ("Příliš žluťoučký kůň úpěl", "cp1250"),
        ("Спасибо всем, кто пришёл в сад", "cp1251"),
        ("Її сім'я посадила цибулю", "cp1251"),
        ("Ευχαριστώ όλους που ήρθαν", "cp1253"),
        ("שלום לכולם", "utf-8"),
    ],
)
def test_charsets_of_files_are_told_apart(words: str, charset: str) -> None:
    srt = f"1\n00:00:00,500 --> 00:00:02,000\n{words}\n"
    assert read_caption_file(srt.encode(charset)) == [Cue(0.5, 2, words)]


@pytest.mark.parametrize("language", ["", "en", "de", "fr", "pl", "ru"])
@pytest.mark.parametrize(
    "charset",
    ["cp1252", "cp1250", "cp1251", "cp850", "mac-roman", "koi8-r", "cp1254", "cp932", "cp949"],
)
def test_words_of_a_file_are_exact_or_refused(charset: str, language: str) -> None:
    for words in (
        "Grüße, schön war es überall",
        "Très bien, voilà",
        "Dziękuję bardzo, ćma",
        "Őszi nap, nőtt",
        "Спасибо всем",
        "Teşekkürler, ağaç",
        "ありがとう",
        "감사합니다",
        "Amanhã não há pão",
    ):
        srt = f"1\n00:00:00,500 --> 00:00:02,000\n{words}\n"
        try:
            data = srt.encode(charset)
        except UnicodeEncodeError:
            continue
        with suppress(BadInput):
            assert read_caption_file(data, language) == [Cue(0.5, 2, words)]


def test_letters_that_were_lost_are_refused() -> None:
    with pytest.raises(BadInput, match="is uncertain"):
        read_caption_file("1\n00:00:00,500 --> 00:00:02,000\nGr�n\n".encode())
    with pytest.raises(BadInput, match="line 2"):
        check_letters("0:01 fine\n0:02 Gr�n")
    with pytest.raises(BadInput, match="no captions"):
        read_caption_file(b"WEBVTT\n\nNOTE\n00:01.000 --> 00:01.000\nnothing\n")
    with pytest.raises(BadInput, match="no time before"):
        read_caption_file(b"nothing here\n")


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3_600_000),
            st.integers(1, 9000),
            # An arrow within words is no WebVTT, and is refused.
            st.text(
                alphabet="0123456789:.-– \\\n\u00a0\u200d<&>ab{}é", min_size=1, max_size=40
            ).filter(lambda words: "-->" not in words),
        ),
        max_size=5,
    )
)
def test_what_is_edited_in_a_browser_stays(rows: list[tuple[int, int, str]]) -> None:
    lines = "\n\n".join(
        f"{number}\n{_stamp(begin)} --> {_stamp(begin + length)}\n{words}"
        for number, (begin, length, words) in enumerate(rows)
    )
    cues = read_cues(f"WEBVTT\n\n{lines}") if rows else []
    # A form sends line ends as CR LF.
    again = read_cues(editable_lines(cues).replace("\n", "\r\n"))
    assert [(round(c.begin, 3), round(c.end, 3), c.text) for c in again] == [
        (round(c.begin, 3), round(c.end, 3), c.text) for c in cues
    ]


def _stamp(thousandths: int) -> str:
    seconds, rest = divmod(thousandths, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("<v Anna>Good morning", "Anna: Good morning"),
        ("<v.loud Anna B. &amp; Co>Good <i>morning</i></v>", "Anna B. & Co: Good morning"),
        ("<v Anna>Hello</v> <v Ben>Hi</v>", "Anna: Hello\nBen: Hi"),
        ("<v Anna>Hello</v>\n<v Ben>Hi</v>", "Anna: Hello\nBen: Hi"),
        ("<v Anna>Anna: Hello", "Anna: Hello"),
        ("<v>Hello</v>", "Hello"),
        ("<v עדה>שלום", "עדה: שלום"),
    ],
)
def test_who_speaks_stays_through_editing(written: str, words: str) -> None:
    [cue] = read_cues(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{written}\n")
    assert cue.text == words
    assert read_cues(editable_lines([cue])) == [cue]
    assert read_cues(webvtt([cue])) == [cue]


@pytest.mark.parametrize(
    ("begin", "length", "moved_by"),
    [
        (3601.0, 60.0, 3600.0),
        (36_010.0, 60.0, 36_000.0),
        (3601.0, 7200.0, 0.0),
        (3700.0, 60.0, 0.0),
        (1.0, 60.0, 0.0),
    ],
)
def test_captions_that_count_from_a_full_hour_are_moved_where_only_that_fits(
    begin: float, length: float, moved_by: float
) -> None:
    cues = [Cue(begin, begin + 1, "Good morning"), Cue(begin + 2, begin + 3, "The compost froze")]
    found = from_first_hour(cues, length)
    assert [cue.begin for cue in found] == [begin - moved_by, begin + 2 - moved_by]
