"""Convert organizers' Markdown (a CommonMark subset that every target can show) to HTML, blog blocks or text.

Supports headings, paragraphs, lists, quotes, emphasis, line breaks and links to http, https and
mailto. HTML is shown as typed. No pictures: those are takeaways.
https://markdown-it-py.readthedocs.io/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_RULES = (
    "paragraph",
    "heading",
    "list",
    "blockquote",
    "hr",
    "text",
    "newline",
    "escape",
    "entity",
    "emphasis",
    "link",
    "autolink",
    "backticks",
    "balance_pairs",
    "fragments_join",
    "text_join",
)
_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_HEADING = re.compile(r"(#{1,6})[ \t][^\n]*\Z")
# The page title is the h1; three levels below it are enough.
_LEVELS = {"h1": "h2", "h2": "h2", "h3": "h3"}
_OPENERS = frozenset({"paragraph_open", "heading_open", "list_item_open", "blockquote_open"})


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("zero", {"html": False, "breaks": True}).enable(_RULES)
    parser.validateLink = lambda url: bool(_LINK.match(url))  # type: ignore[method-assign]
    return parser


def _tokens(text: str, *, directions: bool = False) -> list[Token]:
    tokens = _parser().parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = _LEVELS.get(token.tag, "h4")
        if directions and token.type in _OPENERS:
            token.attrSet("dir", "auto")
    return tokens


def markdown_html(text: str) -> Markup:
    """HTML for our own pages: headings from h2, and each block with the text direction of its content."""
    parser = _parser()
    html = parser.renderer.render(_tokens(text, directions=True), parser.options, {})
    return Markup(html)  # noqa: S704  # html=False in _parser


def blog_markdown(text: str) -> Markup:
    """The same as WordPress blocks. Brackets become entities, since WordPress would execute [gallery]."""
    return Markup("\n").join(_blog_block(part) for part in _top_blocks(_tokens(text)))


def _blog_block(tokens: Sequence[Token]) -> Markup:
    parser = _parser()
    first = tokens[0]
    if first.type == "heading_open":
        first.attrSet("class", "wp-block-heading")
    html = parser.renderer.render(list(tokens), parser.options, {}).strip()
    html = html.replace("[", "&#91;").replace("]", "&#93;")
    level = int(first.tag[1:]) if first.type == "heading_open" else 0
    name = {"paragraph_open": "paragraph", "heading_open": "heading"}.get(first.type, "html")
    # Level 2 is the default of a heading block.
    about = f' {{"level":{level}}}' if level > 2 else ""
    return Markup(f"<!-- wp:{name}{about} -->\n{html}\n<!-- /wp:{name} -->")  # noqa: S704  # as above


def _top_blocks(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield the tokens of each top-level block."""
    start = depth = 0
    for number, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            yield tokens[start : number + 1]
            start = number + 1


def markdown_text(text: str) -> str:
    """Plain text for targets without markup: blocks separated by blank lines, links followed by their URL."""
    return "\n\n".join(_plain_block(part) for part in _top_blocks(_tokens(text))).strip()


def _plain_block(tokens: Sequence[Token]) -> str:
    lines: list[str] = []
    # Per open list: the number of its next item, None for a bullet list.
    lists: list[int | None] = []
    sign = ""
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            numbered = token.type == "ordered_list_open"
            lists.append(int(token.attrGet("start") or 1) if numbered else None)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            sign = "• " if lists[-1] is None else f"{lists[-1]}. "
            lists[-1] = None if lists[-1] is None else lists[-1] + 1
        elif token.type == "inline":
            lines.append("  " * max(len(lists) - 1, 0) + sign + _plain_inline(token.children or ()))
            sign = ""
    return "\n".join(lines)


def _plain_inline(tokens: Sequence[Token]) -> str:
    pieces: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        if token.type == "link_open":
            links.append((str(token.attrGet("href") or ""), len(pieces)))
        elif token.type == "link_close":
            address, start = links.pop()
            if "".join(pieces[start:]) not in (address, address.removeprefix("mailto:")):
                pieces.append(f" ({address.removeprefix('mailto:')})")
        elif token.type in ("softbreak", "hardbreak"):
            pieces.append("\n")
        else:
            pieces.append(token.content)
    return "".join(pieces)


def heading_depth(text: str) -> int | None:
    """Heading level 1 to 6 if the Markdown is a single heading, else None."""
    found = _HEADING.match(text.strip())
    return len(found[1]) if found else None
