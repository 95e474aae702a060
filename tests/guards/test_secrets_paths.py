"""Nothing that belongs to one machine, one network or one person is committed."""

import re
from pathlib import Path

import pytest

from tests.guards.repository import ROOT, repository_files

# Spelled in parts, or this file would find itself.
# Ada is the invented person of the tests, and has no machine.
HOMES = re.compile(r"(?<![\w.:/-])/" + r"(?:root|home|work|Users)/(?!ada\b)[\w.-]+")
REGISTRIES = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("registry", "npmjs"),
            ("registry", "yarnpkg"),
            ("deb", "debian", "org"),
        )
    )
)
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE"
    + r" KEY-----|\bghp_\w{30,}|\bAKIA[0-9A-Z]{16}\b|\bxox[bp]-[\w-]{20,}"
)


def findings(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    """Return "file:line: what" for each place in a text file that the pattern matches."""
    found = []
    for path in files:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, start=1):
            found += [f"{path.name}:{number}: {hit[0]}" for hit in pattern.finditer(line)]
    return found


@pytest.mark.parametrize(
    "pattern", [HOMES, REGISTRIES, SECRETS], ids=["homes", "registries", "secrets"]
)
def test_no_file_of_the_repository_holds_one(pattern: re.Pattern[str]) -> None:
    assert findings(pattern, repository_files()) == []


def test_the_patterns_find_what_they_are_for(tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text(
        "cd /" + "home/grace/kiosk\nhttps://" + "pypi." + "org/simple\nfine: s3://host/home/x\n"
    )
    assert findings(HOMES, [bad]) == ["bad.txt:1: /" + "home/grace"]
    assert findings(REGISTRIES, [bad]) == ["bad.txt:2: pypi." + "org"]


def test_the_walk_reaches_the_files_that_matter() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in repository_files()}
    assert {"setup.cfg", "Makefile", "package-lock.json", "kiosk/runtime/static_files.py"} <= names
