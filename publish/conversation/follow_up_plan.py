"""The follow-up plan: five posts after the event, each drafted from real content and sent only on request.

Each step's post is an ordinary story, so preview, editing, sending, limits and takedown work as for
all stories. It embeds takeaways by reference, not as copied text, so a later withdrawal removes
them here as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from publish.i18n import translations
from publish.posts.follow_up import CALENDAR
from publish.posts.model import GatheringFacts
from publish.rendering.html import day_and_time
from reporter.actor import Actor
from reporter.enums import (
    Audience,
    DeliveryState,
    Intent,
    ItemKind,
    ItemState,
    ReplyState,
    StepState,
    TakeawayState,
)
from reporter.errors import BadInput, Conflict, NotFound
from reporter.follow_up.action_items import all_items, publishable_name, replied_for, unanswered
from reporter.follow_up.next_gathering import next_gathering
from reporter.models import Delivery, EventSession, Gathering, Story, Takeaway, Target
from reporter.models.conversation import Reply
from reporter.models.follow_up import ActionItem, PlanStep
from reporter.moderation.decisions import next_revision
from reporter.moderation.visibility import Scope
from reporter.stories import editing

THANKS, QUESTIONS, DONE, INVITATION, REMINDER = (
    "thanks",
    "questions",
    "done",
    "invitation",
    "reminder",
)
# Offsets in days after the gathering's end or before the next one.
_AFTER = {THANKS: 1, QUESTIONS: 3, DONE: 7}
_BEFORE = {INVITATION: 21, REMINDER: 3}
NAMES = (*_AFTER, *_BEFORE)
MOST = 12


@dataclass(frozen=True)
class ListedStep:
    """A step as shown at the desk."""

    name: str
    # None: it depends on a date that is not set yet.
    due_on: date | None
    state: str
    story: Story | None
    decided_by: str


def plan(session: Session, facts: GatheringFacts) -> list[ListedStep]:
    """All steps in order of their due days."""
    rows = {row.name: row for row in session.scalars(select(PlanStep))}
    steps = [_step(session, facts, name, rows.get(name)) for name in NAMES]
    return sorted(steps, key=lambda step: (step.due_on is None, step.due_on or date.max))


def _step(session: Session, facts: GatheringFacts, name: str, row: PlanStep | None) -> ListedStep:
    due = row.due_on if row and row.due_on else due_day(session, facts, name)
    if row is None:
        return ListedStep(name, due, StepState.PLANNED.value, None, "")
    # Its story was deleted, so the step counts as never drafted.
    lost = row.state in (StepState.DRAFTED, StepState.SENT) and row.story is None
    state = StepState.PLANNED.value if lost else row.state
    return ListedStep(name, due, state, row.story, row.decided_by)


def due_day(session: Session, facts: GatheringFacts, name: str) -> date | None:
    """Due date of a step in the gathering's time zone."""
    if name in _AFTER:
        return last_day(session, facts) + timedelta(days=_AFTER[name])
    following = next_gathering(session)
    if following is None:
        return None
    return following.starts_at.astimezone(facts.zone).date() - timedelta(days=_BEFORE[name])


def last_day(session: Session, facts: GatheringFacts) -> date:
    """Last day of the gathering: from its schedule, else its newest contribution, else its start."""
    ends = func.max(func.coalesce(EventSession.ends_at, EventSession.starts_at))
    moment = (
        session.scalar(select(ends).where(EventSession.retired.is_(False)))
        or session.scalar(select(func.max(Takeaway.recorded_at)))
        or session.scalars(select(Gathering.created_at)).one()
    )
    return moment.astimezone(facts.zone).date()


def due_steps(session: Session, facts: GatheringFacts, today: date) -> list[ListedStep]:
    """Steps that are due and still undecided."""
    waiting = (StepState.PLANNED, StepState.DRAFTED)
    return [
        s for s in plan(session, facts) if s.due_on and s.due_on <= today and s.state in waiting
    ]


# --- Decisions ------------------------------------------------------------------------------------


def draft(session: Session, facts: GatheringFacts, name: str, actor: Actor) -> Story:
    """Write a step's draft from the current content, replacing an earlier draft that was not sent. Commits.

    Raise NotFound for an unknown step, Conflict if it was already sent, BadInput if there is no content yet.
    """
    row = _row(session, name)
    if row.state == StepState.SENT and row.story is not None:
        raise Conflict(
            "It was sent already. Change the story itself, and it is updated everywhere."
        )
    content = _CONTENT[name](session, facts)
    if row.story is not None:
        editing.delete_story(session, row.story, now=actor.now)
    story = editing.new_story(session, actor, content.title)
    story.short, story.planned = content.short, True
    row.story_id, row.state = story.id, StepState.DRAFTED.value
    # Both first: stories of the plan take nothing away from the sessions' own stories.
    session.commit()
    if content.words:
        editing.add_words(session, story, actor, content.words)
    editing.add(session, story, content.takeaways)
    if content.after:
        editing.add_words(session, story, actor, content.after)
    return story


