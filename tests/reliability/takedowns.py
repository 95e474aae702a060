"""Takedowns: how long after the line is back something that was taken back is gone from a real WordPress and MediaWiki.

A kiosk publishes to both, the line goes, a contributor takes something back, the line comes back: from that moment each
place is asked again and again for the words and the picture. Prints JSON; ``--rounds 3``, ``--offline 30`` (seconds).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from reporter.clock import new_random, utc_now
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from tests.guards.repository import ROOT
from tests.reliability.world import photo
from tests.support.kiosk_process import KioskProcess
from tests.support.proxies.cutting import CutProxy
from tests.support.servers.script import ScriptServer, lacking
from tests.support.servers.wordpress import WordPress, missing_programs

# Longer than anything is promised: whoever waits so long sees a failure, no slow machine.
PATIENCE = 300.0


class Place(Protocol):
    """A real place: what is there now, words and names of files."""

    name: str
    port: int

    def options(self, url: str) -> tuple[list[str], str]:
        """For ``reporter targets add``, and its password."""

    def content(self) -> str:
        """The words of everything there, as one text."""

    def files(self) -> set[str]:
        """What tells the files there from one another."""

    def close(self) -> None:
        """Switch it off."""


class Blog:
    """WordPress."""

    name = "wordpress"

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        # Apache's account goes in there.
        folder.parent.chmod(0o755)
        self._server = WordPress(folder)
        self._server.start()
        self.port = self._server.port

    def options(self, url: str) -> tuple[list[str], str]:
        """See Place."""
        return [f"url={url}", f"user={self._server.user}"], self._server.app_password

    def content(self) -> str:
        """Posts in any state."""
        return self._ask("posts", status="any").text

    def files(self) -> set[str]:
        """The library's, by their addresses."""
        return {one["source_url"] for one in self._ask("media").json()}

    def _ask(self, kind: str, **more: str) -> httpx.Response:
        auth = (self._server.user, self._server.app_password)
        url = f"{self._server.url}/wp-json/wp/v2/{kind}"
        query = {"per_page": "100", "context": "edit", **more}
        return httpx.get(url, params=query, auth=auth, timeout=60).raise_for_status()

    def close(self) -> None:
        """See Place."""
        self._server.close()


class Wiki:
    """MediaWiki."""

    name = "mediawiki"

    def __init__(self, folder: Path) -> None:
        self._server = ScriptServer("mediawiki", folder)
        self._server.start()
        self.port = self._server.port

    def options(self, url: str) -> tuple[list[str], str]:
        """See Place."""
        details = self._server.details
        return [f"url={url}", f"user={details['USER']}"], details["PASSWORD"]

    def content(self) -> str:
        """The source of every page."""
        pages = {"generator": "allpages", "gaplimit": "100", "prop": "revisions"}
        return self._ask({**pages, "rvprop": "content", "rvslots": "main"}).text

    def files(self) -> set[str]:
        """By their names."""
        answer = self._ask({"list": "allimages", "ailimit": "100"}).json()
        return {one["name"] for one in answer["query"]["allimages"]}

    def _ask(self, query: dict[str, str]) -> httpx.Response:
        url = f"http://127.0.0.1:{self.port}/api.php"
        wanted = {"action": "query", "format": "json", **query}
        return httpx.get(url, params=wanted, timeout=60).raise_for_status()

    def close(self) -> None:
        """See Place."""
        self._server.stop()


@dataclass
class Takedowns:
    """What was seen: seconds from the line's return until all was gone, by place, a number a round."""

    rounds: int
    offline: float
    seconds: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def cant_run() -> str:
    """Why it can't be run here; '' where it can."""
    missing = [*missing_programs(), *lacking("php", "curl", "setsid")]
    if not Path("/usr/share/mediawiki/api.php").is_file():
        missing.append("Debian's package mediawiki")
    return ", ".join(missing)


