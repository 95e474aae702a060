"""Progress of long work: a bar on a terminal, plain lines elsewhere, always on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from capture.cards.importer import ImportProgress
    from publish.outbox.runner import DeliveryResult


# Seconds between two lines where there is no terminal.
LINE_EVERY = 5.0


class ProgressBar:
    """Progress of work whose total may change meanwhile."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._terminal = sys.stderr.isatty()
        self._started = self._printed_at = time.monotonic()
        self._done, self._drawn = 0, 0.0

    def step(self, done: int, total: int, what: str = "", *, of: float | None = None) -> None:
        """Show ``done`` of ``total`` and the current ``what``. ``of``: the finished share, if steps differ in size."""
        self._done = done
        now = time.monotonic()
        if self._terminal:
            click.echo(f"\r\x1b[K{self._line(done, total, what, of)}", nl=False, err=True)
        elif now - self._printed_at >= LINE_EVERY:
            self._printed_at = now
            click.echo(self._line(done, total, what, of), err=True)

    def files(self, tally: ImportProgress) -> None:
        """Show files and bytes of a card; the remaining time is estimated from the bytes, as videos are larger."""
        now = time.monotonic()
        if now - self._drawn < 0.1 and tally.files_done < tally.files:
            return
        self._drawn = now
        size = f"{tally.bytes_done / 1e6:.0f} of {tally.bytes / 1e6:.0f} MB"
        self.step(tally.files_done, tally.files, f"{size} {tally.name}", of=tally.share)

    def outcome(self, outcome: DeliveryResult, left: int) -> None:
        """Show a delivery's outcome; ``left`` are still due."""
        done = self._done + 1
        self.step(done, done + left, f"{outcome.target}: {outcome.title or outcome.key}")

    def _line(self, done: int, total: int, what: str, of: float | None) -> str:
        share = (done / total if total else 1.0) if of is None else of
        spent = time.monotonic() - self._started
        left = f", about {spent / share - spent:.0f} s left" if 0.02 < share < 1 else ""
        width = 24
        bar = "█" * round(width * share) + "░" * (width - round(width * share))
        return f"{self._label} {bar} {done}/{total}{left} {what[:40]}".rstrip()

    def close(self) -> None:
        """End the bar's line."""
        if self._terminal and self._done:
            click.echo("", err=True)


@contextmanager
def progress_bar(label: str) -> Iterator[ProgressBar]:
    """Show progress while a block runs."""
    progress = ProgressBar(label)
    try:
        yield progress
    finally:
        progress.close()
