"""``make hub``, as somebody tries it: the real database, the real commands, an evening pushed, all of it stopped."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.support.commands.process import ROOT, run_command
from tests.support.media import files
from tests.support.servers.postgres import missing_programs
from tests.support.servers.script import PROGRAMS, lacking


def reporter(*arguments: str) -> str:
    """What a command of the shell prints."""
    done = run_command(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_a_hub_on_loopback_takes_an_evening_and_stops_whole(tmp_path: Path) -> None:
    if missing := [*missing_programs(), *lacking(*PROGRAMS["s3"])]:
        pytest.skip(f"no hub here, for lack of {', '.join(missing)} (make system-packages)")
    pytest.importorskip("psycopg")
    pytest.importorskip("botocore")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.tools.hub", "--no-open"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        output = ""
        for line in process.stdout:
            output += line
            if line.startswith("Ctrl-C"):
                break
        url, code = re.findall(r"reporter pair (\S+) (\S+)", output)[0]
        with urllib.request.urlopen(f"{url}/readyz", timeout=60) as answer:
            assert answer.status == 200
        gathering = str(tmp_path / "gathering")
        (tmp_path / "card").mkdir()
        (tmp_path / "card" / "a.jpg").write_bytes(files.jpeg().read_bytes())
        reporter("new", "Spring gathering", "--gathering", gathering)
        reporter("sessions", "add", "Gardens", "--gathering", gathering)
        reporter("import", str(tmp_path / "card"), "--gathering", gathering, "--json")
        reporter("pair", url, code, "--gathering", gathering)
        counts = json.loads(reporter("push", "--gathering", gathering, "--json"))
        assert (counts["takeaways"], counts["media"], counts["already"]) == (1, 1, 0)
    finally:
        process.send_signal(signal.SIGINT)
        output += process.communicate(timeout=60)[0]
    assert process.returncode == 0, output
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{url}/readyz", timeout=60)
