"""The public page of an organization: whether it has one, and at which name."""

from __future__ import annotations

import re
import uuid

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reporter.database.row_security import TenantScope, working_for
from reporter.errors import BadInput, Conflict, NotFound
from reporter.hub.models import Organization

# Part of an address; never like a digest or an e-mail address, which are keys too (see reporter.hub.policies).
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def set_public_name(session: Session, organization: uuid.UUID, name: str) -> None:
    """Give an organization a public page, in its scope; '' closes it. Commits.

    Raises BadInput for a name that is no part of an address, Conflict if another organization has it.
    """
    name = name.strip().lower()
    if name and not _NAME.fullmatch(name):
        raise BadInput("Use up to 40 letters from a to z, digits and hyphens.")
    change = update(Organization).where(Organization.id == organization)
    try:
        session.execute(change.values(public_name=name or None))
        session.commit()
    except IntegrityError as error:
        session.rollback()
        raise Conflict("Another organization uses this address. Choose another one.") from error


def public_organization(session: Session, name: str) -> tuple[uuid.UUID, str]:
    """(id, name) of the organization with a public page at a name; raises NotFound. Ends the transaction."""
    session.rollback()
    found = None
    if _NAME.fullmatch(name):
        with working_for(TenantScope(key=name)):
            query = select(Organization.id, Organization.name)
            found = session.execute(query.where(Organization.public_name == name)).one_or_none()
            session.rollback()
    if found is None:
        raise NotFound("There is no such page here.")
    return found[0], found[1]
