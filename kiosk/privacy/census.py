"""The census of consent: every place where something of a takeaway may stand, and what may not be there."""

from __future__ import annotations

import html
import re
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import current_app
from sqlalchemy import select, text

from capture.intake.sweep import left_folders
from kiosk.privacy.log_files import FOLDER as LOGS
from kiosk.privacy.log_files import log_files
from kiosk.runtime.context import KioskContext, current_kiosk
from kiosk.runtime.database import db
from reporter.config import FOLDERS
from reporter.enums import DeliveryState, ReplyState, TakeawayState
from reporter.films.arrangement import film_takeaway
from reporter.gathering.copies import BACKUP, BUNDLE, FILM, copies_holding, remains_in_copies
from reporter.gathering.purge import purge_due
from reporter.models import CopyMade, Decision, Delivery, Media, Takeaway, Target, Tombstone, Upload
from reporter.models.conversation import Reply
from reporter.models.follow_up import ActionItem, Contact
from reporter.models.outbox import SentDraft, Takedown
from reporter.moderation.visibility import Scope as Audience
from reporter.moderation.visibility import may_show, showable

# What is withdrawn leaves the laptop within this time.
PROMISED = timedelta(minutes=10)
# Of requests that may still be under way.
YOUNG = timedelta(hours=1)
# What everybody in the room can open.
PAGES = ("/", "/wall", "/wall/cards", "/search?q=", "/search?q=a", "/outcomes", "/privacy")
_WORDS_CHARS = 16
_READABLE = frozenset(
    {".html", ".json", ".js", ".xml", ".txt", ".md", ".csv", ".vtt", ".ics", ".log"}
)
_TOKEN = re.compile(r"[\w@.+-]{8,}")


@dataclass
class CensusPlace:
    """One place that was looked through: how many things are there, and a sentence for each that may not be."""

    name: str
    items: int = 0
    violations: list[str] = field(default_factory=list)


def take_census(kiosk: KioskContext) -> list[CensusPlace]:
    """Look through all places. Reads only; no network is touched: what targets show is known from the ledger."""
    found = [check(kiosk) for check in CHECKS]
    return [*found, *_copies(kiosk), *_targets(kiosk)]


def _living() -> set[uuid.UUID]:
    query = select(Takeaway.id).where(Takeaway.state != TakeawayState.WITHDRAWN)
    return set(db.session.scalars(query))


def _database(kiosk: KioskContext) -> CensusPlace:
    """Withdrawn rows hold nothing, and nothing hangs on them."""
    rows = list(db.session.scalars(select(Takeaway)))
    place = CensusPlace("database", len(rows))
    for row in (row for row in rows if row.state == TakeawayState.WITHDRAWN):
        words = (row.text, row.caption, row.author, row.prompt, row.device, row.client_id)
        if any(words) or row.attachments or row.tags:
            place.violations.append(f"{row.id} was withdrawn, but its row holds content")
        place.violations += [f"{row.id} was withdrawn, but {what}" for what in _hanging(row)]
    gone = select(Reply).where(Reply.state == ReplyState.GONE, Reply.receipt.is_not(None))
    for reply in db.session.scalars(gone):
        quoted = select(ActionItem.id).where(ActionItem.reply_id == reply.id)
        if reply.text or reply.author or reply.device:
            place.violations.append(f"{reply.id} was taken back, but its row holds content")
        if db.session.scalar(quoted.limit(1)) is not None:
            place.violations.append(f"{reply.id} was taken back, but an item quotes it")
    return place


def _hanging(row: Takeaway) -> Iterator[str]:
    decisions = select(Decision.id).where(
        Decision.takeaway_id == row.id, Decision.action != "withdrawn"
    )
    replies = select(Reply.id).where(Reply.takeaway_id == row.id, Reply.state != ReplyState.GONE)
    for what, query in (
        ("its history is there", decisions),
        ("what was said to it is there", replies),
        ("its upload is there", select(Upload.id).where(Upload.receipt == row.receipt)),
        ("an item is there", select(ActionItem.id).where(ActionItem.takeaway_id == row.id)),
        ("an address for it is there", select(Contact.id).where(Contact.takeaway_id == row.id)),
    ):
        if db.session.scalar(query.limit(1)) is not None:
            yield what


