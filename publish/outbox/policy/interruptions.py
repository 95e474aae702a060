"""What is done on a line that breaks again and again, before a budget of bytes is burnt: smaller, or not at all.

Counted in the row's ``remote``: "cuts" (costly tries in a row), "reach" (bytes that the longest of them sent), and
"most" (bytes that a photo, or a file inside a post, may have by now).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from publish.net.transfer_meter import TransferMeter
from publish.targets.base import Limits

# A broken try that sent fewer bytes is tried again like any other failure.
COSTLY = 200_000
# After so many a photo goes smaller, a story with files inside too; after so many a film or recording stays here.
# One or two in a row may meet any file on a line that breaks every megabyte.
PHOTO_CUTS, FILE_CUTS = 3, 3
# What came through before the line broke includes much that was only on its way.
_SHARE = 0.6
# A photo that is smaller than this is not made smaller still.
LEAST_PHOTO = 20_000
PASSING = ("cuts", "reach", "most")


def is_costly(wire: TransferMeter) -> bool:
    """Whether a broken try has to be paid once more: much was sent, and nothing of it stays at the target."""
    return not wire.kept and wire.sent >= COSTLY


def count_cut(remote: Mapping[str, Any], wire: TransferMeter) -> dict[str, Any]:
    """The row's memory after one more costly try."""
    reach = max(int(remote.get("reach", 0)), wire.sent)
    return {**remote, "cuts": int(remote.get("cuts", 0)) + 1, "reach": reach}


def smaller(remote: Mapping[str, Any], size: int) -> dict[str, Any]:
    """Every third time: what goes next has to be smaller. ``size``: bytes of what goes now."""
    if remote["cuts"] % PHOTO_CUTS:
        return dict(remote)
    most = int(min(remote.get("most", size), remote["reach"]) * _SHARE)
    return {**remote, "most": max(LEAST_PHOTO, most)}


def forget_cuts(remote: Mapping[str, Any]) -> dict[str, Any]:
    """As on a new line."""
    return {name: value for name, value in remote.items() if name not in PASSING}


def narrowed(limits: Limits, remote: Mapping[str, Any]) -> Limits:
    """What the line takes, where that is less than what the target takes."""
    most = remote.get("most")
    if most is None:
        return limits
    image, video = (min(most, told or most) for told in (limits.image_bytes, limits.video_bytes))
    return replace(limits, image_bytes=image, video_bytes=video)
