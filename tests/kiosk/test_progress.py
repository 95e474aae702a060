"""What `make install` says while it works, in a bare clone."""

from __future__ import annotations

import subprocess
import sys

from tests.guards.repository import ROOT

PROGRAM = ROOT / "installers" / "progress.py"
SLOW = "import time; print('Collecting opencv', flush=True); time.sleep(0.7)"
FAILED = """
print("WARNING: Retrying after NewConnectionError: HTTPSConnection(host='pypi.example', port=443)")
raise SystemExit("ERROR: Could not find a version that satisfies the requirement opencv")
"""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    options = ["--every", "0.2", "--slow", "0.1", "Python packages", "--"]
    return subprocess.run(
        [sys.executable, str(PROGRAM), *options, sys.executable, "-c", *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_says_what_is_under_way() -> None:
    done = run(SLOW, "pip")
    assert done.returncode == 0
    assert "looking for opencv" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("Python packages: done after")
    assert done.stderr == ""


def test_a_registry_that_fails_is_named_with_what_to_do() -> None:
    done = run(FAILED, "pip")
    assert done.returncode == 1
    assert "pypi.example did not give what was asked for" in done.stderr
    assert "export PIP_INDEX_URL=" in done.stderr
    assert "Could not find a version" in done.stderr
