"""A story with few characters: one short post, or a thread of posts, each with its files."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from publish.posts.model import WORDS, Post, PostMedia
from publish.rendering.plain_text import block_text, canonical, credit, mark_of, slot_line

# Room for " …" and " (99/99)".
_NUMBER_ROOM = 10
# Minimum share of a post for text next to a link: if a link leaves less, only the hashtag is kept
# for finding the post.
_LEAST_WORDS = 40
# Halving the sides of a 12 megapixel photo this often ends at a thumbnail.
_SHRINK_STEPS = 6


@dataclass(frozen=True)
class PostLimits:
    """Limits of one post at a target. ``measure`` counts characters as the target does."""

    characters: int
    files: int
    # Maximum number of posts in a thread.
    most: int
    # The file to show for one of ours, or None: a video may become its still.
    choose: Callable[[PostMedia], PostMedia | None]
    measure: Callable[[str], int] = len


@dataclass(frozen=True)
class ThreadPost:
    """One post of a thread."""

    text: str
    files: tuple[PostMedia, ...] = ()


@dataclass
class _Open:
    """A part being filled."""

    words: list[str] = field(default_factory=list)
    files: list[PostMedia] = field(default_factory=list)


def plan(post: Post, shape: PostLimits, *, marked: bool = True) -> list[ThreadPost]:
    """Split a story into a thread. The first part carries what it is found by: the link with our key, or a hashtag.

    If the organizer wrote a short text and the full story is elsewhere, that text and the link are all.
    """
    head, foot = _head(post), _foot(post, shape, marked=marked)
    room = shape.characters - _NUMBER_ROOM
    first_room = room - shape.measure(f"\n\n{foot}")
    if post.short and canonical(post.copies):
        files = [chosen for m in _real(post) if (chosen := shape.choose(m))]
        alike = [m for m in files if not _alone(m)][: shape.files] or files[:1]
        words = next(_cut(head, first_room, shape.measure), "")
        return [ThreadPost(f"{words}\n\n{foot}".strip(), tuple(alike))]
    parts = _pack(post, head, shape, first_room, room=room)
    cut = len(parts) > shape.most
    return _numbered(parts[: shape.most], foot, shape, cut=cut)


def _head(post: Post) -> str:
    if post.short:
        return post.short
    return "\n".join(line for line in (post.title, slot_line(post), post.lead) if line)


def _foot(post: Post, shape: PostLimits, *, marked: bool) -> str:
    link = canonical(post.copies)
    if (
        shape.measure(f"{link}\n\n#{mark_of(post.key)}")
        > shape.characters - _NUMBER_ROOM - _LEAST_WORDS
    ):
        link = ""
    mark = "" if not marked or post.key in link else f"#{mark_of(post.key)}"
    return " ".join(part for part in (link, mark) if part)


def _real(post: Post) -> Iterator[PostMedia]:
    return (media for block in post.blocks for media in block.media)


def _alone(media: PostMedia) -> bool:
    """Whether the file has to be alone: videos and recordings can't be combined with pictures."""
    return media.kind != "photo"


def _pack(post: Post, head: str, shape: PostLimits, first_room: int, *, room: int) -> list[_Open]:
    """Fill parts in order: text where there is room, files with the text they belong to."""
    parts = [_Open()]

    def limit() -> int:
        return first_room if len(parts) == 1 else room

    def add(words: str) -> None:
        for piece in _cut(words, limit(), shape.measure):
            both = "\n\n".join([*parts[-1].words, piece])
            if parts[-1].words and shape.measure(both) > limit():
                parts.append(_Open())
            parts[-1].words.append(piece)

    add(head)
    for block in post.blocks:
        byline = credit(block, post.language) if block.kind != WORDS else ""
        words = block_text(block)
        files = [chosen for media in block.media if (chosen := shape.choose(media))]
        if files and not _fits(parts[-1].files, files, shape.files):
            parts.append(_Open())
        add(f"{words}\n— {byline}" if words and byline else words or byline)
        for media in files:
            if not _fits(parts[-1].files, [media], shape.files):
                parts.append(_Open())
            parts[-1].files.append(media)
    return [part for part in parts if part.words or part.files]


def _fits(there: Sequence[PostMedia], more: Sequence[PostMedia], most: int) -> bool:
    if not there:
        return True
    mixed = any(_alone(media) for media in (*there, *more))
    return not mixed and len(there) + len(more) <= most


def _numbered(
    parts: Sequence[_Open], foot: str, shape: PostLimits, *, cut: bool
) -> list[ThreadPost]:
    numbered = []
    for number, part in enumerate(parts, 1):
        text = "\n\n".join(part.words)
        if cut and number == len(parts):
            text = text.rstrip() + " …"
        if number == 1 and foot:
            text = f"{text}\n\n{foot}"
        if len(parts) > 1:
            text = f"{text} ({number}/{len(parts)})"
        numbered.append(ThreadPost(text.strip(), tuple(part.files)))
    return numbered


def _cut(text: str, room: int, measure: Callable[[str], int]) -> Iterator[str]:
    """Split text between words into pieces that fit; an overlong word is broken."""
    rest = text.strip()
    while rest:
        if measure(rest) <= room:
            yield rest
            return
        size = _longest(rest, max(room - 2, 1), measure)
        gap = max(rest.rfind(" ", 0, size), rest.rfind("\n", 0, size))
        at = gap if gap > size // 2 else size
        yield rest[:at].rstrip() + " …"
        rest = rest[at:].lstrip()


def _longest(text: str, room: int, measure: Callable[[str], int]) -> int:
    """Number of characters of a text that fit in ``room``, by binary search."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle]) <= room else (low, middle - 1)
    return low


def part_number(text: str) -> int:
    """Number of the thread part in this text; 0 if it is none."""
    found = re.search(r"\((\d+)/\d+\)$", text.strip())
    return int(found.group(1)) if found else 0


def picture_bytes(
    media: PostMedia, most: int | None, sides: int | None = None
) -> tuple[bytes, str, tuple[int, int]]:
    """A picture within a size limit in bytes, its type and dimensions; shrunk step by step if larger."""
    from PIL import Image

    data = media.path.read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        size = image.size
        if (most is None or len(data) <= most) and (sides is None or max(size) <= sides):
            return data, media.mime, size
        picture = image.convert("RGB")
    longest = min(max(size), sides or max(size))
    for _ in range(_SHRINK_STEPS):
        smaller = picture.copy()
        smaller.thumbnail((longest, longest))
        for quality in (85, 70):
            out = io.BytesIO()
            smaller.save(out, "JPEG", quality=quality)
            if most is None or out.tell() <= most:
                return out.getvalue(), "image/jpeg", smaller.size
        longest = int(longest * 0.7)
    return out.getvalue(), "image/jpeg", smaller.size


def still_of(media: PostMedia) -> PostMedia | None:
    """A photo, or a video's still with its caption; None for a recording."""
    if media.kind == "photo":
        return media
    return replace(media.poster, alt=media.alt) if media.poster else None
