"""Which systems and Pythons get everything as wheels: `make lock` prints it, docs/platforms.md keeps it.

Asks `uv` to resolve the pinned versions with wheels alone for each system; what it cannot find is allowed to be
built and named, until it resolves.
"""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- wheels: made by make lock -->", "<!-- end of wheels -->"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {
    "Windows": "x86_64-pc-windows-msvc",
    "Windows on ARM": "aarch64-pc-windows-msvc",
    "macOS 14+, Apple silicon": "aarch64-apple-darwin",
    "macOS 14+, Intel": "x86_64-apple-darwin",
    "Linux, glibc 2.28+": "x86_64-manylinux_2_28",
    "Linux on ARM, glibc 2.28+": "aarch64-manylinux_2_28",
}
CARRIED = ("fonts", "indieweb", "sftp")
_MOST_LACKING = 12
# Published as a source archive alone, and pure Python: nobody needs a compiler for it.
_PURE = "bagit"
# uv's own idea of a Mac is an older one.
_MACOS = "14.0"


def lacking(system: str, python: str, asked: str) -> list[str]:
    """Packages without a wheel there; ['?'] where uv says something else."""
    missing: list[str] = []
    environment = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": _MACOS}
    while len(missing) < _MOST_LACKING:
        line = [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "compile",
            "-q",
            "--python-platform",
            system,
            "--python-version",
            f"{python}.9",
        ]
        line += ["--only-binary", ":all:", "-c", "constraints.txt", "-"]
        line += [word for name in (_PURE, *missing) for word in ("--no-binary", name)]
        done = subprocess.run(
            line,
            cwd=ROOT,
            env=environment,
            input=asked,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return missing
        found = _without_wheel(done.stderr)
        if not found or found in missing:
            print(done.stderr, file=sys.stderr)
            return [*missing, "?"]
        missing.append(found)
    return missing


def requirements() -> str:
    """What the program and its application need, a line each."""
    options = configparser.ConfigParser()
    options.read(ROOT / "setup.cfg")
    extras = options["options.extras_require"]
    parts = (options["options"]["install_requires"], *(extras[name] for name in CARRIED))
    return "\n".join(parts)


def _without_wheel(refusal: str) -> str:
    """The package that uv's refusal is about."""
    refusal = " ".join(refusal.split())
    found = re.search(
        r"([\w.-]+)==\S+ (?:has no (?:usable )?wheels|has no wheels with a matching)", refusal
    )
    return found[1] if found else ""


def table() -> str:
    """The matrix as Markdown."""
    asked = requirements()
    head = f"| | {' | '.join(PYTHONS)} |\n|---|{'---|' * len(PYTHONS)}\n"
    cells = [(triple, python) for triple in SYSTEMS.values() for python in PYTHONS]
    with ThreadPoolExecutor(4) as pool:
        found = dict(
            zip(
                cells,
                pool.map(lambda cell: lacking(cell[0], cell[1], asked), cells),
                strict=True,
            )
        )
    rows = (
        f"| {name} | "
        + " | ".join(", ".join(found[triple, python]) or "all" for python in PYTHONS)
        + " |"
        for name, triple in SYSTEMS.items()
    )
    return head + "\n".join(rows) + "\n"


def main() -> None:
    """Print the matrix, and put it into docs/platforms.md."""
    made = table()
    print(made)
    page = ROOT / "docs" / "platforms.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{made}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
