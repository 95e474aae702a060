"""XML-RPC encoding (with streamed files) and decoding. http://xmlrpc.com/spec.md

Responses are untrusted: document types and entities are rejected, and only numbers, strings, lists
and structs are decoded. Dates remain strings.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError
from xmlrpc.client import Binary, Error, Fault, Unmarshaller, dumps

# Characters not allowed in XML 1.0 (https://www.w3.org/TR/xml/#charsets).
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Exceptions raised by Unmarshaller for invalid values.
_NONSENSE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)
_END = b"</methodResponse>"
# A multiple of 3, so that base64 chunks can be concatenated.
_PIECE = 3 << 16
_HERE = b"<base64>\n</base64>"


class NoResponse(Exception):
    """Not an XML-RPC response."""


def call_of(method: str, args: Sequence[Any]) -> bytes:
    """Encode a call, dropping characters that XML can't represent."""
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
    """Encode a call with a file argument as chunks, with the total length. The file is never fully in memory."""
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
    """Decode a response, even if the server printed a warning before it.

    Raises xmlrpc.client.Fault for an error response, NoResponse if it is not XML-RPC.
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
