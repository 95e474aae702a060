"""Stories as content files for static site generators: front matter, Markdown, and file locations.

User text is escaped so that no Markdown, HTML, Liquid ({{ }}), Nunjucks or shortcode in it is
executed. Sources: https://gohugo.io/content-management/page-bundles/ ,
https://jekyllrb.com/docs/posts/ , https://www.11ty.dev/docs/permalinks/ ,
https://docs.getpelican.com/en/latest/content.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from publish.i18n import INTENTS, translations
from publish.posts.model import WORDS, Block, CrossLink, Post, PostMedia, PublishedReply
from publish.rendering.html import environment

# Backslash escapes work for these in CommonMark, kramdown and Python-Markdown alike …
_SLASHED = re.compile(r"([\\`*_\[\]()#!])")
# … and these are written as entities, which all of them preserve.
_ENTITIES = str.maketrans({c: f"&#{ord(c)};" for c in '<>&{}|~$"^='})
_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", '"': "”", "&": "+"})
# The four generators treat escapes in alt text differently, some literally, so alt text must need none.
_HARMLESS = str.maketrans('<>"&{}[]\\|`*_~', "‹›”+()()//'···")
# Characters that start a list or a rule at the beginning of a line.
_BEGINS = re.compile(r"^(\s*)([-+]|\d+[.)])(?=\s|$|-)")


@dataclass(frozen=True)
class Layout:
    """File layout of a generator. Placeholders: ``folder``, its ``last`` component, ``key``, ``day`` (YYYY-MM-DD)."""

    folder: str
    page: str
    files: str
    # How a page refers to a file of its story.
    address: str
    # The page's URL path on the site, also written to the front matter under this name, if there is one.
    link: str
    link_key: str = ""
    extra: str = ""


LAYOUTS: Mapping[str, Layout] = {
    "hugo": Layout(
        "content/posts",
        "{folder}/{key}/index.md",
        "{folder}/{key}",
        "{name}",
        "{last}/{key}/",
        "url",
    ),
    "jekyll": Layout(
        "_posts",
        "{folder}/{day}-{key}.md",
        "assets/{key}",
        '{{{{ "/assets/{key}/{name}" | relative_url }}}}',
        "posts/{key}/",
        "permalink",
        'layout: "post"\n',
    ),
    "eleventy": Layout(
        "posts",
        "{folder}/{key}.md",
        "{folder}/{key}",
        "{name}",
        "{last}/{key}/",
        "permalink",
        "templateEngineOverride: md\n",
    ),
    "pelican": Layout(
        "content",
        "{folder}/{key}.md",
        "{folder}/images/{key}",
        "{{static}}/images/{key}/{name}",
        "{key}.html",
    ),
}


@dataclass(frozen=True)
class StoryFiles:
    """Locations of stories in one repository."""

    kind: str
    folder: str = ""

    @property
    def layout(self) -> Layout:
        """The generator's layout."""
        return LAYOUTS[self.kind]

    @property
    def root(self) -> str:
        """Folder of the pages."""
        return (self.folder or self.layout.folder).strip("/")

    def page(self, post: Post) -> str:
        """Path of a story's page."""
        day = post.date.astimezone(ZoneInfo(post.zone)).date().isoformat() if post.date else ""
        return self._fill(self.layout.page, post.key, day=day or "1970-01-01")

    def file(self, key: str, media: PostMedia) -> str:
        """Path of a story's file."""
        return f"{self._fill(self.layout.files, key)}/{media.filename}"

    def link(self, key: str) -> str:
        """URL path of the page on the site."""
        return self._fill(self.layout.link, key)

    def owns(self, path: str, key: str) -> bool:
        """Whether a path belongs to a story."""
        if path.startswith(f"{self._fill(self.layout.files, key)}/"):
            return True
        pattern = re.escape(self._fill(self.layout.page, key, day="@")).replace("@", r"[\d-]{10}")
        return re.fullmatch(pattern, path) is not None

    def is_page(self, path: str, key: str) -> bool:
        """Whether a path is a story's page."""
        return path.endswith(".md") and self.owns(path, key)

    def text(self, post: Post) -> str:
        """The complete page: front matter and Markdown."""
        body = "\n\n".join(part for part in self._parts(post) if part)
        return f"{self._head(post)}\n{body}\n"

    def _fill(self, pattern: str, key: str, **more: str) -> str:
        last = PurePosixPath(self.root).name
        return pattern.format(**{"folder": self.root, "last": last, "key": key, "day": "", **more})

    def _head(self, post: Post) -> str:
        date = post.date.astimezone(ZoneInfo(post.zone)).isoformat() if post.date else ""
        fields = {"title": post.title, "date": date, "description": post.lead, "tags": post.tags}
        if self.kind == "pelican":
            # Without our summary it takes the first words, and some of its themes don't escape them.
            del fields["description"]
            fields |= {
                "slug": post.key,
                "summary": (post.lead or post.title).translate(_LOOKALIKES),
            }
            return "".join(
                f"{name.title()}: {_line(value)}\n" for name, value in fields.items() if value
            )
        # JSON is valid YAML, so nothing in a title can end its string.
        lines = (f"{name}: {_json(value)}\n" for name, value in fields.items() if value)
        link = f"/{self.link(post.key)}"
        return (
            f"---\n{''.join(lines)}{self.layout.link_key}: {_json(link)}\n{self.layout.extra}---\n"
        )

    def _parts(self, post: Post) -> Iterator[str]:
        yield _when(post)
        yield escape(post.lead)
        for block in post.blocks:
            yield from self._block(post, block)
        yield from _replies(post.replies)
        yield _copies(post)

    def _block(self, post: Post, block: Block) -> Iterator[str]:
        if block.kind == WORDS:
            yield organizers(block.text)
            return
        for media in block.media:
            yield self._media(post.key, media)
        texts = [escape(block.caption), *(escape(part) for part in block.paragraphs)]
        words = [part for number, part in enumerate(texts) if part and part not in texts[:number]]
        credit = _credit(block, post.language)
        if words and block.media:
            yield "\n\n".join(words)
        elif words:
            yield "\n>\n".join(
                "\n".join(f"> {line}" for line in part.split("\n")) for part in words
            )
        yield credit
        yield from _replies(block.replies)

    def _media(self, key: str, media: PostMedia) -> str:
        """A picture, or a link to audio and video: some generators disable raw HTML."""
        alt = " ".join(media.alt.translate(_HARMLESS).split())
        goal = self._address(key, media)
        if media.kind == "photo":
            return f"![{alt}]({goal})"
        if media.poster is not None:
            return f"[![{alt}]({self._address(key, media.poster)})]({goal})"
        return f"[{alt}]({goal})"

    def _address(self, key: str, media: PostMedia) -> str:
        return self.layout.address.format(key=key, name=media.filename)


