"""Requests made from the description, valid and not, against a kiosk behind its own server: none may be a server error.

``python -m tests.kiosk.web.openapi.fuzz [EXAMPLES]`` is the long form (``make fuzz-http``). It uses schemathesis
(https://schemathesis.readthedocs.io).
"""

from __future__ import annotations

import contextlib
import random
import sys
import tempfile
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from kiosk.app import create_app
from reporter.clock import utc_now
from reporter.config import Settings
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from tests.support.raw_http import served
from tests.support.submissions import jpeg

# What asks other machines, or stays open.
LEFT_OUT = frozenset({"POST /desk/conversation/look", "POST /desk/publish/now"})
PAUSE = "POST /desk/kiosk/pause"
# Answers with what to do, no errors: busy, and no room on the disk.
NO_ERRORS = frozenset({503, 507})


@schemathesis.serializer("application/offset+octet-stream", "image/jpeg")
def _raw(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


Known = Mapping[str, Sequence[str]]


@dataclass
class Tally:
    """What came back."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)


def make_kiosk(folder: Path) -> tuple[Flask, str]:
    """A kiosk with a session that runs, whose forms need no token; and that session's code."""
    now, rng = utc_now(), random.Random(5)
    made: Settings = make_gathering(
        folder, "Fuzzed", timezone="Europe/Berlin", language="en", now=now, rng=rng
    )
    with open_session(made) as session:
        hour = timedelta(hours=1)
        event = add_session(
            session, "Gardens", now=now, rng=rng, starts_at=now - hour, ends_at=now + hour
        )
        code = event.code
    app = create_app(made)
    app.config["WTF_CSRF_ENABLED"] = False
    return app, code


def fill(url: str, code: str) -> dict[str, list[str]]:
    """Bring a takeaway, a reply and an upload; the values that path parameters can have."""
    wants = {"Accept": "application/json"}
    sent = requests.post(
        f"{url}/s/{code}/takeaways",
        data={"text": "Compost"},
        files={"file": ("a.jpg", jpeg(1), "image/jpeg")},
        headers=wants,
        timeout=60,
    ).json()
    metadata = f"session {b64encode(code.encode()).decode()}"
    head = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Metadata": metadata}
    upload = requests.post(f"{url}/uploads", headers=head, timeout=60).headers["Location"]
    return {
        "code": [code],
        "receipt": [sent["receipt"]],
        "sha256": [sent["media"][0]["sha256"]],
        "number": [sent["id"].replace("-", "")],
        "upload_id": [upload.rsplit("/", 1)[1]],
        "rendition": ["thumb", "view", "original", "captions"],
        "kind": ["folder", "wordpress", "email"],
    }


def fuzz(url: str, *, examples: int, known: Known, only: Sequence[str] = ()) -> Tally:
    """Ask every operation so many times, valid and not, often with path parameters that are there (``known``)."""
    tally, rng = Tally(), random.Random(1)
    schema: Any = schemathesis.openapi.from_url(f"{url}/openapi.json")
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.label in LEFT_OUT or (only and operation.label not in only):
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _ask(operation, mode, examples, known, tally, rng)
        if operation.label == PAUSE:
            # Or every later request would be told to wait.
            requests.post(f"{url}/desk/kiosk/pause", timeout=60)
    return tally


def _ask(
    operation: Any, mode: Any, examples: int, known: Known, tally: Tally, rng: random.Random
) -> None:
    @settings(
        max_examples=examples,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        for name in set(known) & set(case.path_parameters or {}):
            if rng.random() < 0.7:
                case.path_parameters[name] = rng.choice(list(known[name]))
        answer = case.call(timeout=60)
        tally.statuses[answer.status_code] += 1
        if answer.status_code >= 500 and answer.status_code not in NO_ERRORS:
            tally.failures.setdefault(operation.label, case.as_curl_command())

    # Nothing is invalid about a request without anything in it.
    with contextlib.suppress(Unsatisfiable):
        ask()


def main(examples: int) -> int:
    """The long form; 1 if anything was found."""
    with tempfile.TemporaryDirectory() as folder:
        app, code = make_kiosk(Path(folder) / "gathering")
        with served(app.wsgi_app) as server:
            url = f"http://127.0.0.1:{server.bind_addr[1]}"
            tally = fuzz(url, examples=examples, known=fill(url, code))
    print(f"{sum(tally.statuses.values())} requests: {dict(sorted(tally.statuses.items()))}")
    for label, request in tally.failures.items():
        print(f"{label}\n    {request}")
    return bool(tally.failures)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 60))
