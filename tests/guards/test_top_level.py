"""The top of the repository has what belongs there: what a test leaves in the current folder is never committed."""

from tests.guards.repository import PACKAGES, ROOT, hidden_or_built, repository_files

FOLDERS = {*PACKAGES, ".ci", ".github", "docs", "findings", "installers", "static", "tests"}
FILES = {
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "MANIFEST.in",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "constraints.txt",
    "mkdocs.yml",
    "package-lock.json",
    "package.json",
    "pyproject.toml",
    "setup.cfg",
}


def test_the_top_has_these_names_and_no_others() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in repository_files()}
    wanted = {name for name in FOLDERS | FILES if not hidden_or_built(ROOT / name)}
    assert found - (FOLDERS | FILES) == set()
    assert wanted - found == set()
