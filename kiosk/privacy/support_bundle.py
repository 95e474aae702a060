"""What a helper from outside needs to know of a kiosk, in files that a person can read before they are given away."""

from __future__ import annotations

import dataclasses
import json
import platform
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from kiosk.doctor.checks import examine
from kiosk.privacy.log_files import log_files, redact
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from reporter.config import Settings, sections
from reporter.models import Delivery, Media, Takeaway, Target, whole_metadata

# Settings that are secret, or that say who or where somebody is; only whether they are set is told.
HIDDEN = frozenset(
    {
        ("gathering", "title"),
        ("gathering", "place"),
        ("wifi", "ssid"),
        ("wifi", "password"),
        ("kiosk", "base_url"),
        ("privacy", "responsible"),
        ("privacy", "contact"),
        ("captions", "model"),
    }
)
_LIBRARIES = ("flask", "sqlalchemy", "pillow", "av", "opencv-python-headless", "whoosh-reloaded")
_README = """What this is: facts about a Social Reporter kiosk, for somebody who helps with it.
It holds no words, names, pictures, receipts, addresses or passwords of anybody.

versions.json   program, Python, operating system
doctor.json     what `reporter doctor` found
settings.json   the settings; of names, addresses and passwords only whether they are set
counts.json     how many rows there are of each kind, and in which state
logs/           the last lines of the kiosk's log
"""


def support_files(kiosk: KioskContext, port: int) -> dict[str, str]:
    """The bundle's files, name and text: what a person is shown before it is made."""
    files = {
        "README.txt": _README,
        "versions.json": _json(_versions()),
        "doctor.json": redact(_json(_findings(kiosk, port))),
        "settings.json": _json(_settings(kiosk.settings)),
        "counts.json": _json(_counts()),
    }
    for path in log_files(kiosk.settings.folder):
        files[f"logs/{path.name}"] = redact(path.read_text("utf-8", "replace"))
    return files


def write_support_bundle(files: dict[str, str], goal: Path) -> None:
    """Write these files as one ZIP, whole or not at all."""
    temporary = goal.with_name(f".{goal.name}.new")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    temporary.replace(goal)


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, default=str)


def _versions() -> dict[str, str]:
    own = {"social-reporter": metadata.version("social-reporter")}
    libraries = {name: metadata.version(name) for name in _LIBRARIES}
    return {
        **own,
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        **libraries,
    }


def _findings(kiosk: KioskContext, port: int) -> list[dict[str, str]]:
    found = list(examine(kiosk, port))
    return [{"name": one.name, "state": one.verdict.value, "detail": one.detail} for one in found]


def _settings(settings: Settings) -> dict[str, dict[str, Any]]:
    return {
        section: {
            one.name: _without_secret(
                section, one.name, getattr(getattr(settings, section), one.name)
            )
            for one in dataclasses.fields(cls)
        }
        for section, cls in sections().items()
    }


def _without_secret(section: str, name: str, value: Any) -> Any:
    if (section, name) not in HIDDEN:
        return value
    return "(set)" if value else ""


def _counts() -> dict[str, Any]:
    """Rows of every table, and states of what has states. A target is told by its kind, not by its name."""
    ask = db.session.scalar
    tables = {
        table.name: ask(select(func.count()).select_from(table))
        for table in whole_metadata().sorted_tables
    }
    states = {
        "takeaway": select(Takeaway.state, func.count()).group_by(Takeaway.state),
        "media": select(Media.state, func.count()).group_by(Media.state),
        "delivery": select(Delivery.state, func.count()).group_by(Delivery.state),
        "target": select(Target.kind, func.count()).group_by(Target.kind),
    }
    state_counts = {
        name: {str(state): count for state, count in db.session.execute(query)}
        for name, query in states.items()
    }
    return {"rows": tables, "states": state_counts}
