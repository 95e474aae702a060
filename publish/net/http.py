"""The one seam to the network: time limits, status, and what an answer means for the item.

Nothing else in ``publish`` opens a connection over HTTP, so tests cut the wire here.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

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
from publish.net.reachability import unreached
from publish.net.stray_text import is_page, json_in, stray_words
from publish.net.transfer_meter import current_meter
from reporter.messages import Message

if TYPE_CHECKING:
    import httpx
else:
    from publish.net import late_httpx as httpx

# Seconds. A connection stands within 10 or not at all; a blog on a small host may resize pictures for minutes.
_TIMEOUT = {"connect": 10, "read": 120, "write": 60, "pool": 10}
# An answer that drips for longer is none.
_LONGEST_S = 300.0
_AGENT = "social-reporter/0.1"
# Codes that say "later": timeout, early data, too many, and the gateway family (RFC 9110, RFC 6585).
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
# Bytes of one answer. Lists of a hundred posts stay far below; one that never ends must not fill the memory.
_MOST = 32 * 1024 * 1024


@dataclass(frozen=True)
class HttpResponse:
    """What came back. ``data`` is the decoded JSON, or None where the body was none; ``body`` are its bytes."""

    status: int
    headers: Mapping[str, str]
    text: str
    data: Any
    body: bytes = b""


class HttpClient:
    """A client for one target. ``name`` is what sentences call it."""

    def __init__(
        self,
        name: str,
        *,
        auth: tuple[str, str] | httpx.Auth | None = None,
        bearer: str = "",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        basic = httpx.BasicAuth(*auth) if isinstance(auth, tuple) else auth
        self._client = httpx.Client(
            auth=basic,
            timeout=httpx.Timeout(**_TIMEOUT),
            transport=transport,
            verify=_trusted(),
            headers={"User-Agent": _AGENT},
            event_hooks={"request": [_count]},
        )
        if bearer:
            self.sign(bearer)

    def sign(self, bearer: str) -> None:
        """Send this token from now on (RFC 6750)."""
        self._client.headers["Authorization"] = f"Bearer {bearer}"

    def close(self) -> None:
        """Close kept connections."""
        self._client.close()

    def call(
        self, method: str, url: str, *, accept: Collection[int] = (), **parts: Any
    ) -> HttpResponse:
        """Send one request that is answered in JSON.

        ``parts`` are httpx's (params, json, data, files, headers). Returns answers below 300 and those whose status
        is in ``accept``. Raises Offline, RetryAfter, AuthRefused, PauseTarget, PayloadTooLarge, Gone or Permanent.
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
        """Post a body that is answered in something else than JSON (the ``body`` of the answer).

        Raises as ``call`` does, but whether a sign-in page came instead only the caller can tell (``portal``).
        """
        answer = self._send("POST", url, {"content": content, "headers": headers})
        if answer.status < 300 or answer.status in accept:
            return answer
        raise self.error(answer, url)

    def page(self, url: str, *, most: int) -> HttpResponse:
        """A page that anybody may read. No password or token goes along, no redirect is followed, and after ``most``
        bytes it ends. Answers of any status come back; raises Offline, RetryAfter or PauseTarget.
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
            said = redact(
                Message(
                    "The address of %(name)s can't be used: %(what)s.", name=self.name, what=error
                )
            )
            raise PauseTarget(said) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise unreached(self.name, url, error) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise self._cut() from error
        if meter is not None:
            meter.record_response(
                _header_bytes(response.headers) + len(body),
                response.headers.get("Date", ""),
            )
        text = body.decode(response.encoding or "utf-8", "replace")
        return HttpResponse(response.status_code, response.headers, text, json_in(text), body)

    def _cut(self) -> ConnectionLost:
        """The request may have been carried out: only looking for our key there tells."""
        return ConnectionLost(
            "The connection to %(name)s broke before an answer came. It is looked up there "
            "before the next try.",
            name=self.name,
        )

    def fetch(self, url: str) -> Iterator[bytes]:
        """The body of a GET, in pieces; raises as ``call`` does."""
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
        """The sentence for a sign-in page that came instead of an answer."""
        return Message(
            "A web page came back where %(name)s should have answered: the Wi-Fi may want you "
            "to sign in. Open a browser, sign in, and it goes on by itself.",
            name=self.name,
        )

    def stray(self, answer: HttpResponse) -> PublishError:
        """Something else than JSON came: a page of somebody else, or words of the target that belong nowhere."""
        if is_page(answer.text) or "html" in answer.headers.get("Content-Type", ""):
            return Offline(self.portal(), Reachability.PORTAL)
        words = stray_words(answer.text)
        return RetryAfter(
            "%(name)s wrote something into its answer that does not belong there, so it can't "
            "be read: “%(words)s”. Whoever looks after it has to mend that.",
            name=self.name,
            words=words,
        )

    def error(self, answer: HttpResponse, url: str) -> Exception:
        """What an answer of 300 or more means, as an error to raise."""
        said = _said(answer)
        if answer.status < 400:
            return self._moved(answer, url)
        if answer.status == 511:
            return Offline(self.portal(), Reachability.PORTAL)
        if answer.status == 401:
            return AuthRefused(
                "%(name)s refused user name or password%(what)s. Set them again.",
                name=self.name,
                what=said,
            )
        if answer.status in (404, 410):
            return Gone(
                "%(name)s has nothing under this address any more%(what)s.",
                name=self.name,
                what=said,
            )
        if answer.status == 413:
            return PayloadTooLarge(
                "This is larger than %(name)s takes%(what)s.", name=self.name, what=said
            )
        if answer.status in _LATER:
            told = retry_after(answer.headers)
            return RetryAfter(
                "%(name)s can't take it right now (%(code)s)%(what)s.",
                told,
                name=self.name,
                code=answer.status,
                what=said,
            )
        return Permanent(
            "%(name)s does not take this (%(code)s)%(what)s.",
            name=self.name,
            code=answer.status,
            what=said,
        )

    def _moved(self, answer: HttpResponse, url: str) -> Exception:
        """A redirect: a moved site keeps the path; a sign-in page has its own."""
        goal = urlsplit(answer.headers.get("Location", ""))
        same_path = goal.path.rstrip("/") == urlsplit(url).path.rstrip("/")
        if goal.netloc and same_path:
            return PauseTarget(
                "%(name)s has moved to %(address)s. Add the target again with that address.",
                name=self.name,
                address=f"{goal.scheme}://{goal.netloc}",
            )
        return Offline(self.portal(), Reachability.PORTAL)


def _read(response: httpx.Response, most: int) -> bytes:
    """The body, but for what is beyond ``most`` bytes. Each read has a time limit; a slow drip needs one for all."""
    body, until = bytearray(), time.monotonic() + _LONGEST_S
    for piece in response.iter_bytes():
        body += piece
        if len(body) >= most:
            break
        if time.monotonic() > until:
            raise httpx.ReadTimeout("The answer drips.", request=response.request)
    return bytes(body[:most])


@cache
def _trusted() -> ssl.SSLContext:
    """Who may vouch for a target: reading them takes 20 ms, and each delivery opens its target anew."""
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
    """Seconds of a Retry-After header (RFC 9110, 10.2.3), a date counted from the answer's own Date.

    Without one, of the header that says when the next round of a rate limit begins: Mastodon's X-RateLimit-Reset
    (a date), Bluesky's RateLimit-Reset (seconds since 1970).
    """
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    if (
        not value
        and headers.get("X-RateLimit-Remaining", headers.get("RateLimit-Remaining")) == "0"
    ):
        value = headers.get("X-RateLimit-Reset", headers.get("RateLimit-Reset", "")).strip()
    try:
        return max(0.0, (_moment(value) - parsedate_to_datetime(headers["Date"])).total_seconds())
    except (ValueError, TypeError, KeyError):
        return None


def _moment(value: str) -> datetime:
    """A moment in any of the three spellings."""
    if value.isdigit():
        return datetime.fromtimestamp(int(value), UTC)
    return datetime.fromisoformat(value) if value[:4].isdigit() else parsedate_to_datetime(value)


def _said(answer: HttpResponse) -> str:
    """The target's own words, as ': …', if it gave any."""
    told = answer.data if isinstance(answer.data, dict) else {}
    words = told.get("message") or told.get("error_description") or told.get("error") or ""
    if isinstance(words, dict):
        words = words.get("message", "")
    return f": {str(words).strip().rstrip('.')[:300]}" if words else ""
