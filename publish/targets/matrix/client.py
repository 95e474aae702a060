"""Client for a room on a Matrix server: requests, files and events.

https://spec.matrix.org/v1.11/client-server-api/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from publish.errors import BeingMadeAgain, Gone, PauseTarget
from publish.net.http import HttpClient, HttpResponse
from publish.net.remote_state import RemoteState
from publish.posts.model import PostMedia
from publish.rendering.thread import picture_bytes
from publish.targets.upload_cache import Uploads

CLIENT = "/_matrix/client/v3"
# Events searched, newest first: number of pages, and events per page.
PAGES, EACH = 20, 100
Event = Mapping[str, Any]


class Room:
    """One room as seen by one account. ``name`` is the target's name in messages."""

    def __init__(self, name: str, url: str, room: str, token: str, *, state: RemoteState) -> None:
        base = url.strip().rstrip("/")
        self.base = base if "://" in base else f"https://{base}"
        self.name, self._asked = name, room.strip()
        self.web = HttpClient(name, bearer=token.strip(), json_errors=True)
        self._uploads = Uploads(self.base, token, state)
        self._id = self._me = ""
        self._names: dict[str, str] | None = None

    @property
    def me(self) -> str:
        """User id of the token's account, as ``@name:server``."""
        if not self._me:
            self._me = self._required(self._call("GET", f"{CLIENT}/account/whoami"), "user_id")
        return self._me

    @property
    def id(self) -> str:
        """The room's id after joining. Raises PauseTarget for an encrypted room."""
        if not self._id:
            joined = self._call("POST", f"{CLIENT}/join/{quote(self._asked, safe='')}", json={})
            self._id = self._required(joined, "room_id")
            self._refuse_encrypted()
        return self._id

    def _refuse_encrypted(self) -> None:
        try:
            state = self._call("GET", self._path("state/m.room.encryption/"))
        except Gone:
            return
        self._id = ""
        self._required(state, "algorithm")
        raise PauseTarget(
            "The room at %(name)s is encrypted: only its members' own programs can read and write there. Choose "
            "a room without encryption.",
            name=self.name,
        )

    def _path(self, rest: str) -> str:
        return f"{CLIENT}/rooms/{quote(self._id or self.id, safe='')}/{rest}"

    def _call(self, method: str, path: str, **parts: Any) -> Mapping[str, Any]:
        return self._object(self.web.call(method, f"{self.base}{path}", **parts))

    def _object(self, answer: HttpResponse) -> dict[str, Any]:
        """The response as an object without an error in it; anything else leaves open what is there."""
        if not isinstance(answer.data, dict) or "errcode" in answer.data:
            raise self.web.not_understood()
        return answer.data

    def _required(self, body: Mapping[str, Any], field: str) -> str:
        """A required field of a response; if it is missing, it was not a Matrix server that answered."""
        if not isinstance(value := body.get(field), str) or not value:
            raise self.web.not_understood()
        return value

    def _page(self, body: Mapping[str, Any]) -> list[Event]:
        """The events of a page, which is not the same as none."""
        if not isinstance(chunk := body.get("chunk"), list):
            raise self.web.not_understood()
        return chunk

    def test(self) -> str:
        """Join the room; return the user id."""
        return self.me if self.id else ""

    def upload_limit(self) -> int | None:
        """Maximum file size in bytes, as far as the server reports it."""
        url = f"{self.base}/_matrix/client/v1/media/config"
        # Proxies before a server may not know this address.
        answer = self.web.call("GET", url, accept={404})
        size = answer.data.get("m.upload.size") if isinstance(answer.data, dict) else None
        return size if isinstance(size, int) and size > 0 else None

    # --- Events ----------------------------------------------------------------------------------------

    def send(self, content: Mapping[str, Any], transaction: str) -> str:
        """Send a message idempotently by transaction id; return its event id."""
        path = self._path(f"send/m.room.message/{quote(transaction, safe='')}")
        return self._required(self._call("PUT", path, json=content), "event_id")

    def redact(self, event_id: str) -> None:
        """Redact an event for everybody, its edits first; a missing one is fine."""
        for edit in self.related(event_id, "m.replace"):
            self._redact(str(edit["event_id"]))
        self._redact(event_id)

    def _redact(self, event_id: str) -> None:
        path = self._path(f"redact/{quote(event_id, safe='')}/redact.{quote(event_id, safe='')}")
        with suppress(Gone):
            self._required(self._call("PUT", path, json={}), "event_id")

    def event(self, event_id: str) -> Event:
        """One event with its edits. Raises Gone if it does not exist or was redacted."""
        found = self._call("GET", self._path(f"event/{quote(event_id, safe='')}"))
        self._required(found, "event_id")
        if not found.get("content"):
            raise Gone("The post is not there any more at %(name)s.", name=self.name)
        return found

    def related(self, event_id: str, relation: str) -> Iterator[Event]:
        """Events related to one, newest first, without redacted ones."""
        path = f"/_matrix/client/v1/rooms/{quote(self.id, safe='')}/relations"
        path = f"{path}/{quote(event_id, safe='')}/{relation}"
        query: dict[str, str] = {"limit": str(EACH)}
        for _page in range(PAGES):
            try:
                page = self._call("GET", path, params=query)
            except Gone:
                return
            yield from (one for one in self._page(page) if one.get("content"))
            if not page.get("next_batch"):
                return
            query["from"] = str(page["next_batch"])

    def messages(self, sender: str = "") -> Iterator[Event]:
        """The room's messages, newest first, by one sender or all."""
        wanted: dict[str, Any] = {"types": ["m.room.message"]}
        if sender:
            wanted["senders"] = [sender]
        query = {"dir": "b", "limit": str(EACH), "filter": json.dumps(wanted)}
        for _page in range(PAGES):
            page = self._call("GET", self._path("messages"), params=query)
            yield from self._page(page)
            if not page.get("end"):
                return
            query["from"] = str(page["end"])

    def display_name(self, user: str) -> str:
        """A member's display name, else the local part of their id."""
        if self._names is None:
            joined = self._call("GET", self._path("joined_members")).get("joined", {})
            self._names = {
                one: str(member.get("display_name") or "") for one, member in joined.items()
            }
        return self._names.get(user) or user.removeprefix("@").split(":", 1)[0]

    # --- Files -----------------------------------------------------------------------------------------

    def upload(self, media: PostMedia) -> str:
        """Upload a file, unless done recently; return its ``mxc://`` URI."""
        address: str = self._uploads.once(media, lambda: self._send_file(media))
        return address

    def _send_file(self, media: PostMedia) -> str:
        try:
            data, mime = media.path.read_bytes(), media.mime
            if media.kind == "photo":
                data, mime, _size = picture_bytes(media, self.upload_limit())
        except FileNotFoundError as error:
            raise BeingMadeAgain from error
        answer = self._call(
            "POST",
            "/_matrix/media/v3/upload",
            params={"filename": media.filename},
            content=data,
            headers={"Content-Type": mime},
        )
        return self._required(answer, "content_uri")

    def forget(self, media: PostMedia) -> None:
        """Drop it from the upload cache, since an event shows it now."""
        self._uploads.forget([media])

    def delete_file(self, address: str) -> None:
        """Delete a file. Requires an administrator's token; without one the file remains, but nothing links to it."""
        path = f"/_synapse/admin/v1/media/{quote(address.removeprefix('mxc://'))}"
        refused = {400, 401, 403, 404, 405}
        self.web.call("DELETE", f"{self.base}{path}", accept=refused)
