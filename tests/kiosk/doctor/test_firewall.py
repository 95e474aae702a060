"""What is told of each system's firewall, from what these systems really answer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kiosk.doctor import firewall
from kiosk.doctor.finding import Verdict

RULE = "v2.30|Action={action}|Active={active}|Dir={dir}|Protocol={protocol}|{more}Name=python.exe|"


def rule(
    action: str = "Allow", *, more: str, active: str = "TRUE", way: str = "In", protocol: str = "6"
) -> str:
    return RULE.format(action=action, active=active, dir=way, protocol=protocol, more=more)


APP = f"App={sys.executable}|"


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ([], Verdict.WARN),
        ([rule(more=f"Profile=Public|{APP}")], Verdict.OK),
        # Without a profile: in all of them.
        ([rule(more=APP)], Verdict.OK),
        ([rule(more=f"Profile=Private|{APP}")], Verdict.WARN),
        ([rule(more=APP, active="FALSE")], Verdict.WARN),
        ([rule(more=APP, way="Out")], Verdict.WARN),
        ([rule(more=APP, protocol="17")], Verdict.WARN),
        ([rule(more="App=C:\\\\other.exe|")], Verdict.WARN),
        ([rule(more="LPort=8000|")], Verdict.OK),
        ([rule(more="LPort=80|")], Verdict.WARN),
        # What blocks goes before what allows, in Windows too.
        ([rule(more=APP), rule("Block", more=f"Profile=Public|{APP}")], Verdict.FAIL),
    ],
)
def test_windows(rules: list[str], verdict: Verdict) -> None:
    found = firewall.windows(8000, True, rules)
    assert (found.name, found.verdict) == ("firewall", verdict)
    assert "public networks" in found.detail


def test_windows_switched_off() -> None:
    assert firewall.windows(8000, False, [rule("Block", more=APP)]).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("state", "everything", "app", "verdict"),
    [
        ("Firewall is disabled. (State = 0)\n", "", "", Verdict.OK),
        (
            "Firewall is enabled. (State = 1)\n",
            "Block all DISABLED! \n",
            "Application is not blocked\n",
            Verdict.OK,
        ),
        (
            "Firewall is enabled. (State = 1)\n",
            "Firewall has block all state set to disabled.\n",
            "The file path you specified is not in the firewall\n",
            Verdict.OK,
        ),
        (
            "Firewall is enabled. (State = 1)\n",
            "Block all DISABLED! \n",
            "The application is blocked\n",
            Verdict.FAIL,
        ),
        (
            "Firewall is blocking all non-essential incoming connections. (State = 2)\n",
            "Block all ENABLED! \n",
            "",
            Verdict.FAIL,
        ),
        ("", "", "", Verdict.WARN),
    ],
)
def test_macos(state: str, everything: str, app: str, verdict: Verdict) -> None:
    answers = {"--getglobalstate": state, "--getblockall": everything, "--getappblocked": app}
    assert firewall.macos(lambda _program, *words: answers[words[0]]).verdict is verdict


@pytest.mark.parametrize(
    ("conf", "rules", "verdict"),
    [
        ("ENABLED=no\n", None, Verdict.OK),
        (None, None, Verdict.OK),
        ("# settings\nENABLED=yes\n", None, Verdict.WARN),
        ("ENABLED=yes\n", "-A ufw-user-input -p tcp --dport 22 -j ACCEPT\n", Verdict.WARN),
        ("ENABLED=yes\n", "-A ufw-user-input -p tcp --dport 80001 -j ACCEPT\n", Verdict.WARN),
        ("ENABLED=yes\n", "-A ufw-user-input -p tcp --dport 8000 -j ACCEPT\n", Verdict.OK),
    ],
)
def test_ufw(tmp_path: Path, conf: str | None, rules: str | None, verdict: Verdict) -> None:
    if conf is not None:
        (tmp_path / "ufw.conf").write_text(conf)
    if rules is not None:
        (tmp_path / "user.rules").write_text(rules)
    found = firewall.linux(8000, lambda *_: "", tmp_path / "ufw.conf")
    assert found.verdict is verdict
    assert ("sudo ufw allow 8000/tcp" in found.detail) == (verdict is Verdict.WARN)


@pytest.mark.parametrize(
    ("state", "port", "verdict"),
    [
        ("running\n", "yes\n", Verdict.OK),
        ("running\n", "no\n", Verdict.WARN),
        ("not running\n", "", Verdict.OK),
    ],
)
def test_firewalld(tmp_path: Path, state: str, port: str, verdict: Verdict) -> None:
    answers = {"--state": state, "--query-port=8000/tcp": port}
    found = firewall.linux(8000, lambda _program, *words: answers[words[0]], tmp_path / "none")
    assert found.verdict is verdict


def test_this_system_is_asked() -> None:
    found = firewall.check(8000)
    assert found.name == "firewall"
    assert found.detail.endswith((".", "/tcp"))
    assert firewall.run("no-such-program-here") == ""
