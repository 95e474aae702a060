"""Changing a hub's schema without a pause: the program before the newest step serves on beside the one that took it."""

from __future__ import annotations

import html
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TextIO

import httpx
import pytest
from sqlalchemy import URL

from tests.end_to_end.test_hub import PATIENCE, Shell, base_of, signed_in
from tests.support.hub import csrf
from tests.support.media import files

ROOT = Path(__file__).parents[2]
STEPS = ("reporter/migrations/versions", "reporter/hub/versions")


def git(*words: str) -> bytes:
    program = shutil.which("git")
    if program is None or not (ROOT / ".git").exists():
        pytest.skip("no history here: an earlier version can't be taken from it")
    done = subprocess.run([program, *words], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"git can't do that here: {done.stderr.decode()[:200]}")
    return done.stdout


def history() -> list[str]:
    """Return the commits in which steps came, changed or got another number, and those before them, newest first."""
    touched = git("log", "--format=%H %P", "--", *STEPS).decode().splitlines()
    return list(dict.fromkeys(one for line in touched for one in line.split()))


def steps_at(commit: str) -> set[str]:
    """Return the names of the steps that a commit has."""
    listed = git("ls-tree", "--name-only", commit, *(f"{folder}/" for folder in STEPS)).decode()
    return {
        name
        for path in listed.split()
        if "_" in (name := Path(path).name) and name != "__init__.py"
    }


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The program as it was before the newest step of the schema."""
    earlier = next((one for one in history() if steps_at(one) < steps(ROOT)), None)
    if earlier is None:
        pytest.skip("the history here does not reach back to the newest step")
    packed = git("archive", earlier, "reporter", "capture", "publish", "kiosk", "static")
    goal = tmp_path / "earlier"
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(goal, filter="data")
    vendor = ROOT / "static" / "vendor"
    if vendor.is_dir():
        shutil.copytree(vendor, goal / "static" / "vendor", dirs_exist_ok=True)
    return goal


class EarlierShell(Shell):
    """The commands of another version, in interpreters of their own."""

    def __init__(self, url: URL, folder: Path, secrets: Path, *, root: Path) -> None:
        super().__init__(url, folder, secrets)
        self.root = root

    def _run(self, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kiosk", *words],
            env={**os.environ, **self.environment},
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def _start(self, words: tuple[str, ...], log: TextIO) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "kiosk", *words],
            env={**os.environ, **self.environment},
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )


@pytest.fixture
def shells(
    database_url: URL, tmp_path: Path, secrets_file: Path, earlier: Path
) -> Iterator[tuple[EarlierShell, Shell]]:
    """The commands of the earlier and of this version, on one database and one media folder."""
    new = Shell(database_url, tmp_path / "hub", secrets_file)
    old = EarlierShell(database_url, tmp_path / "hub", secrets_file, root=earlier)
    yield old, new
    for shell in (old, new):
        for process in list(shell.running):
            shell.end(process, signal.SIGKILL)


def steps(root: Path) -> set[str]:
    paths = (path for folder in STEPS for path in (root / folder).glob("*_*.py"))
    return {path.name for path in paths if path.name != "__init__.py"}


def at(shell: Shell, invitation: str) -> str:
    """An invitation's link at one of the two servers."""
    return f"{shell.url}/hub/{invitation.partition('/hub/')[2]}"


def approve_one(browser: httpx.Client) -> int:
    """Approve what is first in the list; how many are approved then."""
    base = base_of(browser)
    page = browser.get(f"{base}/desk/review?state=new").text
    waiting = re.findall(r'action="([^"]+/decide)', page)
    form = {"csrf_token": csrf(page), "decision": "approve"}
    assert browser.post(html.unescape(waiting[0]), data=form).status_code == 303
    approved = browser.get(f"{base}/desk/review?state=approved").text
    return len(set(re.findall(r"show=([\w-]+)", approved)) - {"last"})


def laptop(shell: Shell, tmp_path: Path) -> tuple[str, str]:
    """A gathering on a laptop of the earlier version."""
    here = ("--gathering", str(tmp_path / "gathering"))
    shell.run("new", "Spring gathering", *here)
    return here


def bring_in(shell: Shell, here: tuple[str, str], card: Path, width: int) -> None:
    card.mkdir()
    shutil.copyfile(files.jpeg(width, 600), card / f"{width}.jpg")
    shell.run("import", str(card), *here)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_version_before_serves_on_beside_this_one(
    shells: tuple[EarlierShell, Shell], tmp_path: Path
) -> None:
    old, new = shells
    assert steps(old.root) < steps(ROOT)
    who = ("--organization", "Gardens")

    def invited(shell: Shell, email: str) -> str:
        document = shell.run("hub", "init", *who, "--owner", email, "--json")
        return str(document["invitation"])

    first = invited(old, "ann@example.org")
    code = str(old.run("hub", "pairing-code", *who, "--json")["code"])
    old.serve()
    old.start("hub", "worker", until="working")
    here = laptop(old, tmp_path)
    bring_in(old, here, tmp_path / "one", 640)
    old.run(*here, "pair", old.url, code)
    assert old.run(*here, "push", "--json")["takeaways"] == 1

    with closing(signed_in(at(old, first))) as before:
        # The step is taken while the earlier version serves; from here on both do.
        second = invited(new, "bob@example.org")
        new.serve()
        new.start("hub", "worker", until="working")
        bring_in(old, here, tmp_path / "two", 800)
        assert old.run(*here, "push", "--json")["takeaways"] == 1
        assert approve_one(before) == 1
        with closing(signed_in(at(new, second))) as beside:
            assert approve_one(beside) == 2
    assert old.run(*here, "push", "--json")["already"] == 2
