"""The targets of a gathering: add, list, open, try, remove."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from publish.ledger import STORY, Outbox
from publish.post import Facts
from publish.targets import Setup, check_options, target_class
from publish.targets import Target as OpenTarget
from reporter import secrets, talk
from reporter.clock import Clock, new_id
from reporter.errors import BadInput, Conflict, NotFound
from reporter.models import Delivery, Target
from reporter.states import Audience
from reporter.store import Store


def add_target(
    session: Session, kind: str, name: str, given: Mapping[str, str], *, now: datetime, rng: random.Random
) -> Target:  # fmt: skip
    """Add a place to publish. ``given`` are the KEY=VALUE pairs; ``audience`` is one for every kind. Commits.

    Raises BadInput for unknown kinds and options and for what is missing, Conflict for a name that is taken.
    """
    own = dict(given)
    audience = own.pop("audience", Audience.PUBLIC.value)
    if audience not in set(Audience):
        raise BadInput(f"audience can be {', '.join(Audience)}, not {audience!r}.")
    options = check_options(kind, own)
    if not name.strip() or "," in name:
        raise BadInput("Give the target a short name, as blog or stick.")
    if session.scalar(select(Target.id).where(Target.name == name)) is not None:
        raise Conflict(
            f"There is a target called {name} already. Remove it first, or take another name."
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
    session.commit()
    return row


def find_target(session: Session, name: str) -> Target:
    """The target of a name; raises NotFound."""
    row = session.scalar(select(Target).where(Target.name == name))
    if row is None:
        raise NotFound(f"There is no target called {name}. See: reporter targets list")
    return row


def secret_prompt(kind: str, given: Mapping[str, str]) -> str:
    """What to ask for before ``add_target``, or empty when this kind needs no secret with these options."""
    return target_class(kind).secret_prompt(given)


def secret_name(name: str) -> str:
    """How ``reporter.secrets`` calls the secret of a target."""
    return f"target:{name}"


def open_target(row: Target, *, facts: Facts, assets: Path | None = None) -> OpenTarget:
    """The working target of a row, its secret fetched from where secrets are."""
    cls = target_class(row.kind)
    needed = cls.secret_prompt(row.options)
    secret = secrets.get_secret(str(facts.id), secret_name(row.name)) or "" if needed else ""
    return cls(Setup(row.name, row.options, secret, facts, assets))


def make_outbox(
    store: Store, facts: Facts, *, clock: Clock, rng: random.Random, assets: Path | None = None
) -> Outbox:
    """What ledger and outbox work with. ``assets``: the folder that holds ``css/tokens.css``."""
    return Outbox(store, facts, clock, rng, partial(open_target, facts=facts, assets=assets))


def test_target(session: Session, outbox: Outbox, name: str) -> str:
    """Try a target for real; its sentence. A paused one goes on after a success. Raises publish.errors. Commits."""
    row = find_target(session, name)
    target = outbox.connect(row)
    session.commit()
    try:
        said = target.test()
    finally:
        target.close()
    row.paused = ""
    session.commit()
    return said


def list_targets(session: Session) -> list[dict[str, Any]]:
    """All targets as JSON, with counts of their ledger rows by state; never a secret."""
    counted = select(Delivery.target_id, Delivery.state, func.count()).group_by(
        Delivery.target_id, Delivery.state
    )
    counts: dict[Any, dict[str, int]] = {}
    for target_id, state, count in session.execute(counted):
        counts.setdefault(target_id, {})[state] = count
    rows = session.scalars(select(Target).order_by(Target.created_at, Target.name))
    return [
        {
            "name": row.name,
            "kind": row.kind,
            "options": dict(row.options),
            "audience": row.audience,
            "paused": row.paused,
            "deliveries": counts.get(row.id, {}),
        }
        for row in rows
    ]


def remove_target(session: Session, facts: Facts, name: str) -> str:
    """Forget a target, its ledger and its secret; says what stays out there. Commits.

    Nothing is taken down. Added again under any name, what is still there is found by its key and taken over.
    """
    row = find_target(session, name)
    there = session.scalar(
        select(func.count())
        .select_from(Delivery)
        .where(Delivery.target_id == row.id, Delivery.item_kind == STORY, Delivery.sent != "")
    )
    talk.forget_target(session, row.id)
    session.delete(row)
    session.commit()
    secrets.remove_secret(str(facts.id), secret_name(name))
    if not there:
        return f"{name} is forgotten. Nothing of ours is there."
    posts = "1 post stays" if there == 1 else f"{there} posts stay"
    return (
        f"{name} is forgotten. {posts} there, and taking something back does not reach it from here any more. "
        "Add the target again to reach it."
    )
