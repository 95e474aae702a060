"""Every error that a caller may act on, under one root.

A message is one or two plain sentences: what happened and what to do; it is
translated where it is shown. The subclass says how a caller reacts:
the kiosk turns it into a status code, the outbox into a state of the delivery.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from reporter.messages import N_, Message, as_message

T = TypeVar("T")


class ReporterError(Exception):
    """Root of all errors that carry a sentence for a person.

    ``status`` is the HTTP status (RFC 9110) that a page answers with, ``title`` the short name of the problem
    (RFC 9457 ``title``), the message its ``detail``.
    """

    status = 500
    title = N_("Something went wrong")
    # Seconds after which the same may work (RFC 9110, Retry-After); 0: no promise.
    retry_after = 0

    message: str

    def __init__(self, message: str, *, retry_after: int = 0, **params: Any) -> None:
        """``message``: a catalogue key with ``%(name)s`` placeholders, filled from ``params``; or a Message."""
        self.message = Message(message, **params) if params else as_message(message)
        super().__init__(self.message)
        self.retry_after = retry_after or self.retry_after


class BadInput(ReporterError):
    """What was given can't be understood or is not allowed; giving something else helps."""

    status = 422
    title = N_("This can't be used as it is")


class BadRequest(ReporterError):
    """The request itself is malformed."""

    status = 400
    title = N_("The request is not complete")


class NotFound(ReporterError):
    """There is no such session, takeaway, file or target."""

    status = 404
    title = N_("Not found")


class Forbidden(ReporterError):
    """The asker may not do this."""

    status = 403
    title = N_("Not allowed here")


class Conflict(ReporterError):
    """The thing has changed, or its state does not allow this."""

    status = 409
    title = N_("That has changed in the meantime")


class TakenBack(Conflict):
    """What comes again was withdrawn by its contributor; a takeaway that is begun anew may bring the same."""

    status = 410
    title = N_("This was taken back")


class TooLarge(ReporterError):
    """A file, a form or a text is over the limit."""

    status = 413
    title = N_("Too large")


class TooLong(BadInput):
    """A recording runs longer than the limit."""

    title = N_("The recording is too long")


class UnsupportedMedia(ReporterError):
    """The bytes are not a photo, video or audio that we can open."""

    status = 415
    title = N_("This kind of file can't be kept")


class TooMuch(ReporterError):
    """One device sends or asks more in a minute than is fair."""

    status = 429
    title = N_("Too much at once")


class Paused(ReporterError):
    """The facilitator has the kiosk take nothing in for a while; what waits on phones is sent later."""

    status = 503
    title = N_("The kiosk takes a break")
    retry_after = 15


class DiskFull(ReporterError):
    """The laptop has no room left; the sender keeps its copy."""

    status = 507
    title = N_("The laptop is full")


class ReadOnlyDisk(DiskFull):
    """The laptop's disk takes nothing (any more); the sender keeps its copy, and it goes on when the disk is back."""

    title = N_("The laptop can't save")


class Busy(ReporterError):
    """Others write to the database, and somebody has waited long enough; the same works in a moment."""

    status = 503
    title = N_("The laptop is busy")
    retry_after = 5


class MediaFailed(ReporterError):
    """A file could not be probed or rendered: broken, hostile, too slow or too big to decode."""

    status = 422
    title = N_("The file can't be opened")


class ConfigError(ReporterError):
    """``reporter.toml`` or the command line asks for something impossible."""

    title = N_("A setting is wrong")


DISK_FULL = N_(
    "The laptop's disk is full. Keep this on your phone and tell the person at the kiosk."
)
DISK_READ_ONLY = N_(
    "The laptop can't write to its disk. Keep this on your phone and tell the person at the kiosk."
)


def attempt(call: Callable[[], T]) -> T | Exception:
    """Return what ``call`` returns, or the exception that it raised, so that one broken item does not stop the rest.

    For the outermost place of background work only (a turn of a worker, one row of the ledger, one file in a decoder
    process): whoever calls this logs or stores the error. Everywhere else the errors that are meant are named.
    """
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - this is that edge
        return error
