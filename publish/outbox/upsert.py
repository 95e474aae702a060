"""What is done at a target for one item: our key is looked for before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from publish.composition.constraints import shrink
from publish.errors import Gone, RetryAfter
from publish.net.transfer_meter import current_wire
from publish.posts.model import Post, PostMedia, Remote
from publish.targets import Target
from publish.targets.base import Limits
from reporter.enums import DeliveryState

# With one key at one target, at most.
_COPIES = 4


def send_story(
    target: Target, known: Remote | None, post: Post, links: Mapping[str, Remote]
) -> Remote:
    """Change what is there, or make it; our key tells whether an earlier try arrived."""
    if known is not None:
        try:
            return target.update(known, post, links)
        except Gone:
            pass
    found = target.find(post.key)
    if found is not None:
        return target.update(found, post, links)
    made = target.create(post, links)
    first = target.find(post.key) if target.may_double else None
    return made if first is None or first.id == made.id else target.update(first, post, links)


def send_whole(
    target: Target, known: Remote | None, post: Post, limits: Limits, work: Path
) -> Remote:
    """Send a post whose files travel inside it, photos made smaller where they have to be."""
    made: list[Path] = []
    try:
        blocks = []
        for block in post.blocks:
            media = tuple(_ready(one, limits, work) for one in block.media)
            made += [new.path for new, old in zip(media, block.media, strict=True) if new != old]
            blocks.append(replace(block, media=media))
        return send_story(target, known, replace(post, blocks=tuple(blocks)), {})
    finally:
        for path in made:
            path.unlink(missing_ok=True)


def send_media(
    target: Target, known: Remote | None, media: PostMedia, limits: Limits, work: Path
) -> tuple[Remote, PostMedia]:
    """What is there then, and the file as it was sent (smaller, where the target takes no more)."""
    if known is not None:
        try:
            return target.update_media(known, media), media
        except Gone:
            pass
    found = target.find_media(media.key, media.ext)
    if found:
        return target.update_media(found, media), media
    sent = _ready(media, limits, work)
    try:
        return _put_media(target, sent), sent
    finally:
        if sent is not media:
            sent.path.unlink(missing_ok=True)


def _ready(media: PostMedia, limits: Limits, work: Path) -> PostMedia:
    try:
        return shrink(media, limits, work)
    except FileNotFoundError as error:
        raise RetryAfter("The file is being made again on this laptop.", 60) from error


def _put_media(target: Target, media: PostMedia) -> Remote:
    wire = current_wire()
    sent, answers = (wire.sent, wire.answers) if wire else (0, 0)
    remote = target.put_media(media)
    if wire is not None and wire.answers == answers:
        # Not over HTTP: nobody has counted these bytes.
        wire.out(max(0, media.bytes - (wire.sent - sent)))
    return remote


def withdraw(
    target: Target, known: Remote | None, key: str, kept: Mapping[str, Any], *, is_media: bool
) -> dict[str, Any]:
    """Take it away; needs nothing but the ledger, for the rows that it was made from are gone."""
    ext = str(kept.get("ext", ""))
    take = target.withdraw_media if is_media else target.withdraw
    there = known
    # What another kiosk made, or a try whose answer was lost, goes as well.
    for _ in range(_COPIES):
        if there is not None:
            with suppress(Gone):
                take(there)
        there = target.find_media(key, ext) if is_media else target.find(key)
        if there is None:
            break
    return {
        "state": DeliveryState.WITHDRAWN.value,
        "sent": "",
        "remote_id": "",
        "url": "",
        "error": "",
        "attempts": 0,
        "moved": 0,
        "remote": {name: kept[name] for name in ("title", "story") if name in kept},
    }
