"""What a start would work out again each time, kept beside Python's own byte code."""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, FileSystemBytecodeCache


def folder() -> Path:
    """Where it is kept; missing where Python keeps none either."""
    return Path(importlib.util.cache_from_source(__file__)).parent


class TemplateCode(FileSystemBytecodeCache):
    """Compiled templates. Jinja tells by the source whether one still holds."""

    def __init__(self) -> None:
        pattern = f"jinja-{jinja2.__version__}-%s.cache"
        super().__init__(str(folder()), pattern)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one; where nothing may be written, it is compiled again the next time."""
        with suppress(OSError):
            super().dump_bytecode(bucket)
