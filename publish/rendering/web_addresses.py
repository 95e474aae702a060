"""Find web addresses in running text of any script, and link them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from markupsafe import Markup, escape

# None of the signs that no address may hold (RFC 3986), of which some are markup of wikis.
_BEGINNING = re.compile(r"https?://(?=[^\W_])[^\s<>\"\[\]{}|\\^`]+", re.IGNORECASE)
# At the end of an address these belong to the sentence around it; a bracket only if it was opened before the address.
_SENTENCE = ".,;:!?'*"
# After these a path may continue in any script: /wiki/柏林. After anything else, letters of a script that is written
# without spaces begin the next word.
_SEPARATORS = frozenset("/=-_.%&?#+~,;:@()")


def web_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each http(s) address, without punctuation of the sentence around it.

    Chinese and Japanese put no space after an address, and no script's stops and quotation marks are part of one.

    >>> text = "看 https://example.org/a。下次见"
    >>> [text[start:end] for start, end in web_addresses(text)]
    ['https://example.org/a']
    """
    at = 0
    while found := _BEGINNING.search(text, at):
        start, at = found.start(), found.start() + len(_trimmed(found.group()))
        yield start, at


def linked(text: str) -> Markup:
    """Escape text, with web addresses as links that search engines do not count as ours."""
    parts, at = [], 0
    for start, end in web_addresses(text):
        parts += [
            escape(text[at:start]),
            Markup('<a href="{0}" rel="ugc nofollow">{0}</a>').format(text[start:end]),
        ]
        at = end
    return Markup("").join([*parts, escape(text[at:])])


def _trimmed(address: str) -> str:
    host = address.index("//") + 2
    ends = (at for at in range(host + 1, len(address)) if _ends_before(*address[at - 1 : at + 1]))
    address = address[: next(ends, len(address))]
    while _is_of_the_sentence(address):
        address = address[:-1]
    return address


def _ends_before(previous: str, character: str) -> bool:
    if character.isascii():
        return False
    # Punctuation, symbols, and what is invisible, such as marks of direction.
    if unicodedata.category(character)[0] in "PSC":
        return True
    wide = unicodedata.east_asian_width(character) in "WF"
    return wide and previous.isascii() and previous not in _SEPARATORS


def _is_of_the_sentence(address: str) -> bool:
    closed_only = address.count(")") > address.count("(")
    return address[-1] in _SENTENCE or (address[-1] == ")" and closed_only)
