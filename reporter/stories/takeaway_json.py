"""A takeaway as JSON: the same record for phones, the app shell, the bundle and later readers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.clock import rfc3339
from reporter.enums import DeliveryState, ItemKind, Kind, MediaState
from reporter.models import Attachment, Delivery, Media, Rendition, Takeaway
from reporter.moderation.takedowns import takedowns
from reporter.stories.queries import stories_of

# (media, rendition name or "original") -> address.
MediaUrl = Callable[[Media, str], str]


def takeaway_record(
    takeaway: Takeaway, media_url: MediaUrl, published: Iterable[dict[str, Any]] = ()
) -> dict[str, Any]:
    """The JSON of a takeaway; its schema is in ``kiosk.web.openapi.schemas``."""
    return {
        "receipt": takeaway.receipt,
        "id": str(takeaway.id),
        "session": {"code": takeaway.session.code, "title": takeaway.session.title},
        "kind": takeaway.kind,
        "text": takeaway.text,
        "caption": takeaway.caption,
        "author": takeaway.author,
        "prompt": takeaway.prompt,
        "intent": takeaway.intent,
        "audience": takeaway.audience,
        "consent": takeaway.consent,
        "licence": takeaway.licence,
        "state": takeaway.state,
        "starred": takeaway.starred,
        "recorded_at": rfc3339(takeaway.recorded_at),
        "received_at": rfc3339(takeaway.received_at),
        "tags": [tag.name for tag in takeaway.tags],
        "media": [_media_record(attachment, media_url) for attachment in takeaway.attachments],
        "published": list(published),
        "replies": 0,
    }


def _media_record(attachment: Attachment, media_url: MediaUrl) -> dict[str, Any]:
    media = attachment.media
    shown = _reported_media(media)
    done = media.state in (MediaState.READY, MediaState.FAILED)
    return {
        "sha256": media.sha256,
        "type": media.type,
        "bytes": media.bytes,
        "width": shown.width,
        "height": shown.height,
        "duration": shown.duration,
        "state": media.state if done else MediaState.PROCESSING.value,
        "error": media.error,
        "alt": attachment.alt,
        "renditions": _renditions(media, media_url),
    }


def _renditions(media: Media, media_url: MediaUrl) -> dict[str, str]:
    names = [rendition.name for rendition in media.renditions]
    if media.kind != Kind.PHOTO and media.recognized_text:
        # The text of a recording is that of its captions.
        names.append("captions")
    return {name: media_url(media, name) for name in names}


def _reported_media(media: Media) -> Media | Rendition:
    """The media whose size and length are reported: the original, or a rendition if that has another shape."""
    renditions = {rendition.name: rendition for rendition in media.renditions}
    return (
        renditions.get("play" if media.kind != Kind.PHOTO else "view", media)
        if media.edits_fingerprint
        else media
    )


def published_places(session: Session, takeaway: Takeaway) -> list[dict[str, Any]]:
    """Where it is published: the posts that it was sent in, and takedown results.

    Without a folder's path (``file:///home/ada/…``): whoever holds the receipt reads this, and can't open it.
    """
    leaving = takedowns(session, takeaway.id)
    places = {one["target"] for one in leaving}
    stories = [story.id for story in stories_of(session, takeaway)]
    rows = session.scalars(
        select(Delivery).where(Delivery.item_kind == ItemKind.STORY, Delivery.item_id.in_(stories))
    )
    sent = [
        {"target": row.target.name, "url": row.url, "state": row.state}
        for row in rows
        if takeaway.id in row.memory.takeaways
        and row.state != DeliveryState.WITHDRAWN
        and row.target.name not in places
    ]
    return [
        {**place, "url": "" if place["url"].startswith("file:") else place["url"]}
        for place in sent + leaving
    ]
