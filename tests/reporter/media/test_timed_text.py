"""Captions as TTML, YouTube's XML, LRC and SubStation Alpha; transcripts that are pasted; charsets of other scripts."""

from __future__ import annotations

import pytest

from reporter.errors import BadInput
from reporter.media.webvtt import editable_lines, read_caption_file, read_cues

ASS = "[Script Info]\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\nFormat: Name, Fontname\r\n\r\n[Events]\r\n"
TTML = 'xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"'


def cues(text: str) -> list[tuple[float, float, str]]:
    return [(round(one.begin, 3), round(one.end, 3), one.text) for one in read_cues(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # YouTube's newer XML, whisper.cpp, Audacity.
        (
            '<timedtext format="3"><body><p t="1000" d="2000"><s>Hel</s><s t="9">lo</s></p></body></timedtext>',
            [(1, 3, "Hello")],
        ),
        (
            '{"transcription": [{"timestamps": {"from": "00:00:01,000", "to": "00:00:03,000"}, '
            '"offsets": {"from": 1000, "to": 3000}, "text": " Hello"}]}',
            [(1, 3, "Hello")],
        ),
        ("1.000000\t3.000000\tHello\n4,5\t4,5\tBye\n", [(1, 3, "Hello"), (4.5, 6, "Bye")]),
        # A transcript counts in hours; lyrics with the same marks in hundredths.
        (
            "[00:00:01] Ann: Hello\n\n[00:01:05] Ben: Bye\n",
            [(1, 2.5, "Ann: Hello"), (65, 66.5, "Ben: Bye")],
        ),
        (
            "[ti:Song]\n[00:01:50] Hello\n[00:05:00] Bye\n",
            [(1.5, 3, "Hello"), (5, 6.5, "Bye")],
        ),
        # Syllables of a word, and of a script without spaces.
        ("[00:01.00]<00:01.00>Hel<00:01.50>lo <00:01.70>you<00:02.00>\n", [(1, 2.5, "Hello you")]),
        ("[00:01.00]<00:01.00>種<00:01.50>が<00:01.70>芽\n", [(1, 2.5, "種が芽")]),
        ("[00:01.00]<00:01.00>Hello<00:01.50>you\n", [(1, 2.5, "Hello you")]),
        (
            f'<!-- made by hand --><tt {TTML}><body><div><p begin="1s" end="3s">Hello</p></div></body></tt>',
            [(1, 3, "Hello")],
        ),
        # Numbers and times behind empty lines, direction marks, the spaces of a translation; two files in one.
        (
            "1\n\n00:00:01,000 --> 00:00:03,000\n\nHello\n\n\n2\n\n00:00:05,000 --> 00:00:06,000\n\nBye\n",
            [(1, 3, "Hello"), (5, 6, "Bye")],
        ),
        (
            "\u202b1\n\u202b00:00:01,000 --> 00:00:03,000\n\u202bسلام\n\u202b\n\u202b2\n"
            "\u202b00:00:05,000 --> 00:00:06,000\nBye\n",
            [(1, 3, "\u202bسلام"), (5, 6, "Bye")],
        ),
        (
            "1\n00: 00: 01, 000 -> 00: 00: 03, 000\nHello\n\n2\n00:00:05:000 --> 00:00:06:500\nBye\n",
            [(1, 3, "Hello"), (5, 6.5, "Bye")],
        ),
        (
            "\ufeff1\n00:00:01,000 --> 00:00:03,000\nHello\n\n\ufeff2\n00:00:05,000 --> 00:00:06,000\nBye\n",
            [(1, 3, "Hello"), (5, 6, "Bye")],
        ),
        # An end before or at the start: the words stay, as long as they take to read.
        (
            "1\n00:00:03,000 --> 00:00:01,000\nHello\n\n2\n00:00:05,000 --> 00:00:05,000\nBye\n",
            [(3, 4.5, "Hello"), (5, 6.5, "Bye")],
        ),
        (
            f'<?xml version="1.0" encoding="UTF-8"?><tt {TTML}><head/><body><div>'
            '<p begin="00:00:01.000" end="00:00:02.500">Hello<br/>you &amp;\n <span>me</span></p>'
            '<p begin="3s" dur="1500ms">B</p></div></body></tt>',
            [(1, 2.5, "Hello\nyou & me"), (3, 4.5, "B")],
        ),
        (
            f'<tt {TTML} ttp:tickRate="10000000"><body><p begin="10000000t" end="20000000t">A</p></body></tt>',
            [(1, 2, "A")],
        ),
        (
            f'<tt {TTML} ttp:frameRate="24" ttp:frameRateMultiplier="1000 1001"><body begin="10s">'
            '<p begin="00:00:01:12" end="48f">A</p></body></tt>',
            [(11.501, 12.002, "A")],
        ),
        # Time codes of 30 frames at 29.97 a second, as Apple's iTT has them: they fall behind, or leave numbers out.
        (
            f'<tt {TTML} ttp:timeBase="smpte" ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001">'
            '<body><p begin="00:16:40:00" end="00:16:41:15">A</p></body></tt>',
            [(1001, 1002.501, "A")],
        ),
        (
            f'<tt {TTML} ttp:timeBase="smpte" ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001"'
            ' ttp:dropMode="dropNTSC"><body><p begin="00:01:00:02" end="01:00:00:00">A</p></body></tt>',
            [(60.06, 3599.996, "A")],
        ),
        (
            f'<tt {TTML} ttp:timeBase="media" ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001">'
            '<body><p begin="00:16:40:00" end="00:16:41:15">A</p></body></tt>',
            [(1000, 1001.5, "A")],
        ),
        (
            '<tt xmlns="http://www.w3.org/2006/10/ttaf1"><body><p><span begin="1s" end="2s">A</span>'
            '<span begin="2s" end="3s">B</span></p></body></tt>',
            [(1, 2, "A"), (2, 3, "B")],
        ),
        (
            '<?xml version="1.0" encoding="utf-8" ?><transcript><text start="1" dur="1.5">Hi &amp;#39;you&amp;#39;'
            "</text></transcript>",
            [(1, 2.5, "Hi 'you'")],
        ),
        (
            "[ti:Song]\n[offset:+500]\n[00:01.50]Hello\n[00:03.50]you\n[00:04.00]\n",
            [(1, 2.5, "Hello"), (3, 3.5, "you")],
        ),
        (
            "[00:01.00][00:05.00]Chorus\n[00:03.00]<00:03.00> Ver <00:03.50> se\n",
            [(1, 2.5, "Chorus"), (3, 4.5, "Ver se"), (5, 6.5, "Chorus")],
        ),
        (
            f"{ASS}Format: Start, End, Text\r\nDialogue: 0:00:01.00,0:00:02.00,Hi, you\r\n",
            [(1, 2, "Hi, you")],
        ),
        (
            f"{ASS}Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
            "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,{\\pos(1,2)\\p1}m 0 0 l 100 0{\\p0}\r\n"
            "Dialogue: 0,0:00:03.00,0:00:04.00,D,,0,0,0,,{\\p1}m 0 0{\\p0}Words\r\n",
            [(3, 4, "Words")],
        ),
        # A rate of nothing is none.
        (
            f'<tt {TTML} ttp:tickRate="0" ttp:frameRate="0"><body><p begin="1t" end="60f">A</p></body></tt>',
            [(1, 2, "A")],
        ),
        # What YouTube shows beside a film, and what people write.
        ("0:01\nHi there\n0:05\nyou\n", [(1, 2.5, "Hi there"), (5, 6.5, "you")]),
        ("[0:01] Hi\n[0:05 - 0:06] you\n", [(1, 2.5, "Hi"), (5, 6, "you")]),
        # Without empty lines.
        (
            "1\n00:00:01,000 --> 00:00:02,000\nA\n42\n2\n00:00:03,000 --> 00:00:04,000\nB\n",
            [(1, 2, "A\n42"), (3, 4, "B")],
        ),
    ],
)
def test_formats(text: str, expected: list[tuple[float, float, str]]) -> None:
    assert cues(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "<tt><body><p begin='1s'>A",
        f"<tt {TTML}><body><p begin='soon' end='2s'>A</p></body></tt>",
        '<!DOCTYPE tt [<!ENTITY a "b">]><tt>&a;</tt>',
        "<?xml version='1.0'?><html/>",
        f"<tt {TTML} ttp:tickRate='many'><body><p begin='1t' end='2t'>A</p></body></tt>",
        "<transcript><text start='soon' dur='1'>A</text></transcript>",
    ],
)
def test_broken_xml_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_caption_file(text.encode())


