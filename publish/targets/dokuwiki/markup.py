"""A post as DokuWiki's markup, between marks, so that people's own words around it stay theirs.

A mark is a link to its own name that shows nothing: plain DokuWiki knows no comments, and a link survives every editor.
https://www.dokuwiki.org/wiki:syntax
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from publish.i18n import translations
from publish.markup.markdown import heading_depth
from publish.posts.model import WORDS, Block, Post, PostMedia, Remote
from publish.rendering.plain_text import credit, said_in, slot_line

# A word joiner: takes no room, and is not trimmed away as a blank would be.
UNSEEN = "\u2060"
# How our marks begin: nobody's words may be taken for one.
_MARK = re.compile(r"\[\[#(?=sra?-)")
_URL = re.compile(r"https?://[^\s<>\[\]{}|\"'\\^`]+")
# At the end of an address these belong to the sentence around it.
_AFTER_URL = ".,;:!?)"
# Pictures are shown within this box; a click shows the whole.
_BOX = 640, 480
# What names of pages can't hold, or what would open a namespace (https://www.dokuwiki.org/pagename).
_NOT_IN_NAMES = re.compile(r"[^\w.\-\u0080-\U0010ffff]+")
# Names are files there, each character that is not ASCII as up to 12 of them (%XX), and a file's name has 255.
_NAME_BYTES = 220
_NAME_LETTERS = 80


def plain(text: str) -> str:
    """Words as they were written: nothing in them is carried out, no quotes, smileys or dashes are made nicer."""
    told = _MARK.sub(f"[{UNSEEN}[#", text)
    parts = (f"<nowiki>{part}</nowiki>" if part else "" for part in told.split("</nowiki>"))
    return "%%</nowiki>%%".join(parts)


def safe(text: str) -> str:
    """The same; web addresses are links."""
    out, at = [], 0
    for found in _URL.finditer(text):
        address = found.group().rstrip(_AFTER_URL)
        out += [plain(text[at : found.start()]), f"[[{address}]]"]
        at = found.start() + len(address)
    return "".join([*out, plain(text[at:])])


def safe_lines(text: str) -> str:
    """One paragraph: its line breaks kept."""
    return "\\\\ ".join(_directed(safe(line.strip()), line) for line in text.strip().splitlines())


def _directed(shown: str, line: str) -> str:
    """A line with words from right to left keeps its own direction on a page of the other one (UAX #9, isolates)."""
    turned = any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in line)
    return f"\u2068{shown}\u2069" if turned else shown


def emphasis(text: str) -> str:
    """One line in italics."""
    told = " ".join(text.split())
    return f"//{plain(told)}//" if told else ""


def strong(text: str) -> str:
    """One paragraph in bold."""
    return "\\\\ ".join(
        _directed(f"**{plain(line.strip())}**", line) for line in text.strip().splitlines()
    )


def heading(text: str, level: int) -> str:
    """A heading; nothing in it is carried out there. Level 1 is the page's own."""
    signs = "=" * (7 - level)
    told = _MARK.sub(f"[{UNSEEN}[#", " ".join(text.split()))
    return f"{signs} {told or '…'} {signs}"


def page_name(text: str, instead: str = "") -> str:
    """A piece of a page's name; the wiki brings it into its own form. ``instead``: where no letter would be left."""
    name = "_".join(_NOT_IN_NAMES.sub(" ", text).lower().split())
    if not any(sign.isalnum() for sign in name):
        return instead
    while len(name) > _NAME_LETTERS or len(quote(name)) > _NAME_BYTES:
        head = name.rpartition("_")[0]
        name = head if len(head) > _NAME_LETTERS // 4 else name[:-1]
    return name


def begin(key: str) -> str:
    """The mark in front of our part of a page, behind its heading."""
    return f"[[#{key} begin: up to its end this is brought up to date from the gathering|{UNSEEN}]]"


def end(key: str) -> str:
    """The mark after it."""
    return f"[[#{key} end|{UNSEEN}]]"


