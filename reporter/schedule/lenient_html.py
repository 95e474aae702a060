"""An HTML parser that reads on whatever other people's programs wrote."""

from __future__ import annotations

from html.parser import HTMLParser


class LenientParser(HTMLParser):
    """Python's parser, without its assertions on marked sections such as ``<![x``: Word writes odd ones."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """Pass over it to the next ``>``, as browsers do."""
        return self.parse_bogus_comment(i)

    def parsed(self, html: str) -> None:
        """Read a whole text."""
        self.feed(html)
        self.close()
