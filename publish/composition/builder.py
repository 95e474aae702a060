"""Build posts from database rows: only content the gate allows at that target, and only files that are ready."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session, object_session

from publish.composition.cross_links import copies_of
from publish.composition.replies import replies_to_story, with_words
from publish.i18n import KINDS, translations
from publish.markup.markdown import heading_depth
from publish.posts.model import WORDS, Block, GatheringFacts, Post, PostMedia, SessionInfo
from reporter.annotations.recording_captions import captions_of
from reporter.enums import Kind, MediaState, Source
from reporter.media.alt_text import proposal
from reporter.media.store import Store
from reporter.media.webvtt import webvtt
from reporter.models import Attachment, EventSession, Media, Rendition, Story, StoryText, Takeaway
from reporter.moderation.visibility import Scope, may_show
from reporter.stories.queries import Piece, story_pieces, story_title

# The rendition published for each kind of original.
_OUT = {Kind.PHOTO.value: "view", Kind.VIDEO.value: "play", Kind.AUDIO.value: "play"}


def build_post(
    session: Session,
    story: Story,
    place: Scope,
    *,
    store: Store,
    facts: GatheringFacts,
    target_id: uuid.UUID | None = None,
    elsewhere: bool = False,
    drafts: bool = False,
) -> Post | None:
    """Build a story's post for a target; None if nothing in it may be shown there or nothing is ready.

    Includes replies made at the gathering and, with ``elsewhere``, those made at other targets.
    ``target_id``: the target it is for, so that it is not listed as a copy of itself. ``drafts``:
    also build drafts, for a preview; they are never sent.
    """
    if story.draft and not drafts:
        return None
    pieces = story_pieces(session, story, place)
    blocks = _without_bare_headings(_blocks(pieces, story, store, facts))
    shown = {block.takeaway for block in blocks}
    takeaways = [p for p in pieces if isinstance(p, Takeaway) and str(p.id) in shown]
    # A story without takeaways is published only if an organizer composed it.
    if not blocks or (story.session_id is not None and not takeaways):
        return None
    blocks = with_words(session, blocks, takeaways, place, facts=facts, elsewhere=elsewhere)
    event = story.session
    return Post(
        key=_story_key(story, facts),
        story=story.id,
        title=story_title(story),
        lead=story.lead,
        gathering=facts.title,
        language=facts.language,
        zone=str(facts.zone),
        slot=_slot(event) if event else None,
        date=event.starts_at if event else _first_moment(blocks, story),
        blocks=blocks,
        tags=tuple(sorted({tag.name for takeaway in takeaways for tag in takeaway.tags})),
        replies=replies_to_story(session, story, place, facts) if elsewhere else (),
        short=story.short,
        copies=copies_of(session, story, place, target_id),
    )


def _first_moment(blocks: Sequence[Block], story: Story) -> datetime:
    moments = (block.recorded_at for block in blocks if block.takeaway)
    return min(moments, default=story.created_at)


def _blocks(
    pieces: Sequence[Piece], story: Story, store: Store, facts: GatheringFacts
) -> tuple[Block, ...]:
    blocks = (
        _words(piece, story) if isinstance(piece, StoryText) else _block(piece, store, facts)
        for piece in pieces
    )
    return tuple(block for block in blocks if block is not None)


def _words(row: StoryText, story: Story) -> Block | None:
    text = row.text.strip()
    if not text:
        return None
    return Block(
        takeaway="",
        kind=WORDS,
        text=text,
        caption="",
        author="",
        intent="",
        prompt="",
        recorded_at=story.created_at,
        media=(),
    )


def _without_bare_headings(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Remove headings with nothing below them, because what stood there may not be shown here."""
    kept: list[Block] = []
    # Level of the next heading, scanning backwards; the end counts as the highest level.
    below: int | None = 0
    for block in reversed(blocks):
        depth = heading_depth(block.text) if block.kind == WORDS else None
        if depth is None or below is None or below > depth:
            kept.append(block)
            below = depth
    return tuple(reversed(kept))


