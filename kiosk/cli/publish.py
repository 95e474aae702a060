"""``reporter targets``, ``publish``, ``bundle``, ``film``, ``report``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kiosk.cli.common import db_session, gathering_option, json_option, kiosk_context, print_json
from kiosk.cli.progress_bar import progress_bar
from reporter.errors import BadInput

if TYPE_CHECKING:
    from kiosk.runtime.context import KioskContext
    from reporter.films.plan import Wish


@click.group("targets", invoke_without_command=True)
@gathering_option
@click.pass_context
def targets(ctx: click.Context) -> None:
    """Manage the places to publish to."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_all)


@targets.command("list")
@json_option
@gathering_option
def list_all(as_json: bool = False) -> None:
    """List the targets, without their secrets."""
    from kiosk.services.publishing import publish_context_of
    from publish.status.target_registry import list_targets

    with kiosk_context() as kiosk:
        rows = list_targets(db_session(), publish_context_of(kiosk).budget)
    if as_json:
        print_json({"targets": rows})
        return
    for row in rows:
        options = " ".join(f"{k}={v}" for k, v in row["options"].items() if v)
        click.echo(f"{row['name']:16} {row['kind']:10} {options} {row['paused']}".rstrip())
    if not rows:
        click.echo(
            "no targets yet; add one, as: reporter targets add folder stick url=file:///media/stick"
        )


def ask_secret(prompt: str) -> str:
    """Read a secret from a terminal without echo, or one line from standard input."""
    if sys.stdin.isatty():
        return str(click.prompt(prompt, hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _options(pairs: tuple[str, ...]) -> dict[str, str]:
    if bad := [pair for pair in pairs if "=" not in pair]:
        raise BadInput("Write options as KEY=VALUE, not %(what)s.", what=f"{bad[0]!r}")
    return dict(pair.split("=", 1) for pair in pairs)


@targets.command("add")
@click.argument("kind")
@click.argument("name")
@click.argument("options", nargs=-1, metavar="KEY=VALUE…")
@gathering_option
def add(kind: str, name: str, options: tuple[str, ...]) -> None:
    """Add a target, as: add wordpress blog url=https://blog.example user=editor

    Its secret is asked for, or read from standard input where that is no terminal.
    """
    from kiosk.services.publishing import add_target

    with kiosk_context() as kiosk:
        add_target(kiosk, kind, name, _options(options), ask=ask_secret)
        click.echo(f"added {name}. Try it with: reporter targets test {name}")


@targets.command("test")
@click.argument("name")
@gathering_option
def test(name: str) -> None:
    """Publish a test item to a target and remove it again."""
    from kiosk.services.publishing import test_target

    with kiosk_context() as kiosk:
        click.echo(f"{name}: {test_target(kiosk, name)}")


@targets.command("password")
@click.argument("name")
@gathering_option
def password(name: str) -> None:
    """Replace a target's password and test it; the password is asked for, or read from standard input."""
    from kiosk.services.publishing import set_password, test_target

    with kiosk_context() as kiosk:
        set_password(kiosk, name, ask_secret)
        click.echo(f"{name}: {test_target(kiosk, name)}")


@targets.command("remove")
@click.argument("name")
@gathering_option
def remove(name: str) -> None:
    """Remove a target and its secret; what was published stays there."""
    from kiosk.services.publishing import remove_target

    with kiosk_context() as kiosk:
        click.echo(remove_target(kiosk, name))


@click.command("publish")
@click.option(
    "--target", "names", multiple=True, metavar="NAME", help="Only this one (repeatable)."
)
@click.option("--dry-run", is_flag=True, help="Say what would be sent; send nothing.")
@click.option(
    "--wait", is_flag=True, help="Repeat until everything is delivered or refused for good."
)
@click.option(
    "--pause",
    is_flag=True,
    help="Send nothing until --resume, to any target or to those of --target.",
)
@click.option("--resume", is_flag=True, help="Go on after --pause.")
@click.option(
    "--budget",
    type=click.IntRange(0),
    metavar="MB",
    default=None,
    help="Limit the megabytes sent from now on (0: no limit).",
)
@json_option
@gathering_option
def publish(
    names: tuple[str, ...],
    dry_run: bool,
    wait: bool,
    pause: bool,
    *,
    resume: bool,
    budget: int | None,
    as_json: bool,
) -> None:
    """Queue what is approved and deliver what is due."""
    from kiosk.peers import publisher_lease
    from kiosk.services.publishing import publish_all, set_budget, set_pause

    if pause and (resume or wait or dry_run):
        raise click.UsageError("--pause goes alone, or with --target.")
    with kiosk_context() as kiosk:
        if budget is not None:
            set_budget(kiosk, budget)
        if pause or resume:
            set_pause(kiosk, names, on=pause)
        if pause:
            click.echo("paused; go on with: reporter publish --resume", err=as_json)
            return
        if dry_run:
            _dry_run(kiosk, names, as_json)
            return
        with progress_bar("publishing") as bar:
            done = publish_all(kiosk, names=names, wait=wait, on_progress=bar.outcome)
            if not kiosk.may_send():
                click.echo(
                    "the hub is publishing this gathering now or can't be reached; publishing continues by itself",
                    err=True,
                )
            publisher_lease.release(kiosk)
        if as_json:
            print_json({"deliveries": done.rows})
        else:
            for line in done.sentences or [
                "nothing to publish: approve takeaways and add a target first"
            ]:
                click.echo(line)
        for row in done.refused:
            click.echo(
                f"reporter: {row['target']}: {row['title'] or row['item']}: {row['error']}",
                err=True,
            )
        for sentence in done.waiting:
            click.echo(f"reporter: {sentence}", err=True)
        if done.refused or done.waiting:
            click.get_current_context().exit(1)


def _dry_run(kiosk: KioskContext, names: tuple[str, ...], as_json: bool) -> None:
    from kiosk.services.publishing import dry_run

    rows = dry_run(kiosk, names)
    if as_json:
        print_json({"deliveries": rows})
        return
    for row in rows:
        click.echo(f"{row['target']}: {row['action']} {row['kind']} {row['title'] or row['item']}")
        for line in (*row.get("notes", ()), *row.get("changes", ())):
            click.echo(f"    {line}")
    if not rows:
        click.echo("nothing would be sent")


@click.command("bundle")
@click.option("-o", "output", type=click.Path(path_type=Path), metavar="DIR|FILE.zip", default=None)
@click.option(
    "--verify",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE.zip",
    default=None,
    help="Write nothing; verify this bundle.",
)
@json_option
@gathering_option
def bundle(output: Path | None, verify: Path | None, as_json: bool) -> None:
    """Write the bundle: a BagIt bag with a site that opens by double click, and metadata."""
    from kiosk.services.publishing import verify_bundle, write_bundle
    from reporter.gathering.copies import BUNDLE, note_copy

    if verify is not None:
        verify_bundle(verify)
        click.echo(f"{verify}: complete")
        return
    with kiosk_context() as kiosk:
        goal = output or kiosk.settings.folder / "bundle" / "bag"
        with progress_bar("bundle") as bar:
            written = write_bundle(kiosk, goal, progress=bar.step)
        note_copy(db_session(), BUNDLE, written.path, now=kiosk.now())
        if as_json:
            print_json({**vars(written), "path": str(written.path)})
        else:
            click.echo(
                f"{written.path}: {written.takeaways} takeaways, {written.files} files, verified"
            )


@click.command("film")
@click.option(
    "-o",
    "output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.mp4",
    default=Path("film.mp4"),
    show_default=True,
)
@click.option(
    "--seconds", type=click.FloatRange(15, 180), default=75, show_default=True, help="Its length."
)
@click.option(
    "--shape",
    type=click.Choice(["landscape", "square", "upright"]),
    default="landscape",
    show_default=True,
)
@click.option(
    "--audience",
    type=click.Choice(["public", "community", "room"]),
    default="public",
    show_default=True,
    help="Who will see it: only what may be shown to them is in it.",
)
@click.option(
    "--music",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    default=None,
    help="Music below it, from a file that may be used for that.",
)
@click.option("--address", metavar="URL", default="", help="What the closing card's code leads to.")
@json_option
@gathering_option
def film(as_json: bool, output: Path, **wanted: Any) -> None:
    """Make a film of the evening from starred takeaways."""
    from kiosk.services.films import film_record, plan, write_film

    if output.suffix.lower() != ".mp4":
        raise click.UsageError("The film is an MP4: let the name of its file end in .mp4.")
    with kiosk_context() as kiosk:
        planned = plan(kiosk, _film_wish(**wanted), wanted["address"])
        with progress_bar("film") as bar:
            rendered = write_film(kiosk, planned.script, output, progress=bar.step)
    if as_json:
        print_json(film_record(planned.script, rendered, planned.left_out))
        return
    count = len(planned.script.receipts)
    click.echo(
        f"{rendered.path}: {rendered.seconds:.0f} s, {rendered.bytes / 1e6:.1f} MB, starred takeaways in it: {count}"
    )
    if planned.left_out:
        click.echo(f"did not fit: {len(planned.left_out)} (--seconds makes it longer)")


def _film_wish(
    *, seconds: float, shape: str, audience: str, music: Path | None, **_more: Any
) -> Wish:
    from reporter.films.plan import Wish
    from reporter.films.script import AspectRatio
    from reporter.moderation.visibility import Scope

    sound = "" if music is None else str(music.absolute())
    return Wish(place=Scope(audience), seconds=seconds, shape=AspectRatio(shape), music=sound)


@click.command("report")
@click.option(
    "-o",
    "output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.pdf|.html",
    default=Path("report.pdf"),
    show_default=True,
)
@click.option(
    "--audience",
    type=click.Choice(["public", "community", "room"]),
    default="public",
    show_default=True,
    help="Who will read it: only what may be shown to them is in it.",
)
@gathering_option
def report(output: Path, audience: str) -> None:
    """Write a one-page report: numbers, themes, pictures, quotes, open questions, next steps."""
    from kiosk.services.summaries.report import write_report
    from reporter.moderation.visibility import Scope

    with kiosk_context() as kiosk:
        written = write_report(kiosk, output, Scope(audience), partial(click.echo, err=True))
    count = written.numbers[0][0] if written.numbers else 0
    click.echo(f"{output}: made of {count} takeaways that this audience may see")
