"""Build the curated bundle: a checksummed snapshot of everything approved for the public, with a website.

``data/`` holds the site (``index.html`` and its files), ``takeaways.json`` with every takeaway's record, and the
originals of unedited photos whose place and time metadata can be removed. Of everything else the bundle holds the
rendition.
"""

from __future__ import annotations

import json
import mimetypes
import random
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from publish.bundle.archive_writers import ArchiveWriter, Derived, FolderWriter, Source, ZipWriter
from publish.bundle.atomic_replace import check_destination, replace_atomically, temporary_sibling
from publish.bundle.bagit import BagWriter
from publish.bundle.ro_crate import NAME as CRATE
from publish.bundle.ro_crate import crate_file
from publish.bundle.strip_metadata import Parts, stripped
from publish.bundle.unchanged import Changed, Comparison
from publish.composition.builder import build_post
from publish.composition.themes import public_themes
from publish.errors import PublishError
from publish.posts.model import GatheringFacts, Post, PostMedia
from publish.rendering.html import render
from publish.site.feeds import feed_files
from publish.site.pages import (
    calendar_file,
    front_page,
    media_name,
    page_name,
    sheets,
    story_page,
    summarize,
)
from publish.site.search_index import search_files
from publish.site.smaller_pictures import smaller_copies
from reporter.annotations.recording_captions import captions_of
from reporter.clock import rfc3339
from reporter.enums import Kind
from reporter.errors import Conflict
from reporter.media.place_errors import place_trouble
from reporter.media.store import Store
from reporter.media.webvtt import webvtt
from reporter.models import Attachment, Media, Takeaway
from reporter.moderation.visibility import Scope, showable
from reporter.stories.queries import all_stories, with_everything
from reporter.stories.takeaway_json import takeaway_record

# Progress callback: (done, total, description).
Progress = Callable[[int, int, str], None]
# Estimated steps for feeds, style sheets, manifests and the like.
_OTHERS = 14


@dataclass(frozen=True)
class Bundle:
    """Result of building a bundle."""

    path: Path
    takeaways: int
    files: int
    bytes: int


@dataclass(frozen=True)
class _Content:
    posts: list[Post]
    takeaways: list[Takeaway]
    # Content that passed the gate, see _let_through.
    passed: frozenset[tuple[Any, ...]]


