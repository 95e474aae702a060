"""Render a post as wikitext between markers, so that other people's text around it is preserved.

https://www.mediawiki.org/wiki/Help:Formatting, https://www.mediawiki.org/wiki/Help:Images
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from publish.i18n import translations
from publish.markup.markdown import heading_depth
from publish.posts.model import WORDS, Block, Post, PostMedia, Remote
from publish.rendering.plain_text import block_text, credit, slot_line
from publish.rendering.web_addresses import web_addresses

# Everything MediaWiki may interpret, as character references, which are displayed literally.
_SPECIAL = re.compile(r"[&<>\[\]{}|'=*#;~_!\"-]")
# Characters not allowed in page names (https://www.mediawiki.org/wiki/Manual:Page_title), and their replacements.
_NOT_IN_NAMES = str.maketrans(
    {
        "<": "‹",
        ">": "›",
        "[": "(",
        "]": ")",
        "{": "(",
        "}": ")",
        "|": "-",
        "#": "№",
        "/": "-",
        "_": " ",
    }
)
_NAME_BYTES = 120


def safe(text: str) -> str:
    """Literal text; web addresses remain links."""
    out, at = [], 0
    for start, end in web_addresses(text):
        address = text[start:end].replace("~", "%7E").replace("__", "_%5F").replace("'", "%27")
        # MediaWiki takes letters and signs of every script into an address; a tag ends it.
        limit = "<nowiki/>" if text[end:].strip() and not text[end].isspace() else ""
        out += [_escape(text[at:start]), address + limit]
        at = end
    done = "".join([*out, _escape(text[at:])])
    # At the start of a line these indent the text.
    return f"&#{ord(done[0])};{done[1:]}" if done[:1] in (":", " ") else done


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"&#{ord(found.group())};", text)


def safe_lines(text: str) -> str:
    """One paragraph with its line breaks kept."""
    return "<br>".join(safe(line.strip()) for line in text.strip().splitlines())


def page_name(text: str) -> str:
    """A component of a page name."""
    name = " ".join(text.translate(_NOT_IN_NAMES).split()).strip(". :") or "…"
    name = re.sub(r"\s*:\s*", " - ", name)
    name = re.sub(r"~{3,}", "~", re.sub(r"%(?=[0-9A-Fa-f]{2})", "% ", name))
    return name.encode()[:_NAME_BYTES].decode(errors="ignore").strip()


def begin(key: str) -> str:
    """Start marker of our part of a page."""
    return f"<!-- social-reporter {key} begin: what stands up to its end is brought up to date from the gathering -->"


def end(key: str) -> str:
    """End marker of our part of a page."""
    return f"<!-- social-reporter {key} end -->"


def find_part(text: str, key: str) -> tuple[int, int] | None:
    """Position of our part of a page, including markers."""
    found = re.search(
        rf"<!-- social-reporter {re.escape(key)} begin.*?<!-- social-reporter {re.escape(key)} end -->",
        text,
        re.DOTALL,
    )
    return found.span() if found else None


def part_of(post: Post, links: Mapping[str, Remote], categories: Sequence[str]) -> str:
    """Our part of the page: a section with the whole story."""
    lines = [begin(post.key), f"== {safe(post.title)} ==", f"''{safe(slot_line(post))}''", ""]
    if post.lead:
        lines += [safe_lines(post.lead), ""]
    for block in post.blocks:
        lines += [*_block(block, post.language, links), ""]
    if post.copies:
        words = translations(post.language)
        here = words.gettext(", ").join(f"[{_address(c.url)} {safe(c.name)}]" for c in post.copies)
        lines += [f"{safe(words.gettext('Also here:'))} {here}", ""]
    return "\n".join([*lines, *(f"[[Category:{name}]]" for name in categories), end(post.key)])


def _address(url: str) -> str:
    return re.sub(r"[\s\[\]<>\"|]", lambda found: f"%{ord(found.group()):02X}", url)


def _block(block: Block, language: str, links: Mapping[str, Remote]) -> list[str]:
    if block.kind == WORDS:
        return _words(block)
    lines = [_file(links[media.key], media) for media in block.media if media.key in links]
    lines += [f"'''{safe_lines(block.caption)}'''", ""] if block.caption else []
    for part in block.paragraphs:
        if part != block.caption:
            lines += [safe_lines(part), ""]
    if byline := credit(block, language):
        lines += [f": ''{safe(byline)}''"]
    for reply in block.replies:
        lines += [f":: {safe_lines(reply.text)} ''{safe(reply.author)}''"]
    return lines


def _words(block: Block) -> list[str]:
    """An organizer's text: headings one level below the section's, everything else as plain paragraphs."""
    text = block_text(block)
    if heading_depth(block.text) is not None:
        return [f"=== {safe(text)} ==="]
    return [line for part in text.split("\n\n") for line in (safe_lines(part), "")]


def _file(remote: Remote, media: PostMedia) -> str:
    shown = "|none|frameless|upright=3" if media.kind == "photo" else "|none"
    return f"[[{remote.id}{shown}|alt={safe(' '.join(media.alt.split()))}]]"


def file_page(media: PostMedia, category: str) -> str:
    """Description page of a file."""
    words = "\n\n".join(part for part in (safe_lines(media.caption), safe(media.credit)) if part)
    return f"{begin(media.key)}\n{words}\n[[Category:{category}]]\n{end(media.key)}"


def words_of(markup: str) -> str:
    """Somebody's text without its markup."""
    text = re.sub(r"<!--.*?-->", "", markup, flags=re.DOTALL)
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found.group(1))
        return f"\0{len(kept) - 1}\0"

    text = re.sub(r"<nowiki>(.*?)</nowiki>", keep, text, flags=re.DOTALL)
    text = re.sub(r"<br\s*/?>", "\n", text)
    text = re.sub(r"</?[a-zA-Z][^<>]*>", "", text)
    text = re.sub(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]", r"\1", text)
    text = re.sub(r"\[(https?://\S+) ([^\]]+)\]", r"\2 (\1)", text)
    text = re.sub(r"'{2,5}", "", text)
    text = re.sub("\0(\\d+)\0", lambda found: kept[int(found.group(1))], text)
    return html.unescape(text).strip()
