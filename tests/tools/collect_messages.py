"""Collect what has to be translated into every catalogue: ``make translations`` runs this.

Pages and errors of all packages go into ``kiosk/translations``; the words of posts, sites and mails into
``publish/translations``; what has no translation yet is told. An error's first argument is its template; so is that of
``Message`` and ``N_``.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from reporter.languages import LANGUAGES
from tests.guards.repository import PACKAGES, ROOT, modules

TEMPLATES = ("Message", "N_")
PAGES: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "later": None,
    "page_text": None,
}
METHODS = [("**.py", "python"), ("**/templates/**.*", "jinja2")]


@functools.cache
def error_classes() -> frozenset[str]:
    """Return the names of all classes below ReporterError, by the sources."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for _, path in modules()]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    found = {"ReporterError"}
    while True:
        more = {
            one.name
            for one in classes
            if any(getattr(base, "id", getattr(base, "attr", "")) in found for base in one.bases)
        }
        if more <= found:
            return frozenset(found)
        found |= more


@functools.cache
def templates(folder: str) -> tuple[str, ...]:
    """Return the template of every message in a package: literal first arguments of errors, Message and N_."""
    return tuple(_templates(folder))


def _templates(folder: str) -> Iterator[str]:
    names = {*error_classes(), *TEMPLATES}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in names and isinstance(node.args[0].value, str) and node.args[0].value:
                    yield node.args[0].value


def extracted(folder: str, words: dict[str, tuple[int, ...] | None]) -> Iterator[Any]:
    """Yield what code and templates of a package ask a catalogue for: a sentence, or its singular and plural."""
    for _, _, text, _, _ in extract_from_dir(str(ROOT / folder), METHODS, keywords=words):
        yield text


def page_catalogue() -> Catalog:
    """Return everything that pages, errors and the print pack say, untranslated."""
    catalogue = Catalog()
    found = [
        *extracted("kiosk", PAGES),
        *extracted("capture", PAGES),
        *extracted("publish", {"page_text": None}),
        *(one for folder in PACKAGES for one in templates(folder)),
    ]
    for text in found:
        catalogue.add(text)
    return catalogue


def post_catalogue() -> Catalog:
    """Return everything that posts, sites and mails say, untranslated."""
    catalogue = Catalog()
    for text in extracted("publish", {"_": None, "gettext": None, "ngettext": (1, 2)}):
        catalogue.add(text)
    return catalogue


def untranslated(catalogue: Catalog) -> list[Message]:
    """Return the sentences that a catalogue lacks, wholly or in one of the plural's forms."""
    return [one for one in catalogue if one.id and not all(forms(one))]


def forms(message: Message) -> list[str]:
    """Return the translations of a sentence: one, or one a plural form; empty texts where there are none."""
    translation = message.string or ""
    return [translation] if isinstance(translation, str) else list(translation)


def first_words(message: Message) -> str:
    """Return a sentence in English; of a plural, its singular."""
    return message.id if isinstance(message.id, str) else message.id[0]


def report(language: str, catalogue: Catalog) -> None:
    """Tell what of a catalogue is in English still: a test refuses it."""
    left = untranslated(catalogue)
    if language != "en" and left:
        print(f"{language}: {len(left)} to translate", *map(first_words, left), sep="\n  ")


def started(path: Path, language: str) -> Catalog:
    """Return the catalogue of a language; an empty one where there is none yet."""
    if not path.exists():
        return Catalog(locale=language, project="Social Reporter", fuzzy=False)
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def update(folder: Path, domain: str, template: Catalog) -> None:
    """Bring the catalogues of all languages up to date; translations that nothing asks for any more go."""
    for language in LANGUAGES:
        path = folder / language / "LC_MESSAGES" / f"{domain}.po"
        catalogue = started(path, language)
        made = catalogue.creation_date
        catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
        catalogue.creation_date = made  # else a run that finds nothing new would change every file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            write_po(
                stream,
                catalogue,
                width=100,
                sort_output=True,
                no_location=True,
                ignore_obsolete=True,
            )
        report(language, catalogue)


if __name__ == "__main__":
    update(ROOT / "kiosk" / "translations", "messages", page_catalogue())
    update(ROOT / "publish" / "translations", "publish", post_catalogue())