def build_files(
    takeaway: Takeaway, place: Scope, *, store: Store, facts: GatheringFacts
) -> list[PostMedia]:
    """Files of a takeaway as published with its story; empty if it may not be shown there."""
    block = _block(takeaway, store, facts) if may_show(takeaway, place) else None
    return list(block.files()) if block else []


def _story_key(story: Story, facts: GatheringFacts) -> str:
    """A stable key that is valid as slug, file name and record key.

    A session's own story is named after the session's code: two kiosks of one gathering create two
    Story rows, but one post.
    """
    own = story.session.code.lower() if story.session else story.id.hex[-12:]
    return f"sr-{facts.mark}-{own}"


def _slot(event: EventSession) -> SessionInfo:
    return SessionInfo(
        code=event.code,
        room=event.room,
        track=event.track,
        speakers=event.speakers,
        description=event.description,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        title=event.title,
    )


def _block(takeaway: Takeaway, store: Store, facts: GatheringFacts) -> Block | None:
    files = (_post_media(a, store, facts) for a in takeaway.attachments)
    media = tuple(file for file in files if file is not None)
    if not media and not takeaway.text.strip() and not takeaway.caption.strip():
        return None
    return Block(
        takeaway=str(takeaway.id),
        kind=takeaway.kind if media else Kind.NOTE.value,
        text=takeaway.text.strip(),
        caption=takeaway.caption.strip(),
        author=takeaway.author.strip(),
        intent=takeaway.intent,
        prompt=takeaway.prompt.strip(),
        recorded_at=takeaway.recorded_at,
        media=media,
        parts=_parts(takeaway),
    )


def _parts(takeaway: Takeaway) -> tuple[str, ...]:
    if takeaway.source != Source.FILM:
        return ()
    return tuple(sorted(str(part.part_id) for part in takeaway.parts))


def _post_media(attachment: Attachment, store: Store, facts: GatheringFacts) -> PostMedia | None:
    media = attachment.media
    renditions = {rendition.name: rendition for rendition in media.renditions}
    main = renditions.get(_OUT.get(media.kind, "view"))
    # The row stays while a lost rendition is recreated, so the story keeps its picture.
    if media.state == MediaState.FAILED or main is None:
        return None
    poster = renditions.get("poster") if media.kind == Kind.VIDEO else None
    return _file(
        attachment,
        main,
        kind=media.kind,
        store=store,
        facts=facts,
        poster=_file(attachment, poster, kind=Kind.PHOTO, store=store, facts=facts)
        if poster
        else None,
        captions=_captions(media),
    )


def _captions(media: Media) -> str:
    session = object_session(media)
    if media.kind == Kind.PHOTO or not media.recognized_text or session is None:
        return ""
    return webvtt(captions_of(session, media))


def _file(
    attachment: Attachment,
    rendition: Rendition,
    *,
    kind: str,
    store: Store,
    facts: GatheringFacts,
    poster: PostMedia | None = None,
    captions: str = "",
) -> PostMedia:
    takeaway, media = attachment.takeaway, attachment.media
    return PostMedia(
        key=f"sr-{facts.mark}-{rendition.sha256[:20]}",
        sha256=rendition.sha256,
        kind=kind,
        path=store.rendition(media.sha256, rendition.name, rendition.ext),
        mime=rendition.type,
        ext=rendition.ext,
        bytes=rendition.bytes,
        width=rendition.width,
        height=rendition.height,
        duration=rendition.duration,
        alt=_alt(attachment, media, facts),
        caption=takeaway.caption.strip() or takeaway.text.strip(),
        credit=takeaway.author.strip(),
        poster=poster,
        captions=captions,
    )


def _alt(attachment: Attachment, media: Media, facts: GatheringFacts) -> str:
    """Alt text: the given one, else the shortened text that came with the picture, else its kind."""
    if attachment.alt.strip():
        return attachment.alt.strip()
    kind = translations(facts.language).gettext(KINDS.get(media.kind, KINDS["photo"]))
    return proposal(attachment.takeaway, kind)
