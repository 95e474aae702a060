"""Blueprints whose code is loaded on first use: most of it isn't needed for the page that a phone asks for first.

Their URL rules are known before, so that links can be built: the first start caches the rules beside the byte code
and, as Python does, ignores a cache that is older than the sources. Without a cache all blueprints are loaded at once.
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


class LazyRule(Rule):
    """A URL rule whose builder is compiled when the first link to it is made; most starts never need it."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = super()._compile_builder
        made: list[Callable[..., tuple[str, str]]] = []

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(compiled(append_unknown))
            return made[0](rule, **values)

        return build


class LazyApp(Flask):
    """An application that accepts blueprints after its first request.

    ``answered`` is set once the first answer is sent.
    """

    url_rule_class = LazyRule

    def __init__(self, *args: Any, **options: Any) -> None:
        self._lazy: Load | None = None
        self._lock = threading.RLock()
        self._loading = False
        self.answered = threading.Event()
        super().__init__(*args, **options)
        self.before_request(self._load_asked)
        self.after_request(self._note_answer)

    def register_lazy(self, load: Load, sources: Iterable[Path]) -> None:
        """Add the URL rules of all blueprints that ``load`` imports; import them when one is requested.

        ``sources``: files the blueprints are defined in, and folders of such; the cached rules are valid for these
        alone.
        """
        stamp = _stamp(sources)
        noted = _read(stamp)
        self._lazy = load
        if noted is not None:
            for address in noted:
                _add(self, address)
            return
        known = {id(rule) for rule in self.url_map.iter_rules()}
        self._lazy = None
        for blueprint in load():
            self.register_blueprint(blueprint)
        _note(stamp, [rule for rule in self.url_map.iter_rules() if id(rule) not in known])

    def load_lazy(self) -> None:
        """Load the blueprints once; other threads wait until that is done."""
        with self._lock:
            if self._lazy is None:
                return
            # Imports first: they take the time, and touch nothing of the application.
            blueprints = list(self._lazy())
            self._loading = True
            try:
                for blueprint in blueprints:
                    self.register_blueprint(blueprint)
                self._lazy = None
            finally:
                self._loading = False

    def _load_asked(self) -> None:
        if request.endpoint is not None and request.endpoint not in self.view_functions:
            self.load_lazy()

    def _note_answer(self, response: Response) -> Response:
        # When it has been sent, not when it begins.
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
        """As Flask does; of an address that is known already, only what answers it."""
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
    """Names, sizes and times, as Python knows its byte code by; empty where there are no files (one-folder app)."""
    files = (file for source in sources for file in _files(str(source)))
    return sorted([path, status.st_size, status.st_mtime_ns] for path, status in files)


def _files(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """The file itself, or a folder's Python files; nothing where there is neither."""
    if os.path.isfile(path):
        yield path, os.stat(path)
    elif os.path.isdir(path):
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir():
                    yield from _files(entry.path)
                elif entry.name.endswith(".py"):
                    yield entry.path, entry.stat()


def _read(stamp: list[list[Any]]) -> list[dict[str, Any]] | None:
    """None where nothing was noted, or of other code."""
    try:
        noted = json.loads((folder() / NOTED).read_text(encoding="utf-8"))
        addresses: list[dict[str, Any]] = noted["addresses"]
        return addresses if stamp and noted["stamp"] == stamp else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _note(stamp: list[list[Any]], rules: Iterable[Rule]) -> None:
    """For the next start; where nothing can be written (a program of root's), it loads all pages again."""
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
