"""What would send this laptop to sleep during an evening: the battery, the lid, the power plan."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from kiosk.desktop.awake import inhibitor

_SUPPLIES = Path("/sys/class/power_supply")
_LIDS = Path("/proc/acpi/button/lid")


@dataclass(frozen=True)
class Power:
    """None where the system doesn't say. ``idle_minutes``: until it sleeps by itself, 0 for never."""

    on_mains: bool | None = None
    idle_minutes: int | None = None
    lid_sleeps: bool | None = None
    # Whether the running kiosk can keep the laptop from sleeping.
    held_awake: bool = False


def power_state() -> Power:
    """How things stand now. Asks the system's own programs; raises nothing."""
    if sys.platform == "win32":
        return windows_plan(
            _output_of("powercfg", "/query", "SCHEME_CURRENT", "SUB_SLEEP", "STANDBYIDLE"),
            _output_of("powercfg", "/query", "SCHEME_CURRENT", "SUB_BUTTONS", "LIDACTION"),
        )
    if sys.platform == "darwin":
        return macos_plan(_output_of("pmset", "-g", "batt"), _output_of("pmset", "-g"))
    return linux_power(_SUPPLIES, has_lid=_LIDS.is_dir(), held=inhibitor() is not None)


def linux_power(supplies: Path, *, has_lid: bool, held: bool) -> Power:
    """From /sys/class/power_supply: mains, when there is a battery too. systemd sleeps at a closed lid by itself."""
    kinds = {path.name: _read(path / "type") for path in sorted(supplies.glob("*"))}
    mains = [_read(supplies / name / "online") for name, kind in kinds.items() if kind == "Mains"]
    battery = any(
        kind == "Battery" and _read(supplies / name / "scope") != "Device"
        for name, kind in kinds.items()
    )
    on_mains = "1" in mains if battery and mains else None
    return Power(on_mains, lid_sleeps=has_lid and not held, held_awake=held)


def windows_plan(sleep: str, lid: str) -> Power:
    """From ``powercfg /query``; its words are in the system's language, its numbers are not.

    The last but one number of a setting is that on mains: seconds until sleep; 0 for a lid that does nothing.
    """
    idle, closed = _index_on_mains(sleep), _index_on_mains(lid)
    return Power(
        idle_minutes=None if idle is None else -(-idle // 60),
        lid_sleeps=None if closed is None else closed != 0,
        held_awake=True,
    )


def _index_on_mains(output: str) -> int | None:
    numbers = re.findall(r"0x([0-9a-fA-F]{8})\s*$", output, flags=re.MULTILINE)
    return int(numbers[-2], 16) if len(numbers) >= 2 else None


def macos_plan(battery: str, settings: str) -> Power:
    """From ``pmset -g batt`` and ``pmset -g``: minutes until sleep. A closed lid sleeps whatever a program asks for."""
    idle = re.search(r"^\s*sleep\s+(\d+)", settings, flags=re.MULTILINE)
    return Power(
        on_mains="AC Power" in battery if "drawing from" in battery else None,
        idle_minutes=int(idle[1]) if idle else None,
        lid_sleeps=True,
        held_awake=True,
    )


def _output_of(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", errors="replace")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
