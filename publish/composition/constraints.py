"""Fit a post to a target's limits: smaller photos, a still and a link instead of a video, fewer files.

Each change is described in a sentence that the ledger keeps. Photos are shrunk while sending
(``shrink``); everything else is decided beforehand (``fit_post``), so that nothing is sent that
would be refused.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from publish.errors import PayloadTooLarge
from publish.posts.model import Block, Post, PostMedia
from publish.targets.base import Limits
from reporter.messages import N_, Message

# Longest edges and JPEG qualities to try, in order. Below the last one a photo is no longer legible.
_STEPS = ((2048, 85), (1600, 82), (1280, 80), (1024, 78), (800, 75), (640, 70), (480, 65))
# After a refusal that states no size, a photo is retried at this fraction of its size.
LESS = 0.7
_TOO_LARGE = {
    "video": N_("The video (%(size)s) is larger than %(name)s takes (%(most)s)"),
    "audio": N_("The recording (%(size)s) is larger than %(name)s takes (%(most)s)"),
}
_WRONG_TYPE = {
    "video": N_("The video is of a type that %(name)s does not take (%(type)s)"),
    "audio": N_("The recording is of a type that %(name)s does not take (%(type)s)"),
}
# (with a still, with a link).
_INSTEAD = {
    (True, True): N_("%(clause)s; sent a still with a link."),
    (True, False): N_("%(clause)s; sent a still instead."),
    (False, True): N_("%(clause)s; sent the words with a link."),
    (False, False): N_("%(clause)s; sent the words instead."),
}
_SMALLER_FOR_LINE = N_(
    "Sent smaller than it is (%(sent)s of %(was)s): the line to %(name)s kept breaking."
)
_SMALLER_FOR_TARGET = N_("Sent smaller than it is (%(sent)s of %(was)s): %(name)s takes no more.")
_WAITS = {
    "video": N_(
        "The video (%(size)s) waits for a better line: the one to %(name)s kept breaking before all of it was there "
        "(attempts: %(count)s)."
    ),
    "audio": N_(
        "The recording (%(size)s) waits for a better line: the one to %(name)s kept breaking before all of it was "
        "there (attempts: %(count)s)."
    ),
    "photo": N_(
        "The photo (%(size)s) waits for a better line: the one to %(name)s kept breaking before all of it was there "
        "(attempts: %(count)s)."
    ),
}


@dataclass(frozen=True)
class FittedPost:
    """A post fitted to the target, the files left out with reasons, and sentences that describe the changes."""

    post: Post
    refused: Mapping[str, str]
    notes: tuple[str, ...] = ()
    # The original blocks.
    whole: tuple[Block, ...] = ()

    def left_out(self) -> Iterator[tuple[Block, PostMedia, str]]:
        """Files that are not sent, as (block, file, reason)."""
        for block in self.whole:
            for media in block.media:
                if media.key in self.refused:
                    yield block, media, self.refused[media.key]


def merge_limits(stated: Limits, learnt: Mapping[str, Any]) -> Limits:
    """The target's stated limits, narrowed by what its refusals taught."""
    known = {
        name: min(filter(None, (getattr(stated, name), learnt.get(name))), default=None)
        for name in ("image_bytes", "video_bytes")
    }
    return replace(stated, **known)


def learn(learnt: Mapping[str, Any], media: PostMedia) -> dict[str, Any]:
    """Update the learned limits after a file was refused for its size."""
    if media.mime.startswith("image/"):
        return {**learnt, "image_bytes": int(media.bytes * LESS)}
    return {**learnt, "video_bytes": media.bytes - 1}


def fit_post(
    post: Post,
    limits: Limits,
    *,
    place: str,
    whole: Mapping[str, str],
    parked: Mapping[str, str],
    kept: frozenset[str] = frozenset(),
    threads: bool = False,
    way: str = "",
) -> FittedPost:
    """Return the post without what the target does not accept.

    ``whole``: media key -> address of a copy that has the file. ``parked``: media key -> why the
    target refused it before. ``kept``: media keys that are already there and stay. ``threads``: the
    target splits many files across posts itself. ``way``: what limits the file size, if it is not
    the target.
    """
    refused: dict[str, str] = {}
    notes: list[str] = []
    blocks = []
    for block in post.blocks:
        fitted = _fit_block(
            block,
            limits,
            way or place,
            whole,
            parked=parked,
            kept=kept,
            refused=refused,
            notes=notes,
        )
        blocks.append(fitted)
    if limits.files is not None and not threads:
        blocks = _fewer(blocks, limits.files, place, notes)
    distinct = tuple(dict.fromkeys(notes))
    return FittedPost(replace(post, blocks=tuple(blocks)), refused, distinct, post.blocks)


