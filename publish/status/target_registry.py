"""The targets of a gathering: add, list, open, test and remove."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from publish.errors import Offline, PauseTarget, PublishError, Reachability, redact
from publish.net.remote_state import RemoteState
from publish.net.transfer_meter import TransferMeter, use_meter
from publish.net.understood import understood
from publish.outbox.context import PublishContext, secret_name, secrets_of
from publish.outbox.target_status import (
    forget_limits,
    record_reachability,
    record_transfer,
    status_text,
)
from publish.posts.model import GatheringFacts
from publish.status.progress import counts
from publish.targets import Target as OpenTarget
from publish.targets import TargetConfig, check_options, target_class
from reporter import secret_store
from reporter.clock import Clock, new_id, rfc3339
from reporter.conversation import replies
from reporter.enums import Audience, ItemKind
from reporter.errors import BadInput, Conflict, NotFound
from reporter.media.store import Store
from reporter.messages import Message
from reporter.models import Delivery, Target
from reporter.models.outbox import TargetStatus
from reporter.moderation.deletions import Deleted, bury, place_number, unbury


def add_target(
    session: Session,
    kind: str,
    name: str,
    given: Mapping[str, str],
    *,
    now: datetime,
    rng: random.Random,
) -> Target:
    """Add a target. ``given`` are its KEY=VALUE options; every kind has an ``audience``. Commits.

    Raise BadInput for unknown kinds or options and for missing ones, Conflict if the name is taken.
    """
    own = dict(given)
    audience = own.pop("audience", Audience.PUBLIC.value)
    if audience not in set(Audience):
        raise BadInput(
            "audience can be %(choices)s, not %(audience)s.",
            choices=", ".join(Audience),
            audience=f"{audience!r}",
        )
    options = check_options(kind, own)
    _keep_secrets_out(options)
    if not name.strip() or "," in name:
        raise BadInput("Give the target a short name, as blog or stick.")
    if session.scalar(select(Target.id).where(Target.name == name)) is not None:
        raise Conflict(
            "There is a target called %(name)s already. Remove it first, or take another name.",
            name=name,
        )
    row = Target(
        id=new_id(now, rng),
        kind=kind,
        name=name,
        options=options,
        audience=audience,
        created_at=now,
    )
    session.add(row)
    unbury(session, Deleted.TARGET, place_number(row), now=now)
    session.commit()
    return row


def _keep_secrets_out(options: Mapping[str, str]) -> None:
    """Reject URLs that contain a password: it would end up in the database, in backups and on pages."""
    for name, value in options.items():
        try:
            inside = urlsplit(value).password if "://" in value else None
        except ValueError:
            inside = None
        if inside is not None:
            raise BadInput(
                "Leave the password out of %(option)s: give user=NAME, and the password is asked "
                "for and kept apart.",
                option=name,
            )


def find_target(session: Session, name: str) -> Target:
    """The target with this name; raises NotFound."""
    row = session.scalar(select(Target).where(Target.name == name))
    if row is None:
        raise NotFound("There is no target called %(name)s. See: reporter targets list", name=name)
    return row


def secret_prompt(kind: str, given: Mapping[str, str]) -> str:
    """Prompt for the secret before ``add_target``; empty if none is needed with these options."""
    return target_class(kind).secret_prompt(given)


def open_target(
    row: Target, *, facts: GatheringFacts, state: RemoteState, assets: Path | None = None
) -> OpenTarget:
    """Open the target of a row, with its secret from the secret store."""
    cls = target_class(row.kind)
    needed = cls.secret_prompt(row.options)
    secret = (
        secret_store.get_secret(facts.secrets_id, secret_name(row.name)) or "" if needed else ""
    )
    return cls(TargetConfig(row.name, row.options, secret, facts, assets, state))


def make_publish_context(
    store: Store,
    facts: GatheringFacts,
    *,
    clock: Clock,
    rng: random.Random,
    assets: Path | None = None,
    budget_mb: int = 0,
    state: RemoteState | None = None,
    check_place: Callable[[Target], None] | None = None,
    may_send: Callable[[], bool] = lambda: True,
    may_go_on: Callable[[], bool] = lambda: True,
) -> PublishContext:
    """Build the context for ledger and outbox. ``assets``: the folder that holds ``css/tokens.css``.

    ``state``: server facts shared with the program's other contexts. ``check_place`` raises
    PublishError for targets that may not be opened from here. ``may_send``, ``may_go_on``: see PublishContext.
    """
    state = RemoteState() if state is None else state
    open_it = partial(open_target, facts=facts, state=state, assets=assets)

    def connect(row: Target) -> OpenTarget:
        if check_place is not None:
            check_place(row)
        return open_it(row)

    return PublishContext(
        store,
        facts,
        clock,
        rng,
        connect,
        budget_mb * 1_000_000,
        may_send=may_send,
        may_go_on=may_go_on,
        state=state,
    )


def test_target(session: Session, context: PublishContext, name: str) -> str:
    """Test a target for real and return a sentence; success resumes a paused target. Raises publish.errors. Commits.

    The observed reachability is stored and shown either way. Errors never contain a secret.
    """
    row = find_target(session, name)
    hidden = secrets_of(context, row.name)
    meter = TransferMeter(clock=context.clock)
    try:
        target = context.connect(row)
        session.commit()
        try:
            with use_meter(meter), understood(row.name):
                sentence = target.test()
        finally:
            target.close()
    except PublishError as error:
        error.message = redact(error.message, hidden)
        error.args = (error.message,)
        record_reachability(session, row.id, _way(error), error.message, now=context.clock())
        session.commit()
        raise
    row.paused = ""
    record_transfer(session, row.id, meter, timedelta(0), now=context.clock(), free=True)
    record_reachability(session, row.id, Reachability.OK, "", now=context.clock())
    forget_limits(session, row.id)
    session.commit()
    return redact(sentence, hidden)


def _way(error: PublishError) -> Reachability:
    if isinstance(error, Offline):
        return error.way
    return Reachability.REFUSED if isinstance(error, PauseTarget) else Reachability.DOWN


def list_targets(session: Session, budget: int = 0) -> list[dict[str, Any]]:
    """All targets as JSON, with row counts by state and last reachability; never a secret."""
    by_target = counts(session, budget)
    rows = session.scalars(select(Target).order_by(Target.created_at, Target.name))
    return [
        {
            "name": row.name,
            "kind": row.kind,
            "options": dict(row.options),
            "audience": row.audience,
            "paused": row.paused,
            "deliveries": by_target.get(row.id, {}),
            "connection": _connection(session.get(TargetStatus, row.id)),
        }
        for row in rows
    ]


def _connection(line: TargetStatus | None) -> dict[str, Any]:
    if line is None:
        return {"way": "", "said": "", "held": False, "tried_at": None, "reached_at": None}
    return {
        "way": line.reachability,
        "said": status_text(line),
        "held": line.paused_at is not None,
        "tried_at": rfc3339(line.tried_at),
        "reached_at": rfc3339(line.reached_at),
    }


def remove_target(session: Session, facts: GatheringFacts, name: str, *, now: datetime) -> str:
    """Delete a target, its ledger and its secret; return what remains published there. Commits.

    Nothing is taken down, and no merge brings the target back. If it is added again under any name, what is still
    there is found by its key and adopted.
    """
    row = find_target(session, name)
    there = session.scalar(
        select(func.count())
        .select_from(Delivery)
        .where(
            Delivery.target_id == row.id, Delivery.item_kind == ItemKind.STORY, Delivery.sent != ""
        )
    )
    replies.forget_target(session, row.id)
    for number in (row.id, place_number(row)):
        bury(session, Deleted.TARGET, number, now=now)
    session.delete(row)
    session.commit()
    secret_store.remove_secret(facts.secrets_id, secret_name(name))
    if not there:
        return Message("%(name)s is forgotten. Nothing of ours is there.", name=name)
    return Message(
        "%(name)s is forgotten. Posts that stay there: %(count)s. Taking something back "
        "does not reach them from here any more. Add the target again to reach them.",
        name=name,
        count=there,
    )
