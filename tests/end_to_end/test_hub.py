"""A hub as it is really run: the commands, processes, some of them killed, and an evening that gets through."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TextIO

import httpx
import pytest
from flask import Flask
from sqlalchemy import URL

from kiosk.runtime.context import current_kiosk
from tests.kiosk.hub.test_whole_path import fill
from tests.support.commands.process import CommandProcess, run_command, start_command
from tests.support.hub import PASSWORD, csrf
from tests.support.kiosk_process import free_port

PATIENCE = 120
# A worker that was killed holds its gathering for a minute.
LONGEST = 240


class Shell:
    """The command, with the hub's environment."""

    def __init__(self, url: URL, folder: Path, secrets: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.log = folder.with_name("hub.log")
        # As people write it: without the name of a driver.
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.environment = {
            "REPORTER_DATABASE_URL": address,
            "REPORTER_MEDIA_URL": str(folder),
            "REPORTER_HUB_URL": self.url,
            "REPORTER_SITES": str(folder / "sites"),
            "REPORTER_SECRETS_FILE": str(secrets),
        }
        self.running: list[CommandProcess | subprocess.Popen[str]] = []

    def run(self, *words: str, check: bool = True) -> dict[str, object]:
        """Run a command to its end; the JSON that it prints. ``check``: it has to end well."""
        done = self._run(words)
        assert done.returncode == 0 or not check, done.stderr
        document: dict[str, object] = json.loads(done.stdout) if "--json" in words else {}
        return document

    def _run(self, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return run_command(*words, environment=self.environment)

    def start(self, *words: str, until: str) -> CommandProcess | subprocess.Popen[str]:
        """Start a command, and wait for a line that begins so."""
        # Errors not into the same pipe, which nobody reads any more once it runs.
        with self.log.open("a") as log:
            process = self._start(words, log)
        self.running.append(process)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith(until):
                return process
        raise AssertionError("".join(lines) + self.log.read_text())

    def _start(self, words: tuple[str, ...], log: TextIO) -> CommandProcess | subprocess.Popen[str]:
        return start_command(words, {**os.environ, **self.environment}, stderr=log)

    def serve(self) -> CommandProcess | subprocess.Popen[str]:
        return self.start(
            "hub", "serve", "--port", str(self.port), until=f"listening on {self.url}/"
        )

    def end(self, process: CommandProcess | subprocess.Popen[str], number: int) -> None:
        """Stop a process and its decoders with a signal."""
        self.running.remove(process)
        if number == signal.SIGKILL:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        process.wait(timeout=PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def shell(database_url: URL, tmp_path: Path, secrets_file: Path) -> Iterator[Shell]:
    made = Shell(database_url, tmp_path / "hub", secrets_file)
    yield made
    for process in list(made.running):
        made.end(process, signal.SIGKILL)


def signed_in(invitation: str) -> httpx.Client:
    browser = httpx.Client(base_url=invitation.partition("/hub/")[0], timeout=60)
    path = "/hub/" + invitation.partition("/hub/")[2]
    token = csrf(browser.get(path).text)
    response = browser.post(path, data={"csrf_token": token, "password": PASSWORD})
    assert response.status_code == 303
    return browser


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_evening_gets_through_though_processes_are_killed(app: Flask, shell: Shell) -> None:
    fill(app)
    with app.app_context():
        folder = str(current_kiosk().settings.folder)
    who = ("--organization", "Gardens")
    invitation = shell.run("hub", "init", *who, "--owner", "ann@example.org", "--json")[
        "invitation"
    ]
    code = shell.run("hub", "pairing-code", *who, "--json")["code"]
    serving = shell.serve()
    workers = [shell.start("hub", "worker", until="working") for _ in range(2)]
    here = ("--gathering", folder)
    shell.run(*here, "pair", shell.url, str(code))
    first = shell.run(*here, "push", "--json")
    assert (first["takeaways"], first["media"], first["already"]) == (3, 2, 0)
    shell.end(serving, signal.SIGKILL)
    shell.end(workers[0], signal.SIGKILL)
    shell.serve()
    again = shell.run(*here, "push", "--wait", "--json")
    assert again == {"takeaways": 0, "media": 0, "bytes": 0, "already": 3}

    with closing(signed_in(str(invitation))) as browser:
        site = publish(browser, shell)
        assert _in_time(lambda: any("Leeks" in p.read_text() for p in site.rglob("*.html")))
        see_pictures(browser)
    entries = [json.loads(line) for line in shell.log.read_text().splitlines()]
    assert ("POST", "/hub/push/pair", 200) in {
        (one["method"], one["route"], one["status"]) for one in entries if "route" in one
    }
    secret = str(invitation).rpartition("/")[2]
    assert secret not in shell.log.read_text()


def publish(browser: httpx.Client, shell: Shell) -> Path:
    """Add a folder as a place, and let everything approved go there; the folder."""
    base = base_of(browser)
    form = f"{base}/desk/publish/places/add/folder"
    site = shell.folder / "sites" / base[3:] / "pages"
    fields = {"name": "pages", "url": site.as_uri(), "csrf_token": csrf(browser.get(form).text)}
    assert browser.post(form, data=fields).status_code == 303
    token = csrf(browser.get(f"{base}/desk/publish").text)
    assert browser.post(f"{base}/desk/publish/now", data={"csrf_token": token}).status_code == 303
    return site


def base_of(browser: httpx.Client) -> str:
    """The path of the gathering that a member sees."""
    found = re.search(r'href="(/g/[0-9a-f]{32})/', browser.get("/hub/").text)
    assert found is not None
    return found[1]


def see_pictures(browser: httpx.Client) -> None:
    """A page of the desk has a picture, and it comes."""
    base = base_of(browser)
    review = browser.get(f"{base}/desk/review?state=approved").text
    pictures = re.findall(r'src="(/g/[^"]+/m/[^"]+)"', review)
    assert pictures
    assert (
        browser.get(pictures[0].replace("&amp;", "&")).headers["Content-Type"].startswith("image/")
    )


def _in_time(happened: object) -> bool:
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        if happened():  # type: ignore[operator]
            return True
        time.sleep(0.5)
    return False
