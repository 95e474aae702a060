"""The marker file of the sample gathering's folder."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

# In the folder of the gathering: says that it is a sample, and which takeaway the tour shows (no receipt, which would
# let whoever reads the folder take it back).
MARK = "demo.json"
# Below it: the two places that it was published to.
STICK, SITE = "sample-stick", "sample-site"


def shown_takeaway(folder: Path) -> uuid.UUID | None:
    """The id of the takeaway whose receipt the tour shows; None where this is no sample gathering."""
    try:
        return uuid.UUID(json.loads((folder / MARK).read_text(encoding="utf-8"))["takeaway"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