def _files(kiosk: KioskContext) -> CensusPlace:
    """Free pages of the database, its log, and copies from before an upgrade."""
    files = sorted(kiosk.settings.folder.glob("reporter.db*"))
    place = CensusPlace("database files", len(files))
    since = purge_due(db.session())
    if since is not None and kiosk.now() - since > PROMISED:
        place.violations.append(
            f"withdrawn content may be in freed pages since {since:%Y-%m-%d %H:%M} UTC"
        )
    return place


def _references(kiosk: KioskContext) -> CensusPlace:
    """Rows that hang on others that are gone: captions, faces, edits, looks, themes, stories."""
    if db.engine.dialect.name != "sqlite":
        return CensusPlace("references")
    loose = db.session.execute(text("PRAGMA foreign_key_check")).all()
    place = CensusPlace("references", len(loose))
    place.violations += [f"row {row[1]} of {row[0]} belongs to nothing" for row in loose]
    return place


def _pages(kiosk: KioskContext) -> CensusPlace:
    """What this room's pages and their JSON show: nothing but what may be shown in the room."""
    place, needles = CensusPlace("pages", len(PAGES)), Needles(Audience.ROOM)
    for path, accept in product(PAGES, ("text/html", "application/json")):
        response = current_app.test_client().get(
            path, headers={"Accept": accept}, environ_base={"REMOTE_ADDR": "192.0.2.1"}
        )
        place.violations += _scan(path, response.get_data(as_text=True), needles)
    return place


def _ledger(kiosk: KioskContext) -> CensusPlace:
    """Drafts of what was sent, titles of files that are gone, what was sent to where it is taken down."""
    rows = list(db.session.scalars(select(Delivery)))
    place, living = CensusPlace("ledger", len(rows)), _living()
    drafts = set(db.session.scalars(select(SentDraft.delivery_id)))
    settled = purge_due(db.session()) is None
    for row in rows:
        named = row.remote.get("takeaway")
        gone = bool(named) and uuid.UUID(str(named)) not in living
        shown = {uuid.UUID(one) for one in row.remote.get("takeaways", ())}
        if gone and row.remote.get("title"):
            place.violations.append(f"delivery {row.id} has the title of something withdrawn")
        if row.id in drafts and (gone or shown - living):
            place.violations.append(f"delivery {row.id} has the draft of something withdrawn")
        if settled and row.state == DeliveryState.WITHDRAWN and _remembers(row):
            place.violations.append(f"delivery {row.id} remembers what was taken down")
    return place


def _remembers(row: Delivery) -> bool:
    return bool(row.remote.get("extra", {}).get("sent"))


def _index(kiosk: KioskContext) -> CensusPlace:
    """Documents of the search index, and segments that still hold deleted ones."""
    ids = kiosk.index.ids()
    place = CensusPlace("index", len(ids))
    withdrawn = set(
        db.session.scalars(select(Takeaway.id).where(Takeaway.state == TakeawayState.WITHDRAWN))
    )
    place.violations += [
        f"{one} was withdrawn, but is in the index" for one in sorted(ids & withdrawn)
    ]
    if kiosk.index.unclean() and purge_due(db.session()) is None:
        place.violations.append("words that were withdrawn may be in its files")
    return place


def _media(kiosk: KioskContext) -> CensusPlace:
    """Originals: each with a row; none of what was withdrawn."""
    known = set(db.session.scalars(select(Media.sha256)))
    buried = set(db.session.scalars(select(Tombstone.sha256).where(Tombstone.sha256 != "")))
    paths = [path for path in kiosk.store.media.glob("??/*") if path.is_file()]
    place = CensusPlace("media", len(paths))
    for path in paths:
        if path.stem not in known:
            what = "was withdrawn" if path.stem in buried else "belongs to nothing"
            place.violations.append(f"the original {path.name} {what}")
    return place


def _renditions(kiosk: KioskContext) -> CensusPlace:
    known = set(db.session.scalars(select(Media.sha256)))
    paths = [path for path in kiosk.store.renditions.glob("??/*") if path.is_file()]
    stray = [path.name for path in paths if path.name.lstrip(".")[:64] not in known]
    return CensusPlace(
        "renditions", len(paths), [f"{name} was made from nothing here" for name in stray]
    )


