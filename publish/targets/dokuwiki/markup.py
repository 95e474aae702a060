"""Render a post as DokuWiki markup between markers, so that other people's text around it is preserved.

A marker is a link to its own name with invisible text: plain DokuWiki has no comments, and a link
survives every editor. https://www.dokuwiki.org/wiki:syntax
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from publish.i18n import translations
from publish.markup.markdown import heading_depth
from publish.posts.model import WORDS, Block, Post, PostMedia, Remote
from publish.rendering.plain_text import block_text, credit, slot_line
from publish.rendering.web_addresses import web_addresses

# A word joiner: invisible, and unlike a space it is not trimmed.
UNSEEN = "\u2060"
# Prefix of our markers, which must never match other text.
_MARK = re.compile(r"\[\[#(?=sra?-)")
# Maximum display size of pictures; a click opens the full size.
_BOX = 640, 480
# Characters that page names can't contain or that would start a namespace (https://www.dokuwiki.org/pagename).
_NOT_IN_NAMES = re.compile(r"[^\w.\-\u0080-\U0010ffff]+")
# Names are file names there: a non-ASCII character takes up to 12 bytes (%XX) of the limit of 255.
_NAME_BYTES = 220
_NAME_LETTERS = 80


def plain(text: str) -> str:
    """Literal text: no markup, typographic quotes, smileys or dashes are applied."""
    escaped = _MARK.sub(f"[{UNSEEN}[#", text)
    parts = (f"<nowiki>{part}</nowiki>" if part else "" for part in escaped.split("</nowiki>"))
    return "%%</nowiki>%%".join(parts)


def safe(text: str) -> str:
    """Literal text with web addresses as links."""
    out, at = [], 0
    for start, end in web_addresses(text):
        address = text[start:end]
        out += [plain(text[at:start]), f"[[{address}]]"]
        at = end
    return "".join([*out, plain(text[at:])])


def safe_lines(text: str) -> str:
    """One paragraph with its line breaks kept."""
    return "\\\\ ".join(_directed(safe(line.strip()), line) for line in text.strip().splitlines())


def _directed(shown: str, line: str) -> str:
    """Isolate a right-to-left line on a left-to-right page, or vice versa (UAX #9, isolates)."""
    turned = any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in line)
    return f"\u2068{shown}\u2069" if turned else shown


def emphasis(text: str) -> str:
    """One line in italics."""
    line = " ".join(text.split())
    return f"//{plain(line)}//" if line else ""


def strong(text: str) -> str:
    """One paragraph in bold."""
    return "\\\\ ".join(
        _directed(f"**{plain(line.strip())}**", line) for line in text.strip().splitlines()
    )


def heading(text: str, level: int) -> str:
    """A heading with literal text. Level 1 is the page's own."""
    signs = "=" * (7 - level)
    title = _MARK.sub(f"[{UNSEEN}[#", " ".join(text.split()))
    return f"{signs} {title or '…'} {signs}"


def page_name(text: str, instead: str = "") -> str:
    """A component of a page name, which the wiki normalizes further. ``instead``: fallback if no letter remains."""
    name = "_".join(_NOT_IN_NAMES.sub(" ", text).lower().split())
    if not any(sign.isalnum() for sign in name):
        return instead
    while len(name) > _NAME_LETTERS or len(quote(name)) > _NAME_BYTES:
        head = name.rpartition("_")[0]
        name = head if len(head) > _NAME_LETTERS // 4 else name[:-1]
    return name


def begin(key: str) -> str:
    """Start marker of our part of a page, after its heading."""
    return f"[[#{key} begin: up to its end this is brought up to date from the gathering|{UNSEEN}]]"


def end(key: str) -> str:
    """End marker."""
    return f"[[#{key} end|{UNSEEN}]]"


def answer_mark(key: str) -> str:
    """Marker of our answers."""
    return f"[[#{key}|{UNSEEN}]]"


def find_part(text: str, key: str) -> tuple[int, int] | None:
    """Position of our part of a page: from its heading to the end marker."""
    name = re.escape(key)
    first = re.search(rf"\[\[#{name} begin\b[^\]]*\]\]", text)
    last = re.compile(rf"\[\[#{name} end\b[^\]]*\]\]").search(text, first.end()) if first else None
    return (_heading_before(text, first.start()), last.end()) if first and last else None


def _heading_before(text: str, start: int) -> int:
    """Start of the heading directly above a position, else the position itself."""
    above = text[:start].rstrip()
    line = above[above.rfind("\n") + 1 :]
    own_line = text[len(above) : start].strip(" \t").startswith("\n")
    is_heading = line.lstrip().startswith("==") and line.endswith("==")
    return len(above) - len(line) if own_line and is_heading else start