def test_a_line_that_is_only_a_time_stays_a_line_of_its_caption() -> None:
    parsed = read_cues("WEBVTT\n\n00:01.000 --> 00:02.000\nWe meet at\n10:30\n[11:00]\n")
    assert read_cues(editable_lines(parsed)) == parsed


@pytest.mark.parametrize(
    ("language", "charset", "words"),
    [
        ("ru", "koi8_r", "Семена взошли, спасибо"),
        ("ru", "cp866", "Семена взошли, спасибо"),
        ("uk", "koi8_u", "Насіння зійшло, її їжак"),
        ("el", "cp1253", "Οι σπόροι φύτρωσαν, ευχαριστώ"),
        ("he", "cp1255", "הזרעים נבטו תודה רבה"),
        ("ja", "cp932", "種が芽を出しましたありがとう"),
        ("ja", "euc_jp", "種が芽を出しましたありがとう"),
        ("zh", "gb18030", "我们的种子发芽了谢谢大家"),
        ("zh", "big5", "我們的種子發芽了謝謝大家"),
        ("ko", "cp949", "씨앗이 싹텄어요 감사합니다"),
    ],
)
def test_the_language_tells_the_charset(language: str, charset: str, words: str) -> None:
    file = f"1\n00:00:01,000 --> 00:00:02,000\n{words}\n".encode(charset)
    assert [cue.text for cue in read_caption_file(file, language)] == [words]


