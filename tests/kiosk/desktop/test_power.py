"""Battery, lid and power plan, as each system tells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.desktop.power import Power, linux_power, macos_plan, windows_plan
from kiosk.doctor.finding import Verdict
from kiosk.doctor.laptop import judge_power

WINDOWS_SLEEP = """\
GUID des Energieschemas: 381b4222-f694-41f0-9685-ff5bb260df2e  (Ausbalanciert)
  GUID der Untergruppe: 238c9fa8-0aad-41ed-83f4-97be242c8f20  (Energie sparen)
      Maximal mögliche Einstellung: 0xffffffff
    Index der aktuellen Wechselstromeinstellung: 0x00000708
    Index der aktuellen Gleichstromeinstellung: 0x000003c0
"""
WINDOWS_LID = WINDOWS_SLEEP.replace("0x00000708", "0x00000000")
MACOS = """\
Currently in use:
 standby              1
 sleep                10 (sleep prevented by powerd)
 displaysleep         5
"""


def test_numbers_of_windows_are_read_in_every_language() -> None:
    assert windows_plan(WINDOWS_SLEEP, WINDOWS_LID) == Power(None, 30, False, True)
    assert windows_plan("", "") == Power(held_awake=True)


def test_a_mac_sleeps_when_it_is_closed() -> None:
    plan = macos_plan("Now drawing from 'Battery Power'\n", MACOS)
    assert plan == Power(False, 10, True, True)


@pytest.mark.parametrize(("online", "on_mains"), [("1", True), ("0", False)])
def test_linux_tells_mains_from_battery(tmp_path: Path, online: str, on_mains: bool) -> None:
    for name, kind, state in (("AC", "Mains", online), ("BAT0", "Battery", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "type").write_text(f"{kind}\n")
        (tmp_path / name / "online").write_text(f"{state}\n")
    assert linux_power(tmp_path, has_lid=True, held=False) == Power(on_mains, None, True, False)


def test_a_desktop_computer_has_no_battery_to_warn_of(tmp_path: Path) -> None:
    assert linux_power(tmp_path, has_lid=False, held=True) == Power(None, None, False, True)


@pytest.mark.parametrize(
    ("power", "verdict", "words"),
    [
        (Power(held_awake=True), Verdict.OK, "keeps this laptop awake"),
        (Power(), Verdict.WARN, "never sleeps"),
        (Power(on_mains=False, held_awake=True), Verdict.WARN, "plug it in"),
        (Power(True, 30, True, True), Verdict.WARN, "leave it open"),
        (Power(True, 30, False, False), Verdict.WARN, "after 30 min"),
    ],
)
def test_what_is_to_be_done_is_said(power: Power, verdict: Verdict, words: str) -> None:
    found = judge_power(power)
    assert found.verdict is verdict
    assert words in found.detail
