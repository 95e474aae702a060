"""The inbox says where and when it has looked for answers."""

from __future__ import annotations

import random
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from reporter.clock import new_id
from reporter.models import Target
from reporter.models.conversation import ReplyPoll
from tests.support.kiosk_process import START


def test_when_a_place_was_last_looked_at_is_said_with_its_day(
    client: FlaskClient, session: Session, rng: random.Random
) -> None:
    options = {"url": "https://garden.example.org/blog", "user": "ana"}
    blog = Target(
        id=new_id(START, rng), kind="wordpress", name="blog", options=options, created_at=START
    )
    session.add(blog)
    session.flush()
    # Three days ago: an hour alone would be taken for one of today.
    looked = START - timedelta(days=3)
    session.add(ReplyPoll(target_id=blog.id, polled_at=looked, next_at=START))
    session.commit()
    page = client.get("/desk/conversation").text
    assert f"last looked {looked:%-m/%-d/%y}, " in page
