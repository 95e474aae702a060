"""What a rehearsal has shown: figures for a machine, a plain sentence for the facilitator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kiosk.rehearsal.volunteers import Notes, expected, milliseconds, percentile

# Seconds until a photo is safe for all but one in a hundred. A volunteer has ten seconds.
EASY, BEARABLE = 3.0, 10.0
# Steps that end with something kept; the others only show it.
KEEPING = ("note", "photo", "video")


@dataclass(frozen=True)
class Report:
    """Figures of one rehearsal. Times in seconds, unless the name says otherwise."""

    phones: int
    seconds: float
    accepted: int
    expected: int
    accepted_per_s: float
    mb: float
    mb_per_s: float
    p50_ms: float
    p99_ms: float
    slowest_step: str
    steps: dict[str, dict[str, float]]
    refused: dict[str, int]
    # Until the small copies of everything were made; None: that took too long.
    ready_after_s: float | None
    failed_media: int
    left_behind: list[str]
    verdict: str

    def as_json(self) -> dict[str, Any]:
        """One JSON document."""
        return asdict(self)


def report(
    notes: Notes,
    *,
    phones: int,
    seconds: float,
    ready_after: float | None,
    failed_media: int,
    left_behind: list[str],
) -> Report:
    """Sum up what the volunteers wrote down. ``p50_ms`` and ``p99_ms`` are of everything that was kept."""
    kept = [taken for step in KEEPING for taken in notes.took.get(step, [])]
    steps = {name: milliseconds(values) for name, values in notes.took.items()}
    slowest = max(steps, key=lambda name: steps[name]["p99_ms"], default="")
    all_of_it = milliseconds(kept)
    return Report(
        phones=phones,
        seconds=round(seconds, 2),
        accepted=len(notes.receipts),
        expected=expected(phones),
        accepted_per_s=round(len(notes.receipts) / seconds, 2),
        mb=round(notes.bytes / 1e6, 1),
        mb_per_s=round(notes.bytes / 1e6 / seconds, 1),
        p50_ms=all_of_it["p50_ms"],
        p99_ms=all_of_it["p99_ms"],
        slowest_step=slowest,
        steps=steps,
        refused=dict(notes.refused),
        ready_after_s=None if ready_after is None else round(ready_after, 1),
        failed_media=failed_media,
        left_behind=left_behind,
        verdict=verdict(notes, phones, ready_after, failed_media),
    )


def verdict(notes: Notes, phones: int, ready_after: float | None, failed_media: int) -> str:
    """One or two sentences: can one go on like this?"""
    wanted, got = expected(phones), len(notes.receipts)
    if got < wanted or failed_media:
        return _trouble(notes.refused, wanted, got, failed_media)
    slow = percentile(notes.took["photo"], 0.99)
    if ready_after is None:
        return (
            f"All {got} takeaways of {phones} phones were taken in, but this laptop did not keep up with making small "
            "copies. Close other programs, or let fewer phones send at once."
        )
    copies = f"Small copies of everything were ready {_span(ready_after)} later."
    if slow <= EASY:
        return f"{phones} phones at once are no trouble: a photo was safe within {_span(slow)}. {copies}"
    if slow <= BEARABLE:
        return f"{phones} phones at once work, but some wait: a photo was safe within {_span(slow)}. {copies}"
    return (
        f"{phones} phones at once are much for this laptop: a photo took up to {_span(slow)} until it was safe. "
        f"Nothing was lost; phones wait and try again. Close other programs, or take a faster disk. {copies}"
    )


def _trouble(refused: Mapping[str, int], wanted: int, got: int, failed_media: int) -> str:
    if got < wanted:
        most = max(refused, key=lambda reason: refused[reason], default="nobody knows why")
        return (
            f"{wanted - got} of {wanted} takeaways were not taken in, most of them at this: {most}. A phone would keep "
            "them and try again. Look at: reporter doctor"
        )
    return (
        f"Everything was taken in, but {failed_media} pictures or films could not be made small. "
        "Look at: reporter doctor"
    )


def _span(seconds: float) -> str:
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes"