def release(session: Session, name: str, actor: Actor) -> None:
    """Approve a draft; the outbox sends it on its next run. Raise Conflict without a draft. Commits."""
    row = _row(session, name)
    if row.story is None:
        raise Conflict("There is no draft yet. Write it first.")
    editing.set_draft(row.story, draft=False)
    row.state, row.decided_at, row.decided_by = StepState.SENT.value, actor.now, actor.who
    next_revision(session)
    session.commit()


def take_back(session: Session, name: str, actor: Actor) -> None:
    """Turn a step back into a draft; a post that was sent is taken down. Commits."""
    row = _row(session, name)
    if row.story is not None:
        editing.set_draft(row.story, draft=True)
    row.state, row.decided_at, row.decided_by = StepState.DRAFTED.value, actor.now, actor.who
    next_revision(session)
    session.commit()


def skip(session: Session, name: str, actor: Actor, *, skipped: bool = True) -> None:
    """Skip a step or include it again. Raise Conflict if it was already sent. Commits."""
    row = _row(session, name)
    if row.state == StepState.SENT:
        raise Conflict("It was sent already. Take it back first.")
    there = StepState.DRAFTED if row.story is not None else StepState.PLANNED
    row.state = (StepState.SKIPPED if skipped else there).value
    row.decided_at, row.decided_by = actor.now, actor.who
    session.commit()


def set_day(session: Session, name: str, day: date | None) -> None:
    """Set a step's due date; None restores the plan's default. Commits."""
    _row(session, name).due_on = day
    session.commit()


def _row(session: Session, name: str) -> PlanStep:
    if name not in NAMES:
        raise NotFound("There is no such step in the plan.")
    row = session.get(PlanStep, name)
    if row is None:
        row = PlanStep(name=name, state=StepState.PLANNED.value, decided_by="")
        session.add(row)
        session.flush()
    return row


# --- Drafts ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Content:
    """Initial content of a draft: text, takeaways, text."""

    title: str
    words: str = ""
    takeaways: Sequence[Takeaway] = ()
    after: str = ""
    short: str = ""


