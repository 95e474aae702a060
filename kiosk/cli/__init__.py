"""The ``reporter`` command: parses, calls one function, prints."""

from __future__ import annotations

import sys
from typing import Any

import click

from kiosk.cli.common import gathering_option
from reporter.errors import ReporterError


class Group(click.Group):
    """A group whose commands end with one clear line on stderr and exit code 1 when they fail."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ReporterError as error:
            click.echo(f"reporter: {error.message}", err=True)
            ctx.exit(1)
        except BrokenPipeError:
            # The reader (head, less) has gone: nothing to say any more.
            sys.stderr.close()
            ctx.exit(1)
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            click.echo(
                f"reporter: {error.strerror or error}{where}. Check the disk and its rights.",
                err=True,
            )
            ctx.exit(1)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@gathering_option
@click.version_option(package_name="social-reporter", message="%(version)s")
def main() -> None:
    """Social Reporter: record, keep, show and publish what people take home from a gathering."""


def _register() -> None:
    # The commands live in modules of their own; each imports what it needs when it runs.
    from kiosk.cli import (
        backup,
        conversation,
        demo,
        doctor,
        gathering,
        import_cards,
        publish,
        rehearse,
        review,
        serve,
    )
    from kiosk.cli import backup as cli_backup
    from kiosk.cli import conversation as cli_conversation

    for module in (
        conversation,
        backup,
        demo,
        doctor,
        gathering,
        serve,
        cli_backup,
        import_cards,
        review,
        publish,
        rehearse,
        cli_conversation,
    ):
        for command in module.COMMANDS:
            main.add_command(command)


_register()
