"""Text on paper: runs, order and places of glyphs, as read from the PDF by two other programs and from its ink."""

from __future__ import annotations

import random
import shutil
import subprocess
import unicodedata
from itertools import combinations
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.printing.font_files import open_font
from capture.printing.fonts import FontShelf, packaged_folder
from capture.printing.print_pack import PosterSheet, PrintedFacts, Wifi, make_posters, session_url
from capture.printing.text_runs import isolate, runs_of
from capture.printing.typesetting import Line, Paragraph, Setting, Typesetter
from reporter.codes import make_code
from tests.capture.printing.test_print_pack import NOW
from tests.support.printing.fonts import colour_font

pytestmark = pytest.mark.skipif(
    packaged_folder() is None, reason="the font package (weblate-fonts) is not installed"
)

# Title, room, day, time, each as its own language writes it.
ROWS = {
    "en": ("Community gardens in winter", "Room 2", "Sat, May 9", "2:00 – 3:30 PM"),
    "de": ("Nachbarschaftshilfenetzwerk", "Großer Saal", "Sa., 9. Mai", "14:00–15:30 Uhr"),
    "fr": ("L’entraide « ensemble »", "Salle d’été", "sam. 9 mai", "14:00 – 15:30"),
    "pt": ("Hortas comunitárias", "Salão", "sáb., 9 de mai.", "14:00 – 15:30"),
    "es": ("Huertos del barrio, ¿sí?", "Sala 2", "sáb, 9 may", "14:00–15:30"),
    "uk": ("Як ростуть міські сади", "Зал 2", "сб, 9 трав.", "14:00–15:30"),
    "ar": ("مرحبا بكم في الحديقة", "القاعة الكبرى", "السبت، 9 مايو", "2:00–3:30 م"),
    "he": ("גינות קהילתיות בחורף", "אולם 2", "שבת, 9 במאי", "14:00–15:30"),
    "hi": ("क्षेत्र में सामुदायिक उद्यान", "कक्ष २", "शनि, 9 मई", "2:00–3:30 pm"),
    "bn": ("সম্প্রদায়ের বাগান", "ঘর ২", "শনি ৯ মে", "২:০০–৩:৩০ PM"),
    "ta": ("சமூகத் தோட்டங்கள்", "அறை 2", "மே 9, சனி", "2:00–3:30 PM"),
    "th": ("เพื่อนบ้านในเมืองที่น้ำท่วม", "ห้อง ๒", "ส. 9 พ.ค.", "14:00–15:30"),
    "zh": ("社区花园里的邻里", "会议室二", "5月9日周六", "14:00–15:30"),
    "ja": ("冬のコミュニティガーデン", "会議室２", "5月9日(土)", "14時00分~15時30分"),
    "ko": ("겨울 공동체 정원과 이웃", "회의실 2", "5월 9일 (토)", "오후 2:00~3:30"),
    "am": ("የማህበረሰብ የአትክልት", "ክፍል 2", "ቅዳሜ፣ ሜይ 9", "2:00 – 3:30 PM"),
    "vi": ("Vườn cộng đồng mùa đông", "Phòng 2", "Th 7, 9 thg 5", "14:00–15:30"),
}


def poster(language: str, title: str, room: str, day: str, time: str) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(poster_bytes(language, title, room, day, time))


def poster_bytes(language: str, title: str, room: str = "", day: str = "", time: str = "") -> bytes:
    code = make_code(random.Random(1))
    sheet = PosterSheet(
        title, code, session_url("http://10.0.0.1", code), "10.0.0.1", room, day, time, "Ada"
    )
    warnings: list[str] = []
    made = make_posters(
        [sheet],
        gathering=PrintedFacts("G"),
        now=NOW,
        parts=["posters"],
        language=language,
        warn=warnings.append,
    )
    assert warnings == []
    return made


def letters(text: str) -> str:
    """Without spaces and marks of direction, as programs that take text from pages differ in them."""
    return "".join(
        c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cn")
    )


@pytest.mark.parametrize("language", ROWS)
def test_what_is_printed_can_be_copied_in_reading_order(language: str) -> None:
    title, room, day, time = ROWS[language]
    text = letters(poster(language, title, room, day, time)[0].get_textpage().get_text_range())
    for part in (title, room, day, time):
        # PDFium shows brackets of text from the right as they look.
        assert letters(part) in text, part


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
@pytest.mark.parametrize("language", [n for n in ROWS if n not in ("ar", "he")])
def test_poppler_reads_the_same(language: str, tmp_path: Path) -> None:
    file = tmp_path / "poster.pdf"
    file.write_bytes(poster_bytes(language, *ROWS[language]))
    done = subprocess.run(["pdftotext", file, "-"], capture_output=True, check=True)
    text = letters(done.stdout.decode())
    assert all(letters(part) in text for part in ROWS[language])


SETTER = Typesetter(FontShelf(system=()))