def _fit_block(
    block: Block,
    limits: Limits,
    place: str,
    whole: Mapping[str, str],
    *,
    parked: Mapping[str, str],
    kept: frozenset[str],
    refused: dict[str, str],
    notes: list[str],
) -> Block:
    media: list[PostMedia] = []
    instead = link = ""
    for one in block.media:
        why = "" if one.key in kept else parked.get(one.key) or refusal(one, limits, place)
        if not why:
            media.append(one)
            continue
        link = link or whole.get(one.key, "")
        instead = instead or one.kind
        if one.poster is not None and one.poster.key not in parked:
            media.append(one.poster)
        refused[one.key] = instead_note(why, one, linked=bool(link))
        notes.append(refused[one.key])
    return replace(block, media=tuple(media), instead=instead, whole=link)


def refusal(media: PostMedia, limits: Limits, place: str) -> str:
    """Why a target does not accept this file, or empty. Photos are shrunk and converted to JPEG instead."""
    if media.mime.startswith("image/"):
        return ""
    most = limits.bytes_for(media.mime)
    if most is not None and media.bytes > most:
        template = _TOO_LARGE.get(media.kind, _TOO_LARGE["audio"])
        return Message(template, size=_mb(media.bytes), name=place, most=_mb(most))
    if limits.types is not None and media.mime not in limits.types:
        template = _WRONG_TYPE.get(media.kind, _WRONG_TYPE["audio"])
        return Message(template, name=place, type=media.mime)
    return ""


def instead_note(why: str, media: PostMedia, *, linked: bool) -> str:
    """The reason, with what is sent instead."""
    if "; sent " in why:
        return why
    return Message(_INSTEAD[media.poster is not None, linked], clause=why)


def _fewer(blocks: Sequence[Block], most: int, place: str, notes: list[str]) -> list[Block]:
    """Keep only the first files, and all text."""
    total = sum(len(block.media) for block in blocks)
    if total <= most:
        return list(blocks)
    left, cut = most, []
    for block in blocks:
        cut.append(replace(block, media=block.media[:left]))
        left = max(0, left - len(block.media))
    notes.append(
        Message(
            "The most files that %(name)s takes in one post: %(most)s. Stayed out: %(out)s of %(total)s.",
            name=place,
            most=most,
            out=total - most,
            total=total,
        )
    )
    return cut


def shrink(media: PostMedia, limits: Limits, folder: Path) -> PostMedia:
    """Shrink a photo to the target's limits into ``folder``; return the same object if it already fits.

    The key stays the same, since it is the same picture. Raise PayloadTooLarge if even the smallest
    step is too large.
    """
    if _fits(media, limits):
        return media
    data, size = _smaller(media.path, limits.image_bytes)
    path = folder / f"{media.key}.fit.jpg"
    path.write_bytes(data)
    return replace(
        media,
        path=path,
        mime="image/jpeg",
        ext=".jpg",
        bytes=len(data),
        width=size[0],
        height=size[1],
    )


def fitting_ext(media: PostMedia, limits: Limits) -> str:
    """The file extension with which ``shrink`` leaves it."""
    return media.ext if _fits(media, limits) else ".jpg"


def _fits(media: PostMedia, limits: Limits) -> bool:
    if not media.mime.startswith("image/"):
        return True
    most, wrong = limits.image_bytes, limits.types is not None and media.mime not in limits.types
    return not wrong and (most is None or media.bytes <= most)


def _smaller(path: Path, most: int | None) -> tuple[bytes, tuple[int, int]]:
    from PIL import Image

    with Image.open(path) as image:
        profile = image.info.get("icc_profile")
        picture = image.convert("RGB")
    for edge, quality in _STEPS:
        if most is not None and edge > 2 * max(picture.size):
            continue
        step = picture.copy()
        step.thumbnail((edge, edge), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        step.save(out, "JPEG", quality=quality, progressive=True, icc_profile=profile)
        if most is None or out.tell() <= most:
            return out.getvalue(), step.size
    raise PayloadTooLarge(
        "Even the smallest useful size of this photo is too large there.", learns=False
    )


def shrunk_notice(was: PostMedia, sent: PostMedia, place: str, *, cut: bool = False) -> str:
    """A sentence that says what ``shrink`` did. ``cut``: it was done because the connection kept breaking."""
    template = _SMALLER_FOR_LINE if cut else _SMALLER_FOR_TARGET
    return Message(template, sent=_mb(sent.bytes), was=_mb(was.bytes), name=place)


def cut_note(media: PostMedia, times: int, place: str) -> str:
    """Why a file is not sent although the target would accept it."""
    template = _WAITS.get(media.kind, _WAITS["audio"])
    return Message(template, size=_mb(media.bytes), name=place, count=times)


def _mb(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{max(1, round(count / 1000))} kB"
