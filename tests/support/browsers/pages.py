"""What tests of the screens share: a phone, a laptop, the desk's token, media that is ready."""

from __future__ import annotations

import re
import uuid
from io import BytesIO
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from capture.renditions.worker import process_due
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db

# Everything that makes a request look like one of a volunteer's phone.
PHONE: dict[str, Any] = {
    "environ_base": {"REMOTE_ADDR": "192.168.4.23"},
    "base_url": "http://192.168.4.1:8000",
    # Read to the end and closed, as a browser does.
    "buffered": True,
}
JSON = {"Accept": "application/json"}


def send(client: FlaskClient, code: str, *files: Path, **fields: str) -> dict[str, Any]:
    """Keep a takeaway as a phone does; the record that comes back."""
    data: dict[str, Any] = {"client_id": str(uuid.uuid4()), **fields}
    if files:
        data["file"] = [(BytesIO(path.read_bytes()), path.name) for path in files]
    answer = client.post(f"/s/{code}/takeaways", data=data, headers=JSON, **PHONE)
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.get_json()
    return record


def make_ready(app: Flask) -> None:
    """Let the real decoders make all renditions that are due."""
    with app.app_context():
        kiosk = current_kiosk()
        while process_due(
            db.session(), kiosk.store, kiosk.pool, now=kiosk.now, limits=kiosk.settings.limits
        ):
            pass


# Of each browser: what its session knows of tokens, and the one that it was given.
_TOKENS: WeakKeyDictionary[FlaskClient, tuple[str, str]] = WeakKeyDictionary()


def token(client: FlaskClient) -> str:
    """The desk's CSRF token, read off a page as a browser would, once a session."""
    known, value = _TOKENS.get(client, ("", ""))
    if known and known == _secret(client):
        return value
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/desk/sessions").text)
    assert found is not None
    _TOKENS[client] = _secret(client), found[1]
    return found[1]


def _secret(client: FlaskClient) -> str:
    with client.session_transaction() as session:
        return str(session.get("csrf_token", ""))


def press(client: FlaskClient, path: str, **fields: str | list[str]) -> TestResponse:
    """Send a form of the desk."""
    return client.post(path, data={"csrf_token": token(client), **fields})


def place_of(client: FlaskClient, answer: TestResponse) -> str:
    """Where on the page a form leads back to: the id of an element that is there, '' for its top."""
    path, _, fragment = answer.location.partition("#")
    assert not fragment or f'id="{fragment}"' in client.get(path).text
    return fragment
