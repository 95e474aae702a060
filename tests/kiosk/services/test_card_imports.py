"""What a watched folder brings in, look by look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from capture.cards.scan import Scan, ScannedItem, Skipped
from kiosk.services import card_imports
from kiosk.services.card_imports import PATIENCE, FolderWatch


class Taker:
    """In place of an import: what it was given."""

    def __init__(self) -> None:
        self.patient: set[str] = set()
        self.left: list[ScannedItem] = []
        self.shut: list[str] = []

    def take(self, _found: Any, _skipped: Any, unread: list[Skipped]) -> None:
        self.shut += [one.name for one in unread]


def test_a_file_that_nobody_may_read_is_told_once_and_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program that writes it may still hold it."""
    soon = Skipped("soon.jpg", "It can't be read.")
    never = Skipped("never.jpg", "It can't be read.")
    lying = Scan([], [], [soon, never])
    monkeypatch.setattr(card_imports, "_present", lambda _path: lying)
    watch, taker = FolderWatch([tmp_path]), Taker()
    for look in range(2 * PATIENCE):
        watch.look(lambda: taker)  # type: ignore[arg-type, return-value]
        if look == 2:
            lying.unread.remove(soon)
    assert taker.shut == ["never.jpg"]
