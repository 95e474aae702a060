"""Captions of a finished film: stale ones leave it at once, the others are not given up while the laptop is busy."""

from __future__ import annotations

import random
import socket
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import delete
from sqlalchemy.orm import Session

from capture.decoding.process_pool import DecoderDied, PoolBusy
from kiosk.cli.common import kiosk_context
from kiosk.desktop.port_file import listening_at, port_noted
from kiosk.services import films
from reporter.annotations.recording_captions import captions_of, captions_row
from reporter.clock import new_id
from reporter.config import Settings
from reporter.enums import Source
from reporter.errors import Busy, DiskFull, MediaFailed
from reporter.films.arrangement import are_captions_fresh, film_of
from reporter.films.script import SoundExcerpt
from reporter.models import Attachment, EventSession, FilmPart, Takeaway, Target
from reporter.models.edits import Edit
from reporter.moderation.visibility import Scope
from tests.support.kiosk_process import START, add_takeaway, new_media

CORRECTED = "00:07.000 --> 00:08.000\nAnne\n"
STAYS, LEAVES = "00:05.000 --> 00:06.000\nStays\n", "00:07.000 --> 00:08.000\nAnn\n"


@pytest.fixture
def film(
    session: Session, event: EventSession, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> Takeaway:
    """A finished film with two captions, one of which its recording has lost since."""
    monkeypatch.setattr(films, "take_away_stale", lambda *_: None)

    def row(number: int, captions: str, source: Source) -> Takeaway:
        takeaway = add_takeaway(session, event, rng, state="approved", source=source)
        media = new_media(
            rng, sha256=str(number) * 64, kind="video", ext=".mp4", type="video/mp4", state="ready"
        )
        takeaway.attachments.append(Attachment(media=media, position=0))
        session.flush()
        captions_row(session, media).saved = f"WEBVTT\n\n{captions}"
        return takeaway

    spoken = row(1, STAYS, Source.PHONE)
    made = row(2, f"{STAYS}\n{LEAVES}", Source.FILM)
    made.parts = [FilmPart(part_id=spoken.id, sha256="1" * 64, appearance="a:former")]
    kept = film_of(session)
    kept.fingerprint = "of another arrangement"
    session.add(kept)
    session.commit()
    return made


def test_the_closing_card_names_the_port_of_the_kiosk(
    gathering: Settings, event: EventSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where another process makes the film, beside the kiosk or without one."""

    def port_of_card() -> int | None:
        seen: list[int | None] = []

        @click.command()
        def card() -> None:
            with kiosk_context() as kiosk:
                seen.append(urlsplit(films.film_words(kiosk, Scope.PUBLIC).url).port)

        CliRunner().invoke(card, [], catch_exceptions=False)
        return seen[0]

    monkeypatch.setenv("REPORTER_GATHERING", str(gathering.folder))

    assert port_of_card() == 8000
    with socket.create_server(("127.0.0.1", 0)) as listener:
        at = listening_at(listener)
        with port_noted(gathering.folder, at):
            assert port_of_card() == at.port


def test_the_closing_card_names_no_address_of_the_laptop_alone(
    app: Flask, session: Session, event: EventSession
) -> None:
    def card() -> str:
        with app.app_context():
            return films.film_words(app.extensions["kiosk"], Scope.PUBLIC).url

    def publish_to(name: str, web: str) -> None:
        options = {"url": f"file:///srv/{name}", "web": web}
        session.add(
            Target(
                id=new_id(START, random.Random(name)),
                kind="folder",
                name=name,
                options=options,
                created_at=START,
            )
        )
        session.commit()

    publish_to("a", "http://127.0.0.1:8000/tour/site/")
    assert card().endswith("/outcomes")
    publish_to("b", "https://garden.example.org/")
    assert card() == "https://garden.example.org/"


def captions(session: Session, film: Takeaway) -> list[str]:
    session.expire_all()
    return [cue.text for cue in captions_of(session, film.attachments[0].media)]


def turn(app: Flask) -> int:
    with app.app_context():
        return films.make_due(app.extensions["kiosk"])


def corrected(session: Session, film: Takeaway) -> None:
    """The film is still as it was arranged, and its recording's caption was corrected."""
    media = film.parts[0].takeaway.attachments[0].media
    captions_row(session, media).saved = f"WEBVTT\n\n{STAYS}\n{CORRECTED}"
    session.commit()


def test_a_decoder_that_dies_once_costs_no_corrected_caption(
    app: Flask, session: Session, film: Takeaway, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected(session, film)
    dying = iter([True, False])

    def hear(*_: Any) -> tuple[SoundExcerpt, ...]:
        if next(dying):
            raise DecoderDied("x")
        return (SoundExcerpt("1" * 64, start=0.0, seconds=20.0, at=1.0),)

    monkeypatch.setattr(films, "_script_of", lambda *_: "the film's script")
    monkeypatch.setattr(films, "_heard_in", hear)
    assert turn(app) == 0
    assert captions(session, film) == ["Stays"], "what was removed has left at once"
    assert not are_captions_fresh(session, film)
    assert [turn(app), turn(app)] == [1, 0]
    assert captions(session, film) == ["Stays", "Anne"]
    assert film_of(session).error == ""


def test_a_decoder_that_dies_each_time_is_told_in_the_end(
    app: Flask, session: Session, film: Takeaway, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected(session, film)

    def hear(*_: Any) -> None:
        raise DecoderDied("crashed")

    monkeypatch.setattr(films, "_script_of", lambda *_: "the film's script")
    monkeypatch.setattr(films, "_heard_in", hear)
    turns = [turn(app) for _ in range(films.MOST_TRIES + 1)]
    assert turns == [*[0] * (films.MOST_TRIES - 1), 1, 0]
    session.expire_all()
    assert are_captions_fresh(session, film)
    assert str(film_of(session).error) == "crashed"


def test_captions_of_a_film_that_was_cut_stay_where_they_are(
    app: Flask, session: Session, film: Takeaway
) -> None:
    media = film.attachments[0].media
    session.add(Edit(media_id=media.id, position=0, kind="cut", numbers=[2.0, 30.0]))
    session.commit()
    assert [cue.begin for cue in captions_of(session, media)] == [3.0, 5.0]
    assert turn(app) == 1
    assert captions(session, film) == ["Stays"]
    assert [cue.begin for cue in captions_of(session, media)] == [3.0]
    session.execute(delete(Edit))
    session.commit()
    assert [cue.begin for cue in captions_of(session, media)] == [5.0]


def test_a_film_arranged_anew_loses_stale_captions_and_is_not_made(
    app: Flask, session: Session, film: Takeaway
) -> None:
    assert [turn(app), turn(app)] == [1, 0]
    session.expire_all()
    assert captions(session, film) == ["Stays"]
    assert not film_of(session).requested


@pytest.mark.parametrize(
    ("error", "settled"),
    [
        (PoolBusy("x"), False),
        (Busy("x"), False),
        (DiskFull("x"), False),
        (MediaFailed("x"), True),
    ],
)
def test_captions_leave_whatever_happens_and_come_again_unless_a_recording_cannot_be_read(
    app: Flask,
    session: Session,
    film: Takeaway,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    settled: bool,
) -> None:
    def refuse(*_: Any) -> None:
        raise error

    monkeypatch.setattr(films, "plan", refuse)
    assert turn(app) == settled
    assert captions(session, film) == ["Stays"]
    assert are_captions_fresh(session, film) == settled
    assert str(film_of(session).error) == ("x" if settled else "")
