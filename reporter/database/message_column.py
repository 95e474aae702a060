"""The column type of messages (see ``reporter.messages``)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text
from sqlalchemy.types import TypeDecorator

from reporter.messages import as_message, stored_message


class MessageText(TypeDecorator[str]):
    """A column of messages."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Encode."""
        return None if value is None else as_message(value).encode_for_storage()

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        """Decode."""
        return None if value is None else stored_message(value)
