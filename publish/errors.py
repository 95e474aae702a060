"""What can go wrong on the way to a target. The class says what the outbox does, the message what a person reads."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from reporter.errors import ReporterError
from reporter.messages import N_, Message, as_message

# The user:password of an address. Greedy: a password may hold an @ itself.
_USERINFO = re.compile(r"(?<=://)[^/\s'\"<>]*@")


class Reachability(StrEnum):
    """How the way to a target was found."""

    OK = "ok"
    # This laptop has no network, or none that leads out.
    NETWORK = "network"
    # A sign-in page answers in place of the target.
    PORTAL = "portal"
    # There is a network, and the target does not answer.
    DOWN = "down"
    # This laptop's date is so wrong that no certificate can be checked.
    CLOCK = "clock"
    # User name, password or rights were refused.
    REFUSED = "refused"


class PublishError(ReporterError):
    """Root of everything that a target or the way to it can answer with."""

    status = 502
    title = N_("Publishing did not work")


class Permanent(PublishError):
    """This item will never be taken as it is: it is parked for a person, the others go on."""


class Gone(Permanent):
    """What should be changed is not there any more (404, 410). For a withdrawal that is as good as done."""


class PayloadTooLarge(Permanent):
    """The file is larger than the target takes. ``learns``: the next ones of this size need not be tried."""

    def __init__(self, message: str, *, learns: bool = True, **params: Any) -> None:
        super().__init__(message, **params)
        self.learns = learns


class RetryAfter(PublishError):
    """Not now. ``seconds`` is what the target asked for; None leaves it to the outbox. Costs an attempt."""

    def __init__(self, message: str, seconds: float | None = None, **params: Any) -> None:
        super().__init__(message, **params)
        self.seconds = seconds


class BeingMadeAgain(RetryAfter):
    """A rendition that is to be sent is missing. The kiosk makes it again by itself."""

    def __init__(self) -> None:
        super().__init__(N_("The file is being made again on this laptop."), 60)


class ConnectionLost(RetryAfter):
    """The connection broke under way: all of what was sent may have arrived, a part of it, or nothing."""


class Offline(PublishError):
    """The target was not reached, so it can't have done anything. Costs no attempt."""

    def __init__(self, message: str, way: Reachability = Reachability.DOWN, **params: Any) -> None:
        super().__init__(message, **params)
        self.way = way


class PausedByUser(PublishError):
    """A person pressed pause while it was under way. Costs no attempt."""


class WaitForDependency(PublishError):
    """This row has to wait for others of its target, at most until then. Costs no attempt."""

    def __init__(self, until: datetime) -> None:
        super().__init__("Others go first.")
        self.until = until


class LimitsChanged(PublishError):
    """The target says something new of what it takes: all that goes there is compared again. Costs no attempt."""

    def __init__(self) -> None:
        super().__init__("The target has changed what it takes.")


class PauseTarget(PublishError):
    """Nothing will work at this target until a person has looked; other targets go on."""


class AuthRefused(PauseTarget):
    """User name, password or rights were refused."""


def redact(text: str, secrets: Iterable[str] = ()) -> Message:
    """A text without passwords: those of addresses (https://user:password@host), and the given ones in any spelling."""
    forms = [form for secret in filter(None, secrets) for form in _spellings(secret)]

    def clean(words: str) -> str:
        words = _USERINFO.sub("", words)
        for form in forms:
            words = words.replace(form, "•••")
        return words

    return as_message(text).map(clean)


def _spellings(secret: str) -> set[str]:
    """As typed, without the blanks of WordPress's groups of four, percent-encoded, as Basic sends it (base64)."""
    plain = {secret, secret.replace(" ", "")}
    encoded = {quote(one, safe=safe) for one in plain for safe in ("", "/")}
    return {*plain, *encoded, *(base64.b64encode(one.encode()).decode() for one in plain)} - {""}
