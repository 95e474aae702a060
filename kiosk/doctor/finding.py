"""What a check of the doctor has found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reporter.messages import Message


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One check: its name, how it came out, sentences that say what to do if it is not well, translated where shown."""

    name: str
    verdict: Verdict
    detail: Message
