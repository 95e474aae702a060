"""XML-RPC: a call as bytes (a file in it in pieces), and what an answer says. http://xmlrpc.com/spec.md

Answers come from anybody's server: no document types or entities are taken, and nothing is made of them but numbers,
words, lists and structs. Dates stay words.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError
from xmlrpc.client import Binary, Error, Fault, Unmarshaller, dumps

# What XML 1.0 can't hold (https://www.w3.org/TR/xml/#charsets).
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What Unmarshaller raises at values that are none.
_NONSENSE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)
_END = b"</methodResponse>"
# A multiple of 3, so that pieces of base64 can stand behind one another.
_PIECE = 3 << 16
_HERE = b"<base64>\n</base64>"


class NoResponse(Exception):
    """This is not an XML-RPC response."""


def call_of(method: str, args: Sequence[Any]) -> bytes:
    """A call; characters that XML can't hold are left out of its words."""
    return dumps(tuple(_clean(arg) for arg in args), method, encoding="utf-8").encode()


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _NOT_IN_XML.sub("", value)
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    return {key: _clean(one) for key, one in value.items()} if isinstance(value, dict) else value


def call_with_file(
    method: str, before: Sequence[Any], path: Path, after: Sequence[Any]
) -> tuple[Iterator[bytes], int]:
    """A call with a file between its arguments, in pieces, and its length. The file is never whole in memory."""
    whole = call_of(method, [*before, Binary(b""), *after])
    head, mark, tail = whole.rpartition(_HERE)
    assert mark, whole
    size = path.stat().st_size
    head, tail = head + b"<base64>", b"</base64>" + tail
    return _pieces(head, path, tail), len(head) + 4 * -(-size // 3) + len(tail)


def _pieces(head: bytes, path: Path, tail: bytes) -> Iterator[bytes]:
    yield head
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield base64.b64encode(piece)
    yield tail


def result_of(body: bytes) -> Any:
    """What a response says, also when a server printed a warning in front of it.

    Raises xmlrpc.client.Fault where it tells an error, NoResponse where it is none.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.xmlrpc import DefusedExpatParser

    found = re.search(rb"<\?xml\b|<methodResponse\b", body)
    end = body.rfind(_END)
    if found is None or end < 0:
        raise NoResponse
    target = Unmarshaller()
    parser = DefusedExpatParser(target, forbid_dtd=True)
    try:
        parser.feed(body[found.start() : end + len(_END)])
        parser.close()
        [result] = target.close()
    except Fault:
        raise
    except (Error, ExpatError, DefusedXmlException, *_NONSENSE) as error:
        raise NoResponse from error
    return result
