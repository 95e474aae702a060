"""Loads the code of pages on the first request for one of them: most of it isn't needed for a
phone's first page.

Their URLs are known before, so that links to them work: the first start caches them beside the byte
code, and a cache that is older than the code is ignored. Without a cache all pages are loaded at
once.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, request
from flask.typing import RouteCallable
from werkzeug.routing import Rule

from kiosk.runtime.byte_code import folder

NOTED = "addresses.json"
Load = Callable[[], Iterable[Blueprint]]


class LateRule(Rule):
    """A URL rule. Its builder is compiled when the first link to it is made, which most starts
    never do."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = super()._compile_builder
        made: list[Callable[..., tuple[str, str]]] = []

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(compiled(append_unknown))
            return made[0](rule, **values)

        return build


class LateApp(Flask):
    """A Flask application that accepts more pages after its first request. ``answered`` is set
    after the first response."""

    url_rule_class = LateRule

    def __init__(self, *args: Any, **options: Any) -> None:
        self._late: Load | None = None
        self._lock = threading.RLock()
        self._loading = False
        self.answered = threading.Event()
        super().__init__(*args, **options)
        self.before_request(self._load_asked)
        self.after_request(self._note_answer)

    def register_late(self, load: Load, sources: Iterable[Path]) -> None:
        """Register the URLs of all blueprints that ``load`` imports; import them on the first
        request for one.

        ``sources``: their source files.
        """
        stamp = _stamp(sources)
        noted = _read(stamp)
        self._late = load
        if noted is not None:
            for address in noted:
                _add(self, address)
            return
        known = {id(rule) for rule in self.url_map.iter_rules()}
        self._late = None
        for blueprint in load():
            self.register_blueprint(blueprint)
        _note(stamp, [rule for rule in self.url_map.iter_rules() if id(rule) not in known])

    def load_late(self) -> None:
        """Load what is not loaded yet; concurrent threads wait for it."""
        with self._lock:
            if self._late is None:
                return
            # Imports first: they take the time, and don't touch the application.
            blueprints = list(self._late())
            self._loading = True
            try:
                for blueprint in blueprints:
                    self.register_blueprint(blueprint)
                self._late = None
            finally:
                self._loading = False

    def _load_asked(self) -> None:
        if request.endpoint is not None and request.endpoint not in self.view_functions:
            self.load_late()

    def _note_answer(self, response: Response) -> Response:
        # When the response has been sent, not when it begins.
        response.call_on_close(self.answered.set)
        return response

    def _check_setup_finished(self, f_name: str) -> None:
        if not self._loading:
            super()._check_setup_finished(f_name)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """As in Flask; for a URL that is registered already, only set its view function."""
        if self._loading and endpoint is not None and view_func is not None:
            self.view_functions[endpoint] = view_func
        else:
            super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)


def _add(app: Flask, address: dict[str, Any]) -> None:
    automatic = address.pop("automatic")
    rule = app.url_rule_class(**address)
    rule.provide_automatic_options = automatic  # type: ignore[attr-defined]
    app.url_map.add(rule)


def _addresses(rules: Iterable[Rule]) -> Iterator[dict[str, Any]]:
    for rule in rules:
        yield {
            "string": rule.rule,
            "endpoint": rule.endpoint,
            "methods": sorted(rule.methods or ()),
            "defaults": rule.defaults,
            "strict_slashes": rule.strict_slashes,
            "automatic": getattr(rule, "provide_automatic_options", None),
        }


def _stamp(sources: Iterable[Path]) -> list[list[Any]]:
    """Names, sizes and times, by which Python validates its byte code; empty where there are no
    files (one-folder app)."""
    found = ((path, path.stat()) for path in sorted(sources) if path.is_file())
    return [[str(path), told.st_size, told.st_mtime_ns] for path, told in found]


def _read(stamp: list[list[Any]]) -> list[dict[str, Any]] | None:
    """Read the cache; None where it is missing or of other code."""
    try:
        noted = json.loads((folder() / NOTED).read_text(encoding="utf-8"))
        addresses: list[dict[str, Any]] = noted["addresses"]
        return addresses if stamp and noted["stamp"] == stamp else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _note(stamp: list[list[Any]], rules: Iterable[Rule]) -> None:
    """Write the cache for the next start; where that is not possible (installed by root), all
    pages are loaded each time."""
    if not stamp:
        return
    goal = folder() / NOTED
    beside = goal.with_name(f"{goal.name}.{os.getpid()}")
    try:
        beside.write_text(
            json.dumps({"stamp": stamp, "addresses": list(_addresses(rules))}), encoding="utf-8"
        )
        os.replace(beside, goal)
    except OSError:
        beside.unlink(missing_ok=True)
