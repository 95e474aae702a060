"""JSON of takeaways and search results, with URLs that the client can open."""

from __future__ import annotations

import base64
from typing import Any

from capture.intake.fresh import RecordedTakeaway
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.shared.media import CAPTIONS
from reporter.annotations.recording_captions import captions_of
from reporter.conversation.replies import count_shown
from reporter.media.webvtt import webvtt
from reporter.models import Media, Rendition, Takeaway
from reporter.search import SearchResult
from reporter.stories.takeaway_json import MediaUrl, published_places, takeaway_record


def shell_url(media: Media, name: str) -> str:
    """Return a file URL for the command line; captions have no file and get a data URL (RFC 2397)."""
    store = current_kiosk().store
    if name == "original":
        return store.original(media.sha256, media.ext).as_uri()
    if name == CAPTIONS:
        captions = webvtt(captions_of(db.session(), media)).encode()
        return f"data:text/vtt;base64,{base64.b64encode(captions).decode('ascii')}"
    rendition: Rendition = next(r for r in media.renditions if r.name == name)
    return store.rendition(media.sha256, name, rendition.ext).as_uri()


def full_record(takeaway: Takeaway, media_url: MediaUrl) -> dict[str, Any]:
    """Return a takeaway with where it was published."""
    record = takeaway_record(takeaway, media_url, published_places(db.session(), takeaway))
    return {**record, "replies": count_shown(db.session(), takeaway)}


def taken_record(taken: RecordedTakeaway, media_url: MediaUrl) -> dict[str, Any]:
    """``full_record`` of what was just taken in. Something new was published nowhere, so nothing is looked up."""
    if taken.rows is not None:
        return takeaway_record(taken.rows.as_object(), media_url)
    return full_record(db.session().get_one(Takeaway, taken.id), media_url)


def shell_record(takeaway: Takeaway) -> dict[str, Any]:
    """Return a takeaway for the command line."""
    return full_record(takeaway, shell_url)


def search_record(
    found: SearchResult,
    rows: list[tuple[Takeaway, str]],
    media_url: MediaUrl,
    *,
    published: bool = True,
) -> dict[str, Any]:
    """Return a search result. ``published`` False: without where each was published (a query each)."""
    record = full_record if published else takeaway_record
    return {
        "query": found.query,
        "total": found.total,
        "took_ms": found.took_ms,
        "facets": found.facets,
        "suggestion": found.suggestion,
        "loosened": found.loosened.value,
        "results": [{**record(row, media_url), "highlight": mark} for row, mark in rows],
    }
