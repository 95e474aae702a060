"""Errors of S3-compatible services by their codes, which fsspec's own classes of errors blur.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; those beginning with X are MinIO's.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from publish.errors import (
    AuthRefused,
    Offline,
    PauseTarget,
    PayloadTooLarge,
    Permanent,
    PublishError,
    Reachability,
    RetryAfter,
)
from publish.net.reachability import say_ahead
from reporter.clock import Clock, utc_now

_ADDRESS = frozenset(
    {
        "NoSuchBucket",
        "InvalidBucketName",
        "PermanentRedirect",
        "Redirect",
        "301",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "InvalidLocationConstraint",
    }
)
_KEYS = frozenset(
    {
        "AccessDenied",
        "AccountProblem",
        "AllAccessDisabled",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "NotSignedUp",
        "SignatureDoesNotMatch",
        "401",
        "403",
    }
)
_BIG = frozenset({"EntityTooLarge", "MaxMessageLengthExceeded", "413"})
_FULL = frozenset({"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "507"})
_LATER = frozenset(
    {
        "SlowDown",
        "ServiceUnavailable",
        "InternalError",
        "OperationAborted",
        "RequestTimeout",
        "RequestLimitExceeded",
        "TooManyRequests",
        "XMinioServerNotInitialized",
        "408",
        "409",
        "429",
        "500",
        "502",
        "503",
        "504",
    }
)
# Seconds by which a signature may be off (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html).
_SKEW = 15 * 60


def error_of_s3(error: Exception, name: str, *, clock: Clock = utc_now) -> PublishError | None:
    """The error for an answer of the service; None if none came. ``name``: the target's."""
    response = next((r for one in (error, error.__cause__) if (r := _response(one))), None)
    if response is None:
        return None
    about = response.get("Error") or {}
    code = str(about.get("Code") or "")
    message = str(about.get("Message") or code).strip().rstrip(".")[:300]
    if code == "RequestTimeTooSkewed" or (code in _KEYS and abs(_ahead(response, clock)) > _SKEW):
        return Offline(
            "%(why)s So %(name)s refuses what is signed with it. Set date and time, and it goes on by itself.",
            Reachability.CLOCK,
            why=say_ahead(_ahead(response, clock)),
            name=name,
        )
    if code in _ADDRESS:
        return PauseTarget(
            "The address of %(name)s can't be used: %(what)s.", name=name, what=message
        )
    if code in _KEYS:
        return AuthRefused(
            "%(name)s refused user name, password or rights: %(what)s.", name=name, what=message
        )
    if code in _BIG:
        return PayloadTooLarge(
            "This is larger than %(name)s takes%(what)s.", name=name, what=f": {message}"
        )
    if code in _FULL:
        return PayloadTooLarge("There is no room left at %(name)s.", learns=False, name=name)
    if code in _LATER:
        return RetryAfter(
            "%(name)s can't take it right now (%(code)s)%(what)s.",
            name=name,
            code=code,
            what=f": {message}",
        )
    return Permanent(
        "%(name)s does not take this (%(code)s)%(what)s.",
        name=name,
        code=code,
        what=f": {message}",
    )


def _response(error: BaseException | None) -> Mapping[str, Any] | None:
    response = getattr(error, "response", None)
    return response if isinstance(response, dict) else None


def _ahead(response: Mapping[str, Any], clock: Clock) -> float:
    """Seconds by which this laptop's clock is ahead of the service's; 0 if that does not tell its time."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return (clock() - parsedate_to_datetime(headers["date"])).total_seconds()
    except (KeyError, TypeError, ValueError):
        return 0.0
