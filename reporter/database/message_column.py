"""Column types for messages (see ``reporter.messages``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

from sqlalchemy import JSON, String, Text
from sqlalchemy.types import TypeDecorator

from reporter.messages import Message, as_message, is_stored, stored_message


class MessageText(TypeDecorator[str]):
    """A text column of messages."""

    impl: Any = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Encode."""
        return None if value is None else as_message(value).encode_for_storage()

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        """Decode."""
        return None if value is None else stored_message(value)


class MessageString(MessageText):
    """The same for columns created as strings without a length."""

    impl = String
    cache_ok = True


class MessageJSON(TypeDecorator[Any]):
    """A JSON column in which any text may be a message."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Encode the messages in it."""
        return _each(value, lambda text: text.encode_for_storage() if _is_message(text) else text)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Decode the messages in it."""
        return _each(value, lambda text: stored_message(text) if is_stored(text) else text)


def _is_message(text: str) -> TypeGuard[Message]:
    return isinstance(text, Message)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each(one, change) for one in value]
    if isinstance(value, dict):
        return {name: _each(one, change) for name, one in value.items()}
    return value
