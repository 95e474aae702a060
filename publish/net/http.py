"""The single HTTP client: timeouts, statuses, and what a response means for the item.

Nothing else in ``publish`` opens an HTTP connection, so tests can simulate failures here.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from publish.errors import (
    AuthRefused,
    ConnectionLost,
    Gone,
    Offline,
    PauseTarget,
    PayloadTooLarge,
    Permanent,
    PublishError,
    Reachability,
    RetryAfter,
    redact,
)
from publish.net.reachability import refuse_request_inside, unreached
from publish.net.remote_values import url_parts
from publish.net.stray_text import decoded, is_page, json_in, words_before_json
from publish.net.transfer_meter import current_meter
from reporter.messages import Message

if TYPE_CHECKING:
    import httpx
else:
    from publish.net import late_httpx as httpx

# Seconds. Connecting either works within 10 s or not at all; a blog on a small host may take
# minutes to resize pictures.
_TIMEOUT = {"connect": 10, "read": 120, "write": 60, "pool": 10}
# A response that takes longer than this counts as failed.
_LONGEST_S = 300.0
_AGENT = "social-reporter/0.1"
# Retryable statuses: timeout, early data, too many requests, gateway errors (RFC 9110, RFC 6585), a locked
# file (RFC 4918); from 520 on those with which Cloudflare says that the server behind it did not answer well.
_LATER = frozenset({408, 421, 423, 425, 429, 500, 502, 503, 504, *range(520, 600)})
# Maximum bytes of a response. Lists of a hundred posts stay far below; an endless one must not fill the memory.
_MOST = 32 * 1024 * 1024
# A password below this length may be part of any word.
_SHORT = 6
# A pause of so many seconds is the moment itself, as a Unix time.
_FIRST_MOMENT = 1_000_000_000
# Characters of a response that are kept to tell what came in place of the expected answer.
_SHOWN = 400


@dataclass(frozen=True)
class HttpResponse:
    """A response. ``data`` is the decoded JSON, or None if the body is not JSON; ``body`` are its bytes."""

    status: int
    headers: Mapping[str, str]
    text: str
    data: Any
    body: bytes = b""


class HttpClient:
    """HTTP client for one target. ``name`` is the target's name in messages.

    ``json_errors``: the target tells in an object of JSON that something is gone, so that a web page with 404 or 410
    comes from something before it.
    """

    def __init__(
        self,
        name: str,
        *,
        auth: tuple[str, str] | httpx.Auth | None = None,
        bearer: str = "",
        json_errors: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        self._json_errors = json_errors
        basic = httpx.BasicAuth(*auth) if isinstance(auth, tuple) else auth
        self._client = httpx.Client(
            auth=basic,
            timeout=httpx.Timeout(**_TIMEOUT),
            transport=transport,
            verify=_trusted(),
            headers={"User-Agent": _AGENT},
            event_hooks={"request": [partial(refuse_request_inside, name), _count]},
        )
        self._secrets = {auth[1]} if isinstance(auth, tuple) else set[str]()
        if bearer:
            self.sign(bearer)

    def sign(self, bearer: str) -> None:
        """Send this bearer token from now on (RFC 6750)."""
        self._secrets.add(bearer)
        self._client.headers["Authorization"] = f"Bearer {bearer}"

    def close(self) -> None:
        """Close pooled connections."""
        self._client.close()

    def call(
        self, method: str, url: str, *, accept: Collection[int] = (), **parts: Any
    ) -> HttpResponse:
        """Send one request and parse its JSON response.

        ``parts`` are httpx's arguments (params, json, data, files, headers). Returns responses with
        a status below 300 or in ``accept``. Raises Offline, RetryAfter, AuthRefused, PauseTarget,
        PayloadTooLarge, Gone or Permanent.
        """
        answer = self._send(method, url, parts)
        if answer.status in accept:
            return answer
        if answer.status >= 300:
            raise self.error(answer, url)
        if answer.data is None and answer.text.strip():
            raise self.stray(answer)
        return answer

    def raw(
        self,
        url: str,
        content: bytes | Iterator[bytes],
        headers: Mapping[str, str],
        *,
        accept: Collection[int] = (),
    ) -> HttpResponse:
        """Post a body whose response is not JSON (its ``body`` is returned as bytes).

        Raises as ``call`` does, except that only the caller can detect a captive portal (``portal``).
        """
        answer = self._send("POST", url, {"content": content, "headers": headers})
        if answer.status < 300 or answer.status in accept:
            return answer
        raise self.error(answer, url)

    def page(self, url: str, *, most: int) -> HttpResponse:
        """Fetch a public page without credentials or redirects, reading at most ``most`` bytes.

        Responses of any status are returned. Raises Offline, RetryAfter or PauseTarget.
        """
        headers = {"Accept": "text/html, */*;q=0.5", "Accept-Encoding": "identity"}
        return self._carry("GET", url, {"headers": headers}, most=most, signed=False)

    def _send(self, method: str, url: str, parts: Mapping[str, Any]) -> HttpResponse:
        answer = self._carry(method, url, parts, most=_MOST + 1, signed=True)
        if len(answer.text) > _MOST:
            raise Permanent(
                "%(name)s answers with more than %(most)s MB.", name=self.name, most=_MOST >> 20
            )
        return answer

    def _carry(
        self, method: str, url: str, parts: Mapping[str, Any], *, most: int, signed: bool
    ) -> HttpResponse:
        meter = current_meter()
        try:
            request = self._client.build_request(method, url, **parts)
            if not signed:
                request.headers.pop("Authorization", None)
            sign: Any = httpx.USE_CLIENT_DEFAULT if signed else None
            response = self._client.send(request, auth=sign, stream=True)
            with closing(response):
                body = _read(response, most)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError) as error:
            message = redact(
                Message(
                    "The address of %(name)s can't be used: %(what)s.", name=self.name, what=error
                )
            )
            raise PauseTarget(message) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise unreached(self.name, url, error) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise self._cut() from error
        text = decoded(body, response.encoding or "utf-8")
        if meter is not None:
            meter.record_response(
                _header_bytes(response.headers) + len(body),
                response.headers.get("Date", ""),
                text[:_SHOWN],
            )
        return HttpResponse(response.status_code, response.headers, text, json_in(text), body)

    def _cut(self) -> ConnectionLost:
        """The request may have been processed: only looking up our key at the target tells."""
        return ConnectionLost(
            "The connection to %(name)s broke before an answer came. It is looked up there "
            "before the next try.",
            name=self.name,
        )

    def fetch(self, url: str) -> Iterator[bytes]:
        """Yield the body of a GET in chunks; raises as ``call`` does."""
        try:
            with self._client.stream("GET", url) as response:
                if response.status_code >= 300:
                    response.read()
                    answer = HttpResponse(
                        response.status_code, response.headers, response.text, None
                    )
                    raise self.error(answer, url)
                yield from response.iter_bytes(1 << 20)
        except httpx.TransportError as error:
            raise unreached(self.name, url, error) from error

    def portal(self) -> str:
        """The message for a captive portal that answered in place of the target."""
        return Message(
            "A web page came back where %(name)s should have answered: the Wi-Fi may want you "
            "to sign in. Open a browser, sign in, and it goes on by itself.",
            name=self.name,
        )

    def stray(self, answer: HttpResponse) -> PublishError:
        """The error for a response that is not the target's own: somebody else's page, unexpected output, or JSON of
        another form.
        """
        if answer.data is not None:
            return self.not_understood()
        if is_page(answer.text) or "html" in answer.headers.get("Content-Type", ""):
            return Offline(self.portal(), Reachability.PORTAL)
        words = words_before_json(answer.text)
        if not words:
            return self.broken_off()
        return RetryAfter(
            "%(name)s put something into its answer that does not belong there, so it can't be read: "
            "“%(words)s”. Its administrator has to fix that.",
            name=self.name,
            words=words,
        )

    def broken_off(self) -> RetryAfter:
        """The error for half a response."""
        return RetryAfter(
            "The answer of %(name)s broke off in the middle. It is looked up there before the next try.",
            name=self.name,
        )

    def not_understood(self) -> RetryAfter:
        """The error for a response of another form than documented: what it was about is open."""
        return RetryAfter("%(name)s answered in a way that can't be understood.", name=self.name)

    def rows(self, body: Any, field: str) -> list[Any]:
        """A list in a response. Raises RetryAfter without one, which does not mean that there is nothing."""
        rows = body.get(field) if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise self.not_understood()
        return rows

    def error(self, answer: HttpResponse, url: str) -> Exception:
        """The error to raise for a response with status 300 or above."""
        message = _server_message(answer)
        for secret in (one for one in self._secrets if len(one) >= _SHORT):
            message = message.replace(secret, "…")  # some servers repeat what they refuse
        if answer.status < 400:
            return self._moved(answer, url)
        if answer.status == 511:
            return Offline(self.portal(), Reachability.PORTAL)
        if answer.status == 401:
            return AuthRefused(
                "%(name)s refused user name or password%(what)s. Set them again.",
                name=self.name,
                what=message,
            )
        if answer.status in (404, 410):
            if self._json_errors and not isinstance(answer.data, dict):
                return self.stray(answer)
            return Gone(
                "%(name)s has nothing under this address any more%(what)s.",
                name=self.name,
                what=message,
            )
        if answer.status == 413:
            return PayloadTooLarge(
                "This is larger than %(name)s takes%(what)s.", name=self.name, what=message
            )
        if answer.status in _LATER:
            seconds = retry_after(answer.headers)
            return RetryAfter(
                "%(name)s can't take it right now (%(code)s)%(what)s.",
                seconds,
                name=self.name,
                code=answer.status,
                what=message,
            )
        return Permanent(
            "%(name)s does not take this (%(code)s)%(what)s.",
            name=self.name,
            code=answer.status,
            what=message,
        )

    def _moved(self, answer: HttpResponse, url: str) -> Exception:
        """The error for a redirect: a moved site keeps the path, a captive portal has its own."""
        goal = url_parts(answer.headers.get("Location"))
        same_path = goal.path.rstrip("/") == url_parts(url).path.rstrip("/")
        if goal.netloc and same_path:
            return PauseTarget(
                "%(name)s has moved to %(address)s. Add the target again with that address.",
                name=self.name,
                address=f"{goal.scheme}://{goal.netloc}",
            )
        return Offline(self.portal(), Reachability.PORTAL)


def _read(response: httpx.Response, most: int) -> bytes:
    """Read up to ``most`` bytes of the body. Each read has a timeout; slow trickles need one for the whole body."""
    body, until, meter = bytearray(), time.monotonic() + _LONGEST_S, current_meter()
    for piece in response.iter_bytes():
        body += piece
        if meter is not None:
            meter.record_waiting()
        if len(body) >= most:
            break
        if time.monotonic() > until:
            raise httpx.ReadTimeout("The answer drips.", request=response.request)
    return bytes(body[:most])


@cache
def _trusted() -> ssl.SSLContext:
    """The cached TLS trust store: loading it takes 20 ms, and every delivery opens its target anew."""
    return httpx.create_ssl_context()


def _count(request: httpx.Request) -> None:
    meter = current_meter()
    if meter is None or not isinstance(request.stream, httpx.SyncByteStream):
        return
    from publish.net.counted_body import CountedBody

    meter.record_sent(len(request.method) + len(str(request.url)) + _header_bytes(request.headers))
    request.stream = CountedBody(request.stream, meter)


def _header_bytes(headers: httpx.Headers) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers.raw)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from a Retry-After header (RFC 9110, 10.2.3); dates are relative to the response's own Date.

    Falls back to the header that says when the rate limit resets: Mastodon's X-RateLimit-Reset (a
    date) or Bluesky's RateLimit-Reset (Unix time). None for no time at all, and for a time that has passed.
    """
    # A proxy may have added its own one.
    value = headers.get("Retry-After", "").strip()
    if several := re.match(r"(\d+)\s*,", value):
        value = several[1]
    seconds = float(value) if re.fullmatch(r"\d{1,12}(?:\.\d{1,6})?", value) else None
    if seconds is not None and seconds < _FIRST_MOMENT:
        return seconds or None
    if (
        not value
        and headers.get("X-RateLimit-Remaining", headers.get("RateLimit-Remaining")) == "0"
    ):
        value = headers.get("X-RateLimit-Reset", headers.get("RateLimit-Reset", "")).strip()
    try:
        pause = (_moment(value) - parsedate_to_datetime(headers["Date"])).total_seconds()
        return pause if pause > 0 else None
    except (ValueError, TypeError, KeyError, OverflowError, OSError):
        return None


def _moment(value: str) -> datetime:
    """Parse a time in any of the formats of servers: in seconds or milliseconds, ISO 8601, those of RFC 9110."""
    if value.isdigit():
        number = int(value)
        return datetime.fromtimestamp(
            number / 1000 if number > 100 * _FIRST_MOMENT else number, UTC
        )
    moment = datetime.fromisoformat(value) if value[:4].isdigit() else parsedate_to_datetime(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _server_message(answer: HttpResponse) -> str:
    """The target's own error message as ': …', if any."""
    body = answer.data if isinstance(answer.data, dict) else {}
    words = body.get("message") or body.get("error_description") or body.get("error") or ""
    if isinstance(words, dict):
        words = words.get("message", "")
    return f": {str(words).strip().rstrip('.')[:300]}" if words else ""
