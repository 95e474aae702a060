"""Turn an answer of unexpected form into an error that says what came, whatever target it came to."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from publish.errors import RetryAfter
from publish.net.remote_values import MALFORMED
from publish.net.stray_text import words_before_json
from publish.net.transfer_meter import current_meter

log = logging.getLogger(__name__)


@contextmanager
def understood(name: str) -> Iterator[None]:
    """Context manager around calls of a target: its answers may lack fields, or be a list in place of an object.

    Raises RetryAfter with what stands before the JSON of the last answer, as far as there is something. Never with
    the JSON itself, which may hold a token or an email address. ``name`` is the target's name.
    """
    try:
        yield
    except MALFORMED as error:
        # Lines of code only: values may hold a password.
        where = "".join(traceback.format_tb(error.__traceback__)[-3:])
        log.warning("the answer of %s can't be read (%s)\n%s", name, type(error).__name__, where)
        meter = current_meter()
        words = words_before_json(meter.last_text) if meter is not None else ""
        if not words:
            raise RetryAfter(
                "%(name)s answered in a way that can't be understood.", name=name
            ) from error
        raise RetryAfter(
            "%(name)s put something into its answer that does not belong there, so it can't be read: "
            "“%(words)s”. Its administrator has to fix that.",
            name=name,
            words=words,
        ) from error
