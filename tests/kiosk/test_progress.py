"""What `make install` says while it works, in a bare clone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.guards.repository import ROOT

PROGRAM = ROOT / "installers" / "progress.py"
SLOW = "import time; print('Collecting opencv', flush=True); time.sleep(0.7)"
FAILED = """
import time
print("WARNING: Retrying after NewConnectionError: HTTPSConnection(host='pypi.example', port=443)", flush=True)
time.sleep(0.5)
raise SystemExit("ERROR: Could not find a version that satisfies the requirement opencv")
"""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    options = ["--every", "0.2", "--slow", "0.1", "Python packages", "--"]
    return subprocess.run(
        [sys.executable, str(PROGRAM), *options, sys.executable, "-c", *command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


def test_it_says_what_is_under_way() -> None:
    done = run(SLOW, "pip")
    assert done.returncode == 0
    assert "looking for opencv" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("Python packages: done after")
    assert done.stderr == ""


@pytest.mark.parametrize(
    "line",
    [
        "Downloading bagit-1.9.0-py3-none-any.whl (404 kB)",
        "Downloading numpy-2.4.6.whl (16.503 MB)",
        "Processing ./pytest_timeout-2.4.0-py3-none-any.whl",
        "npm http fetch GET 200 https://pypi.example/tus-js-client 503ms",
        "Downloading opencv-python-headless (59.1MiB)",
    ],
)
def test_no_trouble_is_seen_where_there_is_none(line: str) -> None:
    done = run(f"import time; print({line!r}, flush=True); time.sleep(0.5)", "pip")
    assert done.returncode == 0
    assert "fails" not in done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "ERROR: HTTP error 503 while getting https://pypi.example/simple/av/",
        "requests.exceptions.HTTPError: 404 Client Error: Not Found for url: https://pypi.example/",
        "error: Request failed after 3 retries: Failed to fetch: `https://pypi.example/simple/av/`",
        "npm error 502 Bad Gateway - GET https://pypi.example/tus-js-client",
        "npm http fetch GET https://pypi.example/tus-js-client attempt 1 failed with 503",
    ],
)
def test_trouble_is_said_while_it_lasts(line: str) -> None:
    done = run(f"import time; print({line!r}, flush=True); time.sleep(0.5)", "pip")
    assert "pypi.example fails, trying again" in done.stdout


def test_a_registry_that_fails_is_named_with_what_to_do() -> None:
    done = run(FAILED, "pip")
    assert done.returncode == 1
    assert "pypi.example did not give what was asked for" in done.stderr
    assert "export PIP_INDEX_URL=" in done.stderr
    assert "Could not find a version" in done.stderr


def test_a_registry_that_is_silent_is_named() -> None:
    """npm's lines name the host of the registry before anything fails."""
    line = "npm http fetch GET 200 https://registry.example/tus-js-client.tgz 503ms (cache miss)"
    done = run(f"import time; print({line!r}, flush=True); time.sleep(0.7)", "npm")
    assert "no news from registry.example for" in done.stdout


def test_steps_without_lines_of_their_own_are_said() -> None:
    """Resolving and compiling print nothing for minutes on an old laptop."""
    program = """
import sys, time
sys.path.insert(0, "installers")
import packages
packages.run = lambda *command: time.sleep(0.7) or 1
packages.imported_by = lambda sources: {"time"}
packages.IMPORT = "import time; time.sleep(0.7)"
packages.with_pip = lambda requirement: 0
sys.argv[1:] = ["."]
packages.main()
"""
    done = run(program)
    assert "looking for uv" in done.stdout
    assert "compiling what a kiosk imports" in done.stdout
    assert "starting" not in done.stdout.splitlines()[-2]
