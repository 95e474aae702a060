"""What an engine does with every statement, on SQLite as on PostgreSQL."""

import random

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.models import EventSession, Takeaway
from tests.support.kiosk_process import add_takeaway


def test_no_nul_gets_into_a_database(session: Session, event: EventSession) -> None:
    row = add_takeaway(session, event, random.Random(3), text="Leeks\0 in\0 frost")
    session.commit()
    session.expire_all()
    assert row.text == "Leeks in frost"
    assert session.scalar(select(Takeaway.id).where(Takeaway.text == "Leeks\0 in frost")) == row.id
