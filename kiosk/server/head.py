"""Strict parser for HTTP/1.1 request heads (RFC 9112), with limits on every length and count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

MAX_LINE = 8_000
MAX_FIELD = 8_192
# Upload-Metadata contains a takeaway's words in Base64 (capture.intake.tus_protocol allows 64,000
# characters).
LARGE_FIELDS = {b"upload-metadata": 66_000}
MAX_FIELDS = 100
MAX_HEAD = 80_000

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")
# Visible ASCII; spaces, control characters and bytes above 127 must be percent-encoded (RFC 3986,
# 2). Fragments are never sent.
_TARGET = re.compile(rb"[!\"$-~]+")
_ABSOLUTE = re.compile(rb"https?://([^/?#@\\]+)(/[^#]*|\?[^#]*|)", re.IGNORECASE)
_HOST = re.compile(
    rb"(?:[0-9A-Za-z](?:[0-9A-Za-z_.\-]{0,252}[0-9A-Za-z.])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
# No control characters except tab (RFC 9110, 5.5); this excludes NUL, CR and LF.
_BAD_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(rb"[0-9]{1,18}")
# Neither a method nor the line's end before it; and a line that ends with LF alone.
_NO_REQUEST = re.compile(rb"\A[^!#$%&'*+\-.^_`|~0-9A-Za-z\r]|(?<!\r)\n")


class HeadError(Exception):
    """A rejected head; ``status`` and ``reason`` form the answer. The connection can't continue
    after it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


# A body up to this size is read before it gets a thread. Uploads aren't: they stream to disk.
SMALL_BODY = 1 << 14
FILE_TYPES = ("multipart/form-data", "application/offset+octet-stream")


@dataclass(frozen=True)
class Head:
    """A validated request line and its fields. ``length`` is None for a chunked body, 0 for
    none."""

    method: str
    target: str
    path: bytes
    query: str
    version: tuple[int, int]
    fields: dict[str, str]
    length: int | None

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection persists after the answer (RFC 9112, 9.3)."""
        options = {o.strip().lower() for o in self.fields.get("connection", "").split(",")}
        return self.version >= (1, 1) and "close" not in options

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for 100 Continue before it sends its body (RFC 9110, 10.1.1)."""
        return self.version >= (1, 1) and self.fields.get("expect", "").lower() == "100-continue"

    @property
    def has_small_body(self) -> bool:
        """Whether the body is short, no upload, and already being sent: then it is read before
        it gets a thread."""
        kind = self.fields.get("content-type", "").partition(";")[0].strip().lower()
        return (
            self.length is not None
            and 0 < self.length <= SMALL_BODY
            and not self.expects_continue
            and kind not in FILE_TYPES
        )


def head_end(buffer: bytearray, *, start: int = 0) -> int:
    """Find the end of the head in ``buffer``; 0 if it is incomplete. ``start``: how much was
    searched already.

    Raises HeadError as soon as the bytes can't become a head within the limits.
    """
    end = buffer.find(b"\r\n\r\n", max(0, start - 3))
    if end < 0:
        _check_partial(buffer)
        return 0
    if end > MAX_HEAD:
        raise HeadError(431, "The head of this request is too large.")
    return end + 4


def _check_partial(buffer: bytearray) -> None:
    # At once: a phone that tries TLS first (RFC 8446, 5.1: its first byte is 22) turns to http then. No further than a
    # line may go: a large head that comes byte by byte would be searched anew each time.
    if _NO_REQUEST.search(buffer, 0, MAX_LINE):
        raise HeadError(400, "The first line of this request is not HTTP.")
    first = buffer.find(b"\r\n")
    if first < 0 and len(buffer) > MAX_LINE:
        raise HeadError(414, "The address of this request is too long.")
    if len(buffer) > MAX_HEAD:
        raise HeadError(431, "The head of this request is too large.")
    if buffer.count(b"\n") > MAX_FIELDS + 1:
        raise HeadError(431, "This request has too many header fields.")


def parse_head(data: bytes) -> Head:
    """Parse the head in ``data``, which ends with an empty line. Raises HeadError (400, 414,
    417, 431, 501, 505)."""
    first, *lines = data[:-4].split(b"\r\n")
    method, target, version = _request_line(first)
    fields = _fields(lines)
    host = _checked_host(fields, version)
    path, query, authority = _split_target(target, method)
    if authority:
        host = authority
    length = _body_length(fields, version)
    text = {
        name.decode("ascii"): _joined(name, values)
        for name, values in fields.items()
        # With an underscore its name in a WSGI environment would equal that of a field with
        # hyphens.
        if b"_" not in name
    }
    if host:
        text["host"] = host.decode("ascii")
    if version >= (1, 1) and text.get("expect", "100-continue").lower() != "100-continue":
        raise HeadError(417, "This expectation can't be met.")
    return Head(
        method.decode("ascii"),
        target.decode("ascii"),
        path,
        query.decode("ascii"),
        version,
        text,
        length,
    )


