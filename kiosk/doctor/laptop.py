"""Checks of the laptop itself: where the gathering lives, what would send it to sleep, which program made what."""

from __future__ import annotations

from kiosk.desktop.place import Fitness, judge
from kiosk.desktop.power import Power, power_state
from kiosk.doctor.finding import Finding, Verdict
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.runtime.static_files import version
from reporter.gathering.folder import program_versions, schema_revision
from reporter.messages import Message


def place(kiosk: KioskContext, _port: int) -> Finding:
    """Whether the gathering is on a disk of this laptop that nothing else copies about."""
    found = judge(kiosk.settings.folder)
    verdict = {Fitness.GOOD: Verdict.OK, Fitness.CARE: Verdict.WARN, Fitness.UNFIT: Verdict.FAIL}
    message = (
        found.reason if found.template else Message("The gathering is on a disk of this laptop.")
    )
    return Finding("place", verdict[found.fitness], message)


def sleep(_kiosk: KioskContext, _port: int) -> Finding:
    """Whether the laptop would fall asleep during the evening."""
    return judge_power(power_state())


def judge_power(power: Power) -> Finding:
    """What is to be done about battery, lid and power plan."""
    lacking = []
    if power.on_mains is False:
        lacking.append(Message("This laptop runs on its battery: plug it in."))
    if power.idle_minutes and not power.held_awake:
        message = Message(
            "It sleeps after %(minutes)s min: set it to never sleep.",
            minutes=power.idle_minutes,
        )
        lacking.append(message)
    if power.lid_sleeps:
        lacking.append(Message("It may sleep when its lid is closed: leave it open."))
    if lacking:
        return Finding("sleep", Verdict.WARN, Message.join(lacking))
    if not power.held_awake:
        message = Message(
            "Nothing here can keep this laptop awake: see in its settings that it never sleeps."
        )
        return Finding("sleep", Verdict.WARN, message)
    return Finding("sleep", Verdict.OK, Message("The kiosk keeps this laptop awake while it runs."))


def versions(kiosk: KioskContext, _port: int) -> Finding:
    """Which program made the gathering, which have opened it, and which copies from before an upgrade are there."""
    opened = [f"{row.version} ({row.first_at:%Y-%m-%d})" for row in program_versions(db.session())]
    messages = [
        Message(
            "This is version %(version)s, with schema %(schema)s.",
            version=version(),
            schema=schema_revision(db.engine),
        )
    ]
    if opened:
        messages.append(Message("The gathering was made by %(version)s.", version=opened[0]))
        messages += [Message("Opened by %(version)s since.", version=one) for one in opened[1:]]
    copies = sorted(kiosk.settings.folder.glob("*.before-upgrade-of-*"))
    messages += [
        Message("%(name)s is the copy from before an upgrade.", name=copy.name) for copy in copies
    ]
    return Finding("versions", Verdict.OK, Message.join(messages))
