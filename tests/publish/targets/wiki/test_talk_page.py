"""Discussion pages: who said what, answering whom; and texts that several people change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from publish.targets.mediawiki.wikitext import page_name, safe, words_of
from publish.targets.wiki.signatures import dokuwiki_manner, mediawiki_manner
from publish.targets.wiki.talk_page import insert_answer, read_comments, remove_answer
from publish.targets.wiki.three_way_merge import merge, takes_away

ENGLISH = mediawiki_manner({"general": {"lang": "en"}})
GERMAN = mediawiki_manner(
    {
        "general": {"lang": "de", "timeoffset": 120},
        "namespaces": {
            "2": {"name": "Benutzer", "canonical": "User"},
            "3": {"name": "Benutzer Diskussion"},
        },
    }
)
PAGE = """An unsigned introduction.

== Seeds ==
Where do they come from? [[User:Ann|Ann]] ([[User talk:Ann|talk]]) 12:34, 5 May 2026 (UTC)
:From the library.
:And from [[User:Ben|Ben]], who has many. [[User:Cy|Cy]] 12:40, 5 May 2026 (UTC)
::Thanks! [[Special:Contributions/192.0.2.7|192.0.2.7]] ([[User talk:192.0.2.7|talk]]) 13:00, 5 May 2026 (UTC)
:No idea. [[User:Ann|Ann]] ([[User talk:Ann|talk]]) 12:34, 5 May 2026 (UTC)

== Tools ==
Who has a spade? [[User:Dot]] 09:01, 6 May 2026 (UTC)
"""


def test_comments_know_their_writers_and_what_they_answer() -> None:
    comments = read_comments(PAGE, ENGLISH)
    assert [(c.author, words_of(c.markup).split("\n")[0], c.depth) for c in comments] == [
        ("Ann", "Where do they come from?", 0),
        ("Cy", "From the library.", 1),
        ("192.0.2.7", "Thanks!", 2),
        ("Ann", "No idea.", 1),
        ("Dot", "Who has a spade?", 0),
    ]
    ids = [c.id for c in comments]
    assert ids[0] == "c-Ann-202605051234-1"
    assert [c.parent for c in comments] == ["", ids[0], ids[1], ids[0], ""]
    assert words_of(comments[1].markup) == "From the library.\nAnd from Ben, who has many."
    assert comments[0].moment == datetime(2026, 5, 5, 12, 34, tzinfo=UTC)


@pytest.mark.parametrize(
    "signed",
    [
        "[[Benutzer:Ann|Ann]] ([[Benutzer Diskussion:Ann|Diskussion]]) 12:34, 5. Mär. 2026 (CEST)",
        "[[Benutzerin:Ann|Ann]] [[Spezial:Beiträge/Ann|x]] 12:34, 5. März 2026 (CEST)",
        "[[User:Ann|Ann]] 5 March 2026, 12:34",
        "[[User_talk:Ann|Ann]] 2026-03-05 12:34",
    ],
)
def test_dates_of_other_languages_and_zones(signed: str) -> None:
    [comment] = read_comments(f"Woher? {signed}", GERMAN)
    assert comment.author == "Ann"
    assert comment.moment == datetime(2026, 3, 5, 12, 34, tzinfo=timezone(timedelta(hours=2)))


def test_answer_goes_below_what_it_answers_and_what_was_answered_before() -> None:
    to = "c-Ann-202605051234-1"
    changed = insert_answer(
        PAGE, ENGLISH, to, lambda depth: f"{':' * depth}Ours. [[User:Us]] 10:00, 7 May 2026 (UTC)"
    )
    assert changed is not None
    lines = changed.split("\n")
    place = lines.index(":Ours. [[User:Us]] 10:00, 7 May 2026 (UTC)")
    assert lines[place - 1].startswith(":No idea.")
    assert next(c for c in read_comments(changed, ENGLISH) if c.author == "Us").parent == to
    assert insert_answer(PAGE, ENGLISH, "c-Nobody-1", lambda depth: "x") is None


def test_our_answer_is_known_by_its_key_and_can_go() -> None:
    ours = ":Ours.<!-- social-reporter-answer k1 --> [[User:Us]] 10:00, 7 May 2026 (UTC)"
    changed = insert_answer(
        PAGE, ENGLISH, "c-Cy-202605051240-1", lambda depth: f"{':' * (depth - 1)}{ours}"
    )
    assert changed is not None
    [own] = [c for c in read_comments(changed, ENGLISH) if c.key]
    assert (own.id, own.key, own.markup.strip()) == ("k1", "k1", "Ours.")
    assert remove_answer(changed, ENGLISH, "k1") == PAGE
    assert remove_answer(PAGE, ENGLISH, "k1") is None


def test_dokuwikis_comments() -> None:
    page = """====== Seeds ======
Where from? --- //[[ann@example.org|Ann]] 2026/05/05 12:34//

> From the library. --- //[[ben|Ben]] 2026/05/05 12:40//
>> Thanks! --- //Cy 2026/05/05 12:41//
"""
    comments = read_comments(page, dokuwiki_manner())
    assert [(c.author, c.markup.strip(), c.depth) for c in comments] == [
        ("Ann", "Where from?", 0),
        ("Ben", "From the library.", 1),
        ("Cy", "Thanks!", 2),
    ]
    assert [c.parent for c in comments] == ["", comments[0].id, comments[1].id]


def test_words_cannot_become_markup_and_addresses_stay_links() -> None:
    assert safe("{{Evil}} see https://a.example/x_y?b=c ''it''").startswith("&#123;&#123;Evil")
    assert " https://a.example/x_y?b=c " in safe("{{Evil}} see https://a.example/x_y?b=c ''it''")
    assert "~~~" not in safe("~~~~ https://a.example/~~~~")
    # Without a tag MediaWiki's link would go on to the next blank.
    assert safe("看 https://a.example/b。好") == "看 https://a.example/b<nowiki/>。好"
    assert words_of(safe("看 https://a.example/b。好")) == "看 https://a.example/b。好"
    assert page_name("Talk: a <b> [c] #1/2 {x|y}") == "Talk - a ‹b› (c) №1-2 (x-y)"


@pytest.mark.parametrize(
    ("theirs", "ours", "text", "conflict"),
    [
        ("a\nb\nc", "a\nB\nc", "a\nB\nc", False),
        ("a\nb2\nc", "a\nb\nc", "a\nb2\nc", False),
        ("a2\nb\nc", "a\nb\nC", "a2\nb\nC", False),
        ("a\nb2\nc", "a\nB\nc", "a\nB\nc", True),
        ("a\nb2\nc", "a\nc", "a\nc", True),
        ("a\nx\nb\nc", "a\nb\nc\nd", "a\nx\nb\nc\nd", False),
        ("b\nc", "a\nb\nc\nd", "b\nc\nd", False),
    ],
)
def test_merge(theirs: str, ours: str, text: str, *, conflict: bool) -> None:
    merged = merge("a\nb\nc", theirs, ours)
    assert (merged.text, merged.conflict) == (text, conflict)


def test_taking_away_is_told_from_changing() -> None:
    assert takes_away("a\nb\nc", "a\nc")
    assert takes_away("a\nb\nc\nd", "a\nB\nd")
    assert not takes_away("a\nb\nc", "a\nB\nc")
    assert not takes_away("a\nb\nc", "a\nb\nc\nd")