def _request_line(line: bytes) -> tuple[bytes, bytes, tuple[int, int]]:
    if len(line) > MAX_LINE:
        raise HeadError(414, "The address of this request is too long.")
    parts = line.split(b" ")
    if len(parts) != 3 or not _TOKEN.fullmatch(parts[0]) or not _TARGET.fullmatch(parts[1]):
        raise HeadError(400, "The first line of this request is not HTTP.")
    version = _VERSION.fullmatch(parts[2])
    if not version:
        raise HeadError(400, "The first line of this request is not HTTP.")
    number = (int(version[1]), int(version[2]))
    if number[0] != 1:
        raise HeadError(505, "This server speaks HTTP/1.1.")
    return parts[0], parts[1], number


def _fields(lines: list[bytes]) -> dict[bytes, list[bytes]]:
    if len(lines) > MAX_FIELDS:
        raise HeadError(431, "This request has too many header fields.")
    fields: dict[bytes, list[bytes]] = {}
    for name, value in map(_field, lines):
        fields.setdefault(name, []).append(value)
    return fields


def _field(line: bytes) -> tuple[bytes, bytes]:
    # A line that begins with a space continues the previous one (obs-fold): rejected (RFC 9112,
    # 5.2).
    name, colon, value = line.partition(b":")
    if not colon or not _TOKEN.fullmatch(name):
        raise HeadError(400, "This request has a header field that is not HTTP.")
    name, value = name.lower(), value.strip(b" \t")
    if len(value) > LARGE_FIELDS.get(name, MAX_FIELD):
        raise HeadError(431, "This request has a header field that is too large.")
    if _BAD_VALUE.search(value):
        raise HeadError(400, "This request has a header field with a control character.")
    return name, value


def _checked_host(fields: dict[bytes, list[bytes]], version: tuple[int, int]) -> bytes:
    hosts = fields.get(b"host", [])
    if len(hosts) > 1 or (not hosts and version >= (1, 1)):
        raise HeadError(400, "A request names its host exactly once.")
    host = hosts[0] if hosts else b""
    if host and not _HOST.fullmatch(host):
        raise HeadError(400, "The host of this request is not a host name.")
    return host


def _split_target(target: bytes, method: bytes) -> tuple[bytes, bytes, bytes]:
    """Split a target in origin, absolute or asterisk form (RFC 9112, 3.2) into (decoded path,
    query, authority or nothing)."""
    authority = b""
    if absolute := _ABSOLUTE.fullmatch(target):
        authority, target = absolute[1], absolute[2]
        if not _HOST.fullmatch(authority):
            raise HeadError(400, "The host of this request is not a host name.")
        target = target if target.startswith(b"/") else b"/" + target
    elif target == b"*" and method == b"OPTIONS":
        return b"*", b"", b""
    if not target.startswith(b"/"):
        raise HeadError(400, "The address of this request is not a path.")
    raw, _, query = target.partition(b"?")
    path = unquote_to_bytes(raw)
    if b"\x00" in path:
        raise HeadError(400, "The address of this request has a NUL in it.")
    return path, query, authority


def _body_length(fields: dict[bytes, list[bytes]], version: tuple[int, int]) -> int | None:
    """The Content-Length, or None for a chunked body (RFC 9112, 6). Ambiguous lengths are
    rejected."""
    codings = fields.get(b"transfer-encoding", [])
    lengths = fields.get(b"content-length", [])
    if codings and (lengths or version < (1, 1)):
        raise HeadError(400, "The length of this request is ambiguous.")
    if codings:
        if [coding.lower() for coding in codings] != [b"chunked"]:
            raise HeadError(501, "This transfer coding is not known here.")
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise HeadError(400, "The length of this request is ambiguous.")
    return int(lengths[0])


def _joined(name: bytes, values: list[bytes]) -> str:
    separator = b"; " if name == b"cookie" else b", "
    return separator.join(values).decode("latin-1")


def environ_fields(head: Head) -> Iterator[tuple[str, str]]:
    """Names and values as in a WSGI environment (PEP 3333)."""
    for name, value in head.fields.items():
        key = name.upper().replace("-", "_")
        yield key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", value
