"""Pairing of kiosks that push to a hub: a code is exchanged for a token and a gathering on the hub."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from reporter.clock import new_id
from reporter.database.row_security import TenantScope, working_for
from reporter.errors import Forbidden, NotFound
from reporter.hub.models import HubGathering, HubKiosk, Organization, PairingTicket
from reporter.hub.secrets import code_digest, digest, new_code, new_token

LIFETIME = timedelta(hours=1)


@dataclass(frozen=True)
class Offer:
    """What a kiosk reports about itself and its gathering when it is paired."""

    kiosk_id: uuid.UUID
    name: str
    # The kiosk's id of its gathering.
    local_id: uuid.UUID
    title: str
    # The text of its reporter.toml, without settings of the laptop itself.
    settings: str


@dataclass(frozen=True)
class Paired:
    """Where a kiosk pushes to after pairing."""

    organization_id: uuid.UUID
    organization: str
    gathering_id: uuid.UUID
    token: str


def pairing_code(
    session: Session,
    organization: uuid.UUID,
    gathering: uuid.UUID | None = None,
    *,
    now: datetime,
) -> str:
    """A pairing code valid for an hour, in the organization's scope. Commits.

    ``gathering``: the kiosk that uses the code joins this one. Raises NotFound for another
    organization's gathering.
    """
    if gathering is not None and _gathering_of(session, organization, gathering) is None:
        raise NotFound("This organization has no such gathering.")
    code = new_code()
    session.execute(delete(PairingTicket).where(PairingTicket.expires_at <= now))
    session.add(
        PairingTicket(
            digest=code_digest(code),
            organization_id=organization,
            gathering_id=gathering,
            expires_at=now + LIFETIME,
        )
    )
    session.commit()
    return code


def _gathering_of(
    session: Session, organization: uuid.UUID, gathering: uuid.UUID
) -> uuid.UUID | None:
    return session.scalar(
        select(HubGathering.id).where(
            HubGathering.organization_id == organization, HubGathering.id == gathering
        )
    )


def gatherings_of(session: Session, organization: uuid.UUID) -> list[tuple[uuid.UUID, str]]:
    """(id, title) of an organization's gatherings in its scope, newest first."""
    rows = session.execute(
        select(HubGathering.id, HubGathering.title)
        .where(HubGathering.organization_id == organization)
        .order_by(HubGathering.created_at.desc(), HubGathering.id)
    )
    return [(number, title) for number, title in rows]


def gathering_called(session: Session, organization: uuid.UUID, title: str) -> uuid.UUID:
    """The organization's gathering with a title, the newest if there are several; raises NotFound."""
    for number, found in gatherings_of(session, organization):
        if found == title:
            return number
    raise NotFound("This organization has no such gathering.")


def pair(session: Session, code: str, offer: Offer, *, now: datetime, rng: random.Random) -> Paired:
    """Redeem a kiosk's pairing code. Commits. Raises Forbidden if it is wrong, used or expired."""
    organization, joined = _use_up(session, code, now)
    token = new_token()
    with working_for(TenantScope(organization=organization)):
        gathering = joined or _gathering(session, organization, offer, now=now, rng=rng)
        session.execute(
            delete(HubKiosk).where(
                HubKiosk.gathering_id == gathering, HubKiosk.kiosk_id == offer.kiosk_id
            )
        )
        session.add(
            HubKiosk(
                token_digest=digest(token),
                organization_id=organization,
                gathering_id=gathering,
                kiosk_id=offer.kiosk_id,
                name=offer.name,
                created_at=now,
            )
        )
        name = session.get_one(Organization, organization).name
        session.commit()
    return Paired(organization, name, gathering, token)


def _use_up(session: Session, code: str, now: datetime) -> tuple[uuid.UUID, uuid.UUID | None]:
    """Consume a code; returns its organization, and its gathering if it has one."""
    session.rollback()
    with working_for(TenantScope(key=code_digest(code))):
        ticket = session.get(PairingTicket, code_digest(code), with_for_update=True)
        if ticket is None or ticket.expires_at <= now:
            session.rollback()
            raise Forbidden("This code is wrong, used or too old. Ask for a new one.")
        found = ticket.organization_id, ticket.gathering_id
        session.delete(ticket)
        session.commit()
    return found