def part_of(post: Post, links: Mapping[str, Remote], talk: str) -> str:
    """Our part of the page: a section with the whole story. ``talk``: its discussion page."""
    level = 1 if post.slot is None or post.title == post.slot.title else 2
    lines = [
        heading(post.title, level),
        f"{begin(post.key)}{emphasis(slot_line(post))}",
        "",
    ]
    if post.lead:
        lines += [safe_lines(post.lead), ""]
    for block in post.blocks:
        lines += [*_block(block, post.language, links, level + 1), ""]
    lines += [" · ".join(_further(post, talk)), end(post.key)]
    return "\n".join(lines)


def _further(post: Post, talk: str) -> Iterator[str]:
    words = translations(post.language)
    if post.copies:
        here = words.gettext(", ").join(
            f"[[{_address(c.url)}|{_title(c.name)}]]" for c in post.copies
        )
        yield f"{plain(words.gettext('Also here:'))} {here}"
    # Separate call: message extraction does not look into f-strings.
    discuss = words.gettext("Discuss this")
    yield f"[[:{talk}|{_title(discuss)}]]"


def _address(url: str) -> str:
    return re.sub(r"[\s\[\]<>\"|]", lambda found: f"%{ord(found.group()):02X}", url)


def _title(text: str) -> str:
    """Link text, which is shown literally up to its closing brackets."""
    title = _MARK.sub(f"[{UNSEEN}[#", " ".join(text.split())) or "…"
    # Double braces would start a picture, double brackets would end the link.
    title = re.sub(r"([\]{}])(?=[\]{}])", rf"\1{UNSEEN}", title)
    return f"{title} " if title.endswith(("]", "}")) else title


def _block(block: Block, language: str, links: Mapping[str, Remote], level: int) -> list[str]:
    if block.kind == WORDS:
        return _words(block, level)
    lines = []
    for media in block.media:
        if media.key in links:
            lines += [_file(links[media.key], media), ""]
    texts = [strong(block.caption)] if block.caption else []
    texts += [safe_lines(part) for part in block.paragraphs if part != block.caption]
    if by := credit(block, language):
        # Directly below the last text, like a signature.
        texts = [*texts[:-1], f"{texts[-1]}\\\\\n{emphasis(by)}"] if texts else [emphasis(by)]
    lines += [line for part in texts for line in (*part.split("\n"), "")]
    lines += [f"> {safe_lines(reply.text)} {emphasis(reply.author)}" for reply in block.replies]
    return lines


def _words(block: Block, level: int) -> list[str]:
    """An organizer's text: headings one level below the section's, everything else as plain paragraphs."""
    text = block_text(block)
    if heading_depth(block.text) is not None:
        return [heading(text, level)]
    return [line for part in text.split("\n\n") for line in (safe_lines(part), "")]


def _file(remote: Remote, media: PostMedia) -> str:
    return f"{{{{:{remote.id}?direct{_size(media)}|{_title(media.alt)}}}}}"


def _size(media: PostMedia) -> str:
    """Display width, if the file is known to be wider than the box.

    Without the height: giving both crops the picture in a narrow window.
    """
    if media.kind != "photo" or not media.width or not media.height:
        return ""
    times = min(_BOX[0] / media.width, _BOX[1] / media.height)
    return f"&{round(media.width * times)}" if times < 1 else ""


# --- What people wrote ------------------------------------------------------------------------------------

_KEPT = re.compile(r"<nowiki>(.*?)</nowiki>|%%(.*?)%%|(https?://[^\s\]|]+)", re.DOTALL)
_SIGNS = (
    (re.compile(r"\\\\(?:[ \t]|$)", re.MULTILINE), "\n"),
    (re.compile(r"</?(?:sub|sup|del|code|file)(?: [^>]*)?>"), ""),
    (re.compile(r"\{\{[^{}|]*\|([^{}]*)\}\}"), r"\1"),
    (re.compile(r"\{\{\s*([^{}|?]*)[^{}|]*\}\}"), r"\1"),
    (re.compile(r"\[\[\s*(\x00\d+\x00)\s*\|([^\]]*)\]\]"), r"\2 (\1)"),
    (re.compile(r"\[\[(?:[^\]|]*\|)?([^\]|]*)\]\]"), r"\1"),
    (re.compile(r"\(\((.*?)\)\)", re.DOTALL), r" (\1)"),
    (re.compile(r"\*\*|//|__|''"), ""),
)


def words_of(markup: str) -> str:
    """Somebody's text without its markup."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(next(group for group in found.groups() if group is not None))
        return f"\0{len(kept) - 1}\0"

    text = _KEPT.sub(keep, re.sub("[\0\u2060\u2068\u2069]", "", markup))
    for pattern, instead in _SIGNS:
        text = pattern.sub(instead, text)
    return re.sub("\0(\\d+)\0", lambda found: kept[int(found.group(1))], text).strip()