@pytest.mark.parametrize(
    "data",
    [b"%PDF-1.4\n1 0 obj", b"PK\x03\x04rest", b"<!DOCTYPE html><html><body>A", b"{\\rtf1 A}"],
)
def test_other_files_are_refused_by_what_they_are(data: bytes) -> None:
    with pytest.raises(BadInput, match="There are no captions in this file"):
        read_caption_file(data)


BODY = f"<tt {TTML}><body>%s</body></tt>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The times are those of what encloses the words.
        (
            BODY % '<div begin="1s" end="4s"><p>A</p></div><div begin="5s" dur="2s"><p>B</p></div>',
            [(1, 4, "A"), (5, 7, "B")],
        ),
        (
            BODY % '<div begin="1s"><p begin="1s" end="2s">A</p><p begin="3s" dur="1s">B</p></div>',
            [(2, 3, "A"), (4, 5, "B")],
        ),
        # One after another.
        (
            BODY
            % '<div timeContainer="seq"><p dur="2s">A</p><p dur="3s">B</p><p begin="1s" dur="3s">C</p></div>',
            [(0, 2, "A"), (2, 5, "B"), (6, 9, "C")],
        ),
        # What stands beside timed parts is shown with each.
        (
            BODY
            % '<p begin="1s" end="9s">To <span begin="0s" end="2s">A</span><span begin="2s" end="4s">B</span>!</p>',
            [(1, 3, "To A!"), (3, 5, "To B!")],
        ),
        (
            BODY % '<p begin="1s" end="9s"><span><span begin="1s" dur="2s">A</span></span></p>',
            [(2, 4, "A")],
        ),
        # A tape's time code.
        (
            f'<tt {TTML} ttp:timeBase="smpte" ttp:frameRate="25"><head><metadata><e:documentStartOfProgramme '
            'xmlns:e="urn:ebu:tt:metadata">10:00:00:00</e:documentStartOfProgramme></metadata></head><body><p '
            'begin="10:00:01:05" end="10:00:02:00">A</p></body></tt>',
            [(1.2, 2, "A")],
        ),
        # Blank lines above the header of WebVTT, and indented SubStation Alpha.
        (
            "\n\nWEBVTT\n\none\n00:01.000 --> 00:02.000\nA\n\ntwo\n00:03.000 --> 00:04.000\nB\n",
            [(1, 2, "A"), (3, 4, "B")],
        ),
        (
            "[Events]\n Format: Layer, Start, End, Text\n Dialogue: 0,0:00:01.00,0:00:03.00,A\n",
            [(1, 3, "A")],
        ),
    ],
)
def test_no_words_are_lost_for_where_their_times_stand(
    text: str, expected: list[tuple[float, float, str]]
) -> None:
    assert cues(text) == expected


