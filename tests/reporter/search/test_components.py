"""The parts of search: trees of queries, words of all scripts, days, slips, marks."""

from __future__ import annotations

from datetime import date

import pytest

from reporter.search.query.dates import matching_days
from reporter.search.query.parser import All, Any, FieldTerm, Node, Not, Text, parse
from reporter.search.text.highlight import Highlights, highlight
from reporter.search.text.languages import guess, stemmable
from reporter.search.text.tokenizer import normalize, tokenize
from reporter.search.text.vocabulary import distance

SIX = ("en", "es", "fr", "de", "pt", "ar")


def tree_text(node: Node | None) -> str:
    """A tree in short."""
    match node:
        case Text():
            return f'"{node.text}"' if node.phrase else node.text + "*" * node.prefix
        case FieldTerm():
            return f"{node.field}={tree_text(node.value)}"
        case Not():
            return f"!{tree_text(node.of)}"
        case All():
            return f"({' & '.join(map(tree_text, node.parts))})"
        case Any():
            return f"({' | '.join(map(tree_text, node.parts))})"
    return ""


@pytest.mark.parametrize(
    ("typed", "tree"),
    [
        ("one two", "(one & two)"),
        ("one AND two OR three", "((one & two) | three)"),
        ("one (two | three)", "(one & (two | three))"),
        ("-one two", "(!one & two)"),
        ("one NOT (two three)", "(one & !(two & three))"),
        ("well-known", "well-known"),
        ('"two words', '"two words"'),
        ("„zwei Wörter“ mehr", '("zwei Wörter" & mehr)'),
        ("begin*", "begin*"),
        ('by:ana session:"open space" #soil', '(by=ana & session="open space" & tag=soil)'),
        ("author: ana", "by=ana"),
        ("at 12:30 http://x", "(at & 12:30 & http & //x)"),
        ("or and not", "(or & and & not)"),
        (") one ( two", "(one & two)"),
        ("OR one AND", "one"),
        ("NOT", ""),
        ("by:", "by:"),
        ("((((", ""),
        ("* ~ ^ \x00", ""),
    ],
)
def test_whatever_is_typed_has_a_tree(typed: str, tree: str) -> None:
    assert tree_text(parse(typed)) == tree


def test_places_of_words_are_known() -> None:
    typed = 'one by:"ana b" two*'
    tree = parse(typed)
    assert isinstance(tree, All)
    spans = [part.value if isinstance(part, FieldTerm) else part for part in tree.parts]
    assert [typed[s.start : s.end] for s in spans if isinstance(s, Text)] == ["one", "ana b", "two"]


def test_brackets_deeper_than_anybody_thinks() -> None:
    assert tree_text(parse("(" * 140 + "one" + ")" * 140)) == "one"
    assert tree_text(parse("NOT " * 70 + "one")).endswith("one")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The neighbours’ garden", ["the", "neighbours", "garden"]),
        ("L'école d'été", ["l", "ecole", "d", "ete"]),
        ("STRASSE Straße ŁÓDŹ Ærø", ["strasse", "strasse", "lodz", "aero"]),
        ("عَرَبِيّ أَحمد إصلاح", ["عربي", "احمد", "اصلاح"]),
        ("हिन्दी में", ["हिंदी", "में"]),
        ("ﾄﾏﾄ", ["トマ", "マト"]),
        ("ﾊﾞﾗ", ["バラ"]),
        ("日本の庭", ["日本", "本の", "の庭"]),
        ("庭", ["庭"]),
        ("Garden庭園mit", ["garden", "庭園", "mit"]),
        ("สวน", ["สว", "วน"]),
        ("12 kg, v2.0", ["12", "kg", "v2", "0"]),
        ("#soil @ana", ["soil", "ana"]),
        ("", []),
    ],
)
def test_words_of_all_scripts(text: str, words: list[str]) -> None:
    found = tokenize(text, SIX)
    assert [word.plain for word in found] == words
    assert [normalize(text[word.start : word.end]) for word in found] == words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gardens", "gardening"),
        ("organización", "organizaciones"),
        ("organizacion", "organizaciones"),
        ("école", "ecoles"),
        ("Gärten", "Garten"),
        ("reunião", "reuniões"),
        ("المدرسة", "مدارس"),
        ("المدرسة", "مدرسة"),
        ("المدرسة", "مدرسه"),
        ("والمدرسة", "مدرسة"),
        ("وبالحديقة", "حديقه"),
        ("للحديقة", "الحديقة"),
        ("كالسماد", "سماد"),
        # Scripts of one language are stemmed in any gathering.
        ("बीजों", "बीज"),
        ("बगीचे", "बगीचा"),
        ("कहानियाँ", "कहानी"),
        ("κήποι", "κήπος"),
        ("садами", "сада"),
        ("விதைகள்", "விதை"),
    ],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    ((first,), (second,)) = (tokenize(word, SIX, sure=True) for word in (one, other))
    assert set(first.stems) & set(second.stems)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("हिन्दी", "हिंदी"),
        ("गाँव", "गांव"),
        ("ज़मीन", "जमीन"),
        ("क्\u200dयारी", "क्यारी"),
        ("می\u200cخواهم", "میخواهم"),
    ],
)
def test_two_spellings_of_a_word_are_one(one: str, other: str) -> None:
    assert normalize(one) == normalize(other)


def test_the_language_of_a_text_is_guessed_where_it_is_plain() -> None:
    assert guess(["the", "bees", "are", "in", "the", "hedge"], SIX) == ("en",)
    assert guess(["das", "ist", "nicht", "der", "garten"], SIX) == ("de",)
    assert guess(["compost"], SIX) == SIX
    assert tokenize("The plans of the garden", SIX)[1].stems == ("en:plan",)


def test_the_gatherings_own_language_is_known_too() -> None:
    assert stemmable("sv")[0] == "sv"
    assert stemmable("pt-BR") == ("pt", "en", "es", "fr", "de", "ar")
    assert stemmable("xx") == SIX
    (word,) = tokenize("trädgårdarna", stemmable("sv"), sure=True)
    assert "sv:tradgard" in word.stems


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("today", "14"),
        ("gestern", "13"),
        ("saturday", "14"),
        ("Sat", "14"),
        ("domingo", "15"),
        ("الأحد", "15"),
        ("2026-03-14", "14"),
        ("2026-03", "13 14 15"),
        ("14.3.", "14"),
        ("14/3/2026", "14"),
        ("14/3/2025", ""),
        ("15", "15"),
        ("2026-03-14..", "14 15"),
        ("..2026-03-14", "13 14"),
        ("31", ""),
        ("someday", ""),
        ("١٤", "14"),
        ("²", ""),
    ],
)
def test_what_people_call_a_day(typed: str, days: str) -> None:
    known = [f"2026-03-{day}" for day in (13, 14, 15)]
    found = matching_days(typed, known, date(2026, 3, 14), SIX)
    assert found == {f"2026-03-{day}" for day in days.split()}


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        ("tree", "tree", 0),
        ("tree", "tere", 1),
        ("tree", "trees", 1),
        ("tree", "three", 1),
        ("gardne", "garden", 1),
        ("abc", "xyz", 3),
    ],
)
def test_slips_are_counted(one: str, other: str, slips: int) -> None:
    assert distance(one, other, 3) == distance(other, one, 3) == slips
    assert distance(one, other, 0) == distance(other, one, 0) == min(slips, 1)


def test_the_best_piece_of_a_long_text_is_shown() -> None:
    text = "nothing " * 40 + "here the BÉES & the <hedge> meet " + "nothing " * 40
    marked = highlight(["", text], Highlights(frozenset({"bees", "hedge"})), SIX)
    assert "the <mark>BÉES</mark> &amp; the &lt;<mark>hedge</mark>&gt; meet" in marked
    assert marked.startswith("… ")
    assert marked.endswith(" …")
    assert len(marked) < 300
    assert highlight(["nothing"], Highlights(frozenset({"bees"})), SIX) == ""


def test_stems_beginnings_and_pairs_are_marked() -> None:
    assert (
        highlight(["Two gardens."], Highlights(stems=frozenset({"en:garden"})), SIX)
        == "Two <mark>gardens</mark>."
    )
    assert (
        highlight(["Two gardens"], Highlights(beginnings=("gar",)), SIX)
        == "Two <mark>gardens</mark>"
    )
    assert (
        highlight(["日本の庭"], Highlights(frozenset({"日本", "本の"})), SIX)
        == "<mark>日本の</mark>庭"
    )


@pytest.mark.parametrize("written", ["١٢", "۱۲", "१२", "１２", "12"])
def test_figures_of_every_script_are_the_same(written: str) -> None:
    assert normalize(written) == "12"
    assert [word.plain for word in tokenize(f"في {written} مايو", SIX)][1] == "12"
