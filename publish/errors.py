"""What can go wrong on the way to a target. The class says what the outbox does, the message what a person reads."""

from __future__ import annotations

from reporter.errors import ReporterError


class PublishError(ReporterError):
    """Root of everything that a target or the way to it can answer with."""

    status = 502
    title = "Publishing did not work"


class Permanent(PublishError):
    """This item will never be taken as it is: it is parked for a person, the others go on."""


class Gone(Permanent):
    """What should be changed is not there any more (404, 410). For a withdrawal that is as good as done."""


class TooBig(Permanent):
    """The file is larger than the target takes."""


class RetryAfter(PublishError):
    """Not now. ``seconds`` is what the target asked for; None leaves it to the outbox. Costs an attempt."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class Offline(PublishError):
    """The target was not reached, so it can't have done anything. Costs no attempt."""


class PauseTarget(PublishError):
    """Nothing will work at this target until a person has looked; other targets go on."""


class AuthRefused(PauseTarget):
    """User name, password or rights were refused."""
