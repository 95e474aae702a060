"""The ``reporter`` command: parses, calls one function, prints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from reporter.errors import ReporterError

F = TypeVar("F", bound=Callable[..., Any])
GATHERING_VARIABLE = "REPORTER_GATHERING"


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


def _note_folder(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.find_root().meta["gathering"] = value


def gathering_option(command: F) -> F:
    """``--gathering DIR``, before or after the name of the command."""
    return click.option(
        "--gathering", metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
        callback=_note_folder, expose_value=False,
        help=f"Folder of the gathering (else ${GATHERING_VARIABLE}, else ./gathering).",
    )(command)  # fmt: skip


def json_option(command: F) -> F:
    """``--json``: one JSON document on standard output and nothing else."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def gathering_folder() -> Path:
    """The folder that was asked for."""
    chosen = click.get_current_context().find_root().meta.get("gathering")
    return Path(chosen or os.environ.get(GATHERING_VARIABLE) or "gathering")


def print_json(document: Any) -> None:
    """One JSON document."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@gathering_option
@click.version_option(package_name="social-reporter", message="%(version)s")
def main() -> None:
    """Social Reporter: record, keep, show and publish what people take home from a gathering."""


def _register() -> None:
    # The commands live in modules of their own; each imports what it needs when it runs.
    from kiosk import (
        cli_backup,
        cli_doctor,
        cli_gathering,
        cli_import,
        cli_kiosk,
        cli_publish,
        cli_review,
    )

    for module in (
        cli_backup,
        cli_doctor,
        cli_gathering,
        cli_kiosk,
        cli_import,
        cli_review,
        cli_publish,
    ):
        for command in module.COMMANDS:
            main.add_command(command)


_register()
