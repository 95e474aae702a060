"""Stories at the desk: drafted from stars, arranged, written between, previewed with the site's own page."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.clock import new_id
from reporter.models import EventSession, Story, StoryItem, StoryText, Takeaway, Target
from tests.support.browsers.pages import PHONE, press
from tests.support.kiosk_process import START, add_takeaway

DESK = "/desk/stories"


@pytest.fixture
def takeaways(session: Session, event: EventSession, rng: random.Random) -> list[Takeaway]:
    return [
        add_takeaway(session, event, rng, state="approved", starred=n < 2, text=f"Note {n}")
        for n in range(4)
    ]


def arranged(session: Session, story: Story) -> list[str]:
    """Texts in their order."""
    session.expire_all()
    items = session.execute(
        select(StoryItem.position, Takeaway.text)
        .join(Takeaway, Takeaway.id == StoryItem.takeaway_id)
        .where(StoryItem.story_id == story.id)
    ).all()
    words = session.execute(
        select(StoryText.position, StoryText.text).where(StoryText.story_id == story.id)
    ).all()
    return [row[1] for row in sorted([*items, *words])]


def test_a_draft_begins_with_the_stars_and_is_arranged(
    client: FlaskClient, session: Session, event: EventSession, takeaways: list[Takeaway]
) -> None:
    press(client, DESK, do="session", session=event.code)
    [story] = session.scalars(select(Story))
    place = f"{DESK}/{story.id.hex}"
    assert arranged(session, story) == ["Note 0", "Note 1"]
    page = client.get(place).text
    assert "2 other approved takeaways follow below" in page
    press(client, f"{place}/pieces", do="words", text="## What we **learned**")
    press(client, f"{place}/pieces", do="in", receipt=takeaways[3].receipt)
    assert arranged(session, story) == ["Note 0", "Note 1", "## What we **learned**", "Note 3"]
    press(client, f"{place}/pieces", do="down", piece=takeaways[0].id.hex)
    press(client, f"{place}/pieces", do="out", piece=takeaways[3].id.hex)
    assert arranged(session, story) == ["Note 1", "Note 0", "## What we **learned**"]
    [words] = session.scalars(select(StoryText))
    order = f"{words.id.hex},{takeaways[0].id.hex},{takeaways[1].id.hex}"
    press(client, f"{place}/pieces", do="order", order=order)
    assert arranged(session, story) == ["## What we **learned**", "Note 0", "Note 1"]


def test_the_preview_is_the_sites_own_page(
    client: FlaskClient, session: Session, event: EventSession, takeaways: list[Takeaway]
) -> None:
    press(client, DESK, do="session", session=event.code)
    [story] = session.scalars(select(Story))
    place = f"{DESK}/{story.id.hex}"
    press(client, f"{place}/pieces", do="words", text="## Heading <script>alert(1)</script>")
    press(client, f"{place}/texts", title="Gardens!", lead="All of it.", ready="1", rest="1")
    page = client.get(f"{place}/preview").text
    assert "Gardens!" in page
    assert "Note 3" in page, "what else is approved follows below"
    assert "<script>alert" not in page
    assert 'href="style/site.css"' in page
    assert client.get(f"{place}/style/site.css").mimetype == "text/css"
    assert client.get(f"{place}/style/other.css").status_code == 404


def test_one_of_your_own_takes_and_gives_back(
    client: FlaskClient, session: Session, event: EventSession, takeaways: list[Takeaway]
) -> None:
    answer = press(client, DESK, do="new", title="Three gardens")
    story = session.scalars(select(Story).where(Story.title == "Three gardens")).one()
    assert story.draft
    assert story.id.hex in answer.location
    place = f"{DESK}/{story.id.hex}"
    assert "Note 0" in client.get(place).text, "the starred ones are offered"
    press(client, f"{place}/pieces", do="in", receipt=[t.receipt for t in takeaways[:2]])
    press(client, f"{place}/texts", title="Three gardens", lead="", short="Short", ready="1")
    session.expire_all()
    assert (story.draft, story.short) == (False, "Short")
    press(client, f"{place}/delete")
    assert session.scalars(select(Story).where(Story.title == "Three gardens")).all() == []
    assert press(client, f"{place}/texts", title="x").status_code == 404


def test_somebody_elses_words_are_not_written_over(
    client: FlaskClient, session: Session, event: EventSession
) -> None:
    press(client, DESK, do="new", title="Ours")
    story = session.scalars(select(Story).where(Story.title == "Ours")).one()
    place = f"{DESK}/{story.id.hex}"
    press(client, f"{place}/texts", title="Theirs", was_title="Ours")
    answer = press(client, f"{place}/texts", title="Mine", was_title="Ours")
    assert answer.status_code == 409
    assert 'value="Mine"' in answer.text
    session.expire_all()
    assert story.title == "Theirs"


def test_the_report_and_empty_pages(
    client: FlaskClient, session: Session, event: EventSession, takeaways: list[Takeaway]
) -> None:
    assert "Draft the report" in client.get(DESK).text
    press(client, DESK, do="report")
    story = session.scalars(select(Story).where(Story.report)).one()
    assert arranged(session, story) == [f"## {event.title}", "Note 0", "Note 1"]
    assert press(client, DESK, do="new", title=" ").status_code == 422
    assert client.get(DESK, **PHONE).status_code in (302, 403)


def test_each_target_shows_what_it_would_get(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random, tmp_path: Path
) -> None:
    add_takeaway(session, event, rng, state="approved", text="Kale & frost")
    place: dict[str, Any] = {"id": new_id(START, rng), "created_at": START, "audience": "public"}
    session.add(Target(kind="folder", name="stick", options={"url": f"{tmp_path}/site"}, **place))
    place["id"] = new_id(START, rng)
    session.add(Target(kind="folder", name="gone", options={"url": "nothing://x"}, **place))
    session.commit()
    begun = press(client, "/desk/stories", do="session", session=event.code)
    page = client.get(begun.location)
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    address = begun.location.split("#")[0]
    shown = client.get(f"{address}/at/stick")
    assert "Kale &amp; frost" in shown.text
    assert "frame-ancestors 'self'" in shown.headers["Content-Security-Policy"]
    assert "script" not in shown.headers["Content-Security-Policy"]
    refused = client.get(f"{address}/at/gone")
    assert refused.status_code == 200
    sentence = refused.text.partition("<p>")[2].partition("</p>")[0]
    assert sentence
    arabic = client.get(f"{address}/at/gone?lang=ar").text
    assert '<html lang="ar" dir="rtl">' in arabic
    assert sentence not in arabic
    assert client.get(f"{address}/at/nowhere").status_code == 404
    assert not (tmp_path / "site").exists()
