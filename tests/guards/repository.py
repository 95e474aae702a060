"""What the guards look at: the files of the repository and the modules of the product."""

import ast
import configparser
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("reporter", "capture", "publish", "kiosk")
BUILT = {"__pycache__", "vendor", "node_modules", "build", "dist", "gathering"}


def setup_cfg() -> configparser.ConfigParser:
    """Return setup.cfg, parsed."""
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.read(ROOT / "setup.cfg", encoding="utf-8")
    return parsed


def repository_files() -> list[Path]:
    """Return every file that is, or could be, committed: what git knows and does not ignore.

    Outside a git work tree (an unpacked source archive): all files but hidden and built ones.
    """
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        asked = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        files = [ROOT / name for name in names.split("\0") if name]
    else:
        files = [path for path in ROOT.rglob("*") if not hidden_or_built(path)]
    return [path for path in files if path.is_file()]


def hidden_or_built(path: Path) -> bool:
    """Say whether a path is below a folder that a checkout does not have."""
    parts = path.relative_to(ROOT).parts
    return any(
        part in BUILT or part.startswith(".") or part.endswith(".egg-info") for part in parts
    )


def modules() -> Iterator[tuple[str, Path]]:
    """Yield (dotted name, file) of every module of the product."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(name: str, path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, full dotted name) of every import of a module, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, node.module or ""]).rstrip(".") if node.level else node.module
            yield node.lineno, str(base)
