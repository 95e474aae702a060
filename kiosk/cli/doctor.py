"""``reporter doctor``, ``reporter support``."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.cli.common import gathering_option, json_option, kiosk_context, port_option, print_json

MARKS = {"ok": "ok  ", "warn": "look", "fail": "FAIL"}


@click.command("doctor")
@port_option
@json_option
@gathering_option
def doctor(port: int, as_json: bool) -> None:
    """Check what could go wrong today; exit code 1 if a check fails."""
    from kiosk.doctor.checks import examine
    from kiosk.doctor.finding import Verdict

    with kiosk_context() as kiosk:
        findings = []
        for finding in examine(kiosk, port):
            findings.append(finding)
            if not as_json:
                click.echo(f"{MARKS[finding.verdict]}  {finding.name:10} {finding.detail}")
    if as_json:
        rows = [{"name": f.name, "state": f.verdict.value, "detail": f.detail} for f in findings]
        print_json({"checks": rows})
    if any(finding.verdict is Verdict.FAIL for finding in findings):
        click.get_current_context().exit(1)


@click.command("support")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file to write."
)
@port_option
@gathering_option
def support(output: Path | None, port: int) -> None:
    """Write a support bundle without texts, names, pictures or receipts. Without -o, show its contents."""
    from kiosk.privacy.support_bundle import support_files, write_support_bundle

    with kiosk_context() as kiosk:
        files = support_files(kiosk, port)
    for name, text in files.items():
        click.echo(f"{name}  {len(text.encode())} bytes")
        if output is None:
            click.echo(text)
    if output is not None:
        write_support_bundle(files, output)
        click.echo(f"wrote {output}; to read it first: reporter support")
