"""Runs a rehearsal from the desk: in a separate process, with its progress and its result."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO

from kiosk.runtime.context import KioskContext
from kiosk.services.tools.tasks import Progress, Warnings
from reporter.errors import Conflict
from reporter.messages import Message, stored_message

# A rehearsal waits until its films are processed.
LONGEST_SECONDS = 900
# The output of ``reporter.cli.progress_bar`` where there is no terminal: ``rehearsal ██░░ 5/20``.
_PROGRESS = re.compile(r"[█░] (\d+)/(\d+)")


def play_volunteers(
    kiosk: KioskContext, port: int, phones: int, progress: Progress
) -> Sequence[str]:
    """Run in a separate process: volunteers in this one would use the processor time that they
    measure. Raises Conflict."""
    with subprocess.Popen(
        rehearsal(kiosk, port, phones),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        late = threading.Timer(LONGEST_SECONDS, process.kill)
        late.start()
        try:
            lines: list[str] = []
            listening = threading.Thread(target=_listen, args=(process.stderr, lines, progress))
            listening.start()
            answer = process.stdout.read()
            listening.join()
        finally:
            late.cancel()
    if not answer.strip():
        raise Conflict("The rehearsal ended early: %(why)s", why=" ".join(lines[-1:]))
    report = json.loads(answer)
    whole = report["accepted"] >= report["expected"] and not report["failed_media"]
    messages = [
        Message(
            "Phones: %(phones)s. Takeaways that they sent: %(accepted)s, in %(seconds)s s. All of it is gone again.",
            phones=report["phones"],
            accepted=report["accepted"],
            seconds=round(report["seconds"]),
        ),
        stored_message(report["message"]),
    ]
    return messages if whole and report["ready_after_s"] is not None else Warnings(messages)


def rehearsal(kiosk: KioskContext, port: int, phones: int) -> list[str]:
    """The command line of that process."""
    program = [] if getattr(sys, "frozen", False) else ["-m", "kiosk"]
    folder = str(kiosk.settings.folder.resolve())
    command = [sys.executable, *program, "--gathering", folder, "rehearse", "--json"]
    return [*command, "--phones", str(phones), "--port", str(port)]


def _listen(stream: IO[str], lines: list[str], progress: Progress) -> None:
    """Parse its output: its progress, or why it ended."""
    for line in stream:
        if found := _PROGRESS.search(line):
            progress(int(found[1]), int(found[2]), "")
        elif line.strip():
            lines.append(line.strip())
