"""Errors on the way to a target. The class determines what the outbox does; the message is shown to people."""

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

# The user:password part of a URL. Greedy, since a password may contain an @.
_USERINFO = re.compile(r"(?<=://)[^/\s'\"<>]*@")


class Reachability(StrEnum):
    """Result of reaching a target."""

    OK = "ok"
    # This laptop has no network or no route out.
    NETWORK = "network"
    # A captive portal answered instead of the target.
    PORTAL = "portal"
    # The network works but the target does not respond.
    DOWN = "down"
    # This laptop's clock is so wrong that certificates can't be verified.
    CLOCK = "clock"
    # User name, password or rights were refused.
    REFUSED = "refused"


class PublishError(ReporterError):
    """Base class of all errors raised by a target or the connection to it."""

    status = 502
    title = N_("Publishing did not work")


class Permanent(PublishError):
    """The target will never accept this item as is: it is parked for a person, and the others continue."""


class Gone(Permanent):
    """The item to change no longer exists (404, 410). For a withdrawal this counts as success."""


class PayloadTooLarge(Permanent):
    """The file exceeds the target's size limit. ``learns``: later files of this size are not tried."""

    def __init__(self, message: str, *, learns: bool = True, **params: Any) -> None:
        super().__init__(message, **params)
        self.learns = learns


# The longest pause in seconds that a target gets, however long it asks for: daily limits end within it.
MOST_PAUSE = 24 * 3600.0


class RetryAfter(PublishError):
    """Try again later. ``seconds`` is what the target asked for; None lets the outbox decide. Costs an attempt."""

    def __init__(self, message: str, seconds: float | None = None, **params: Any) -> None:
        super().__init__(message, **params)
        self.seconds = None if seconds is None else min(max(0.0, seconds), MOST_PAUSE)


class BeingMadeAgain(RetryAfter):
    """A rendition to be sent is missing. The kiosk recreates it automatically."""

    def __init__(self) -> None:
        super().__init__(N_("The file is being made again on this laptop."), 60)


class ConnectionLost(RetryAfter):
    """The connection broke during a request: all, part or none of it may have arrived."""


class Offline(PublishError):
    """The target was not reached, so nothing happened there. Costs no attempt."""

    def __init__(self, message: str, way: Reachability = Reachability.DOWN, **params: Any) -> None:
        super().__init__(message, **params)
        self.way = way


class PausedByUser(PublishError):
    """A person paused the delivery while it was running. Costs no attempt."""


class WaitForDependency(PublishError):
    """This row has to wait for other rows of its target, at most until then. Costs no attempt."""

    def __init__(self, until: datetime) -> None:
        super().__init__("Others go first.")
        self.until = until


class LimitsChanged(PublishError):
    """The target reports new limits: everything for it is compared again. Costs no attempt."""

    def __init__(self) -> None:
        super().__init__("The target has changed what it takes.")


class PauseTarget(PublishError):
    """This target is paused until a person has looked; other targets continue."""


class AuthRefused(PauseTarget):
    """User name, password or permissions were refused."""


def redact(text: str, secrets: Iterable[str] = ()) -> Message:
    """Remove passwords from a text: those in URLs (https://user:password@host) and the given ones in any encoding."""
    forms = [form for secret in filter(None, secrets) for form in _spellings(secret)]

    def clean(words: str) -> str:
        words = _USERINFO.sub("", words)
        for form in forms:
            words = words.replace(form, "•••")
        return words

    return as_message(text).map(clean)


def _spellings(secret: str) -> set[str]:
    """A password as typed, without the spaces of WordPress's groups of four, percent-encoded, and
    in base64 as Basic sends it.
    """
    plain = {secret, secret.replace(" ", "")}
    encoded = {quote(one, safe=safe) for one in plain for safe in ("", "/")}
    return {*plain, *encoded, *(base64.b64encode(one.encode()).decode() for one in plain)} - {""}
