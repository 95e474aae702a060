"""Joins a page's scripts and style sheets into one file each: over a weak Wi-Fi every further file
costs a request.

The source modules stay separate, and there is no build step: a script and all its imports are
joined into one module when a page first requests it. Supported ES module syntax (ECMA-262, 16.2) is
what ours use: named imports, namespaces, exports of declarations and of lists. Anything else raises
a ValueError that names the file.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from kiosk.runtime.static_files import static_dir

# A line that is only a comment; a quarter of our scripts are comments for readers of the source.
SCRIPT_COMMENT = re.compile(r"^[ \t]*//.*\n", re.MULTILINE)
SHEET_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
IMPORT = re.compile(r'^import (?:\{([^}]*)\}|\* as (\w+)) from "([^"]+)";\n', re.MULTILINE)
EXPORTED = re.compile(r"^export ((?:async )?function|class|const|let) (\w+)", re.MULTILINE)
EXPORT_LIST = re.compile(r"\bexport ?\{([^}]*)\};?\s*$")
RENAMED = re.compile(r"(\w+) as (\w+)")
INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
LEFT = re.compile(r"^(?:import\b(?!\()|export\b)", re.MULTILINE)


@dataclass(frozen=True)
class Joined:
    """A joined file: its text, and its version."""

    text: str
    mark: str


def joined_script(name: str) -> Joined:
    """Join the module ``name`` (below static/) with all its imports. Raises FileNotFoundError,
    ValueError."""
    return _script(name, _stamp("js", "vendor"))


def joined_sheet(names: Iterable[str]) -> Joined:
    """Concatenate style sheets, without comments and indentation. Raises FileNotFoundError."""
    return _sheet(tuple(names), _stamp("css"))


def _stamp(*folders: str) -> int:
    """A cache key that changes when one of the files is saved, so that they are joined again."""
    files = (path for name in folders for path in (static_dir() / name).rglob("*.*s"))
    return max((path.stat().st_mtime_ns for path in files), default=0)


@lru_cache(maxsize=16)
def _script(name: str, _stamp: int) -> Joined:
    parts: dict[str, str] = {}
    _collect(name, parts)
    names = {path: f"m{number}" for number, path in enumerate(parts)}
    return _with_hash("".join(_wrapped(path, text, names) for path, text in parts.items()))


@lru_cache(maxsize=16)
def _sheet(names: tuple[str, ...], _stamp: int) -> Joined:
    text = "\n".join(_read(name) for name in names)
    lines = (line.strip() for line in SHEET_COMMENT.sub("", text).splitlines())
    return _with_hash("\n".join(line for line in lines if line))


def _with_hash(text: str) -> Joined:
    return Joined(text, hashlib.sha256(text.encode()).hexdigest()[:16])


def _read(name: str) -> str:
    return (static_dir() / name).read_text("utf-8")


def _collect(name: str, parts: dict[str, str]) -> None:
    """Collect a module after all its imports; each one once. Our imports have no cycles."""
    text = SCRIPT_COMMENT.sub("", _read(name))
    for match in IMPORT.finditer(text):
        other = _beside(name, match[3])
        if other not in parts:
            _collect(other, parts)
    parts[name] = text


def _beside(name: str, other: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), other))


def _wrapped(name: str, text: str, names: dict[str, str]) -> str:
    """Wrap a module in a function that returns its exports, so that its other names stay
    private."""

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
    if any(line.count("`") % 2 for line in body.splitlines()):
        raise ValueError(f"{name} has a text of several lines, whose indentation would be lost")
    body = INDENT.sub("", body)
    return f"const {names[name]} = (() => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();\n"
