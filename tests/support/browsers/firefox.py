"""Real Firefox for the tests, by WebDriver BiDi (https://w3c.github.io/webdriver-bidi); no driver needed."""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

# Nothing of what it does on its own reaches for the network.
PREFERENCES = {
    "app.update.auto": False,
    "browser.shell.checkDefaultBrowser": False,
    "captivedetect.canonicalURL": "",
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}
PATIENCE = 120.0


def find_firefox() -> str | None:
    """Return the path of an installed Firefox, or None."""
    return next(
        (found for name in ("firefox-esr", "firefox") if (found := shutil.which(name))), None
    )


class FirefoxPage:
    """One tab. Expressions are JavaScript, evaluated in the page."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._tell("session.new", capabilities={})
        self._context = self._tell("browsingContext.getTree")["contexts"][0]["context"]

    def _tell(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(timeout=PATIENCE))
            if answer.get("id") != number:
                continue
            if answer["type"] == "error":
                raise AssertionError(f"{method}: {answer['message']}")
            return answer["result"]

    def goto(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self._tell("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def new_tab(self) -> None:
        """Open another tab, then close the one that was in use."""
        old, self._context = (
            self._context,
            self._tell("browsingContext.create", type="tab")["context"],
        )
        self._tell("browsingContext.close", context=old)

    def see(self, expression: str) -> Any:
        """What an expression is, as a string, number or boolean; None for null and undefined."""
        return self._evaluate(expression).get("value")

    def _evaluate(self, expression: str) -> Any:
        done = self._tell(
            "script.evaluate",
            expression=expression,
            target={"context": self._context},
            awaitPromise=True,
        )
        assert done["type"] == "success", done["exceptionDetails"]["text"]
        return done["result"]

    def choose(self, selector: str, *files: Path) -> None:
        """Put files into a file field."""
        element = self._evaluate(f"document.querySelector({json.dumps(selector)})")
        self._tell(
            "input.setFiles",
            context=self._context,
            element={"sharedId": element["sharedId"]},
            files=[str(path) for path in files],
        )

    def resize(self, width: int, height: int) -> None:
        """Make what a page has to itself so wide and high, in CSS pixels."""
        viewport = {"width": width, "height": height}
        self._tell("browsingContext.setViewport", context=self._context, viewport=viewport)

    def picture(self) -> bytes:
        """What is in sight, as a PNG."""
        shot = self._tell("browsingContext.captureScreenshot", context=self._context)
        return base64.b64decode(shot["data"])

    def cookie(self, name: str, value: str) -> None:
        """Set one for the site that is open."""
        self.see(f"document.cookie = {json.dumps(f'{name}={value};path=/')}")

    def wait_for(self, expression: str) -> None:
        """Until it is true."""
        end = time.monotonic() + PATIENCE
        while not self.see(expression):
            assert time.monotonic() < end, f"{expression}; {self.see('document.body.innerText')}"
            time.sleep(0.1)


@contextmanager
def run_firefox(executable: str, profile: Path, *, dark: bool = False) -> Iterator[FirefoxPage]:
    """Run one headless browser with an empty profile at phone width."""
    profile.mkdir()
    scheme = {"layout.css.prefers-color-scheme.content-override": 0 if dark else 1}
    lines = (
        f"user_pref({json.dumps(name)}, {json.dumps(value)});"
        for name, value in {**PREFERENCES, **scheme}.items()
    )
    (profile / "user.js").write_text("\n".join(lines))
    command = [
        executable,
        "--headless",
        "--no-remote",
        "--width=390",
        "--height=844",
        "--profile",
        str(profile),
        "--remote-debugging-port=0",
        "about:blank",
    ]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "HOME": str(profile), "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"},
    )
    try:
        assert process.stderr is not None
        found = next(
            m for line in process.stderr if (m := re.search(r"listening on (ws://\S+)", line))
        )
        with connect(f"{found[1]}/session", max_size=None, compression=None) as socket:
            yield FirefoxPage(socket)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
        if process.stderr is not None:
            process.stderr.close()
