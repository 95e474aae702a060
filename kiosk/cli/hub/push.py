"""``reporter pair``, ``reporter push``: a kiosk and its hub."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from kiosk.cli.common import (
    gathering_folder,
    gathering_option,
    json_option,
    kiosk_context,
    print_json,
)
from kiosk.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from kiosk.peers.push import Progress, PushReport
    from kiosk.runtime.context import KioskContext

# Seconds between two attempts with ``--wait``.
_PAUSE = 5.0


@click.command("pair")
@click.argument("hub_url", metavar="HUB-URL")
@click.argument("code")
@gathering_option
def pair(hub_url: str, code: str) -> None:
    """Pair this gathering with a hub, by a code created there."""
    from kiosk.peers.push import pair_hub

    with kiosk_context() as kiosk:
        peer = pair_hub(kiosk, hub_url, code)
        click.echo(
            f"paired with {peer.name} at {peer.url}; send everything there with: reporter push"
        )


@click.command("push")
@click.option("--wait", is_flag=True, help="Try until the hub is reached and has everything.")
@json_option
@gathering_option
def push(wait: bool, as_json: bool) -> None:
    """Send everything new to the hub. An interrupted transfer continues the next time."""
    from kiosk.peers.quick_look import all_there

    known = all_there(gathering_folder())
    if known is not None:
        counts = {"takeaways": 0, "media": 0, "bytes": 0, "already": known}
        if as_json:
            print_json(counts)
        else:
            click.echo("nothing is new")
        return
    with kiosk_context() as kiosk, progress_bar("originals") as bar:
        done = _push(kiosk, wait, lambda done, total, _bytes: bar.step(done, total, ""))
    if as_json:
        print_json(done.as_json())
    else:
        click.echo(
            f"{done.takeaways} takeaways were new there, {done.media} files sent ({done.bytes} bytes), "
            f"{done.already} takeaways were there already"
        )
    for line in done.left:
        click.echo(f"left out: {line}", err=True)
    if done.left:
        click.get_current_context().exit(1)


def _push(kiosk: KioskContext, wait: bool, progress: Progress) -> PushReport:
    from kiosk.peers import push as hub
    from kiosk.peers.client import Unreachable

    peer, done = hub.hub_of(kiosk), hub.PushReport()
    while True:
        try:
            hub.push(kiosk, peer, done, progress)
        except Unreachable as error:
            if not wait:
                raise
            click.echo(f"reporter: {error.message} Trying again.", err=True)
            time.sleep(_PAUSE)
        else:
            return done
