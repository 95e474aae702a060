"""Plain text of HTML from other servers: readable text only, without markup or scripts."""

from __future__ import annotations

import re

from reporter.schedule.lenient_html import LenientParser

_BREAKS = frozenset({"br", "p", "div", "li", "blockquote", "h1", "h2", "h3", "h4", "tr"})
_SILENT = frozenset({"script", "style", "template", "head"})
# Replies are shown on small screens; longer ones can be read at their source.
MOST_CHARS = 5000


class _Reader(LenientParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BREAKS:
            self.parts.append("\n")
        elif tag == "img":
            self.parts.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKS - {"br"}:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def plain_text(html: str) -> str:
    """Plain text of HTML, with paragraphs as line breaks, at most ``MOST_CHARS`` characters."""
    reader = _Reader()
    reader.parsed(html)
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return text if len(text) <= MOST_CHARS else text[:MOST_CHARS].rstrip() + "…"
