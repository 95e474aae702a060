"""Captions of a finished film: not given up while the laptop is busy, and stale ones leave a film arranged anew."""

from __future__ import annotations

import random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from capture.decoding.process_pool import PoolBusy
from kiosk.services import films
from reporter.annotations.captions import captions_of, captions_row
from reporter.clock import new_id
from reporter.enums import Source
from reporter.errors import Busy, DiskFull, MediaFailed
from reporter.films.arrangement import are_captions_fresh, film_of
from reporter.models import Attachment, EventSession, FilmPart, Media, Takeaway
from tests.support.kiosk_process import START, add_takeaway

STAYS, LEAVES = "00:05.000 --> 00:06.000\nStays\n", "00:07.000 --> 00:08.000\nAnn\n"


@pytest.fixture
def film(
    session: Session, event: EventSession, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> Takeaway:
    """A finished film with two captions, one of which its recording has lost since."""
    monkeypatch.setattr(films, "take_away_stale", lambda *_: None)

    def row(number: int, captions: str, source: Source) -> Takeaway:
        takeaway = add_takeaway(session, event, rng, state="approved", source=source)
        media = Media(
            id=new_id(START, rng),
            sha256=str(number) * 64,
            kind="video",
            ext=".mp4",
            type="video/mp4",
            bytes=1,
            state="ready",
            due_at=START,
            received_at=START,
        )
        takeaway.attachments.append(Attachment(media=media, position=0))
        session.flush()
        captions_row(session, media).kept = f"WEBVTT\n\n{captions}"
        return takeaway

    spoken = row(1, STAYS, Source.PHONE)
    made = row(2, f"{STAYS}\n{LEAVES}", Source.FILM)
    made.parts = [FilmPart(part_id=spoken.id, sha256="1" * 64, looks="a:former")]
    kept = film_of(session)
    kept.made = "of another arrangement"
    session.add(kept)
    session.commit()
    return made


def turn(app: Flask) -> int:
    with app.app_context():
        return films.make_due(app.extensions["kiosk"])


def test_a_film_arranged_anew_loses_stale_captions_and_is_not_made(
    app: Flask, session: Session, film: Takeaway
) -> None:
    assert [turn(app), turn(app)] == [1, 0]
    session.expire_all()
    told = [cue.text for cue in captions_of(session, film.attachments[0].media)]
    assert told == ["Stays"]
    assert not film_of(session).asked


@pytest.mark.parametrize(
    ("error", "taken_away"),
    [
        (PoolBusy("x"), False),
        (Busy("x"), False),
        (DiskFull("x"), False),
        (MediaFailed("x"), True),
    ],
)
def test_captions_wait_while_the_laptop_is_busy_and_leave_where_their_times_are_unknown(
    app: Flask,
    session: Session,
    film: Takeaway,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    taken_away: bool,
) -> None:
    def refuse(*_: Any) -> None:
        raise error

    monkeypatch.setattr(films, "plan", refuse)
    assert turn(app) == taken_away
    session.expire_all()
    assert are_captions_fresh(session, film) == taken_away
    kept = [cue.text for cue in captions_of(session, film.attachments[0].media)]
    assert kept == (["Stays"] if taken_away else ["Stays", "Ann"])
    assert film_of(session).error == ""
