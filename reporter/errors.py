"""Exceptions that a caller may handle, under one root.

A message is one or two plain sentences: what happened and what to do; it is translated where it is
shown. The subclass determines the reaction: the kiosk maps it to a status code, the outbox to a
state of the delivery.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from reporter.messages import N_, Message, as_message

T = TypeVar("T")


class ReporterError(Exception):
    """Root of all errors with a message for the user.

    ``status`` is the HTTP status (RFC 9110) of the response, ``title`` the short name of the
    problem (RFC 9457 ``title``), the message its ``detail``.
    """

    status = 500
    title = N_("Something went wrong")
    # Seconds after which a retry may succeed (RFC 9110, Retry-After); 0: not known.
    retry_after = 0

    message: str

    def __init__(self, message: str, *, retry_after: int = 0, **params: Any) -> None:
        """``message``: a catalogue key with ``%(name)s`` placeholders, filled from ``params``; or a Message."""
        self.message = Message(message, **params) if params else as_message(message)
        super().__init__(self.message)
        self.retry_after = retry_after or self.retry_after


class BadInput(ReporterError):
    """The input is invalid or not allowed; other input helps."""

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
    """The requester may not do this."""

    status = 403
    title = N_("Not allowed here")


class Conflict(ReporterError):
    """The object has changed, or its state does not allow this."""

    status = 409
    title = N_("That has changed in the meantime")


class TakenBack(Conflict):
    """The contributor withdrew what is being sent again; it can be sent in a new takeaway."""

    status = 410
    title = N_("This was taken back")


class TooLarge(ReporterError):
    """A file, form or text exceeds the size limit."""

    status = 413
    title = N_("Too large")


class TooLong(BadInput):
    """A recording exceeds the duration limit."""

    title = N_("The recording is too long")


class UnsupportedMedia(ReporterError):
    """The file is not a photo, video or audio that we can decode."""

    status = 415
    title = N_("This kind of file can't be kept")


class TooMuch(ReporterError):
    """One device exceeded its request or upload limit per minute."""

    status = 429
    title = N_("Too much at once")


class Paused(ReporterError):
    """The facilitator has paused intake; phones keep their queue and send it later."""

    status = 503
    title = N_("The kiosk takes a break")
    retry_after = 15


class DiskFull(ReporterError):
    """The laptop's disk is full; the sender keeps its copy."""

    status = 507
    title = N_("The laptop is full")


class ReadOnlyDisk(DiskFull):
    """The laptop's disk is read-only; the sender keeps its copy and retries once the disk is writable again."""

    title = N_("The laptop can't save")


class Busy(ReporterError):
    """Timed out waiting for other database writers; a retry soon will succeed."""

    status = 503
    title = N_("The laptop is busy")
    retry_after = 5


class MediaFailed(ReporterError):
    """A file could not be probed or rendered: corrupt, malicious, too slow or too big to decode."""

    status = 422
    title = N_("The file can't be opened")


class ConfigError(ReporterError):
    """``reporter.toml`` or the command line has an invalid value."""

    title = N_("A setting is wrong")


DISK_FULL = N_(
    "The laptop's disk is full. Keep this on your phone and tell the person at the kiosk."
)
DISK_READ_ONLY = N_(
    "The laptop can't write to its disk. Keep this on your phone and tell the person at the kiosk."
)


class Attempt:
    """A block whose exception is kept in ``error``, so that one broken item does not stop the rest.

    Only for the outermost level of background work (a worker's iteration, one row of the ledger,
    one file in a decoder process): the caller logs or stores the error. Everywhere else specific
    exceptions are caught. What ends the program (``KeyboardInterrupt``) goes on.
    """

    error: Exception

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, Exception):
            self.error = error
            return True
        return False


def attempt(call: Callable[[], T]) -> T | Exception:
    """Return the result of ``call``, or the exception it raised: see ``Attempt``."""
    with Attempt() as this:
        return call()
    return this.error