class _Steps:
    """Progress counter that reports to an optional callback."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def expect(self, more: int) -> None:
        """Add this many steps to the total."""
        self._total = self._done + more

    def tell(self, what: str) -> None:
        """Count one step as done."""
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total, what)


def make_bundle(
    session: Session,
    store: Store,
    destination: Path,
    *,
    facts: GatheringFacts,
    now: datetime,
    rng: random.Random,
    assets: Path | None = None,
    progress: Progress | None = None,
) -> Bundle:
    """Write and verify the bundle, then move it to ``destination``: a folder, or one file if it ends in ``.zip``.

    Equal content gives equal bytes: ``now`` only dates the stories generated for the bundle. An existing bundle that
    would come out the same is left as is (see ``unchanged``).

    Raise Conflict if the destination is not one of our bundles, or if something in the bundle was withdrawn, hidden
    or edited meanwhile; DiskFull; and PublishError if verification finds damage.
    """
    check_destination(destination, as_zip=_is_zip(destination))
    content = _gather(session, store, facts, now=now, rng=rng)
    facts = replace(facts, themes=public_themes(session, facts.language))
    try:
        with temporary_sibling(destination) as work:
            write = partial(_write, content=content, store=store, facts=facts, assets=assets)
            bag = _unchanged(destination, write)
            if is_new := bag is None:
                steps = _Steps(progress, _expected(content))
                with closing(_vessel(work, destination, content)) as vessel:
                    bag = _filled(vessel, write, steps)
            session.commit()
            _check_still_passed(session, content)
            if is_new:
                replace_atomically(work, destination)
    except OSError as error:
        raise _disk_error(error, destination) from error
    return Bundle(destination, len(content.takeaways), bag.files, bag.bytes)


def _filled(vessel: ArchiveWriter, write: Callable[..., None], steps: _Steps) -> BagWriter:
    """Write and verify the complete bag."""
    bag = BagWriter(vessel)
    write(bag, steps=steps)
    steps.expect(vessel.unread)
    vessel.check(steps.tell)
    return bag


def _unchanged(destination: Path, write: Callable[..., None]) -> BagWriter | None:
    """The existing bundle if it would come out the same, else None."""
    try:
        return _filled(Comparison(destination), write, _Steps(None, 0))
    except Changed:
        return None


def _is_zip(destination: Path) -> bool:
    return destination.suffix.lower() == ".zip"


def _expected(content: _Content) -> int:
    """Estimated number of steps, computed before anything is written."""
    shown = sum(1 for post in content.posts for _ in post.media())
    photos = sum(a.media.kind == "photo" for t in content.takeaways for a in t.attachments)
    return shown + photos + len(content.posts) + _OTHERS


def _vessel(work: Path, destination: Path, content: _Content) -> ArchiveWriter:
    if _is_zip(destination):
        return ZipWriter(work, top=destination.stem, stamp=_newest(content))
    return FolderWriter(work)


def _gather(
    session: Session, store: Store, facts: GatheringFacts, *, now: datetime, rng: random.Random
) -> _Content:
    stories = all_stories(session, now=now, rng=rng)
    session.commit()
    built = (
        build_post(session, s, Scope.PUBLIC, store=store, facts=facts, elsewhere=True)
        for s in stories
    )
    posts = sorted((post for post in built if post is not None), key=lambda post: post.key)
    shown = {takeaway for post in posts for takeaway in post.takeaways}
    query = select(Takeaway).where(showable(Scope.PUBLIC)).options(*with_everything())
    takeaways = [row for row in session.scalars(query) if str(row.id) in shown]
    passed = frozenset(
        (t.id, a.media_id, a.media.edits_fingerprint) for t in takeaways for a in t.attachments
    ) | {(t.id, None, None) for t in takeaways if not t.attachments}
    return _Content(posts, sorted(takeaways, key=lambda t: (t.recorded_at, t.id)), passed)


def _check_still_passed(session: Session, content: _Content) -> None:
    """Check the gate again: building takes minutes, and content may have been withdrawn, hidden or blurred."""
    now = (
        select(Takeaway.id, Attachment.media_id, Media.edits_fingerprint)
        .outerjoin(Attachment, Attachment.takeaway_id == Takeaway.id)
        .outerjoin(Media, Media.id == Attachment.media_id)
        .where(showable(Scope.PUBLIC))
    )
    if content.passed - {tuple(row) for row in session.execute(now)}:
        raise Conflict(
            "Something in it was taken back, hidden or edited while the bundle was written. Write it once more."
        )


def _write(
    bag: BagWriter,
    content: _Content,
    store: Store,
    facts: GatheringFacts,
    *,
    assets: Path | None,
    steps: _Steps,
) -> None:
    files = {media.key: media for post in content.posts for media in post.media()}
    links = {key: media_name(media.filename) for key, media in files.items()}
    originals = _originals(content, store)
    bag.add_all({links[key]: media.path for key, media in sorted(files.items())}, steps.tell)
    shown = {**links, **_add_smaller(bag, files)}
    bag.add_all(originals, steps.tell)
    there = set(bag.names())
    records = [_record(takeaway, links, there, facts) for takeaway in content.takeaways]
    _write_site(bag, content.posts, facts, links=shown, assets=assets)
    _describe(bag, content, records, facts)
    document = {
        "format": 1,
        "gathering": _about(facts),
        "takeaways": records,
        "actions": _actions(facts),
    }
    bag.add("takeaways.json", (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())
    bag.add_tag("open-me.html", render("site/open-me.html", facts.language, site=facts))
    bag.finish(_info(content, facts))


def _add_smaller(bag: BagWriter, files: Mapping[str, PostMedia]) -> dict[str, str]:
    """Write the smaller copies of all pictures; return a map of their keys to addresses."""
    addresses: dict[str, str] = {}
    for _key, media in sorted(files.items()):
        for name, make in smaller_copies(media):
            if bag.add(media_name(name), Derived(partial(_as_parts, make))):
                addresses[Path(name).stem] = media_name(name)
    return addresses


def _as_parts(make: Callable[[], bytes]) -> Parts | None:
    data = make()
    return [data] if data else None


def _write_site(
    bag: BagWriter,
    posts: list[Post],
    facts: GatheringFacts,
    *,
    links: dict[str, str],
    assets: Path | None,
) -> None:
    for post in posts:
        bag.add(page_name(post.key), story_page(post, facts, links).encode())
    summaries = [summarize(post, links) for post in posts]
    bag.add("index.html", front_page(facts, summaries).encode())
    more = (*sheets(assets), *calendar_file(facts), *search_files(summaries))
    for name, data in (*more, *feed_files(facts, summaries, "")):
        bag.add(name, data)


def _describe(
    bag: BagWriter, content: _Content, records: list[dict[str, Any]], facts: GatheringFacts
) -> None:
    """Write the RO-Crate metadata for everything in the bag so far."""
    media = [one for record in records for one in record["media"] if one["original"]]
    originals = {one["original"]: one["renditions"].get("view", "") for one in media}
    described = {page_name(p.key) for p in content.posts}
    described |= {media_name(m.filename) for p in content.posts for m in p.media()} | set(originals)
    others = {
        name: mimetypes.guess_type(name)[0] or "" for name in bag.names() if name not in described
    }
    others["takeaways.json"] = "application/json"
    bag.add(CRATE, crate_file(facts, content.posts, originals, others, newest=_newest(content)))


def _originals(content: _Content, store: Store) -> dict[str, Source]:
    """Map names in the bundle to the photo without place and time, or None where removal can't be guaranteed."""
    originals: dict[str, Source] = {}
    for media in (a.media for takeaway in content.takeaways for a in takeaway.attachments):
        path = store.original(media.sha256, media.ext)
        # An editor decided what others see, so the original of an edited photo stays private.
        if media.kind == "photo" and not media.edits_fingerprint and path.is_file():
            originals[_original_name(media)] = partial(_freed, path)
    return originals


