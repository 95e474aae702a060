"""``reporter demo`` as a process, for tools that need a gathering with something in it."""

from __future__ import annotations

import os
import re
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.commands.process import start_command
from tests.support.kiosk_process import free_port

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
        words = ["demo", str(folder), "--port", str(port), "--no-open", "--host", "127.0.0.1"]
        environment = {**os.environ, "REPORTER_SECRETS_FILE": str(Path(place) / "secrets.json")}
        process = start_command(words, environment)
        assert process.stdout is not None
        try:
            next(line for line in process.stdout if line.startswith("listening on"))
            yield _described(f"http://127.0.0.1:{port}")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            process.stdout.close()


def _described(url: str) -> DemoKiosk:
    codes = re.findall(r"/s/([A-Z0-9]{6})", httpx.get(url, headers=LEFT).text)
    stories = re.findall(r'href="(sr-[^"#]+\.html)"', httpx.get(f"{url}/tour/site/").text)
    # The tour's third step is the page of a receipt.
    receipt = httpx.get(f"{url}/tour/3").headers["Location"].rpartition("/")[2]
    return DemoKiosk(url, codes[0], receipt, stories[0])
