"""Scripts and sheets of a page as one file: over a weak Wi-Fi each further file costs a head and a turn of its own.

The checkout keeps its modules apart, and nothing has to be built: a script and all that it imports are put into one
module when a page first asks for it. Of ES modules (ECMA-262, 16.2) it knows what ours use: named imports, namespaces,
exports of declarations and of lists. Whatever else it meets, it refuses by a ValueError that names the file.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from kiosk.runtime.static_files import static_dir

# A line that is a comment from its first letter on; a quarter of our scripts is for who reads them in the checkout.
SCRIPT_COMMENT = re.compile(r"^[ \t]*//.*\n", re.MULTILINE)
SHEET_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
IMPORT = re.compile(r'^import (?:\{([^}]*)\}|\* as (\w+)) from "([^"]+)";\n', re.MULTILINE)
EXPORTED = re.compile(r"^export ((?:async )?function|class|const|let) (\w+)", re.MULTILINE)
EXPORT_LIST = re.compile(r"\bexport ?\{([^}]*)\};?\s*$")
RENAMED = re.compile(r"(\w+) as (\w+)")
LEFT = re.compile(r"^(?:import\b(?!\()|export\b)", re.MULTILINE)


@dataclass(frozen=True)
class Joined:
    """A file made of several: its text, and what tells this version from another one."""

    text: str
    mark: str


def joined_script(name: str) -> Joined:
    """The module ``name`` (below static/) with everything that it imports. Raises FileNotFoundError, ValueError."""
    return _script(name, _stamp("js", "vendor"))


def joined_sheet(names: Iterable[str]) -> Joined:
    """Sheets one after the other, without comments and indents. Raises FileNotFoundError."""
    return _sheet(tuple(names), _stamp("css"))


def _stamp(*folders: str) -> int:
    """Changes when a file in one of them is saved: then everything is put together anew."""
    files = (path for name in folders for path in (static_dir() / name).rglob("*.*s"))
    return max((path.stat().st_mtime_ns for path in files), default=0)


@lru_cache(maxsize=16)
def _script(name: str, _stamp: int) -> Joined:
    parts: dict[str, str] = {}
    _collect(name, parts)
    names = {path: f"m{number}" for number, path in enumerate(parts)}
    return _marked("".join(_wrapped(path, text, names) for path, text in parts.items()))


@lru_cache(maxsize=16)
def _sheet(names: tuple[str, ...], _stamp: int) -> Joined:
    text = "\n".join(_read(name) for name in names)
    lines = (line.strip() for line in SHEET_COMMENT.sub("", text).splitlines())
    return _marked("\n".join(line for line in lines if line))


def _marked(text: str) -> Joined:
    return Joined(text, hashlib.sha256(text.encode()).hexdigest()[:16])


def _read(name: str) -> str:
    return (static_dir() / name).read_text("utf-8")


def _collect(name: str, parts: dict[str, str]) -> None:
    """A module behind everything that it imports; each one once. Ours import one way."""
    text = SCRIPT_COMMENT.sub("", _read(name))
    for match in IMPORT.finditer(text):
        other = _beside(name, match[3])
        if other not in parts:
            _collect(other, parts)
    parts[name] = text


def _beside(name: str, other: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), other))


def _wrapped(name: str, text: str, names: dict[str, str]) -> str:
    """A module as a function that gives its exports: its other names stay its own."""

    def imported(match: re.Match[str]) -> str:
        listed, namespace, other = match.groups()
        wanted = namespace or "{" + RENAMED.sub(r"\1: \2", listed) + "}"
        return f"const {wanted} = {names[_beside(name, other)]};\n"

    exports = [match[2] for match in EXPORTED.finditer(text)]
    body = EXPORTED.sub(r"\1 \2", IMPORT.sub(imported, text))
    if listed := EXPORT_LIST.search(body):
        exports += [RENAMED.sub(r"\2: \1", one) for one in listed[1].split(",")]
        body = body[: listed.start()]
    if LEFT.search(body):
        raise ValueError(f"{name} imports or exports in a way that can't be joined")
    return f"const {names[name]} = (() => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();\n"
