"""What tells the folder of the sample gathering from others."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask

# In the folder of the gathering: says that it is a sample, and which receipt the tour shows.
MARK = "demo.json"


def shown_receipt(folder: Path) -> str | None:
    """The receipt that the tour shows; None where this is no sample gathering."""
    try:
        return str(json.loads((folder / MARK).read_text(encoding="utf-8"))["receipt"])
    except (OSError, ValueError, KeyError):
        return None


def init_app(app: Flask) -> None:
    """Give every page ``tour``: what to show of it, or None. Only a sample's pages load it."""
    receipt = shown_receipt(app.extensions["kiosk"].settings.folder)

    def shown() -> dict[str, object]:
        if receipt is None:
            return {"tour": None}
        from kiosk.demo import tour

        return {"tour": tour.shown()}

    app.context_processor(shown)
