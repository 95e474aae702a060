"""Headers and errors of tus 1.0.0 (https://tus.io/protocols/resumable-upload), parsed strictly."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from reporter.errors import BadRequest, Conflict, ReporterError, UnsupportedMedia
from reporter.messages import N_

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration"
CONTENT_TYPE = "application/offset+octet-stream"
CHECKSUMS = ("sha1", "sha256", "md5")
METADATA_CHARS = 64_000

_KEY = re.compile(r"[!-+\--~]{1,100}")
# 18 digits are more bytes than any disk holds, and still fit SQLite's integers.
_COUNT = re.compile(r"[0-9]{1,18}")


class WrongVersion(ReporterError):
    """The client speaks another version of tus; the response's ``Tus-Version`` gives ours."""

    status = 412
    title = N_("Another version of the upload protocol")


class UploadExpired(ReporterError):
    """The upload expired."""

    status = 410
    title = N_("This upload has expired")


class ChecksumMismatch(ReporterError):
    """The body of this request was damaged in transit; none of it was kept."""

    status = 460
    title = N_("Checksum mismatch")


class OffsetConflict(Conflict):
    """The client's offset differs from ours. ``receipt`` is set when the upload is complete."""

    def __init__(self, message: str, *, receipt: str = "", **params: Any) -> None:
        super().__init__(message, **params)
        self.receipt = receipt


class BrokenOff(Conflict):
    """The body ended before its announced length; what arrived is kept.

    Status 409, because public clients answer it by asking for the offset and resuming;
    tus-js-client gives up for good on any other 4xx, 408 too.
    """

    title = "The connection broke off"


@dataclass(frozen=True)
class Checksum:
    """An ``Upload-Checksum``: hashlib's name of the algorithm and the expected digest."""

    algorithm: str
    digest: bytes

    def matches(self, digest: bytes) -> bool:
        """Whether the body has the expected digest."""
        return self.digest == digest


def check_version(version: str | None) -> None:
    """Raise WrongVersion unless the ``Tus-Resumable`` header says 1.0.0 (protocol, "Tus-Resumable")."""
    if version != VERSION:
        raise WrongVersion(
            "This kiosk takes uploads in tus %(version)s. Reload the page to get the right "
            "program.",
            version=VERSION,
        )


def check_content_type(content_type: str | None) -> None:
    """Raise UnsupportedMedia unless the body has the content type of an upload chunk (protocol,
    "PATCH")."""
    if (content_type or "").split(";")[0].strip().lower() != CONTENT_TYPE:
        raise UnsupportedMedia(
            "Pieces of an upload are sent with the Content-Type %(content_type)s.",
            content_type=CONTENT_TYPE,
        )


def check_extensions(concat: str | None, defer_length: str | None) -> None:
    """Raise BadRequest for requests that need unsupported extensions (protocol, "Concatenation" and
    "Creation").

    A client that sends a file in several uploads would get a receipt for a part of it.
    """
    if concat is not None:
        raise BadRequest("Send the whole file as one upload: Upload-Concat is not offered here.")
    if defer_length is not None:
        raise BadRequest("Name the length first: Upload-Defer-Length is not offered here.")


def read_count(name: str, value: str | None) -> int:
    """Parse ``Upload-Length`` or ``Upload-Offset`` as a number of bytes. Raises BadRequest if
    missing or malformed."""
    if value is None:
        raise BadRequest("%(name)s is missing; it must be a number of bytes.", name=name)
    if not _COUNT.fullmatch(value):
        raise BadRequest(
            "%(name)s must be a number of bytes, not %(what)s.", name=name, what=f"{value[:40]!r}"
        )
    return int(value)


def parse_metadata(header: str) -> dict[str, str]:
    """Parse ``Upload-Metadata``: comma-separated pairs of a key and, after a space, its Base64
    value (UTF-8).

    Raises BadRequest for an empty, malformed or duplicate key, and for invalid Base64 or UTF-8.
    """
    if len(header) > METADATA_CHARS:
        raise BadRequest("Upload-Metadata is too long.")
    fields: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not _KEY.fullmatch(key) or key in fields:
            raise BadRequest(
                "Upload-Metadata has no proper key in %(text)s.", text=f"{pair.strip()!r}"
            )
        try:
            fields[key] = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        # Non-ASCII characters raise a plain ValueError.
        except ValueError as error:
            raise BadRequest(
                "The value of %(key)s in Upload-Metadata is not Base64.", key=key
            ) from error
    return fields


def format_metadata(fields: Mapping[str, str]) -> str:
    """Format metadata as the header again, for HEAD."""
    pairs = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in fields.items())
    return ",".join(pair.strip() for pair in pairs)


def parse_checksum(header: str | None) -> Checksum | None:
    """Parse ``Upload-Checksum``: algorithm and Base64 digest; None without the header. Raises
    BadRequest."""
    if header is None:
        return None
    algorithm, _, value = header.strip().partition(" ")
    if algorithm not in CHECKSUMS:
        raise BadRequest(
            "Upload-Checksum can be %(choices)s, not %(algorithm)s.",
            choices=", ".join(CHECKSUMS),
            algorithm=f"{algorithm!r}",
        )
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except ValueError as error:
        raise BadRequest("The value of Upload-Checksum is not Base64.") from error
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise BadRequest(
            "The value of Upload-Checksum has the wrong length for %(algorithm)s.",
            algorithm=algorithm,
        )
    return Checksum(algorithm, digest)


def http_date(moment: datetime) -> str:
    """Format an aware UTC instant for ``Upload-Expires`` (RFC 9110, 5.6.7)."""
    return format_datetime(moment, usegmt=True)
