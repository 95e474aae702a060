"""Collect what has to be translated into every catalogue: ``make translations`` runs this.

Pages and errors of all packages go into ``kiosk/translations``; the words of posts, sites and mails into
``publish/translations``; what is in English still is told. An error's first argument is its template; so is that of
``Message`` and ``N_``.
"""

from __future__ import annotations

import ast
import functools
import os
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
# Where sentences stand that volunteers meet: on phones, station, wall, search and paper, in mails, and what a phone is
# told when something goes wrong. These are in all languages at any time; the desk's may lag behind in some.
VOLUNTEERS = (
    "capture/decoding/",
    "capture/intake/",
    "capture/printing/",
    "capture/renditions/",
    "kiosk/services/alt_text.py",
    "kiosk/services/conversation.py",
    "kiosk/services/films.py",
    "kiosk/services/invitation.py",
    "kiosk/services/privacy_notice.py",
    "kiosk/templates/",
    "kiosk/web/middleware/",
    "kiosk/web/phone/",
    "kiosk/web/screens/",
    "kiosk/web/shared/",
    "reporter/conversation/",
    "reporter/errors.py",
    "reporter/follow_up/next_gathering.py",
    "reporter/gathering/admission.py",
    "reporter/gathering/sessions.py",
    "reporter/media/",
    "reporter/moderation/",
)
DESK = ("kiosk/templates/desk/", "kiosk/templates/hub/")
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


def for_volunteers(message: Message) -> bool:
    """Say whether a sentence of ``page_catalogue`` stands where volunteers meet it."""
    places = [name for name, _ in message.locations]
    return any(name.startswith(VOLUNTEERS) and not name.startswith(DESK) for name in places)


def templates(folder: str) -> Iterator[tuple[str, str]]:
    """Yield (file, template) of every message in a package: literal first arguments of errors, Message and N_."""
    names = {*error_classes(), *TEMPLATES}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in names and isinstance(node.args[0].value, str) and node.args[0].value:
                    yield path.relative_to(ROOT).as_posix(), node.args[0].value


def extracted(folder: str, words: dict[str, tuple[int, ...] | None]) -> Iterator[tuple[str, Any]]:
    """Yield (file, sentence, or singular and plural) of what code and templates of a package ask a catalogue for."""
    for name, _, text, _, _ in extract_from_dir(str(ROOT / folder), METHODS, keywords=words):
        yield f"{folder}/{name.replace(os.sep, '/')}", text


def page_catalogue() -> Catalog:
    """Return everything that pages, errors and the print pack say, untranslated, with the files where it stands."""
    catalogue = Catalog()
    found = [
        *extracted("kiosk", PAGES),
        *extracted("capture", PAGES),
        *extracted("publish", {"page_text": None}),
        *(one for folder in PACKAGES for one in templates(folder)),
    ]
    for name, text in found:
        catalogue.add(text, locations=[(name, 0)])
    return catalogue


def post_catalogue() -> Catalog:
    """Return everything that posts, sites and mails say, untranslated."""
    catalogue = Catalog()
    for _, text in extracted("publish", {"_": None, "gettext": None, "ngettext": (1, 2)}):
        catalogue.add(text)
    return catalogue


def untranslated(catalogue: Catalog) -> list[Message]:
    """Return the sentences that a catalogue lacks, wholly or in one of the plural's forms."""
    return [one for one in catalogue if one.id and not all(forms(one))]


def forms(message: Message) -> list[str]:
    """Return the translations of a sentence: one, or one a plural form; empty texts where there are none."""
    said = message.string or ""
    return [said] if isinstance(said, str) else list(said)


def first_words(message: Message) -> str:
    """Return a sentence in English; of a plural, its singular."""
    return message.id if isinstance(message.id, str) else message.id[0]


def report(language: str, catalogue: Catalog) -> None:
    """Tell how much of a catalogue is in English still, and what of it volunteers would meet."""
    left = untranslated(catalogue)
    if language == "en" or not left:
        return
    seen = [first_words(one) for one in left if for_volunteers(one)]
    print(
        f"{language}: {len(left)} in English still, {len(seen)} of them for volunteers",
        *seen,
        sep="\n  ",
    )


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
        catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
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
