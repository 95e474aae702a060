"""The static site of a gathering: plain pages with relative links, for a bundle, a stick or any web space.

All pages are in one folder (``index.html``, ``KEY.html``), files in ``media/``, style sheets in
``style/``. So the site works from any location, including by double click on a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from publish.i18n import count_phrase
from publish.posts.follow_up import CALENDAR
from publish.posts.model import WORDS, Block, GatheringFacts, Post, PostMedia
from publish.rendering.html import day_words, environment, period, render
from publish.site.search_index import SCRIPT, words_of
from publish.site.search_index import WORDS as FIND
from publish.site.smaller_pictures import poster_of, srcset
from publish.site.structured_data import about_front, about_story
from reporter.clock import rfc3339
from reporter.enums import Intent, Kind

_QUOTE_CHARS = 140
_ORDER = (Kind.PHOTO, Kind.VIDEO, Kind.AUDIO, Kind.NOTE)
_OPEN = (Intent.QUESTION.value, Intent.ACTION.value)
Summary = dict[str, Any]


def media_name(filename: str) -> str:
    """Path of a media file relative to the site's pages."""
    return f"media/{filename}"


def page_name(key: str) -> str:
    """File name of a story's page."""
    return f"{key}.html"


def story_page(post: Post, facts: GatheringFacts, links: Mapping[str, str], base: str = "") -> str:
    """Render a story's page. ``links``: media key -> relative URL; ``base``: the site's public URL."""
    lead = post.first_photo()
    image = links.get(lead.key, "") if lead else ""
    about = about_story(post, facts, image, base, page=page_name(post.key))
    return render(
        "site/story.html",
        facts.language,
        site=facts,
        post=post,
        links=links,
        about=about,
        page=page_name(post.key),
        lead=lead,
        srcset=srcset,
        poster_of=poster_of,
    )


def summarize(post: Post, links: Mapping[str, str]) -> Summary:
    """JSON summary of a story for the front page, stored in the ledger."""
    return {
        "title": post.title,
        "url": page_name(post.key),
        "starts_at": rfc3339(post.date),
        "updated": rfc3339(
            max((b.recorded_at for b in post.blocks if b.takeaway), default=post.date)
        ),
        "lead": post.lead,
        "room": post.slot.room if post.slot else "",
        "photos": _photos(post, links),
        "quote": next((_short(b.text) for b in post.blocks if b.text and b.kind != WORDS), ""),
        # A film is compiled from other takeaways, so it is not counted.
        "takeaways": [one.takeaway for one in post.blocks if one.takeaway and not one.parts],
        "session": post.slot is not None and not any(block.parts for block in post.blocks),
        "kinds": [block.kind for block in post.blocks if block.kind != WORDS],
        "open": [_open_item(block, post) for block in post.blocks if _is_open(block)],
        "told": post.takeaways,
        "words": words_of(post),
    }


def _photos(post: Post, links: Mapping[str, str]) -> list[dict[str, Any]]:
    """The first two pictures, for cover and card; poster frames if there are no photos."""
    photos = [m for block in post.blocks for m in block.media if m.kind == "photo"]
    posters = [m.poster for block in post.blocks for m in block.media if m.poster]
    return [_photo(m, links) for m in photos or posters if m.key in links][:2]


def _photo(media: PostMedia, links: Mapping[str, str]) -> dict[str, Any]:
    url = links[media.key]
    return {
        "url": url,
        "srcset": srcset(media.key, url, media.width, links),
        "type": media.mime,
        "bytes": media.bytes,
        "alt": media.alt,
        "width": media.width,
        "height": media.height,
    }


def _is_open(block: Block) -> bool:
    return block.intent in _OPEN and bool(block.text or block.caption)


def _open_item(block: Block, post: Post) -> dict[str, str]:
    return {
        "intent": block.intent,
        "takeaway": block.takeaway,
        "text": _short(block.text or block.caption),
        "author": block.author,
        "url": f"{page_name(post.key)}#t-{block.takeaway}",
        "title": post.title,
    }


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _QUOTE_CHARS else words[:_QUOTE_CHARS].rsplit(" ", 1)[0] + "…"


