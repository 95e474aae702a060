"""The ``reporter`` command. A command's module is imported when that command is called, not before."""

from __future__ import annotations

import importlib
import io
import sys
from typing import Any, NamedTuple, TextIO

import click

from kiosk.cli.common import gathering_option
from reporter.errors import ReporterError


class LazyCommand(NamedTuple):
    """Module below ``kiosk.cli`` and attribute that define a command, and its line in ``reporter --help``."""

    module: str
    attribute: str
    help: str


COMMANDS = {
    "new": LazyCommand("gathering", "new", "Make a gathering, with its sessions."),
    "sessions": LazyCommand("gathering", "sessions", "List, import or add sessions."),
    "posters": LazyCommand("gathering", "posters", "Make the print pack."),
    "kiosk": LazyCommand("serve", "kiosk", "Run the kiosk and its workers until Ctrl-C."),
    "open": LazyCommand(
        "serve", "open_window", "Run the kiosk in a window, as a double click does."
    ),
    "demo": LazyCommand("serve", "demo", "Run a kiosk with a sample gathering."),
    "doctor": LazyCommand("doctor", "doctor", "Check what could go wrong today."),
    "rehearse": LazyCommand("rehearse", "rehearse", "Simulate volunteers at the running kiosk."),
    "import": LazyCommand(
        "import_cards", "import_card", "Import cameras' memory cards and folders."
    ),
    "review": LazyCommand("review", "review", "Decide what may be shown."),
    "search": LazyCommand("review", "search", "Search all takeaways except withdrawn ones."),
    "themes": LazyCommand("review", "themes", "List themes across sessions and languages."),
    "index": LazyCommand("serve", "index", "Rebuild the search index."),
    "bundle": LazyCommand("publish", "bundle", "Make the bundle."),
    "film": LazyCommand("publish", "film", "Make a film of the evening."),
    "report": LazyCommand("publish", "report", "Write a one-page report."),
    "targets": LazyCommand("publish", "targets", "Manage the places to publish to."),
    "publish": LazyCommand("publish", "publish", "Queue what is approved, deliver what is due."),
    "withdraw": LazyCommand("review", "withdraw_takeaway", "Withdraw a takeaway everywhere."),
    "erase": LazyCommand("privacy", "erase", "Erase takeaways except for a tombstone."),
    "census": LazyCommand(
        "privacy", "census", "Search every place for data that must not be there."
    ),
    "retain": LazyCommand("privacy", "retain", "Delete what has been kept long enough."),
    "support": LazyCommand("doctor", "support", "Write a support bundle."),
    "replies": LazyCommand("conversation", "replies", "Fetch replies from all targets."),
    "actions": LazyCommand("conversation", "actions", "List questions and action items."),
    "merge": LazyCommand("backup", "merge", "Merge another kiosk's gathering into this one."),
    "pair": LazyCommand("hub.push", "pair", "Pair this gathering with a hub."),
    "push": LazyCommand("hub.push", "push", "Send everything new to the hub."),
    "hub": LazyCommand("hub.admin", "hub", "Run a hub for many gatherings."),
    "backup": LazyCommand("backup", "backup", "Make a verified copy of the gathering."),
    "restore": LazyCommand("backup", "restore", "Restore a copy."),
}


class LazyGroup(click.Group):
    """All commands, in the order of COMMANDS. A command that fails prints one line and exits with code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None if there is none of that name."""
        lazy = COMMANDS.get(cmd_name)
        if lazy is None:
            return None
        module = importlib.import_module(f"kiosk.cli.{lazy.module}")
        command: click.Command = getattr(module, lazy.attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands for ``--help`` without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in COMMANDS.items()])

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run as the program; pipes carry UTF-8 whatever the system's code page is."""
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            write_utf8(stream)
        return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ReporterError as error:
            click.echo(f"reporter: {error.message}", err=True)
            ctx.exit(1)
        except BrokenPipeError:
            # The reader of the pipe (head, less) has ended.
            sys.stderr.close()
            ctx.exit(1)
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            click.echo(
                f"reporter: {error.strerror or error}{where}. Check the disk and its rights.",
                err=True,
            )
            ctx.exit(1)
        except _database_errors() as error:
            click.echo(f"reporter: {_database_trouble(error)}", err=True)
            ctx.exit(1)


def write_utf8(stream: TextIO | None) -> None:
    """Write UTF-8 to a pipe; on a terminal replace characters that it can't show instead of failing."""
    # Without a console (pythonw, a windowed application) there are no streams.
    if isinstance(stream, io.TextIOWrapper):
        encoding = None if stream.isatty() else "utf-8"
        stream.reconfigure(encoding=encoding, errors="surrogateescape" if encoding else "replace")


def _database_errors() -> tuple[type[Exception], ...]:
    """Exceptions of a busy, full or damaged database; none if no database library was imported."""
    if "sqlalchemy" not in sys.modules:
        return ()
    import sqlite3

    from sqlalchemy.exc import DatabaseError

    return (sqlite3.DatabaseError, DatabaseError)


def _database_trouble(error: Exception) -> str:
    words = str(getattr(error, "orig", None) or error)
    if "locked" in words or "busy" in words:
        return (
            "Another program has kept the gathering's database busy for too long. Nothing is lost: try once more, or "
            "end the other one first."
        )
    return f"The gathering's database can't be used ({words}). See: reporter doctor"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@gathering_option
@click.version_option(package_name="social-reporter", message="%(version)s")
def main() -> None:
    """Social Reporter: record, keep, show and publish what people take home from a gathering."""


def open_window() -> None:
    """``reporter open``, as a separate program to be started by a double click."""
    main(["open"], prog_name="social-reporter")