def escape(text: str) -> str:
    """User text as Markdown that renders literally; line breaks are kept, blank lines are not."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "  \n".join(_escape_line(line) for line in lines if line)


def _escape_line(line: str) -> str:
    slashed = _SLASHED.sub(r"\\\1", line)
    begun = _BEGINS.sub(lambda m: f"{m[1]}{_begin(m[2])}", slashed)
    return re.sub(r"&(?!#\d+;)|[<>{}|~$\"^=]", lambda m: m[0].translate(_ENTITIES), begun)


def _begin(mark: str) -> str:
    return f"{mark[:-1]}&#{ord(mark[-1])};"


def organizers(text: str) -> str:
    """An organizer's Markdown, with everything neutralized that a template engine or browser would execute."""
    return re.sub(r"[{}<]", lambda m: f"&#{ord(m[0])};", text.strip())


def _when(post: Post) -> str:
    env = environment(post.language)
    zone = ZoneInfo(post.zone)
    parts = [post.gathering]
    if post.slot and post.slot.starts_at:
        day, clock = env.filters["day"], env.filters["clock"]
        parts.append(f"{day(post.slot.starts_at, zone)}, {clock(post.slot.starts_at, zone)}")
    if post.slot:
        parts += [post.slot.room, post.slot.speakers]
    return " · ".join(escape(part) for part in parts if part)


def _credit(block: Block, language: str) -> str:
    label = translations(language).gettext(INTENTS[block.intent]) if block.intent in INTENTS else ""
    line = " · ".join(escape(part) for part in (block.author, label) if part)
    return f"— {line}" if line else ""


def _replies(replies: tuple[PublishedReply, ...]) -> Iterator[str]:
    for one in replies:
        who = escape(" · ".join(part for part in (one.author, one.where) if part))
        yield f"> {who}: {escape(one.text)}".replace("\n", "\n> ")


def _copies(post: Post) -> str:
    if not post.copies:
        return ""
    words = translations(post.language)
    copies = words.gettext(", ").join(map(_copy, post.copies))
    return f"{escape(words.gettext('Also here:'))} {copies}"


def _copy(copy: CrossLink) -> str:
    goal = re.sub(r"[\s<>(){}]", lambda m: f"%{ord(m[0]):02X}", copy.url)
    return f"[{escape(copy.name)}]({goal})"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _line(value: object) -> str:
    """One line of Pelican's front matter format."""
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return " ".join(text.replace("<", "&lt;").split())
