"""httpx, imported when something of it is first asked for: a kiosk that sends nothing anywhere never loads it.

Importing it takes 40 ms of processor time and some 5 MB, and a kiosk without internet asks nobody.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    import httpx

    return getattr(httpx, name)
