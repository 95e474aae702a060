"""The edge of a worker: an error becomes a value, so that one broken item does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def attempt(call: Callable[[], T]) -> T | Exception:
    """Return what ``call`` returns, or the exception that it raised.

    For the outermost place of background work only (a turn of a worker, one row of the ledger, one file in a decoder
    process): whoever calls this logs or stores the error. Everywhere else the errors that are meant are named.
    """
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - this is that edge
        return error