def answer_mark(key: str) -> str:
    """What an answer of ours carries."""
    return f"[[#{key}|{UNSEEN}]]"


def find_part(text: str, key: str) -> tuple[int, int] | None:
    """Where our part of a page is: from its heading up to the mark at its end."""
    name = re.escape(key)
    first = re.search(rf"\[\[#{name} begin\b[^\]]*\]\]", text)
    last = re.compile(rf"\[\[#{name} end\b[^\]]*\]\]").search(text, first.end()) if first else None
    return (_heading_before(text, first.start()), last.end()) if first and last else None


def _heading_before(text: str, start: int) -> int:
    """Where the heading right above a place begins; without one, the place itself."""
    above = text[:start].rstrip()
    line = above[above.rfind("\n") + 1 :]
    own_line = text[len(above) : start].strip(" \t").startswith("\n")
    is_heading = line.lstrip().startswith("==") and line.endswith("==")
    return len(above) - len(line) if own_line and is_heading else start


def part_of(post: Post, links: Mapping[str, Remote], talk: str) -> str:
    """Our part of the page: a section with everything that the story says. ``talk``: the page to discuss it on."""
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
        here = ", ".join(f"[[{_address(c.url)}|{_title(c.name)}]]" for c in post.copies)
        yield f"{plain(words.gettext('Also here:'))} {here}"
    # Of its own: the collector of sentences does not look into f-strings.
    discuss = words.gettext("Discuss this")
    yield f"[[:{talk}|{_title(discuss)}]]"


def _address(url: str) -> str:
    return re.sub(r"[\s\[\]<>\"|]", lambda found: f"%{ord(found.group()):02X}", url)


def _title(text: str) -> str:
    """The words of a link, which are shown as they are, up to its end."""
    told = _MARK.sub(f"[{UNSEEN}[#", " ".join(text.split())) or "…"
    # A pair of braces would be taken for a picture, a pair of brackets for the end.
    told = re.sub(r"([\]{}])(?=[\]{}])", rf"\1{UNSEEN}", told)
    return f"{told} " if told.endswith(("]", "}")) else told


def _block(block: Block, language: str, links: Mapping[str, Remote], level: int) -> list[str]:
    if block.kind == WORDS:
        return _words(block, level)
    lines = []
    for media in block.media:
        if media.key in links:
            lines += [_file(links[media.key], media), ""]
    told = [strong(block.caption)] if block.caption else []
    told += [safe_lines(part) for part in block.paragraphs if part != block.caption]
    if by := credit(block, language):
        # Right below the last words, as a signature stands.
        told = [*told[:-1], f"{told[-1]}\\\\\n{emphasis(by)}"] if told else [emphasis(by)]
    lines += [line for part in told for line in (*part.split("\n"), "")]
    lines += [f"> {safe_lines(said.text)} {emphasis(said.author)}" for said in block.said]
    return lines


def _words(block: Block, level: int) -> list[str]:
    """An organizer's words: a heading becomes one below the section's, everything else plain paragraphs."""
    text = said_in(block)
    if heading_depth(block.text) is not None:
        return [heading(text, level)]
    return [line for part in text.split("\n\n") for line in (safe_lines(part), "")]


def _file(remote: Remote, media: PostMedia) -> str:
    return f"{{{{:{remote.id}?direct{_size(media)}|{_title(media.alt)}}}}}"


def _size(media: PostMedia) -> str:
    """The width to show it at, where it is known to be larger than the box.

    Without the height: with both a narrow window cuts off what is at the sides.
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
    """What somebody wrote, without its markup."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(next(group for group in found.groups() if group is not None))
        return f"\0{len(kept) - 1}\0"

    text = _KEPT.sub(keep, re.sub("[\0\u2060\u2068\u2069]", "", markup))
    for pattern, instead in _SIGNS:
        text = pattern.sub(instead, text)
    return re.sub("\0(\\d+)\0", lambda found: kept[int(found.group(1))], text).strip()
