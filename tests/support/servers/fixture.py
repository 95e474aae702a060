"""A small HTTP server for fixtures: places that can't run here, behaving as their documentation and issues say."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import Any

from werkzeug import Request, Response
from werkzeug.serving import make_server

Handler = Callable[..., Any]


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, body: Any, **headers: str) -> None:
        super().__init__(status)
        self.status, self.body = status, body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class FixtureServer:
    """Over real HTTP. Subclasses list ``routes``: (methods, pattern, name of a method that answers)."""

    routes: tuple[tuple[str, str, str], ...] = ()

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.asked: list[tuple[str, str]] = []
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True)
        self.port = self._server.port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    def _serve(self, environ: Any, start: Any) -> Any:
        request = Request(environ)
        with self.lock:
            self.asked.append((request.method, request.path))
            try:
                return self._answer(request)(environ, start)
            finally:
                request.close()

    def _answer(self, request: Request) -> Response:
        try:
            answer = self._find(request)
        except Refusal as refusal:
            return self._write(refusal.body, refusal.status, refusal.headers)
        if isinstance(answer, Response):
            return answer
        body, status = answer if isinstance(answer, tuple) else (answer, 200)
        return self._write(body, status, {})

    def _write(self, body: Any, status: int, headers: dict[str, str]) -> Response:
        response = Response(json.dumps(body), status, mimetype="application/json")
        response.headers.extend(headers)
        return response

    def _find(self, request: Request) -> Any:
        for methods, pattern, name in self.routes:
            found = re.fullmatch(pattern, request.path)
            if found and request.method in methods.split():
                self.before(request)
                return getattr(self, name)(request, *found.groups())
        raise Refusal(404, {"error": "Record not found"})

    def before(self, request: Request) -> None:
        """Look at every request first, as for its token; raises Refusal."""

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
