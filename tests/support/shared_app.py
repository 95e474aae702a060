"""What the applications of a test run share, so that not each makes it anew: gatherings, decoders, code of routes,
compiled SQL."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from capture.decoding.process_pool import DecoderPool
from capture.films.film_maker import MadeFilm, make_film
from capture.isolation.sandbox import Sandbox
from kiosk.runtime.context import KioskContext
from reporter.config import Settings
from reporter.films.script import Script
from reporter.gathering.folder import make_gathering
from tests.support.media.films import make_small_film
from tests.support.servers import on_postgresql


class NewGatherings:
    """New gatherings as `make_gathering` makes them; at the same moment and chance each is a copy of the first."""

    def __init__(self, folder: Path) -> None:
        """``folder``: an empty one, for those that are copied."""
        self._folder = folder
        self._made: dict[object, tuple[Settings, Any]] = {}

    def new(self, folder: Path, *, now: datetime, rng: random.Random) -> Settings:
        """A new gathering in Berlin, without sessions."""
        if on_postgresql.WANTED:
            return _make(folder, now, rng)
        key = (now, rng.getstate())
        if key not in self._made:
            self._made[key] = _make(self._folder / str(len(self._made)), now, rng), rng.getstate()
        first, chance = self._made[key]
        rng.setstate(chance)
        shutil.copytree(first.folder, folder, dirs_exist_ok=True)
        return replace(first, folder=folder)


def _make(folder: Path, now: datetime, rng: random.Random) -> Settings:
    return make_gathering(
        folder, "Spring gathering", timezone="Europe/Berlin", language="en", now=now, rng=rng
    )


class SharedDecoders(DecoderPool):
    """Real worker processes with their limits. An application that ends does not end them; `close()` does.

    Films are small, and one of words alone is rendered once: all of it stands in its script.
    """

    def __init__(self, sandbox: Sandbox, films: Path) -> None:
        """``films``: a folder to keep those in."""
        super().__init__(sandbox=sandbox)
        self._films = films
        self._rendered: dict[Script, MadeFilm] = {}

    def run(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Run it in a worker, as every pool does."""
        if function is not make_film:
            return super().run(function, *args, **options)
        function = make_small_film
        script, path, *_ = args
        if not _is_words_alone(script):
            return super().run(function, *args, **options)
        if script not in self._rendered:
            film: MadeFilm = super().run(function, *args, **options)
            kept = self._films / f"{len(self._rendered)}{path.suffix}"
            self._rendered[script] = replace(film, path=shutil.copyfile(path, kept))
            return film
        film = self._rendered[script]
        return replace(film, path=shutil.copyfile(film.path, path))

    def stop(self) -> None:
        """Leave them to the next application."""

    def close(self) -> None:
        """Stop all workers."""
        super().stop()

    def serve(self, kiosk: KioskContext) -> None:
        """Be all pools of a kiosk, in place of its own (none of those has begun yet)."""
        kiosk.pool = kiosk.quick_pool = kiosk.slow_pool = self


def _is_words_alone(script: Script) -> bool:
    return not script.music and not any(piece.path for piece in script.pieces)


@contextmanager
def shared_decoders(folder: Path) -> Iterator[SharedDecoders]:
    """Decoders for all gatherings below a folder; they write nowhere else."""
    scratch, films = folder / "scratch-of-decoders", folder / "films-of-decoders"
    scratch.mkdir()
    films.mkdir()
    decoders = SharedDecoders(Sandbox(write=(folder,), scratch=scratch), films)
    try:
        yield decoders
    finally:
        decoders.close()


@contextmanager
def routes_compiled_once() -> Iterator[None]:
    """Werkzeug reads the text of each rule and makes two functions of it, always the same: most of what an application
    costs. A rule takes what was made of an earlier one with the same text."""
    compile_rule = Rule.compile
    known: dict[object, Rule] = {}

    def once(rule: Rule) -> None:
        of = rule.map
        key = (
            *(type(rule), rule.rule, rule.subdomain, rule.host, repr(rule.defaults)),
            *(rule.merge_slashes, of.host_matching, frozenset(of.converters.items())),
        )
        first = known.setdefault(key, rule)
        if first is rule:
            compile_rule(rule)
            return
        rule._parts, rule._trace, rule._converters = first._parts, first._trace, first._converters
        rule.arguments |= first.arguments
        rule._build = first._build.__func__.__get__(rule)  # type: ignore[attr-defined]
        rule._build_unknown = first._build_unknown.__func__.__get__(rule)  # type: ignore[attr-defined]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "compile", once)
        yield


@contextmanager
def statements_compiled_once() -> Iterator[None]:
    """SQLAlchemy compiles each statement once an engine, and nearly every test has an engine of its own.

    Its cache is keyed by the dialect, whose instances for SQLite differ in nothing here.
    """
    shared: LRUCache[Any, Any] = LRUCache(3000)
    dialect = SQLiteDialect_pysqlite

    def cache(engine: Engine) -> Any:
        return shared if type(engine.dialect) is dialect else vars(engine).get("own_cache")

    def keep_own(engine: Engine, own: Any) -> None:
        vars(engine)["own_cache"] = own

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialect, "__hash__", lambda _self: hash(dialect))
        patch.setattr(dialect, "__eq__", lambda _self, other: type(other) is dialect)
        patch.setattr(Engine, "_compiled_cache", property(cache, keep_own), raising=False)
        yield
