"""Addresses of a hub: ``/g/<gathering>/…`` are a gathering's pages as a laptop has them, all else is the hub's own.

A gathering's pages see their address as a laptop's would be, with what stands before it as SCRIPT_NAME (PEP 3333); so
links among them stay within the gathering.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

# Where the middleware leaves the gathering's id.
KEY = "reporter.gathering"
# The hub's own pages.
OWN = "/hub"
_GATHERING = re.compile(r"/g/([0-9a-f]{32})(/.*)?\Z")
_SHARED = ("/static/", "/hub/")


def gathering_path(gathering: uuid.UUID, path: str = "/") -> str:
    """The address of a page of a gathering."""
    return f"/g/{gathering.hex}{path}"


class GatheringPaths:
    """Sorts requests to gatherings and to the hub itself."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on."""
        path = environ.get("PATH_INFO", "")
        found = _GATHERING.match(path)
        if found and not (found[2] or "/").startswith(_SHARED):
            environ[KEY] = uuid.UUID(found[1])
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + path[: found.end(1)]
            environ["PATH_INFO"] = found[2] or "/"
        elif found:
            environ["PATH_INFO"] = found[2]
        elif not path.startswith(_SHARED):
            environ["PATH_INFO"] = OWN + path
        return self._application(environ, start_response)
