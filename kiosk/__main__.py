"""``python -m kiosk``: the ``reporter`` command where no console script is installed."""

from kiosk.cli import main

main(prog_name="reporter")