def paragraph(text: str, language: str, *, from_right: bool = False) -> Paragraph:
    return SETTER.paragraph(text, Setting(language, bold=True, from_right=from_right))


def placed(text: str, language: str, *, from_right: bool = False) -> list[tuple[int, str, float]]:
    """(glyph, letters, place) from left to right, in one line."""
    made = paragraph(text, language, from_right=from_right)
    runs = made.placed(Line(0, len(made.text)))
    return [(g.gid, g.text, g.x) for _, glyphs in runs for g in glyphs]


@pytest.mark.parametrize("from_right", [False, True])
@pytest.mark.parametrize(
    "parts",
    [
        ("القاعة", "Sat May", "14"),
        ("Room", "السبت", "14"),
        ("אולם", "שבת", "14"),
        ("Room", "السبت", "שבת"),
        ("कक्ष", "ครั้ง", "السبت"),
        ("社区", "겨울", "אולם"),
    ],
)
def test_parts_of_a_line_follow_one_another_in_its_direction(
    parts: tuple[str, str, str], from_right: bool
) -> None:
    line = "  ·  ".join(isolate(part) for part in parts)
    found = placed(line, "en", from_right=from_right)
    extents = []
    for part in parts:
        places = [x for _, text, x in found if set(text) & set(letters(part))]
        extents.append((min(places), max(places)))
    assert extents == sorted(extents, reverse=from_right)
    assert all(a[1] < b[0] or b[1] < a[0] for a, b in combinations(extents, 2))


@pytest.mark.parametrize("around", ["{} x", "x {}", "א {}", "{} א", "क {} 社", "ที่ {} ক"])
@pytest.mark.parametrize("language", ["ar", "he", "hi", "bn", "ta", "th", "am", "vi", "ko"])
def test_words_are_shaped_as_if_nothing_stood_beside_them(language: str, around: str) -> None:
    word = ROWS[language][0]
    alone = [gid for gid, text, _ in placed(word, language) if text.strip()]
    other = set(around) | set("\u0e35\u0e48")
    beside = [
        gid
        for gid, text, _ in placed(around.format(isolate(word)), language)
        if text.strip() and (not set(text) <= other or set(text) <= set(word))
    ]
    assert "".join(map(chr, alone)) in "".join(map(chr, beside))


def test_latin_marks_stay_on_their_letters_beside_indic_ones() -> None:
    for mixed in ("g̈ उद्यान", "উদ্যান g̈", "தோட்டம் g̈"):
        (_, _, base), (_, _, mark) = [g for g in placed(mixed, "hi") if set(g[1]) & set("g̈")]
        (_, _, base_alone), (_, _, mark_alone) = placed("g̈", "hi")
        assert mark - base == pytest.approx(mark_alone - base_alone, abs=0.01)


@pytest.mark.parametrize("text", ["ที่", "ปั่น", "น้ำ", "ผู้", "กี้", "ครั้ง"])
def test_tone_marks_stand_clear_of_what_is_below_them(text: str) -> None:
    """No two marks above a letter may cover one another, in any face."""
    for bold in (False, True):
        made = SETTER.paragraph(text, Setting("th", bold))
        inks = []
        for _, glyphs in made.placed(Line(0, len(text))):
            for glyph in glyphs:
                font = open_font(glyph.face)
                ink = font.ink(glyph.gid)
                if ink and not font.advance(glyph.gid):
                    inks.append(
                        (ink[0] + glyph.x, ink[1] + glyph.y, ink[2] + glyph.x, ink[3] + glyph.y)
                    )
        assert inks
        for a, b in combinations(inks, 2):
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


@pytest.mark.parametrize("language", ROWS)
@given(width=st.floats(4, 20), hyphenate=st.booleans())
def test_lines_hold_the_whole_text_and_are_no_wider_than_asked(
    language: str, width: float, hyphenate: bool
) -> None:
    made = paragraph(" ".join(ROWS[language]), language)
    for anywhere in (False, True):
        lines = made.lines(width, hyphenate=hyphenate, anywhere=anywhere)
        if lines is None:
            assert not anywhere
            continue
        assert [line.start for line in lines[1:]] == [line.end for line in lines[:-1]]
        assert (lines[0].start, lines[-1].end) == (0, len(made.text))
        assert all(made.width(line) <= width for line in lines)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_separator_stands_between_two_parts_of_a_line_not_at_its_end(language: str) -> None:
    made = paragraph(" · ".join(map(isolate, " ".join(ROWS[language]).split())), language)
    hanging = 0
    for width in range(4, 30):
        for line in made.lines(float(width)) or []:
            words = made.text[line.start : line.end].rstrip()
            shown = "".join(text for text, _ in made.placed(line))
            hanging += words.endswith("·")
            assert shown.count("·") == words.count("·") - words.endswith("·")
            assert len(shown) >= sum(map(str.isalnum, words))
    assert hanging


