"""HTTP client for another laptop. Downloads are streamed and resume where they broke off."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporter.errors import BadInput, Conflict, Forbidden, NotFound, ReporterError
from reporter.media.store import disk_errors, hash_file
from reporter.messages import N_

if TYPE_CHECKING:
    import httpx
else:
    from publish.net import late_httpx as httpx

# Timeouts in seconds. A snapshot of a large gathering takes the other laptop a while before its
# first byte.
_TIMEOUT = {"connect": 5, "read": 60, "write": 60, "pool": 5}
_PIECE = 1 << 18
# Longest answer in JSON, in bytes: it lists the originals of a hundred thousand takeaways.
_MOST = 1 << 26
# How often a download may break off before the rest waits for the next merge.
_TRIES = 4
# Called with the number of bytes received.
OnBytes = Callable[[int], None]


class Unreachable(ReporterError):
    """The other laptop does not respond: switched off, elsewhere, or on another Wi-Fi."""

    status = 503


class PeerClient:
    """Another laptop at its base URL, as ``http://192.168.4.2:8000``; raises BadInput for what is none."""

    def __init__(
        self, url: str, token: str = "", *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.url = url.rstrip("/")
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        with self._reached():
            self._http = httpx.Client(
                base_url=self.url,
                headers=headers,
                timeout=httpx.Timeout(**_TIMEOUT),
                transport=transport,
                trust_env=False,
            )

    def close(self) -> None:
        """Close pooled connections."""
        self._http.close()

    def __enter__(self) -> PeerClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, method: str, path: str, **parts: Any) -> Any:
        """Send a request and return the answer's JSON. Raises Unreachable, Forbidden, NotFound,
        Conflict or BadInput."""
        with self._reached():
            response = self._ask(method, path, parts)
        self._check(response)
        try:
            return response.json()
        except (ValueError, RecursionError) as error:
            raise BadInput("There is no Social Reporter at %(url)s.", url=self.url) from error

    def _ask(self, method: str, path: str, parts: Mapping[str, Any]) -> httpx.Response:
        """The response, with its body. Whoever answers at the address may not be a laptop at all."""
        with self._http.stream(method, path, **parts) as response:
            return self._whole(response)

    def _whole(self, response: httpx.Response) -> httpx.Response:
        body = bytearray()
        for piece in response.iter_bytes(_PIECE):
            body += piece
            if len(body) > _MOST:
                raise BadInput("There is no Social Reporter at %(url)s.", url=self.url)
        return httpx.Response(response.status_code, content=bytes(body))

    def fetch(
        self, path: str, goal: Path, heard: OnBytes, *, sha256: str = "", etag: str = ""
    ) -> str:
        """Download a file to ``goal``, with a partial file beside it; returns its ETag, or '' where
        it still matches ``etag``.

        ``sha256`` is the expected checksum; a damaged download is repeated from the start.
        """
        part = goal.with_name(f"{goal.name}.part")
        for attempt in range(_TRIES):
            try:
                new_etag = self._fetch_rest(path, part, heard, etag)
            except Unreachable:
                if attempt == _TRIES - 1 or not part.exists():
                    raise
                continue
            if not new_etag:
                return ""
            if not sha256 or hash_file(part) == sha256:
                os.replace(part, goal)
                return new_etag
            part.unlink()
        raise Conflict("%(name)s arrives damaged from %(url)s.", name=goal.name, url=self.url)

    def _fetch_rest(self, path: str, part: Path, heard: OnBytes, etag: str) -> str:
        have = part.stat().st_size if part.exists() else 0
        tag_file = part.with_name(f"{part.name}.etag")
        # As it is: what a proxy packs would be written packed, and has no offsets to go on from.
        headers = {"Accept-Encoding": "identity"}
        if etag:
            headers["If-None-Match"] = f'"{etag}"'
        if have and tag_file.exists():
            headers |= {"Range": f"bytes={have}-", "If-Range": tag_file.read_text()}
        with self._reached(), self._http.stream("GET", path, headers=headers) as response:
            if response.status_code == 304:
                return ""
            if response.status_code == 416:
                # The partial file was already complete.
                return tag_file.read_text().strip('"')
            self._check(response if response.status_code < 300 else self._whole(response))
            tag_file.write_text(response.headers.get("ETag", ""))
            self._write(response, part, heard, "ab" if response.status_code == 206 else "wb")
            tag = str(response.headers.get("ETag", "")).strip('"') or "unknown"
        tag_file.unlink(missing_ok=True)
        return tag

    def _write(self, response: httpx.Response, part: Path, heard: OnBytes, mode: str) -> None:
        with disk_errors(), part.open(mode) as file:
            for piece in response.iter_raw(_PIECE):
                file.write(piece)
                heard(len(piece))

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
            raise BadInput(
                "%(url)s is not the address of a laptop. Write it like http://192.168.4.2:8000.",
                url=self.url,
            ) from error
        except httpx.DecodingError as error:
            raise BadInput("There is no Social Reporter at %(url)s.", url=self.url) from error
        except httpx.TransportError as error:
            raise Unreachable(
                "%(url)s does not answer. Is its kiosk running, and are both in one network?",
                url=self.url,
            ) from error

    def _check(self, response: httpx.Response) -> None:
        if response.status_code < 300:
            return
        detail = _detail(response)
        kind = {401: Forbidden, 403: Forbidden, 404: NotFound, 409: Conflict}
        error = kind.get(response.status_code, BadInput)
        if detail:
            raise error(N_("%(url)s says: %(what)s"), url=self.url, what=detail)
        raise error(
            N_("%(url)s answers with status %(status)s. Is it a Social Reporter of this version?"),
            url=self.url,
            status=response.status_code,
        )


def _detail(response: httpx.Response) -> str:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return ""
    return str(body.get("detail", ""))[:300] if isinstance(body, dict) else ""
