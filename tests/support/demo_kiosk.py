"""``reporter demo`` as a process, for tools that need a gathering with something in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from kiosk.demo.sample_folder import shown_receipt
from tests.support.kiosk_process import free_port

ROOT = Path(__file__).parents[2]
# Without the strip of the tour above each page.
LEFT = {"Cookie": "tour=left"}


@dataclass(frozen=True)
class DemoKiosk:
    """A running sample gathering: its address, the code of what runs now, a receipt that was published."""

    url: str
    code: str
    receipt: str
    # A story's page on the local site, as it is called there.
    story: str


@contextmanager
def demo_kiosk() -> Iterator[DemoKiosk]:
    """Make it in a temporary folder, start it, and leave nothing."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder, port = Path(place) / "gathering", free_port()
        environment = {**os.environ, "REPORTER_SECRETS_FILE": str(Path(place) / "secrets.json")}
        command = [sys.executable, "-m", "kiosk", "demo", str(folder), "--port", str(port)]
        command += ["--no-open", "--host", "127.0.0.1"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        ) as process:
            assert process.stdout is not None
            try:
                next(line for line in process.stdout if line.startswith("listening on"))
                yield _described(f"http://127.0.0.1:{port}", folder)
            finally:
                process.terminate()


def _described(url: str, folder: Path) -> DemoKiosk:
    codes = re.findall(r"/s/([A-Z0-9]{6})", httpx.get(url, headers=LEFT).text)
    stories = re.findall(r'href="(sr-[^"#]+\.html)"', httpx.get(f"{url}/tour/site/").text)
    return DemoKiosk(url, codes[0], shown_receipt(folder) or "", stories[0])
