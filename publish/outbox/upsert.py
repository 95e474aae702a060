"""Network operations at a target for one item: our key is looked up before anything is sent.

The jobs are frozen: everything they need from the database was gathered before.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from publish.composition.constraints import fitting_ext, shrink, shrunk_notice
from publish.errors import BeingMadeAgain, Gone, RetryAfter, WaitForDependency
from publish.net.transfer_meter import cleaning_up, current_meter
from publish.outbox.policy.decide import NotTried, NotWanted, Sent, Withdrawn
from publish.posts.model import Post, PostMedia, Remote, ThemeDigest
from publish.targets import FrontPageEntry, Target
from publish.targets.base import Answer, Limits, PersonalMail
from publish.targets.capabilities import (
    AnswersReplies,
    HasFrontPage,
    MediaLibrary,
    SendsMail,
    TellsThemes,
)
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import ItemKind

Done = Sent | Withdrawn | NotTried | NotWanted
# At most one item per key and target.
_COPIES = 4


@dataclass(frozen=True)
class StoryJob:
    """Create or update a post. ``links``: media key -> remote file; ``inside``: files are embedded in the post."""

    known: Remote | None
    post: Post
    links: Mapping[str, Remote]
    limits: Limits
    fingerprint: str
    memory: DeliveryMemory
    note: str
    # Stored in the row during sending: if the response is lost, a takedown still knows what may be there.
    trying: DeliveryMemory
    # Already there and up to date.
    same: bool
    inside: bool
    scratch_dir: Path
    # A try to make it was never answered: it may have arrived twice.
    doubtful: bool = False
    # It is a takedown beside another publisher, who may be about to create the post: until then it only changes one.
    creates_from: datetime | None = None

    def sent(self, target: Target, there: Remote) -> Sent:
        """The result, with the text as sent."""
        draft = target.draft(self.post, self.links)
        return Sent(there, self.fingerprint, self.memory, self.note, draft)


@dataclass(frozen=True)
class MediaJob:
    """Send a file. ``cut``: the limits come from a connection that kept breaking."""

    known: Remote | None
    media: PostMedia
    limits: Limits
    memory: DeliveryMemory
    scratch_dir: Path
    cut: bool


@dataclass(frozen=True)
class FrontPageJob:
    """Update the front page."""

    known: Remote | None
    entries: tuple[FrontPageEntry, ...]
    themes: tuple[ThemeDigest, ...]
    fingerprint: str
    memory: DeliveryMemory


@dataclass(frozen=True)
class AnswerJob:
    """Write an answer under a post, or remove it (``leaving``), also where the post is gone: its id is '' then."""

    known: Remote | None
    post: Remote
    answer: Answer
    memory: DeliveryMemory
    leaving: bool


@dataclass(frozen=True)
class MessageJob:
    """Send a mail to one person."""

    message: PersonalMail
    memory: DeliveryMemory


@dataclass(frozen=True)
class WithdrawJob:
    """Remove a post or a file, using only the ledger, since its source rows may be gone."""

    known: Remote | None
    key: str
    ext: str = ""
    is_media: bool = False


@dataclass(frozen=True)
class Settled:
    """Nothing has to be done at the target."""

    result: Done


Job = StoryJob | MediaJob | FrontPageJob | AnswerJob | MessageJob | WithdrawJob | Settled


def memory_while(job: Job) -> DeliveryMemory | None:
    """What the row stores while the job runs, so that a takedown looks for what may have arrived; None: nothing new."""
    match job:
        case StoryJob():
            return job.trying
        case MediaJob():
            # Without an answer the file is found by its name, which has the extension it was sent with.
            tried = job.memory.once_tried(job.media.fingerprint())
            return replace(tried, ext=fitting_ext(job.media, job.limits))
        case FrontPageJob():
            memory = job.memory.once_tried(job.fingerprint)
            return replace(memory, extra=dict(job.known.extra)) if job.known else memory
        case AnswerJob() if not job.leaving:
            return job.memory.once_tried(ItemKind.ANSWER.value)
        case _:
            # Nobody can take back a mail.
            return None


def execute(target: Target, job: Job) -> Done:
    """Run the job at the target. Raises ``publish.errors``."""
    match job:
        case StoryJob():
            return _send_story(target, job)
        case MediaJob() if isinstance(target, MediaLibrary):
            return _send_media(target, target.name, job)
        case WithdrawJob():
            return _withdraw(target, job)
        case Settled():
            return job.result
        case _:
            return _execute_other(target, job)


def _execute_other(target: Target, job: Job) -> Done:
    match job:
        case FrontPageJob() if isinstance(target, HasFrontPage):
            return Sent(_update_front_page(target, job), job.fingerprint, job.memory)
        case AnswerJob() if isinstance(target, AnswersReplies):
            return _answer(target, job)
        case MessageJob() if isinstance(target, SendsMail):
            target.send_message(job.message)
            return Sent(Remote(job.message.key, ""), ItemKind.MESSAGE.value, job.memory)
        case _:
            # Rows are created only for targets with this capability.
            raise TypeError(f"{target.kind} can't do {type(job).__name__}")


def _update_front_page(target: HasFrontPage, job: FrontPageJob) -> Remote:
    if isinstance(target, TellsThemes):
        target.themes = job.themes
    return target.update_front_page(job.entries, job.known)


def _send_story(target: Target, job: StoryJob) -> Sent:
    if job.known and job.same:
        return job.sent(target, job.known)
    if job.inside:
        return job.sent(target, _send_whole(target, job))
    links = target.only_files(job.links) if isinstance(target, MediaLibrary) else job.links
    sent = replace(job, links=links).sent(target, _upsert(target, job, job.post, links))
    moved = {key: one for key, one in links.items() if one.id != job.links[key].id}
    return replace(sent, files={job.links[key].id: one for key, one in moved.items()})


def _upsert(target: Target, job: StoryJob, post: Post, links: Mapping[str, Remote]) -> Remote:
    """Update the existing post or create it; our key tells whether an earlier try arrived."""
    known = job.known
    if known is not None:
        if job.doubtful and target.may_double:
            # Of two the later one goes, which nobody would change any more.
            target.find(post.key)
        with suppress(Gone):
            return target.update(known, post, links)
    found = target.find(post.key)
    if found is not None:
        return target.update(found, post, links)
    if job.creates_from is not None:
        raise WaitForDependency(job.creates_from)
    created = target.create(post, links)
    if not target.may_double:
        return created
    with cleaning_up():
        first = target.find(post.key)
    return created if first is None or first.id == created.id else target.update(first, post, links)


def _send_whole(target: Target, job: StoryJob) -> Remote:
    """Send a post with embedded files, shrinking photos where necessary."""
    shrunk: list[Path] = []
    try:
        blocks = []
        for block in job.post.blocks:
            media = tuple(_ready(one, job.limits, job.scratch_dir) for one in block.media)
            shrunk += [new.path for new, old in zip(media, block.media, strict=True) if new != old]
            blocks.append(replace(block, media=media))
        return _upsert(target, job, replace(job.post, blocks=tuple(blocks)), {})
    finally:
        for path in shrunk:
            path.unlink(missing_ok=True)


def _send_media(target: MediaLibrary, name: str, job: MediaJob) -> Sent:
    media = job.media
    there, sent = _upsert_media(target, job)
    note = "" if sent is media else shrunk_notice(media, sent, name, cut=job.cut)
    return Sent(there, media.fingerprint(), replace(job.memory, ext=sent.ext), note)


def _upsert_media(target: MediaLibrary, job: MediaJob) -> tuple[Remote, PostMedia]:
    """Return the remote file, and the file as sent (shrunk if the target requires it)."""
    media = job.media
    if job.known is not None:
        with suppress(Gone):
            return target.update_media(job.known, media), media
    found = target.find_media(media.key, media.ext)
    if found:
        return target.update_media(found, media), media
    sent = _ready(media, job.limits, job.scratch_dir)
    try:
        return _put_media(target, sent), sent
    finally:
        if sent is not media:
            sent.path.unlink(missing_ok=True)


def _ready(media: PostMedia, limits: Limits, scratch_dir: Path) -> PostMedia:
    try:
        return shrink(media, limits, scratch_dir)
    except FileNotFoundError as error:
        raise BeingMadeAgain from error


def _put_media(target: MediaLibrary, media: PostMedia) -> Remote:
    meter = current_meter()
    sent, answers = (meter.sent, meter.answers) if meter else (0, 0)
    remote = target.put_media(media)
    if meter is not None and meter.answers == answers:
        # Not sent over HTTP, so these bytes are not counted yet.
        meter.record_sent(max(0, media.bytes - (meter.sent - sent)))
    return remote


def _withdraw(target: Target, job: WithdrawJob) -> Withdrawn:
    take, find = target.withdraw, partial(target.find, job.key)
    if job.is_media and isinstance(target, MediaLibrary):
        take, find = target.withdraw_media, partial(target.find_media, job.key, job.ext)
    there = job.known
    # Also remove what another kiosk or a try without a response created.
    for _ in range(_COPIES):
        if there is not None:
            with suppress(Gone):
                take(there)
        # Without a key it is a double, and what another name finds stays.
        there = find() if job.key else None
        if there is None:
            return Withdrawn()
    # An answer may say "done" and the post still be there: then it is not taken back.
    raise RetryAfter(
        "%(name)s still shows what it was asked to delete. It is asked again.", name=target.name
    )


def _answer(target: AnswersReplies, job: AnswerJob) -> Done:
    there = job.known or target.find_answer(job.post, job.answer)
    if job.leaving:
        if there is not None:
            target.withdraw_answer(job.post, there)
        return Withdrawn()
    there = there or target.put_answer(job.post, job.answer)
    return Sent(there, ItemKind.ANSWER.value, job.memory)
