"""What the applications of a test run share, so that not each makes it anew: decoders, code of routes, compiled SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from capture.decoding.process_pool import DecoderPool
from capture.isolation.sandbox import Sandbox
from kiosk.runtime.context import KioskContext


class SharedDecoders(DecoderPool):
    """Real worker processes with their limits. An application that ends does not end them; `close()` does."""

    def stop(self) -> None:
        """Leave them to the next application."""

    def close(self) -> None:
        """Stop all workers."""
        super().stop()

    def serve(self, kiosk: KioskContext) -> None:
        """Be all pools of a kiosk, in place of its own (none of those has begun yet)."""
        kiosk.pool = kiosk.quick_pool = kiosk.slow_pool = self


@contextmanager
def shared_decoders(folder: Path) -> Iterator[SharedDecoders]:
    """Decoders for all gatherings below a folder; they write nowhere else."""
    scratch = folder / "scratch-of-decoders"
    scratch.mkdir()
    decoders = SharedDecoders(sandbox=Sandbox(write=(folder,), scratch=scratch))
    try:
        yield decoders
    finally:
        decoders.close()


@contextmanager
def routes_compiled_once() -> Iterator[None]:
    """Werkzeug compiles two functions a route, always the same: three quarters of what an application costs."""
    compile_builder = Rule._compile_builder
    known: dict[object, Callable[..., tuple[str, str]]] = {}

    def once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (rule.rule, repr(rule._trace), repr(rule.defaults), append_unknown)
        made: Any = known.get(key)
        if made is None:
            made = known[key] = compile_builder(rule, append_unknown)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
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
