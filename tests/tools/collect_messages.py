"""Collect what has to be translated into every catalogue: ``make translations`` runs this.

Pages and errors of all packages go into ``kiosk/translations``; the words of posts, sites and mails into
``publish/translations``. An error's first argument is its template; so is that of ``Message`` and ``N_``.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

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


def templates(folder: str) -> Iterator[str]:
    """Yield every template of a message in a package: literal first arguments of errors, Message and N_."""
    names = {*error_classes(), *TEMPLATES}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in names and isinstance(node.args[0].value, str) and node.args[0].value:
                    yield node.args[0].value


def page_catalogue() -> Catalog:
    """Return everything that pages, errors and the print pack say, untranslated."""
    catalogue = Catalog()
    for folder in ("kiosk", "capture"):
        for _, _, text, _, _ in extract_from_dir(str(ROOT / folder), METHODS, keywords=PAGES):
            catalogue.add(text)
    own = {"page_text": None}
    for _, _, text, _, _ in extract_from_dir(str(ROOT / "publish"), METHODS, keywords=own):
        catalogue.add(text)
    for folder in PACKAGES:
        for text in templates(folder):
            catalogue.add(text)
    return catalogue


def post_catalogue() -> Catalog:
    """Return everything that posts, sites and mails say, untranslated."""
    catalogue = Catalog()
    words = {"_": None, "gettext": None, "ngettext": (1, 2)}
    for _, _, text, _, _ in extract_from_dir(str(ROOT / "publish"), METHODS, keywords=words):
        catalogue.add(text)
    return catalogue


def update(folder: Path, template: Catalog) -> None:
    """Bring the catalogues of a folder up to date; translations that nothing asks for any more go."""
    for path in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        language = path.parts[-3]
        with path.open("rb") as stream:
            catalogue = read_po(stream, locale=language)
        catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
        with path.open("wb") as stream:
            write_po(
                stream,
                catalogue,
                width=100,
                sort_output=True,
                no_location=True,
                ignore_obsolete=True,
            )


if __name__ == "__main__":
    update(ROOT / "kiosk" / "translations", page_catalogue())
    update(ROOT / "publish" / "translations", post_catalogue())
