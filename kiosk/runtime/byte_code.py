"""Cache of start-up results, stored beside Python's byte code."""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, FileSystemBytecodeCache


def folder() -> Path:
    """The folder of the cache; missing where Python stores no byte code either."""
    return Path(importlib.util.cache_from_source(__file__)).parent


class TemplateCode(FileSystemBytecodeCache):
    """Cache of compiled templates. Jinja validates entries by the source."""

    def __init__(self) -> None:
        pattern = f"jinja-{jinja2.__version__}-%s.cache"
        super().__init__(str(folder()), pattern)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store a compiled template; where the folder is read-only, it is compiled again next
        time."""
        with suppress(OSError):
            super().dump_bytecode(bucket)
