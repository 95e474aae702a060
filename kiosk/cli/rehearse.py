"""``reporter rehearse``: simulated volunteers at this laptop's running kiosk."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from kiosk.cli.common import (
    db_session,
    gathering_option,
    json_option,
    kiosk_context,
    port_option,
    print_json,
)
from kiosk.cli.progress_bar import progress_bar
from reporter.errors import Conflict, NotFound

if TYPE_CHECKING:
    from kiosk.rehearsal.report import RehearsalReport
    from kiosk.rehearsal.volunteers import Material
    from kiosk.runtime.context import KioskContext
    from reporter.models import EventSession

ENDS = "The Wi-Fi is not part of this: try one photo from a phone in the farthest corner, too."


@click.command("rehearse")
@click.option(
    "--phones",
    type=click.IntRange(1, 300),
    default=20,
    show_default=True,
    help="How many volunteers send at once.",
)
@port_option
@json_option
@gathering_option
def rehearse(phones: int, port: int, as_json: bool) -> None:
    """Simulate volunteers at this laptop's running kiosk, and measure what it can handle.

    Each opens a page and sends a line of text and two photos; one in ten sends a video. All is removed afterwards.
    """
    with kiosk_context() as kiosk:
        url = find_kiosk(kiosk, port)
        try:
            results = _rehearse(kiosk, url, phones)
        except BaseException:
            # On Ctrl-C as well.
            _tidy(kiosk, url)
            raise
    if as_json:
        print_json(results.as_json())
    else:
        _print(results)


def find_kiosk(kiosk: KioskContext, port: int) -> str:
    """Return the URL of this gathering's running kiosk. Raises NotFound, or Conflict while it is paused."""
    from kiosk.rehearsal.volunteers import is_there
    from kiosk.runtime.addresses import url_of
    from reporter.gathering.admission import paused_since

    for scheme in ("http", "https"):
        url = url_of(kiosk.only_at or "127.0.0.1", port, scheme=scheme)
        health = is_there(url)
        if health is None:
            continue
        if health.get("gathering_id") != str(kiosk.gathering_id):
            raise Conflict(
                "The kiosk on port %(port)s runs another gathering (%(what)s). Choose its folder "
                "with --gathering, or another port with --port.",
                port=port,
                what=health["gathering"],
            )
        if paused_since(db_session()):
            raise Conflict(
                "The kiosk takes a break and takes nothing in. End the break at the desk (Status), then rehearse."
            )
        return url
    raise NotFound(
        "No kiosk runs on port %(port)s of this laptop. Start it with: reporter kiosk "
        "(another port: --port).",
        port=port,
    )


def _rehearse(kiosk: KioskContext, url: str, phones: int) -> RehearsalReport:
    from kiosk.rehearsal.report import report
    from kiosk.rehearsal.sandbox import clear_stages, failed_media, open_stage
    from kiosk.rehearsal.volunteers import Material, play

    session = db_session()
    # Of a rehearsal that was interrupted.
    clear_stages(session, kiosk, kiosk_runs=True)
    click.echo("drawing photos and a film …", err=True)
    material = Material.generate(kiosk.rng)
    _need_room(kiosk, material, phones)
    event = open_stage(session, kiosk)
    session.commit()
    with progress_bar("rehearsal") as bar:
        notes, seconds = play(
            url, event.code, phones, material=material, rng=kiosk.rng, progress=bar.step
        )
    ready_after = _wait_for_copies(event)
    failed = failed_media(session, event)
    left = _tidy(kiosk, url)
    return report(
        notes,
        phones=phones,
        seconds=seconds,
        ready_after=ready_after,
        failed_media=failed,
        left_behind=left,
    )


def _need_room(kiosk: KioskContext, material: Material, phones: int) -> None:
    """Check free disk space; raises DiskFull. Renditions take less space than the originals."""
    wanted = 2 * material.largest * -(-phones // 10)
    kiosk.store.need_room(wanted, keep_free=kiosk.settings.limits.keep_free_mb << 20)


def _wait_for_copies(event: EventSession) -> float | None:
    from kiosk.rehearsal.sandbox import wait_until, waiting_media

    started = time.monotonic()
    with progress_bar("small copies") as bar:
        whole = waiting_media(db_session(), event)

        def all_ready() -> bool:
            left = waiting_media(db_session(), event)
            bar.step(whole - left, max(whole, 1))
            return left == 0

        return time.monotonic() - started if wait_until(all_ready) else None


def _tidy(kiosk: KioskContext, url: str) -> list[str]:
    from kiosk.rehearsal.sandbox import clear_stages
    from kiosk.rehearsal.volunteers import is_there

    db_session().rollback()
    left = clear_stages(db_session(), kiosk, kiosk_runs=is_there(url) is not None)
    for sentence in left:
        click.echo(f"reporter: {sentence}", err=True)
    return left


def _print(results: RehearsalReport) -> None:
    click.echo(
        f"{results.phones} phones, {results.seconds:.1f} s: {results.accepted} of {results.expected} "
        f"takeaways taken in, {results.accepted_per_s:.1f} a second, {results.mb_per_s:.1f} MB/s"
    )
    for name, step in results.steps.items():
        slowest = "  <- slowest" if name == results.slowest_step else ""
        click.echo(
            f"  {name:8} {step['count']:5.0f} times   median {step['p50_ms']:8.0f} ms   "
            f"99 % within {step['p99_ms']:8.0f} ms{slowest}"
        )
    for reason, count in results.refused.items():
        click.echo(f"  {count} times: {reason}")
    click.echo(results.verdict)
    click.echo(ENDS)