def _thanks(session: Session, facts: GatheringFacts) -> _Content:
    words = translations(facts.language)
    approved = Takeaway.state == TakeawayState.APPROVED
    count = session.scalar(select(func.count(Takeaway.id)).where(approved)) or 0
    if not count:
        raise BadInput("Nothing has been approved yet, so there is nothing to thank for.")
    sentence = words.ngettext("One takeaway was kept.", "%d takeaways were kept.", count)
    links = [f"- [{_escaped(title)}]({url})" for title, url in _links(session)]
    read = [words.gettext("Read on:"), "\n".join(links)] if links else []
    starred = select(Takeaway).where(approved, Takeaway.starred).order_by(Takeaway.recorded_at)
    return _Content(
        title=words.gettext("Thank you for %s") % facts.title,
        words="\n\n".join(
            [
                words.gettext("Thank you to all who came, spoke, listened and recorded."),
                sentence % count if "%d" in sentence else sentence,
            ]
        ),
        takeaways=session.scalars(starred.limit(MOST // 2)).all(),
        after="\n\n".join(read),
        short=words.gettext("Thank you for %s! This is what people took home.") % facts.title,
    )


def _links(session: Session) -> list[tuple[str, str]]:
    """Titles and URLs of public posts, one per story."""
    rows = session.scalars(
        select(Delivery)
        .join(Target)
        .where(
            Delivery.item_kind == ItemKind.STORY,
            Delivery.state == DeliveryState.SENT,
            Delivery.url.like("http%"),
            Target.audience == Audience.PUBLIC,
        )
        .order_by(Target.created_at, Delivery.created_at)
    )
    found: dict[object, tuple[str, str]] = {}
    for row in rows:
        found.setdefault(row.item_id, (row.memory.title or row.url, row.url))
    return list(found.values())[:30]


def _questions(session: Session, facts: GatheringFacts) -> _Content:
    words = translations(facts.language)
    waiting = unanswered(session, most=MOST)
    lines = _lines(all_items(session, state=ItemState.OPEN))
    if not waiting and not lines:
        raise BadInput("No question is open and nothing is left to do: nothing to ask for.")
    return _Content(
        title=words.gettext("Still open after %s") % facts.title,
        words=words.gettext("Who knows an answer, or somebody who does? Write it below."),
        takeaways=waiting,
        after="\n".join(lines),
        short=words.gettext("Still open after %s: can you help?") % facts.title,
    )


def _done(session: Session, facts: GatheringFacts) -> _Content:
    words = translations(facts.language)
    lines = _lines(all_items(session, state=ItemState.DONE))
    has_reply = exists().where(
        Reply.takeaway_id == Takeaway.id, Reply.state == ReplyState.SHOWN, Reply.text != ""
    )
    query = select(Takeaway).where(
        Takeaway.intent == Intent.QUESTION, Takeaway.state == TakeawayState.APPROVED, has_reply
    )
    answered = session.scalars(query.order_by(Takeaway.recorded_at).limit(MOST)).all()
    if not lines and not answered:
        raise BadInput("Nothing was answered or done yet. Mark what is done under Action items.")
    return _Content(
        title=words.gettext("What became of %s") % facts.title,
        words="\n\n".join([words.gettext("This has happened since we met:"), "\n".join(lines)]),
        takeaways=answered,
        short=words.gettext("What became of %s: answers and things done.") % facts.title,
    )


def _lines(items: Sequence[ActionItem]) -> list[str]:
    """Action items as a list. Items derived from takeaways or replies that are not public are left out."""
    shown = [
        item
        for item in items
        if (item.takeaway is None or item.takeaway.audience == Audience.PUBLIC)
        and replied_for(item, Scope.PUBLIC)
    ]
    return [f"- {line}" for item in shown[:MOST] if (line := _line(item))]


def _line(item: ActionItem) -> str:
    # Copied words would outlive the withdrawal of the takeaway or reply, so only the organizers' words are used for
    # such an item.
    copied = item.takeaway is not None or item.reply is not None
    parts = ["" if copied else item.what, item.outcome, publishable_name(item)]
    escaped = [_escaped(part) for part in parts if part]
    return " · ".join(escaped) or _escaped(item.takeaway.session.title if item.takeaway else "")


def _escaped(text: str) -> str:
    """Escape text for Markdown."""
    return "".join(f"\\{one}" if one in "\\`*_[]<>#" else one for one in text)


def _invitation(session: Session, facts: GatheringFacts) -> _Content:
    return _invite(session, facts, translations(facts.language).gettext("You are invited: %s"))


def _reminder(session: Session, facts: GatheringFacts) -> _Content:
    return _invite(session, facts, translations(facts.language).gettext("Soon: %s"))


def _invite(session: Session, facts: GatheringFacts, title: str) -> _Content:
    following = next_gathering(session)
    if following is None:
        raise BadInput("Say first when and where the next gathering is.")
    when = day_and_time(following.starts_at, facts.zone, facts.language)
    where = " · ".join(part for part in (when, following.place) if part)
    lines = [f"**{_escaped(where)}**", _escaped(following.description)]
    lines += [f"<{address}>" for address in (following.url, _calendar(session)) if address]
    items = all_items(session, state=ItemState.OPEN)
    asked = _takeaways_of(items)
    own = _lines([item for item in items if item.takeaway is None])
    if own or asked:
        heading = translations(facts.language).gettext("This is still open. Come and take it on:")
        lines += [heading, "\n".join(own)]
    short = " · ".join(filter(None, [title % following.title, where, following.url]))
    words = "\n\n".join(filter(None, lines))
    return _Content(title % following.title, words, asked, short=short)


def _takeaways_of(items: Sequence[ActionItem]) -> list[Takeaway]:
    """Takeaways from which items come and which everybody may read; embedded, so that their words
    leave with them."""
    rows = [item.takeaway for item in items if item.takeaway is not None]
    public = (
        row
        for row in rows
        if row.state == TakeawayState.APPROVED and row.audience == Audience.PUBLIC
    )
    return list(dict.fromkeys(public))[: MOST // 2]


def _calendar(session: Session) -> str:
    """URL of the calendar file on one of our web sites, '' if there is none."""
    query = select(Delivery.url).where(
        Delivery.item_kind == ItemKind.FRONT_PAGE,
        Delivery.state == DeliveryState.SENT,
        Delivery.url.like("http%"),
    )
    url = session.scalar(query.order_by(Delivery.created_at).limit(1)) or ""
    return f"{url.rsplit('/', 1)[0]}/{CALENDAR}" if url else ""


_CONTENT: dict[str, Callable[[Session, GatheringFacts], _Content]] = {
    THANKS: _thanks,
    QUESTIONS: _questions,
    DONE: _done,
    INVITATION: _invitation,
    REMINDER: _reminder,
}