def _incoming(kiosk: KioskContext) -> CensusPlace:
    live = set(db.session.scalars(select(Upload.id)))
    paths = [path for path in kiosk.store.incoming.glob("*") if path.is_file()]
    place, limit = CensusPlace("incoming", len(paths)), (kiosk.now() - YOUNG).timestamp()
    for path in paths:
        if path.name.split(".")[0] not in live and path.stat().st_mtime < limit:
            place.violations.append(f"{path.name} belongs to no upload")
    for folder in left_folders(kiosk.store, kiosk.now() - YOUNG):
        place.violations.append(f"{folder.name} was left by a merge or a film")
    return place


def _films(kiosk: KioskContext) -> CensusPlace:
    """The finished film. Until the worker has taken a stale one away nobody gets it, but it is there."""
    film = film_takeaway(db.session())
    parts = [part.takeaway for part in film.parts] if film is not None else []
    place = CensusPlace("films", len(parts))
    place.violations += [
        f"the film shows {one.id}, which may not be seen any more"
        for one in parts
        if not may_show(one, Audience.ROOM)
    ]
    return place


def _logs(kiosk: KioskContext) -> CensusPlace:
    """The kiosk's own log, and files that somebody has had written into the folder."""
    folder = kiosk.settings.folder
    return _scanned("log", [*folder.glob("*.log*"), *log_files(folder)])


def _others(kiosk: KioskContext) -> CensusPlace:
    """Whatever else stands in the folder: support bundles, exports, notes."""
    known = {*FOLDERS, LOGS}
    found = [
        path
        for path in kiosk.settings.folder.rglob("*")
        if path.is_file()
        and path.relative_to(kiosk.settings.folder).parts[0] not in known
        and (path.suffix in _READABLE or zipfile.is_zipfile(path))
    ]
    return _scanned("other files", found)


def _scanned(name: str, paths: list[Path]) -> CensusPlace:
    place, needles = CensusPlace(name, len(paths)), Needles()
    for path in paths:
        # A rotated log ends in a number.
        texts = (
            _read_all(path)
            if zipfile.is_zipfile(path)
            else [("", path.read_text("utf-8", "replace"))]
        )
        for inner, words in texts:
            place.violations += _scan(f"{path.name} {inner}".strip(), words, needles)
    return place


class Needles:
    """What may stand in nothing that leaves: secrets of every takeaway, words of those that nobody outside may see."""

    def __init__(self, place: Audience = Audience.PUBLIC) -> None:
        new_too = place is Audience.ROOM and current_kiosk().settings.wall.shows == "new"
        allowed_here = showable(place, new_too=new_too)
        shown = set(db.session.scalars(select(Takeaway.id).where(allowed_here)))
        self.secrets: set[str] = set(db.session.scalars(select(Contact.address)))
        self.words: dict[str, uuid.UUID] = {}
        allowed = []
        for row in db.session.scalars(select(Takeaway)):
            identifiers = (row.receipt, row.client_id or "", row.device.rpartition("phone-")[2])
            self.secrets |= {one for one in identifiers if len(one) >= 8}
            allowed += [row.text, row.caption] if row.id in shown else []
            if row.id not in shown and len(row.text) >= _WORDS_CHARS:
                self.words[row.text[:200].strip()] = row.id
        # The same words may have been said by somebody who agreed.
        self.words = {w: i for w, i in self.words.items() if not any(w in one for one in allowed)}


def _scan(name: str, text: str, needles: Needles) -> list[str]:
    """What of them stands in a text. The secrets themselves are not repeated."""
    found = set(_TOKEN.findall(text)) & needles.secrets
    plain = html.unescape(text)
    shown = [one for words, one in needles.words.items() if words in plain]
    return [
        *(
            [f"{name} holds {len(found)} receipt(s), client id(s), device id(s) or addresses"]
            if found
            else []
        ),
        *(f"{name} holds words of {one}, which may not be shown there" for one in shown),
    ]


