"""The catalogues: every sentence in every language, with the same blanks to fill in."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from kiosk.i18n.locale_selector import catalogue as translated_words
from publish.i18n import translations
from reporter.languages import LANGUAGES
from tests.guards.repository import modules
from tests.tools.collect_messages import forms

ROOT = Path(__file__).parents[3]
PAGES = "kiosk/translations/{}/LC_MESSAGES/messages.po"
POSTS = "publish/translations/{}/LC_MESSAGES/publish.po"
TAG = re.compile(r"<[^>]*>")
BLANK = re.compile(r"%\(\w+\)[sd]|%s|%d|%%|\{\w+\}")
ASKING = ("_", "gettext", "ngettext", "lazy_gettext", "later")
TRANSLATED = [lang for lang in LANGUAGES if lang != "en"]


@functools.cache
def catalogue(lang: str, place: str) -> Catalog:
    with (ROOT / place.format(lang)).open("rb") as file:
        return read_po(file, locale=lang)


def messages(lang: str, place: str = PAGES) -> list[Message]:
    return [message for message in catalogue(lang, place) if message.id]


@pytest.mark.parametrize("place", [PAGES, POSTS], ids=["pages", "posts"])
@pytest.mark.parametrize("lang", TRANSLATED)
def test_every_sentence_is_translated_with_its_blanks(lang: str, place: str) -> None:
    """``make translations`` lists what is missing."""
    for message in messages(lang, place):
        translated_forms = forms(message)
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        # Of a singular without a number ("this face") the plural may have one.
        blanks = [sorted(BLANK.findall(one)) for one in sources]
        assert all(translated_forms), f"{lang}: {sources[0]}"
        assert not message.fuzzy, f"{lang}: {sources[0]}"
        for form in translated_forms:
            assert sorted(BLANK.findall(form)) in blanks, f"{lang}: {sources[0]}"
            assert TAG.findall(form) == TAG.findall(sources[0]), f"{lang}: {sources[0]}"


@pytest.mark.parametrize(
    ("lang", "count", "words"),
    [
        ("fr", 0, "0 réponse"),
        ("pt", 2, "2 respostas"),
        ("uk", 1, "1 відповідь"),
        ("uk", 3, "3 відповіді"),
        ("uk", 11, "11 відповідей"),
        ("uk", 22, "22 відповіді"),
        ("ar", 11, "ردود: 11"),
        ("hi", 2, "2 जवाब"),
        ("zh", 5, "5 条回复"),
    ],
)
def test_plurals_follow_the_rules_of_the_language(lang: str, count: int, words: str) -> None:
    asked = translated_words(lang).ngettext("%(num)d reply", "%(num)d replies", count)
    assert asked % {"num": count} == words


def test_all_catalogues_hold_the_same_sentences() -> None:
    known = {lang: {message.id for message in messages(lang)} for lang in LANGUAGES}
    assert len(known["en"]) > 1000
    assert all(ids == known["en"] for ids in known.values())
    posts = {lang: {message.id for message in messages(lang, POSTS)} for lang in TRANSLATED}
    assert len(posts["de"]) > 50
    assert all(ids == posts["de"] for ids in posts.values())


def asked_for(folder: str, asking: Sequence[str] = ASKING) -> Iterator[str]:
    """Every sentence that the code or a template of a package asks the catalogue for."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in asking and isinstance(node.args[0].value, str):
                    yield node.args[0].value
    for path in (ROOT / folder / "templates").rglob("*.html"):
        with path.open("rb") as file:
            for _line, _name, words, _notes in babel_extract(file, asking, [], {}):
                yield words if isinstance(words, str) else str((words or ("",))[0])


@pytest.mark.parametrize(
    ("folders", "place"),
    [(("kiosk", "capture"), PAGES), (("publish",), POSTS)],
    ids=["pages", "posts"],
)
def test_every_sentence_of_the_program_is_in_the_catalogues(
    folders: tuple[str, ...], place: str
) -> None:
    """``make translations`` looks into no f-string, and is easily forgotten."""
    known = {m.id if isinstance(m.id, str) else m.id[0] for m in messages("de", place)}
    asked = {sentence for folder in folders for sentence in asked_for(folder)}
    if place == PAGES:
        asked |= set(asked_for("publish", ["page_text"]))
    assert len(asked) > 50
    assert sorted(asked - known - {""}) == []


@pytest.mark.parametrize(
    ("tag", "translation"),
    [
        ("de-AT", "Notiz"),
        ("ar", "ملاحظة"),
        ("pt-BR", "Nota"),
        ("uk_UA", "Нотатка"),
        ("zh-Hans-CN", "笔记"),
        ("zh-TW", "Note"),
        ("fi", "Note"),
    ],
)
def test_posts_speak_the_language_of_the_gathering(tag: str, translation: str) -> None:
    assert translations(tag).gettext("Note") == translation


# What is read by programs, by administrators in a log or a terminal, or belongs to the sample gathering.
_NO_SENTENCES = (
    "kiosk/cli/",
    "kiosk/demo/",
    "kiosk/server/",
    "kiosk/hub/telemetry/",
    "kiosk/web/openapi/",
    "kiosk/desktop/awake.py",
    "kiosk/build_assets.py",
    "publish/bundle/ro_crate.py",
    "reporter/config.py",
    "reporter/migrations/",
)
# A Retry's own reason, which no page shows.
_SHOWN_NOWHERE = {"The target has changed what it takes."}


def sentences(tree: ast.AST) -> Iterator[str]:
    """Literal sentences of more than four words that are no documentation and no piece of an f-string."""
    apart = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            apart.update(map(id, node.values))
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in apart else ""
        if isinstance(text, str) and re.fullmatch(r"[A-Z%]\S*( \S+){4,}[.?]", text):
            yield text


def test_no_sentence_is_kept_from_the_catalogues() -> None:
    """One that a constant or a function holds is marked by ``N_`` or a ``Message``: else pages speak English."""
    known = {
        message.id
        for lang, place in (("en", PAGES), ("de", POSTS))
        for message in messages(lang, place)
    }
    known |= {one for ids in known if not isinstance(ids, str) for one in ids}
    found = [
        f"{path.relative_to(ROOT)}: {sentence}"
        for _, path in modules()
        if not str(path.relative_to(ROOT)).startswith(_NO_SENTENCES)
        for sentence in sentences(ast.parse(path.read_text(encoding="utf-8")))
        if sentence not in known | _SHOWN_NOWHERE
    ]
    assert found == []