def _freed(path: Path) -> Parts | None:
    return stripped(path.read_bytes())


def _original_name(media: Media) -> str:
    return f"originals/{media.sha256}{media.ext}"


def _record(
    takeaway: Takeaway, links: dict[str, str], there: Collection[str], facts: GatheringFacts
) -> dict[str, Any]:
    """The takeaway's record with addresses inside the bundle, without its receipt, which authorizes withdrawal."""

    def address(media: Media, name: str) -> str:
        hashes = {rendition.name: rendition.sha256 for rendition in media.renditions}
        return links.get(f"sr-{facts.mark}-{hashes.get(name, '')[:20]}", "")

    record = takeaway_record(takeaway, address)
    del record["receipt"]
    # For a film: the takeaways seen in it.
    record["parts"] = [str(part.part_id) for part in takeaway.parts]
    named = {a.media.sha256: _original_name(a.media) for a in takeaway.attachments}
    for media, attachment in zip(record["media"], takeaway.attachments, strict=True):
        media["captions"] = _captions(attachment.media)
        media["renditions"] = {name: url for name, url in media["renditions"].items() if url}
        media["original"] = named[media["sha256"]] if named[media["sha256"]] in there else None
    return record


def _captions(media: Media) -> str:
    session = object_session(media)
    if not media.recognized_text or media.kind == Kind.PHOTO or session is None:
        return ""
    return webvtt(captions_of(session, media))


def _actions(facts: GatheringFacts) -> list[dict[str, Any]]:
    """Public action items, open and settled."""
    return [
        {**asdict(item), "due_on": item.due_on.isoformat() if item.due_on else None}
        for item in facts.agenda.items
    ]


def _about(facts: GatheringFacts) -> dict[str, str]:
    return {
        "id": str(facts.id),
        "title": facts.title,
        "language": facts.language,
        "timezone": str(facts.zone),
    }


def _info(content: _Content, facts: GatheringFacts) -> dict[str, str]:
    return {
        "Bagging-Date": _newest(content).strftime("%Y-%m-%d"),
        "External-Description": f"What people took home from {facts.title}. Open data/index.html in a browser.",
        "External-Identifier": f"urn:uuid:{facts.id}",
        "Newest-Takeaway": rfc3339(_newest(content)) or "",
    }


def _newest(content: _Content) -> datetime:
    """When the newest takeaway was approved. Used as the bundle's date, so that equal content gives equal bytes."""
    moments = [takeaway.approved_at or takeaway.received_at for takeaway in content.takeaways]
    return max(moments, default=datetime(1980, 1, 1, tzinfo=UTC))


def _disk_error(error: OSError, destination: Path) -> Exception:
    if isinstance(error, FileNotFoundError) and destination.parent.exists():
        return PublishError("A picture is being made again on this laptop. Try again in a minute.")
    return place_trouble(error, destination.parent) or PublishError(
        "The bundle can't be written: %(error)s. Choose another place.", error=error
    )
