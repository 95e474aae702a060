"""An HTML parser that reads on whatever other people's programs wrote, in time that grows with the text alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser

# A start tag as HTML writes it. Possessive: what does not match fails without a second try.
_TAG = re.compile(
    r"<[a-zA-Z][^\s/>]*+"
    r"""(?:[\s/]++|[^\s/>"'<=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'<>=][^\s>]*+))?+)*+>"""
)
_ATTRIBUTE = re.compile(
    r"""([^\s/>"'<=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>=][^\s>]*+)))?+"""
)
_NAME = re.compile(r"[a-zA-Z][^\s/>\"'<=]*")
# Characters that may be looked at in vain before quotes are not followed any more.
_IN_VAIN = 20_000_000


class LenientParser(HTMLParser):
    """Python's parser, without its assertions on marked sections such as ``<![x``: Word writes odd ones.

    What is not closed is text. Python's parser looks for its end again from each ``<``: a mail of 100 KB took a minute.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """Pass over it to the next ``>``, as browsers do."""
        return self.parse_bogus_comment(i)

    def feed(self, data: str) -> None:
        """Read a whole text."""
        super().feed("".join(_closed(data)))

    def parsed(self, html: str) -> None:
        """Read a whole text."""
        self.feed(html)
        self.close()


def _closed(html: str) -> Iterator[str]:
    """The text in which each tag and comment ends; what is written as it should be stays as it is."""
    at, last_end = 0, html.rfind(">")
    last_comment_end, in_vain = html.rfind("-->"), 0
    while 0 <= (start := html.find("<", at)) < last_end:
        yield html[at:start]
        if html.startswith("<!--", start):
            is_closed = start < last_comment_end
            # Of a comment without an end its marks are left out, not its words.
            at = html.index("-->", start) + 3 if is_closed else start + 4
            yield html[start:at] if is_closed else ""
        elif html[start + 1 : start + 2] in ("/", "!", "?"):
            at = html.index(">", start) + 1
            yield html[start:at]
        elif not _NAME.match(html, start + 1):
            at = start + 1
            yield "&lt;"
        else:
            tag = _TAG.match(html, start) if in_vain < _IN_VAIN else None
            at = tag.end() if tag else html.index(">", start) + 1
            in_vain += 0 if tag else len(html) - start
            yield tag[0] if tag else _tidy(html[start:at])
    yield html[at:].replace("<", "&lt;")


def _tidy(tag: str) -> str:
    """A start tag whose quotes do not fit, with the attributes that can be read."""
    name = _NAME.match(tag, 1)
    if name is None:
        return escape(tag)
    attributes = []
    for found in _ATTRIBUTE.finditer(tag, name.end(), len(tag) - 1):
        value = next((one for one in found.groups()[1:] if one is not None), None)
        # Values hold references as before: only what would end them is written as one.
        ends = value is not None and value.replace('"', "&quot;").replace("<", "&lt;")
        attributes.append(found[1] if value is None else f'{found[1]}="{ends}"')
    return f"<{' '.join([name[0], *attributes])}{'/' if tag.endswith('/>') else ''}>"
