"""Checks of the laptop itself: where the gathering lives, what would send it to sleep, which program made what."""

from __future__ import annotations

from kiosk.desktop.place import Fitness, judge
from kiosk.desktop.power import Power, power_state
from kiosk.doctor.finding import Finding, Verdict
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.runtime.static_files import version
from reporter.gathering.folder import program_versions, schema_revision


def place(kiosk: KioskContext, _port: int) -> Finding:
    """Whether the gathering is on a disk of this laptop that nothing else copies about."""
    found = judge(kiosk.settings.folder)
    verdict = {Fitness.GOOD: Verdict.OK, Fitness.CARE: Verdict.WARN, Fitness.UNFIT: Verdict.FAIL}
    told = found.reason if found.template else "The gathering is on a disk of this laptop."
    return Finding("place", verdict[found.fitness], told)


def sleep(_kiosk: KioskContext, _port: int) -> Finding:
    """Whether the laptop would fall asleep during the evening."""
    return judge_power(power_state())


def judge_power(power: Power) -> Finding:
    """What is to be done about battery, lid and power plan."""
    lacking = []
    if power.on_mains is False:
        lacking.append("This laptop runs on its battery: plug it in.")
    if power.idle_minutes and not power.held_awake:
        lacking.append(f"It sleeps after {power.idle_minutes} minutes: let it never sleep.")
    if power.lid_sleeps:
        lacking.append("It may sleep when its lid is closed: leave it open.")
    if lacking:
        return Finding("sleep", Verdict.WARN, " ".join(lacking))
    if not power.held_awake:
        told = "Nothing here can keep this laptop awake: see in its settings that it never sleeps."
        return Finding("sleep", Verdict.WARN, told)
    return Finding("sleep", Verdict.OK, "The kiosk keeps this laptop awake while it runs.")


def versions(kiosk: KioskContext, _port: int) -> Finding:
    """Which program made the gathering, which have opened it, and which copies from before an upgrade are there."""
    opened = [f"{row.version} ({row.first_at:%Y-%m-%d})" for row in program_versions(db.session())]
    told = [f"This is version {version()}, with schema {schema_revision(db.engine)}."]
    if opened:
        told.append(f"The gathering was made by {opened[0]}.")
        told += [f"Opened by {one} since." for one in opened[1:]]
    copies = sorted(kiosk.settings.folder.glob("*.before-upgrade-of-*"))
    told += [f"{copy.name} is the copy from before an upgrade." for copy in copies]
    return Finding("versions", Verdict.OK, " ".join(told))