def _read_all(place: Path) -> Iterator[tuple[str, str]]:
    """(name, text) of what a person could read in a folder or an archive."""
    if place.is_dir():
        for path in sorted(place.rglob("*")):
            if path.is_file() and path.suffix in _READABLE:
                yield str(path.relative_to(place)), path.read_text("utf-8", "replace")
    elif place.is_file():
        with zipfile.ZipFile(place) as packed:
            for name in packed.namelist():
                if Path(name).suffix in _READABLE:
                    yield name, packed.read(name).decode("utf-8", "replace")


def _scan_all(place: Path, audience: Audience = Audience.PUBLIC) -> list[str]:
    needles = Needles(audience)
    return [line for name, text in _read_all(place) for line in _scan(name, text, needles)]


def _copies(kiosk: KioskContext) -> list[CensusPlace]:
    """Backups must not hold what was withdrawn, bundles only what everybody may see."""
    every = set(db.session.scalars(select(Takeaway.id)))
    shown = set(db.session.scalars(select(Takeaway.id).where(showable(Audience.PUBLIC))))
    living, found = _living(), []
    approved = set(db.session.scalars(select(Takeaway.id).where(showable(Audience.ROOM))))
    for held in copies_holding(db.session(), every):
        place = CensusPlace(f"{held.kind} {held.place}", len(held.holds))
        allowed = {BACKUP: living, FILM: approved}.get(held.kind, shown)
        place.violations += [
            f"it holds {one}, which may not be there" for one in sorted(held.holds - allowed)
        ]
        if held.kind == BUNDLE and held.known:
            place.violations += _scan_all(held.place)
        found.append(place)
    for place, left in zip(found, remains_in_copies(db.session()), strict=True):
        if left.addresses or left.devices:
            what = f"{left.addresses} address(es) and {left.devices} number(s) of phones"
            place.violations.append(f"it holds {what} that have gone here")
    return [*found, *_unnoted_bundles(kiosk)]


def _unnoted_bundles(kiosk: KioskContext) -> Iterator[CensusPlace]:
    noted = set(db.session.scalars(select(CopyMade.place)))
    for path in sorted((kiosk.settings.folder / "bundle").glob("*")):
        if str(path.resolve()) not in noted and not path.name.startswith("."):
            yield CensusPlace(f"bundle {path}", 1, _scan_all(path))


def _targets(kiosk: KioskContext) -> list[CensusPlace]:
    """What targets show, by the ledger; folders on this laptop are read as well."""
    found = []
    for target in db.session.scalars(select(Target).order_by(Target.name)):
        place = CensusPlace(f"target {target.name}")
        for row in db.session.scalars(select(Delivery).where(Delivery.target_id == target.id)):
            _look_at_delivery(place, target, row)
        folder = _local_folder(target)
        if folder is not None:
            place.violations += _scan_all(folder, Audience(target.audience))
        found.append(place)
    return found


def _look_at_delivery(place: CensusPlace, target: Target, row: Delivery) -> None:
    if not (row.sent or row.remote_id) or row.state == DeliveryState.WITHDRAWN:
        return
    place.items += 1
    named = row.remote.get("takeaway")
    shown = {
        uuid.UUID(one)
        for one in (*row.remote.get("takeaways", ()), *([str(named)] if named else ()))
    }
    for one in sorted(shown):
        takeaway = db.session.get(Takeaway, one)
        if takeaway is not None and may_show(takeaway, Audience(target.audience)):
            continue
        asked = db.session.get(Takedown, (one, row.id))
        state = (
            "is to be taken down" if asked is not None and not asked.done_at else "may not be there"
        )
        place.violations.append(f"{one} {state}: {row.url or row.key}")


def _local_folder(target: Target) -> Path | None:
    url = urlsplit(str(target.options.get("url", "")))
    if target.kind != "folder" or url.scheme not in ("", "file") or not url.path:
        return None
    return Path(unquote(url.path))


CHECKS: tuple[Callable[[KioskContext], CensusPlace], ...] = (
    _database,
    _references,
    _files,
    _pages,
    _ledger,
    _index,
    _media,
    _renditions,
    _incoming,
    _films,
    _logs,
    _others,
)
