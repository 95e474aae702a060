"""What a rehearsal has shown: figures for a machine, a plain sentence for the facilitator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kiosk.rehearsal.volunteers import Notes, expected, milliseconds, percentile
from reporter.messages import N_, Message

# Seconds until a photo is safe for all but one in a hundred. A volunteer has ten seconds.
EASY, BEARABLE = 3.0, 10.0
# Steps that end with something kept; the others only show it.
KEEPING = ("note", "photo", "video")


@dataclass(frozen=True)
class RehearsalReport:
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
    verdict: Message

    def as_json(self) -> dict[str, Any]:
        """One JSON document; ``message`` is the verdict once more, as ``reporter.messages.stored_message`` reads it."""
        return {**asdict(self), "message": self.verdict.encode_for_storage()}


def report(
    notes: Notes,
    *,
    phones: int,
    seconds: float,
    ready_after: float | None,
    failed_media: int,
    left_behind: list[str],
) -> RehearsalReport:
    """Sum up what the volunteers wrote down. ``p50_ms`` and ``p99_ms`` are of everything that was kept."""
    kept = [taken for step in KEEPING for taken in notes.took.get(step, [])]
    steps = {name: milliseconds(values) for name, values in notes.took.items()}
    slowest = max(steps, key=lambda name: steps[name]["p99_ms"], default="")
    all_of_it = milliseconds(kept)
    return RehearsalReport(
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


def verdict(notes: Notes, phones: int, ready_after: float | None, failed_media: int) -> Message:
    """One or two sentences: can one go on like this?"""
    wanted, got = expected(phones), len(notes.receipts)
    if got < wanted or failed_media:
        return _trouble(notes.refused, wanted, got, failed_media)
    slow = percentile(notes.took["photo"], 0.99)
    if ready_after is None:
        return Message(
            "Everything was taken in (phones: %(phones)s, takeaways: %(accepted)s), but this laptop did not keep up "
            "with making small copies. Close other programs, or let fewer phones send at once.",
            accepted=got,
            phones=phones,
        )
    photos = Message(_photos(slow), phones=phones, time=_span(slow))
    copies = Message(
        "Small copies of everything were ready %(time)s later.", time=_span(ready_after)
    )
    return Message.join((photos, copies))


def _photos(slow: float) -> str:
    """What is said of the time until a photo was safe, for all but one in a hundred."""
    if slow <= EASY:
        return N_(
            "Phones at once: %(phones)s. That is no trouble: a photo was safe within %(time)s."
        )
    if slow <= BEARABLE:
        return N_(
            "Phones at once: %(phones)s. That works, but some wait: a photo was safe within %(time)s."
        )
    return N_(
        "Phones at once: %(phones)s. That is much for this laptop: a photo took up to %(time)s until it was safe. "
        "Nothing was lost; phones wait and try again. Close other programs, or take a faster disk."
    )


def _trouble(refused: Mapping[str, int], wanted: int, got: int, failed_media: int) -> Message:
    if got < wanted:
        return Message(
            "Takeaways that were not taken in: %(lost)s of %(wanted)s, most of them at this: %(reason)s. A phone would "
            "keep them and try again. Look at “Check this laptop”, or: reporter doctor",
            lost=wanted - got,
            wanted=wanted,
            reason=max(refused, key=lambda reason: refused[reason], default="?"),
        )
    return Message(
        "Everything was taken in. Pictures and films that could not be made small: %(count)s. "
        "Look at “Check this laptop”, or: reporter doctor",
        count=failed_media,
    )


def _span(seconds: float) -> Message:
    if seconds < 1:
        return Message("less than a second")
    if seconds < 90:
        return Message("%(count)s s", count=f"{seconds:.1f}" if seconds < 10 else round(seconds))
    return Message("%(count)s min", count=round(seconds / 60))
