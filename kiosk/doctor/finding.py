"""What a check of the doctor has found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One check: its name, how it came out, a sentence that says what to do if it is not well."""

    name: str
    verdict: Verdict
    detail: str
