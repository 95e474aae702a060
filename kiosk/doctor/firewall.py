"""Whether this laptop's firewall lets phones in, as far as that can be told without an administrator's rights.

Windows: its rules stand in the registry, one line each ([MS-FASP] 2.2.20: ``v2.10|Action=Allow|Dir=In|App=…``); a Wi-Fi
without internet counts as public. macOS: ``socketfilterfw``. Linux: ufw's settings and ``firewall-cmd``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from kiosk.doctor.finding import Finding, Verdict
from reporter.messages import Message

POLICY = r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
SOCKETFILTER = "/usr/libexec/ApplicationFirewall/socketfilterfw"
UFW = Path("/etc/ufw/ufw.conf")
# Takes the words of a command; its output, '' where it fails or does not exist.
Run = Callable[..., str]


def check(port: int) -> Finding:
    """What the firewall of this system would do with phones."""
    if os.name == "nt":
        try:
            return windows(port, *_windows_policy())
        except OSError:
            message = Message("Nobody can tell what the firewall does: try with a phone.")
            return _finding(Verdict.WARN, message)
    if sys.platform == "darwin":
        return macos(run)
    return linux(port, run, UFW)


def run(*words: str) -> str:
    """The output of a command; '' where it fails, hangs or does not exist."""
    if shutil.which(words[0]) is None:
        return ""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def _finding(verdict: Verdict, detail: Message) -> Finding:
    return Finding("firewall", verdict, detail)


# --- Windows -----------------------------------------------------------------------------------------


def windows(port: int, on: bool, rules: Iterable[str]) -> Finding:
    """From the state of the public profile and the lines of all rules."""
    if not on:
        return _finding(Verdict.OK, Message("The Windows firewall is off for public networks."))
    ours = [rule for rule in map(_fields, rules) if _concerns_us(rule, port)]
    actions = {rule.get("action", "") for rule in ours}
    if "block" in actions:
        message = Message(
            "The Windows firewall blocks this program: somebody said no when it asked. In its settings, under "
            "allowed apps, tick Python for public networks too."
        )
        return _finding(Verdict.FAIL, message)
    if "allow" in actions:
        message = Message("The Windows firewall lets phones in, on public networks too.")
        return _finding(Verdict.OK, message)
    message = Message(
        "The Windows firewall does not know this program yet. When it asks at the kiosk's start, say yes for "
        "public networks too: a Wi-Fi without internet counts as one."
    )
    return _finding(Verdict.WARN, message)


def _fields(rule: str) -> dict[str, str]:
    parts = (part.partition("=") for part in rule.split("|"))
    return {name.lower(): value.lower() for name, _, value in parts if value}


def _concerns_us(rule: dict[str, str], port: int) -> bool:
    """An active rule on what comes in to this program or port, by TCP, in public networks (or in all)."""
    if rule.get("dir") != "in" or rule.get("active") != "true":
        return False
    if rule.get("profile", "public") != "public" or rule.get("protocol", "6") != "6":
        return False
    program = os.path.expandvars(rule.get("app", "")).lower()
    if program:
        return program in _programs()
    return rule.get("lport") == str(port)


def _programs() -> set[str]:
    """Ours: in an environment of its own, the interpreter that it starts is the one that listens."""
    base = getattr(sys, "_base_executable", sys.executable)
    return {str(path).lower() for path in (sys.executable, base) if path}


def _windows_policy() -> tuple[bool, list[str]]:
    import winreg  # Only Windows has it.

    on, rules = True, []
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, rf"{POLICY}\PublicProfile") as key:  # type: ignore[attr-defined]
        on = bool(winreg.QueryValueEx(key, "EnableFirewall")[0])  # type: ignore[attr-defined]
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, rf"{POLICY}\FirewallRules") as key:  # type: ignore[attr-defined]
        for number in range(winreg.QueryInfoKey(key)[1]):  # type: ignore[attr-defined]
            rules.append(str(winreg.EnumValue(key, number)[1]))  # type: ignore[attr-defined]
    return on, rules


# --- macOS -------------------------------------------------------------------------------------------


def macos(run: Run) -> Finding:
    """By what ``socketfilterfw`` says: "State = 0" is off; it can block everything, or this program."""
    state = run(SOCKETFILTER, "--getglobalstate")
    if "State = 0" in state or "disabled" in state.lower():
        return _finding(Verdict.OK, Message("The Mac's firewall is off."))
    if not state:
        message = Message("Nobody can tell what the Mac's firewall does: try with a phone.")
        return _finding(Verdict.WARN, message)
    everything = run(SOCKETFILTER, "--getblockall").lower()
    if "state = 2" in state.lower() or "enabled" in everything or "set to block all" in everything:
        message = Message(
            "The Mac's firewall blocks all that comes in. Switch that off in System Settings, Network, Firewall."
        )
        return _finding(Verdict.FAIL, message)
    if "blocked" in run(SOCKETFILTER, "--getappblocked", sys.executable).lower().replace(
        "not blocked", ""
    ):
        message = Message(
            "The Mac's firewall blocks Python. Allow it in System Settings, Network, Firewall, Options."
        )
        return _finding(Verdict.FAIL, message)
    message = Message(
        "The Mac's firewall is on. When it asks whether Python may accept connections, allow it."
    )
    return _finding(Verdict.OK, message)


# --- Linux -------------------------------------------------------------------------------------------


def linux(port: int, run: Run, ufw: Path) -> Finding:
    """By the settings of ufw and the answer of firewalld. Rules made by hand can't be read without root."""
    closed = list(_closed_ports(port, run, ufw))
    if closed:
        return _finding(Verdict.WARN, Message.join(closed))
    return _finding(Verdict.OK, Message("No firewall that is known here keeps phones out."))


def _closed_ports(port: int, run: Run, ufw: Path) -> Iterator[Message]:
    if _ufw_is_on(ufw) and not _ufw_lets_in(port, ufw):
        yield Message(
            "The firewall ufw is on, and no rule for port %(port)s can be seen. "
            "Open it: sudo ufw allow %(port)s/tcp",
            port=port,
        )
    if run("firewall-cmd", "--state").strip() == "running":
        zone = run("firewall-cmd", f"--query-port={port}/tcp").strip()
        if zone != "yes":
            yield Message(
                "The firewall firewalld keeps port %(port)s closed. "
                "Open it: sudo firewall-cmd --add-port=%(port)s/tcp",
                port=port,
            )


def _ufw_is_on(ufw: Path) -> bool:
    try:
        lines = ufw.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(line.replace(" ", "").strip().lower() == "enabled=yes" for line in lines)


def _ufw_lets_in(port: int, ufw: Path) -> bool:
    """Whether a rule lets the port in; not, where the rules can't be read."""
    try:
        rules = (ufw.parent / "user.rules").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(
        f"--dport {port} " in f"{line} " and line.rstrip().endswith("-j ACCEPT")
        for line in rules.splitlines()
    )
