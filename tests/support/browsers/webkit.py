"""Real WebKitGTK for the tests, by WebDriver (https://www.w3.org/TR/webdriver2/): Debian's MiniBrowser below Xvfb."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.servers.wordpress import free_port

PATIENCE = 120.0
# An element in WebDriver's answers.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
REPAINT = "const s = document.documentElement.style; s.opacity = s.opacity === '1' ? '0.999' : '1'"
BROWSERS = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"


def find_webkit() -> str | None:
    """Return the path of WebKitGTK's MiniBrowser where everything that it needs is there, or None."""
    found = sorted(Path("/").glob(BROWSERS[1:]))
    needed = all(shutil.which(name) for name in ("WebKitWebDriver", "Xvfb"))
    return str(found[-1]) if found and needed else None


class WebKitPage:
    """One window. Expressions are JavaScript, evaluated in the page."""

    def __init__(self, client: httpx.Client, browser: str) -> None:
        self._client = client
        options = {"binary": browser, "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        self._at = f"/session/{self._tell('POST', '/session', capabilities=wanted)['sessionId']}"

    def _tell(self, method: str, path: str, **body: Any) -> Any:
        answer = self._client.request(method, path, json=body if method == "POST" else None)
        value = answer.json()["value"]
        assert answer.is_success, value
        return value

    def goto(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self._tell("POST", f"{self._at}/url", url=url)

    def see(self, expression: str) -> Any:
        """What an expression is, as JSON can say it."""
        script = f"return ({expression});"
        return self._tell("POST", f"{self._at}/execute/sync", script=script, args=[])

    def choose(self, selector: str, *files: Path) -> None:
        """Put files into a file field."""
        query = {"using": "css selector", "value": selector}
        element = self._tell("POST", f"{self._at}/element", **query)[ELEMENT]
        text = "\n".join(str(path) for path in files)
        self._tell("POST", f"{self._at}/element/{element}/value", text=text)

    def wait_for(self, expression: str) -> None:
        """Until it is true."""
        end = time.monotonic() + PATIENCE
        while not self.see(expression):
            assert time.monotonic() < end, f"{expression}; {self.see('document.body.innerText')}"
            time.sleep(0.1)

    def resize(self, width: int, height: int) -> None:
        """Make what a page has to itself so wide and high (in CSS pixels), as far as the window lets."""
        more = (0, 0)
        for _ in range(2):
            size = {"width": width + more[0], "height": height + more[1]}
            self._tell("POST", f"{self._at}/window/rect", x=0, y=0, **size)
            time.sleep(0.3)
            inner = self.see("[innerWidth, innerHeight]")
            more = (size["width"] - inner[0], size["height"] - inner[1])

    def picture(self) -> bytes:
        """What is in sight, as a PNG."""
        # It waits for the next painting, which a page that is still may never have: another look of nothing brings one.
        # One a page: two would undo each other's work within a frame.
        self.see(f"window.repainting ??= setInterval(() => {{ {REPAINT} }}, 50)")
        return base64.b64decode(self._tell("GET", f"{self._at}/screenshot"))

    def cookie(self, name: str, value: str) -> None:
        """Set one for the site that is open."""
        self.see(f"document.cookie = {json.dumps(f'{name}={value};path=/')}")

    def close(self) -> None:
        """End the session and its browser."""
        self._tell("DELETE", self._at)


@contextmanager
def run_webkit(browser: str, home: Path, *, dark: bool = False) -> Iterator[WebKitPage]:
    """Run one with an empty home, on a screen of its own."""
    home.mkdir()
    port, read = free_port(), os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(read[1]), "-screen", "0", "2200x1400x24", "-nolisten", "tcp"],
        pass_fds=(read[1],),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(read[1])
    with os.fdopen(read[0]) as reader:
        display = f":{reader.readline().strip()}"
    environment = {**os.environ, "HOME": str(home), "DISPLAY": display, "GDK_BACKEND": "x11"}
    environment |= {"GTK_THEME": "Adwaita:dark"} if dark else {}
    # Root has no sandbox of bubblewrap; no bus and no graphics card are there.
    environment |= {"WEBKIT_DISABLE_COMPOSITING_MODE": "1", "NO_AT_BRIDGE": "1"}
    driver = subprocess.Popen(
        ["WebKitWebDriver", f"--port={port}"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            _wait_until_ready(client)
            page = WebKitPage(client, browser)
            yield page
            page.close()
    finally:
        os.killpg(driver.pid, signal.SIGKILL)
        driver.wait(timeout=60)
        screen.kill()
        screen.wait(timeout=60)


def _wait_until_ready(client: httpx.Client) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            client.get("/status")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("WebKitWebDriver did not start")
