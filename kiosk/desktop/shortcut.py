"""An entry in the system's menu (or on the desktop) that opens the kiosk's window."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from kiosk.desktop.child import own_program
from kiosk.runtime.static_files import static_dir
from reporter.errors import ReporterError

NAME = "Social Reporter"
# https://specifications.freedesktop.org/desktop-entry-spec/latest/
_ENTRY = """\
[Desktop Entry]
Type=Application
Name={name}
Comment=Record what people take home from a gathering
Comment[ar]=تسجيل ما يأخذه الناس معهم من اللقاء
Comment[de]=Festhalten, was Menschen von einem Treffen mitnehmen
Comment[es]=Recoger lo que la gente se lleva de un encuentro
Exec={command}
Icon={icon}
Terminal=false
Categories=Network;AudioVideo;
StartupWMClass=SocialReporter
"""
_WINDOWS = """\
$link = (New-Object -ComObject WScript.Shell).CreateShortcut($args[0])
$link.TargetPath = $args[1]
$link.Arguments = $args[2]
$link.Save()
"""


def open_command() -> list[str]:
    """The words that open the window with this very program."""
    return [*own_program(), "open"]


def make_shortcut(home: Path) -> Path:
    """Put the entry where this system looks for it; its path. Raises OSError, ReporterError."""
    if sys.platform == "win32":
        return _make_link(home / "Desktop" / f"{NAME}.lnk")
    if sys.platform == "darwin":
        return _make_script(home / "Desktop" / f"{NAME}.command")
    return _make_entry(home / ".local" / "share")


def _make_entry(share: Path) -> Path:
    icon = share / "icons" / "hicolor" / "scalable" / "apps" / "social-reporter.svg"
    icon.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(static_dir() / "img" / "icon.svg", icon)
    entry = share / "applications" / "social-reporter.desktop"
    entry.parent.mkdir(parents=True, exist_ok=True)
    command = " ".join(_quoted(word) for word in open_command())
    entry.write_text(_ENTRY.format(name=NAME, command=command, icon=icon), encoding="utf-8")
    return entry


def _quoted(word: str) -> str:
    """A word of Exec: in quotes, with what is special there escaped; a percent sign stands twice."""
    escaped = word
    for letter in ("\\", '"', "`", "$"):
        escaped = escaped.replace(letter, f"\\{letter}")
    escaped = escaped.replace("%", "%%")
    return f'"{escaped}"'


def _make_script(goal: Path) -> Path:
    words = " ".join(f"'{word}'" for word in open_command())
    goal.write_text(f"#!/bin/sh\nexec {words}\n", encoding="utf-8")
    goal.chmod(0o755)
    return goal


def _make_link(goal: Path) -> Path:
    program, *words = open_command()
    command = ["powershell", "-NoProfile", "-Command", f"& {{{_WINDOWS}}}"]
    arguments = [*command, str(goal), program, " ".join(words)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReporterError("The shortcut can't be made: %(what)s", what=done.stderr.strip())
    return goal
