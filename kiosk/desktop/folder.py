"""Which gathering a double click opens: the one of last time, else a folder that a person is asked for once."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from kiosk.desktop.place import Fitness, judge
from reporter.config import exists
from reporter.files import replace_file

PROGRAM = "social-reporter"


def remembered_folder() -> Path | None:
    """The gathering that was opened last, if it is still there."""
    try:
        path = _note().read_text(encoding="utf-8").strip()
    except OSError:
        return None
    folder = Path(path)
    return folder if path and exists(folder) else None


def remember_folder(folder: Path) -> None:
    """Open this one the next time."""
    note = _note()
    note.parent.mkdir(parents=True, exist_ok=True)
    fresh = note.with_suffix(f".{os.getpid()}")
    fresh.write_text(f"{folder.absolute()}\n", encoding="utf-8")
    replace_file(fresh, note)


def proposed_folder() -> Path:
    """Where a first gathering may live: in the person's own folder, beside Documents, which is often synced."""
    return Path.home() / "Social Reporter" / "gathering"


def chosen_folder() -> Path | None:
    """That of last time; else a person is asked, or without a screen the proposal is taken. None: nobody wants one."""
    if remembered := remembered_folder():
        return remembered
    try:
        import tkinter

        from kiosk.desktop.window import ask_folder
    except ImportError:
        return proposed_folder()
    try:
        return ask_folder(proposed_folder(), _objection)
    except tkinter.TclError:
        return proposed_folder()


def _objection(folder: Path) -> str:
    place = judge(folder)
    return place.reason if place.fitness is Fitness.UNFIT else ""


def _note() -> Path:
    return Path(platformdirs.user_config_dir(PROGRAM)) / "last-gathering.txt"
