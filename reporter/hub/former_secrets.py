"""Secrets of gatherings that were kept under the kiosks' id, which two organizations may share.

Once, when the database is upgraded, the gatherings are noted whose id no other gathering has: only
they get what is kept under it. For the others a person is asked again.
"""

from __future__ import annotations

import json
import uuid

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from reporter.hub.models import HubGathering, HubSetting

_NAME = "former_secrets"


def note_former(connection: Connection) -> None:
    """Note which gatherings may have what is kept under their kiosks' id; later calls change nothing.

    In a scope that sees all gatherings.
    """
    from sqlalchemy.dialects.postgresql import insert

    known = select(HubSetting.name).where(HubSetting.name == _NAME)
    if connection.scalar(known) is not None:
        return
    once = select(HubGathering.local_id).group_by(HubGathering.local_id).having(func.count() == 1)
    alone = connection.scalars(select(HubGathering.id).where(HubGathering.local_id.in_(once)))
    value = json.dumps(sorted(str(number) for number in alone))
    noted = insert(HubSetting).values(name=_NAME, value=value)
    connection.execute(noted.on_conflict_do_nothing())


def may_have_former(session: Session, gathering: uuid.UUID) -> bool:
    """Whether secrets under the kiosks' id of this gathering are its own."""
    row = session.get(HubSetting, _NAME)
    return row is not None and str(gathering) in json.loads(row.value)