def test_a_line_of_one_space_ends_no_cue_of_webvtt() -> None:
    """YouTube's files: each cue has the line before above its own, which is a space in the first."""
    head = "WEBVTT\nKind: captions\nLanguage: en\n\n"
    first = "00:00:00.160 --> 00:00:02.470 align:start position:0%\n \nhello<00:00:00.480><c> there</c>\n\n"
    second = "00:00:02.470 --> 00:00:04.000 align:start position:0%\nhello there\n \n\n"
    third = "00:00:04.000 --> 00:00:06.000 align:start position:0%\nhello there\nand<00:00:05.000><c> you</c>\n\n"
    # Each line rolls up once.
    rolled = [(0.16, 2.47, "hello there"), (4, 6, "and you")]
    assert cues(f"{head}{first}{second}{third}") == rolled
    plain = f"{first}{second}".replace("<00:00:00.480><c>", "").replace("</c>", "")
    assert [text for _begin, _end, text in cues(f"{head}{plain}")] == ["hello there"] * 2
    # By hand, blanks are left on empty lines.
    by_hand = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\nA\n \ntwo\n00:03.000 --> 00:04.000\nB\n  \nNOTE x\n"
    )
    assert cues(by_hand) == [(1, 2, "A"), (3, 4, "B")]


def test_times_of_many_hours_are_edited_without_loss() -> None:
    read = read_cues("1\n20:00:01,500 --> 20:00:02,000\nA\n")
    assert read_cues(editable_lines(read)) == read


APPLE = (
    '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:itunes="http://music.apple.com/lyric-ttml-internal" '
    'itunes:timing="Word"><body dur="3:58.640"><div begin="19.764" end="1:09.300">'
    '<p begin="19.764" end="21.900"><span begin="19.764" end="20.105">When</span> '
    '<span begin="20.105" end="21.900">you</span></p><p begin="1:04.5" end="1:06.000">sing</p>'
    "</div></body></tt>"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Decimal commas in TTML, with and without a unit.
        (
            f"<tt {TTML}><body><p begin='00:00:01,500' end='2,5s'>A</p></body></tt>",
            [(1.5, 2.5, "A")],
        ),
        # A prefix that is never declared.
        (
            f"<tt {TTML}><head><ttm:title>T</ttm:title></head><body>"
            "<p begin='1s' end='2s' ebu:role='x'>A: b</p></body></tt>",
            [(1.0, 2.0, "A: b")],
        ),
        # Apple's lyrics count from the start of the song, and are read as lines.
        (APPLE, [(19.764, 21.9, "When you"), (64.5, 66.0, "sing")]),
        # An empty line between times and words in each cue of WebVTT.
        (
            "WEBVTT\n\n00:01.000 --> 00:02.000\n\none\n\n00:03.000 --> 00:04.000\n\ntwo\n",
            [(1.0, 2.0, "one"), (3.0, 4.0, "two")],
        ),
        # Fonts attached to SubStation Alpha hold arrows.
        (
            "[Script Info]\nTitle: T\n\n[Fonts]\nfontname: a.ttf\n,H.V9-->7ZJ-D!R\n"
            + "M" * 300_000
            + "\n\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,A\n",
            [(1.0, 2.0, "A")],
        ),
    ],
)
def test_forms_that_programs_write_beside_their_standards(
    text: str, expected: list[tuple[float, float, str]]
) -> None:
    assert cues(text) == expected


def test_markup_does_not_count_as_length() -> None:
    cue = "<SYNC Start={}><P Class=ENUSCC style='color:#ffffff;font-size:10pt;{}'>A{}"
    text = "<SAMI><BODY>" + "".join(cue.format(n * 2000, " " * 150, n) for n in range(1500))
    assert len(text) > 300_000
    assert len(read_caption_file(text.encode())) == 1500


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"Scenarist_SCC V1.0\n\n00:02:18;20\t94ae 94ae\n", r"^Scenarist \(SCC\)"),
        (b"$FontName = Arial\n00:02:17:10 , 00:02:20:10 , A | b\n", "count pictures"),
        (b"WEBVTT - a title\n", "no captions in this file"),
        (b"[Script Info]\n\n[Events]\nFormat: Start, End, Text\n", "no captions in this file"),
    ],
)
def test_what_is_not_read_is_refused_by_name(data: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_caption_file(data)
