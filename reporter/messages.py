"""User-facing messages, translated when they are shown, not when they are created.

The core knows no languages. A ``Message`` is English text that remembers the catalogue's key (gettext msgid) and what
fills its placeholders, through exceptions, worker processes and database columns.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

# In front of a stored message; older rows hold plain English.
_MARK = "\x1e"
# Catalogue key and parameters of one sentence.
Part = tuple[str, dict[str, Any]]


class Message(str):
    """English text with its catalogue keys.

    ``Message("%(name)s is empty.", name="a.jpg")``: the template uses ``%(name)s`` placeholders; parameters are text,
    numbers or messages themselves. A parameter called ``clause`` is a sentence inside another one and loses its full
    stop. Equal to any string with the same text.
    """

    parts: tuple[Part, ...]

    def __new__(cls, template: str, /, **params: Any) -> Self:
        """Fill the template. Raises KeyError if a parameter is missing."""
        return cls._of(((template, {name: _parameter(value) for name, value in params.items()}),))

    @classmethod
    def _of(cls, parts: Iterable[Part]) -> Self:
        kept = tuple(parts)
        text = " ".join(_filled(template, params) for template, params in kept)
        message = super().__new__(cls, text)
        message.parts = kept
        return message

    @classmethod
    def join(cls, messages: Iterable[str]) -> Self:
        """Return several sentences as one message, empty ones left out."""
        return cls._of(part for one in messages if one for part in as_message(one).parts)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (self.parts,))

    def translated(self, gettext: Callable[[str], str]) -> str:
        """Return the text in another language; ``gettext`` looks a template up."""
        texts = []
        for template, params in self.parts:
            filled = {
                name: value.translated(gettext) if isinstance(value, Message) else value
                for name, value in params.items()
            }
            texts.append(_filled(gettext(template), filled))
        return " ".join(texts)

    def map(self, change: Callable[[str], str]) -> Message:
        """Return the message with ``change`` applied to each text parameter, for example to remove secrets."""
        return Message._of(
            (
                template if params else change(template),
                {n: _changed(v, change) for n, v in params.items()},
            )
            for template, params in self.parts
        )

    def encode_for_storage(self) -> str:
        """Return a string that ``stored_message`` reads back; an empty message is an empty string."""
        if not self:
            return ""
        return _MARK + json.dumps(_plain(self), ensure_ascii=False, sort_keys=True)


def N_(template: str) -> str:
    """Mark a template for the catalogues without looking it up (gettext's noop)."""
    return template


def _filled(template: str, params: Mapping[str, Any]) -> str:
    if "clause" in params:
        params = {**params, "clause": str(params["clause"]).removesuffix(".")}
    return template % params if params else template


def _parameter(value: Any) -> Any:
    """Convert a parameter: an error to its message, anything that can't be stored to its text."""
    value = getattr(value, "message", value)
    return value if isinstance(value, str | int | float) else str(value)


def _restore(parts: tuple[Part, ...]) -> Message:
    return Message._of(parts)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, Message):
        return value.map(change)
    return change(value) if isinstance(value, str) else value


def _plain(message: Message) -> list[list[Any]]:
    return [
        [
            template,
            {n: {"message": _plain(v)} if isinstance(v, Message) else v for n, v in params.items()},
        ]
        for template, params in message.parts
    ]


def _from_plain(parts: list[list[Any]]) -> Message:
    return Message._of(
        (
            template,
            {n: _from_plain(v["message"]) if isinstance(v, dict) else v for n, v in params.items()},
        )
        for template, params in parts
    )


def comma_separated(things: Sequence[Message]) -> Message:
    """Return messages as one, with commas between."""
    return functools.reduce(
        lambda first, more: Message("%(first)s, %(more)s", first=first, more=more), things
    )


def as_message(text: str) -> Message:
    """Return a message as it is, any other text as a message without parameters."""
    return text if isinstance(text, Message) else Message(text)


def is_stored(text: str) -> bool:
    """Whether a text is an encoded message."""
    return text.startswith(_MARK)


def stored_message(text: str) -> Message:
    """Return what ``Message.encode_for_storage`` made, or older plain text as a message."""
    return _from_plain(json.loads(text[1:])) if is_stored(text) else Message(text)
