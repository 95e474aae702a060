"""The marker file of the sample gathering's folder."""

from __future__ import annotations

import json
from pathlib import Path

# In the folder of the gathering: says that it is a sample, and which receipt the tour shows.
MARK = "demo.json"
# Below it: the two places that it was published to.
STICK, SITE = "sample-stick", "sample-site"


def shown_receipt(folder: Path) -> str | None:
    """The receipt that the tour shows; None where this is no sample gathering."""
    try:
        return str(json.loads((folder / MARK).read_text(encoding="utf-8"))["receipt"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