def front_page(facts: GatheringFacts, summaries: Sequence[Summary], base: str = "") -> str:
    """Render the front page: lead picture, sessions in order, open items."""
    ordered = sorted(summaries, key=lambda s: (s["starts_at"] or "9", s["title"], s["url"]))
    # The session with the most takeaways leads; its card shows the next picture.
    pictured = [s for s in ordered if s["photos"]]
    first = max(pictured, key=lambda s: s["kinds"].count("photo"), default=None)
    return render(
        "site/index.html",
        facts.language,
        site=facts,
        entries=[_card(facts, s, lead=s is first) for s in ordered],
        lead=first["photos"][0] if first else None,
        days=_days(facts, ordered),
        takeaways=_count_takeaways(ordered),
        sessions=sum(s.get("session", True) for s in ordered),
        open=_still_open(facts, ordered),
        themes=_themes(facts, ordered),
        days_of=_day_of(facts),
        find={"words": FIND, "script": SCRIPT} if summaries else None,
        about=about_front(facts, first["photos"][0]["url"] if first else "", base),
    )


def _count_takeaways(summaries: Sequence[Summary]) -> int:
    """Number of distinct takeaways: one may be in its session's story and in a report. Summaries
    stored by an older version list none.
    """
    named = {one for s in summaries for one in s.get("takeaways", ())}
    return len(named) + sum(len(s["kinds"]) for s in summaries if "takeaways" not in s)


def _still_open(facts: GatheringFacts, summaries: Sequence[Summary]) -> list[dict[str, str]]:
    """Open questions and intentions not covered by an organizers' item, each with its link."""
    settled = facts.agenda.settled
    # Summaries stored by an older version don't name the takeaway.
    return [one for s in summaries for one in s["open"] if one.get("takeaway") not in settled]


def _themes(facts: GatheringFacts, summaries: Sequence[Summary]) -> list[dict[str, Any]]:
    """Themes of the gathering; quotes that appear on a page of the site get links."""
    pages = {
        takeaway: f"{s['url']}#t-{takeaway}" for s in summaries for takeaway in s.get("told", ())
    }
    return [
        {
            "name": theme.name,
            "count": theme.count,
            "sessions": theme.sessions,
            "quotes": [
                {"text": _short(text), "url": pages[takeaway]}
                for takeaway, text in theme.quotes
                if takeaway in pages
            ],
        }
        for theme in facts.themes
    ]


def _day_of(facts: GatheringFacts) -> Callable[[date], str]:
    return lambda day: day_words(day, facts.language)


def calendar_file(facts: GatheringFacts) -> Iterator[tuple[str, bytes]]:
    """The calendar as (relative name, bytes), if it is not empty."""
    if facts.agenda.calendar:
        yield CALENDAR, facts.agenda.calendar


def _card(facts: GatheringFacts, summary: Summary, *, lead: bool) -> dict[str, Any]:
    photos = summary["photos"][-1:] if lead else summary["photos"][:1]
    card = {"photo": photos[0] if photos else None, "when": _when(facts, summary)}
    return {**summary, **card, "counts": _counts(facts, summary)}


def _moment(summary: Summary) -> datetime | None:
    return datetime.fromisoformat(summary["starts_at"]) if summary["starts_at"] else None


def _when(facts: GatheringFacts, summary: Summary) -> str:
    moment = _moment(summary)
    if moment is None:
        return ""
    env = environment(facts.language)
    return (
        f"{env.filters['weekday'](moment, facts.zone)} {env.filters['clock'](moment, facts.zone)}"
    )


def _days(facts: GatheringFacts, summaries: Sequence[Summary]) -> str:
    moments = sorted(m for m in map(_moment, summaries) if m is not None)
    if not moments:
        return ""
    return period(moments[0], moments[-1], facts.zone, facts.language)


def _counts(facts: GatheringFacts, summary: Summary) -> str:
    """Format as '3 photos · 1 video · 4 notes'."""
    return " · ".join(
        count_phrase(facts.language, kind, summary["kinds"].count(kind))
        for kind in _kinds_in(summary)
    )


def _kinds_in(summary: Summary) -> list[str]:
    return [kind.value for kind in _ORDER if kind.value in summary["kinds"]]


def sheets(assets: Path | None) -> Iterator[tuple[str, bytes]]:
    """The style sheets as (relative name, bytes). Without ``assets`` pages use the browser's default colours."""
    tokens = assets / "css" / "tokens.css" if assets else None
    yield "style/tokens.css", tokens.read_bytes() if tokens and tokens.is_file() else b""
    yield "style/site.css", (files("publish") / "templates" / "site" / "site.css").read_bytes()