def test_a_compound_gets_a_hyphen_rather_than_small_letters() -> None:
    page = poster("de", "Nachbarschaftshilfenetzwerk", "", "", "")[0]
    text = page.get_textpage()
    found = text.get_text_range()
    at = found.index("Nachbarschaft")
    _, bottom, _, top = text.get_charbox(at)
    assert top - bottom > 0.6 * 50
    # PDFium marks a word that goes on in the next line.
    assert "\ufffe" in found[at : at + 40]
    assert "…" not in found


def test_a_gathering_from_the_right_mirrors_its_steps() -> None:
    def places(language: str) -> dict[str, float]:
        text = poster(language, "Soup", "", "", "")[0].get_textpage()
        found = text.get_text_range()
        wanted = ("Scan, and", "Type this", "and this code")
        return {word: text.get_charbox(found.index(word))[0] for word in wanted}

    left, right = places("en"), places("he")
    assert left["Type this"] < left["and this code"]
    assert right["Type this"] > right["and this code"]


def test_each_script_and_direction_is_a_run_of_its_own() -> None:
    text = "Garden উদ্যান, مرحبا 12 庭の 🇩🇪👍🏽"
    runs = [
        (text[r.start : r.end].strip(), r.script, r.level % 2, r.emoji)
        for r in runs_of(text, from_right=False)
        if text[r.start : r.end].strip()
    ]
    assert runs == [
        ("Garden", "Latn", 0, False),
        ("উদ্যান,", "Beng", 0, False),
        ("مرحبا", "Arab", 1, False),
        ("12", "Arab", 0, False),
        ("庭の", "Hani", 0, False),
        ("🇩🇪", "Hani", 0, True),
        ("👍🏽", "Hani", 0, True),
    ]


@pytest.mark.parametrize("emoji", ["🇩🇪", "👨\u200d👧"])
def test_a_joined_emoji_or_flag_is_one_picture_in_its_colours(tmp_path: Path, emoji: str) -> None:
    colour_font(tmp_path / "TestEmoji.ttf")
    shelf = FontShelf(system=(tmp_path,))
    made = Typesetter(shelf).paragraph(f"Soup {emoji}", Setting("en", bold=True))
    glyphs = [g for _, run in made.placed(Line(0, len(made.text))) for g in run if g.picture]
    assert [g.text for g in glyphs] == [emoji]
    code = make_code(random.Random(1))
    sheet = PosterSheet(f"Soup {emoji}", code, session_url("http://10.0.0.1", code), "10.0.0.1")
    pdf = make_posters(
        [sheet], gathering=PrintedFacts("G"), now=NOW, parts=["posters"], shelf=shelf
    )
    page = pypdfium2.PdfDocument(pdf)[0].render(scale=1, rev_byteorder=True).to_numpy()
    red = (page[:, :, 0] > 220) & (page[:, :, 1] < 40) & (page[:, :, 2] < 40)
    assert red[:250].sum() > 500


def test_a_room_that_no_font_can_show_leaves_a_line_to_write_on() -> None:
    code = make_code(random.Random(1))
    sheet = PosterSheet(
        "Soup", code, session_url("http://10.0.0.1", code), "10.0.0.1", "会议室", "Sat", "2 PM"
    )
    bare = FontShelf(packaged=Path("nowhere"), system=())
    warnings: list[str] = []
    pdf = make_posters(
        [sheet],
        gathering=PrintedFacts("G"),
        now=NOW,
        parts=["posters", "markers"],
        shelf=bare,
        warn=warnings.append,
    )
    for page in pypdfium2.PdfDocument(pdf):
        text = page.get_textpage().get_text_range()
        assert "____" in text
        assert "Sat · 2 PM" in " ".join(text.replace("·", " · ").split())
        assert "..." not in text
    assert len(warnings) == 1
    assert "会议室" in warnings[0]


@pytest.mark.parametrize("face", ["KurintoSans-Bd.ttf", "KurintoSansJP-Bd.ttf"])
def test_a_font_is_cut_down_to_what_is_used(face: str) -> None:
    whole = packaged_folder()
    assert whole is not None
    made = poster_bytes("ja", "冬のガーデン عربي")
    assert len(made) < 120_000 < (whole / "kurinto" / "ttf" / face).stat().st_size


def test_the_same_code_is_drawn_once_however_often_it_stands() -> None:
    code = make_code(random.Random(1))
    sheet = PosterSheet("Soup", code, session_url("http://10.0.0.1", code), "10.0.0.1")
    facts = PrintedFacts("G", Wifi("Garden", "12345678"))
    once, thrice = (
        make_posters([sheet] * n, gathering=facts, now=NOW, parts=["posters", "markers"])
        for n in (1, 3)
    )
    assert [pdf.count(b"/Subtype /Form") for pdf in (once, thrice)] == [2, 2]
