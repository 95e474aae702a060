"""Where lines may end, in scripts with and without spaces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.printing.line_breaks import break_points, hyphen_points, letter_points


def parts(text: str, places: list[int]) -> list[str]:
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Community gardens in winter", "en", ["Community ", "gardens ", "in ", "winter"]),
        ("10\u00a0000 Fahrrad-Freunde", "de", ["10\u00a0000 ", "Fahrrad-", "Freunde"]),
        ("« faire ensemble »", "fr", ["« faire ", "ensemble »"]),
        ("sagt »Wort« dort", "de", ["sagt ", "»Wort« ", "dort"]),
        ("เครือข่ายเพื่อนบ้าน", "th", ["เครือ", "ข่าย", "เพื่อน", "บ้าน"]),
        ("冬のコミュニティガーデン。", "ja", ["冬の", "コミュニティガーデン。"]),
        ("社区花园", "zh", ["社区", "花园"]),
        (
            "\u2068Rosa\u2069 · \u2067سامر\u2069",
            "en",
            ["\u2068Rosa\u2069 · ", "\u2067سامر\u2069"],
        ),
        ("Café社区", "zh", ["Café", "社区"]),
        ("겨울 공동체", "ko", ["겨울 ", "공동체"]),
        ("የማህበረሰብ ስፍራ", "am", ["የማህበረሰብ ", "ስፍራ"]),
    ],
)
def test_lines_end_between_words(text: str, language: str, words: list[str]) -> None:
    assert parts(text, break_points(text, language)) == words


@pytest.mark.parametrize(
    ("word", "language", "divided"),
    [
        ("Nachbarschaftshilfenetzwerk", "de", "Nachbarschafts-hilfe-netz-werk"),
        ("Nachbarschaftshilfenetzwerk", "en", "Nachbarschafts-hilfe-netz-werk"),
        ("Gründungsversammlung", "pt-BR", "Gründungs-ver-samm-lung"),
        ("развиватися", "uk", None),
        ("responsabilidades", "pt", None),
        ("communities", "en", None),
    ],
)
def test_long_words_are_divided_by_their_language(
    word: str, language: str, divided: str | None
) -> None:
    places = hyphen_points(word, language)
    assert places
    assert all(3 <= at <= len(word) - 3 for at in places)
    if divided:
        wanted = divided.split("-")
        assert {sum(map(len, wanted[:n])) for n in range(1, len(wanted))} <= set(places)


def test_a_break_that_would_change_letters_is_left_out() -> None:
    assert hyphen_points("könnyebbséggel", "hu") == [8, 11]


@pytest.mark.parametrize(
    ("word", "language"),
    [("Nachbarschaftshilfenetzwerk", "xx"), ("internationalization", ""), ("وسيستخدمونها", "ar")],
)
def test_a_language_without_patterns_has_no_hyphens(word: str, language: str) -> None:
    assert hyphen_points(word, language) == []


@pytest.mark.parametrize("language", ["ar", "hi", "ja", "uk", "zh"])
@pytest.mark.parametrize(
    ("word", "own"), [("Nachbarschaftshilfenetzwerk", "de"), ("internationalization", "en")]
)
def test_a_latin_word_is_hyphenated_where_people_write_in_another_script(
    word: str, own: str, language: str
) -> None:
    assert hyphen_points(word, language) == hyphen_points(word, own) != []


@pytest.mark.parametrize("whole", ["é", "น้ำ", "क्षे", "👨‍👩‍👧", "🇩🇪", "👍🏽", "ကို", "g̈"])
def test_a_letter_and_its_marks_stay_together(whole: str) -> None:
    assert list(letter_points(f"a{whole}b")) == [1, 1 + len(whole)]


@given(st.text("aé-— \u00a0น้ำเครือข่าย冬の、。社区ກາບ🇩🇪👨\u200d👩क्षे", max_size=40))
def test_no_line_begins_with_a_mark_or_closing_sign(text: str) -> None:
    letters = set(letter_points(text))
    for at in break_points(text, "ja"):
        assert 0 < at < len(text)
        assert at in letters
        assert text[at] not in "、。)"
        assert not text[at].isspace()
