"""``reporter backup``, ``reporter restore``, ``reporter merge``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.common import (
    db_session,
    gathering_folder,
    gathering_option,
    json_option,
    kiosk_context,
    print_json,
)
from kiosk.cli.progress_bar import progress_bar
from reporter.errors import Conflict, NotFound, ReporterError

if TYPE_CHECKING:
    from kiosk.runtime.context import KioskContext
    from reporter.merge.context import MergeReport


def _copy(source: Path, goal: Path, label: str) -> None:
    from reporter.gathering.backup import copy_gathering

    with progress_bar(label) as bar:
        done = copy_gathering(source, goal, progress=bar.step)
    if done.missing:
        raise ReporterError(
            "Originals that are missing in %(source)s itself: %(count)s, as %(what)s; everything "
            "else is in %(goal)s, verified. Look for another copy.",
            count=len(done.missing),
            source=source,
            what=done.missing[0],
            goal=goal,
        )
    click.echo(f"{goal}: {done.copied} files copied, {done.known} were there already, all verified")


@click.command("backup")
@click.argument("dest", type=click.Path(path_type=Path, file_okay=False))
@gathering_option
def backup(dest: Path) -> None:
    """Make a verified copy of the gathering, also while its kiosk runs."""
    from reporter.clock import utc_now
    from reporter.config import load_settings
    from reporter.gathering.copies import BACKUP, note_copy
    from reporter.gathering.folder import open_session

    source = gathering_folder()
    _copy(source, dest, "backup")
    with open_session(load_settings(source)) as session:
        note_copy(session, BACKUP, dest, now=utc_now())


@click.command("restore")
@click.argument("src", type=click.Path(path_type=Path, file_okay=False))
@gathering_option
def restore(src: Path) -> None:
    """Restore a copy into the gathering's folder, which must be empty or not exist."""
    from reporter.config import exists

    goal = gathering_folder()
    if exists(goal):
        raise Conflict(
            "There is a gathering in %(goal)s. Move it away first, or choose another --gathering.",
            goal=goal,
        )
    _copy(src, goal, "restore")


@click.command("merge")
@click.argument("other")
@click.option("--code", metavar="PAIRING", help="The code on the other laptop's screen, once.")
@json_option
@gathering_option
def merge(other: str, code: str | None, as_json: bool) -> None:
    """Merge another kiosk's gathering into this one: its folder, a bundle, or http(s)://OTHER-KIOSK in the network.

    Repeating it changes nothing. Over the network only missing data is transferred; an interrupted transfer continues.
    """
    with kiosk_context() as kiosk:
        if other.startswith(("http://", "https://")):
            done = _merge_over_network(kiosk, other, code)
        else:
            done = _merge_path(kiosk, other, code)
        kiosk.index.sync(db_session())
        if as_json:
            print_json(vars(done))
        else:
            _tell_merge(done)
        if done.left:
            click.get_current_context().exit(1)


def _merge_path(kiosk: KioskContext, other: str, code: str | None) -> MergeReport:
    from kiosk.services.merging import merge_in

    if code is not None:
        raise click.UsageError("--code is for laptops in the network: http://…")
    if not Path(other).exists():
        raise NotFound("%(other)s is neither a gathering folder nor a bundle.", other=other)
    return merge_in(kiosk, Path(other))


def _merge_over_network(kiosk: KioskContext, url: str, code: str | None) -> MergeReport:
    from kiosk.peers.exchange import merge_peer, pair_with, peer_at

    peer = pair_with(kiosk, url, code) if code else peer_at(db_session(), url)
    with progress_bar("originals") as bar:
        return merge_peer(kiosk, peer, lambda done, total, _bytes: bar.step(done, total, ""))


def _tell_merge(done: MergeReport) -> None:
    click.echo(
        f"takeaways: {done.takeaways} new, {done.changed} newer there, {done.withdrawn} taken back there, "
        f"{done.known} known; files: {done.files} new"
    )
    others = {
        "sessions": done.sessions,
        "stories": done.stories,
        "places": done.targets,
        "published from there": done.deliveries,
        "recordings with captions": done.captions,
        "questions and actions": done.items,
        "replies": done.replies,
    }
    if any(others.values()):
        click.echo(
            "also " + ", ".join(f"{what}: {count}" for what, count in others.items() if count)
        )
    for receipt in done.look:
        click.echo(f"look at {receipt}: both sides had decided on it; the later decision holds")
    for line in done.left:
        click.echo(f"left out: {line}", err=True)