@contextmanager
def world(root: Path) -> Iterator[tuple[KioskProcess, list[tuple[Place, CutProxy]], str]]:
    """A kiosk that publishes to both through a line each; the code of its session."""
    settings = make_gathering(
        root / "gathering",
        "Takedowns",
        timezone="UTC",
        language="en",
        now=utc_now(),
        rng=new_random(),
    )
    with open_session(settings) as session:
        code = add_session(session, "Gardens", now=utc_now(), rng=new_random()).code
        session.commit()
    with ExitStack() as stack:
        places: list[tuple[Place, CutProxy]] = []
        for kind in (Blog, Wiki):
            place: Place = kind(root / kind.__name__.lower())
            stack.callback(place.close)
            line = CutProxy(place.port)
            stack.callback(line.close)
            places.append((place, line))
        kiosk = KioskProcess(settings.folder, root / "secrets.json")
        kiosk.start()
        stack.callback(kiosk.kill)
        yield kiosk, places, code


def shell(kiosk: KioskProcess, *arguments: str, stdin: str = "") -> str:
    """The ``reporter`` command beside the running kiosk."""
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", "--gathering", str(kiosk.gathering), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, "REPORTER_SECRETS_FILE": str(kiosk.secrets)},
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def wait(true: Any, seconds: float = PATIENCE) -> float:
    """How long it took; raises TimeoutError."""
    begun = time.monotonic()
    while not true():
        if time.monotonic() - begun > seconds:
            raise TimeoutError
        time.sleep(0.2)
    return time.monotonic() - begun


def measure(root: Path, rounds: int, offline: float) -> Takedowns:
    """All rounds over one kiosk and one pair of places."""
    result = Takedowns(rounds, offline)
    with world(root) as (kiosk, places, code):
        for place, line in places:
            options, password = place.options(f"http://127.0.0.1:{line.port}")
            shell(kiosk, "targets", "add", place.name, place.name, *options, stdin=password + "\n")
        for number in range(rounds):
            _round(kiosk, places, code, number, result)
    return result


def _round(
    kiosk: KioskProcess,
    places: list[tuple[Place, CutProxy]],
    code: str,
    number: int,
    result: Takedowns,
) -> None:
    word = f"Rhubarb{number}"
    before = {place.name: place.files() for place, _line in places}
    answer = httpx.post(
        f"{kiosk.url}/s/{code}/takeaways",
        data={"text": f"{word} needs patience", "consent": "agreed"},
        files={"file": (f"{word}.jpg", photo(number), "image/jpeg")},
        headers={"Accept": "application/json"},
        timeout=60,
    )
    receipt = answer.raise_for_status().json()["receipt"]
    wait(lambda: not any(httpx.get(f"{kiosk.url}/healthz").json()["queues"].values()))
    shell(kiosk, "review", "approve", receipt)
    shell(kiosk, "publish", "--wait")
    new = {place.name: place.files() - before[place.name] for place, _line in places}
    for place, _line in places:
        if word not in place.content() or not new[place.name]:
            result.failures.append(f"{place.name}: round {number} was never there")
    for _place, line in places:
        line.away()
    httpx.post(f"{kiosk.url}/t/{receipt}/withdraw", timeout=60)
    time.sleep(result.offline)
    for _place, line in places:
        line.back()
    begun = time.monotonic()
    left = {place.name: place for place, _line in places}
    while left and time.monotonic() - begun < PATIENCE:
        for name, place in list(left.items()):
            if word not in place.content() and not new[name] & place.files():
                result.seconds.setdefault(name, []).append(round(time.monotonic() - begun, 1))
                del left[name]
        time.sleep(0.2)
    result.failures += [f"{name}: round {number} is there still" for name in left]


def main() -> None:
    """Exit code 1 when something stayed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--offline", type=float, default=30.0)
    asked = parser.parse_args()
    if lacks := cant_run():
        print(f"not run, for lack of {lacks}", file=sys.stderr)
        return
    root = Path(tempfile.mkdtemp(prefix="down-"))
    try:
        result = measure(root, asked.rounds, asked.offline)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(json.dumps(asdict(result), indent=2))
    sys.exit(bool(result.failures))


if __name__ == "__main__":
    main()