def _gathering(
    session: Session, organization: uuid.UUID, offer: Offer, *, now: datetime, rng: random.Random
) -> uuid.UUID:
    """The organization's gathering that the kiosk names; created if it is the first kiosk to do so."""
    known = session.scalar(
        select(HubGathering.id).where(
            HubGathering.organization_id == organization, HubGathering.local_id == offer.local_id
        )
    )
    if known is not None:
        return known
    number = new_id(now, rng)
    session.add(
        HubGathering(
            id=number,
            organization_id=organization,
            local_id=offer.local_id,
            title=offer.title,
            settings=offer.settings,
            created_at=now,
            due_at=now,
        )
    )
    session.flush()
    return number


@dataclass(frozen=True)
class PairedKiosk:
    """A kiosk that may push, as its organization sees it."""

    gathering_id: uuid.UUID
    kiosk_id: uuid.UUID
    name: str
    # The title of its gathering at the hub.
    gathering: str
    pushed_at: datetime | None


def kiosks_of(session: Session, organization: uuid.UUID) -> list[PairedKiosk]:
    """An organization's kiosks in its scope, those of the newest gathering first."""
    columns = (HubKiosk.gathering_id, HubKiosk.kiosk_id, HubKiosk.name, HubGathering.title)
    rows = session.execute(
        select(*columns, HubKiosk.pushed_at)
        .join(HubGathering, HubGathering.id == HubKiosk.gathering_id)
        .where(HubKiosk.organization_id == organization)
        .order_by(HubGathering.created_at.desc(), HubGathering.id, HubKiosk.name, HubKiosk.kiosk_id)
    )
    return [PairedKiosk(*row) for row in rows]


def unpair(
    session: Session, organization: uuid.UUID, gathering: uuid.UUID, kiosk: uuid.UUID
) -> str:
    """Let a kiosk push and ask no more, in the scope of its organization; returns its name. Commits."""
    row = session.scalar(
        select(HubKiosk).where(
            HubKiosk.organization_id == organization,
            HubKiosk.gathering_id == gathering,
            HubKiosk.kiosk_id == kiosk,
        )
    )
    if row is None:
        raise NotFound("This laptop is not paired. Pair it once more at the desk.")
    name = row.name
    session.delete(row)
    session.commit()
    return name


@dataclass(frozen=True)
class KnownKiosk:
    """A kiosk authenticated by its token."""

    organization_id: uuid.UUID
    gathering_id: uuid.UUID
    kiosk_id: uuid.UUID
    name: str


def by_token(session: Session, token: str) -> KnownKiosk | None:
    """The kiosk with this token. Ends the transaction."""
    session.rollback()
    with working_for(TenantScope(key=digest(token))):
        row = session.get(HubKiosk, digest(token))
        found = (
            None
            if row is None
            else KnownKiosk(row.organization_id, row.gathering_id, row.kiosk_id, row.name)
        )
        session.rollback()
    return found


def pushed_mark(session: Session, kiosk: KnownKiosk) -> str:
    """The mark of the last snapshot taken in from a kiosk."""
    mark = select(HubKiosk.snapshot).where(
        HubKiosk.gathering_id == kiosk.gathering_id, HubKiosk.kiosk_id == kiosk.kiosk_id
    )
    return session.scalar(mark) or ""


def note_push(session: Session, kiosk: KnownKiosk, mark: str, *, now: datetime) -> None:
    """Record the snapshot that was taken in, and wake a worker for the gathering. Commits."""
    session.execute(
        update(HubKiosk)
        .where(HubKiosk.gathering_id == kiosk.gathering_id, HubKiosk.kiosk_id == kiosk.kiosk_id)
        .values(snapshot=mark, pushed_at=now)
    )
    wake(session, kiosk.gathering_id, now=now)
    session.commit()


def wake(session: Session, gathering: uuid.UUID, *, now: datetime) -> None:
    """Wake a worker for a gathering; one that is running already checks again on its own."""
    session.execute(
        update(HubGathering)
        .where(HubGathering.id == gathering, HubGathering.due_at > now, HubGathering.lease == "")
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )
