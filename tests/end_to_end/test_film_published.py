"""The film of the evening where it is published: who is in its frames, and what happens when one of them leaves."""

from __future__ import annotations

import json
import shutil
import urllib.parse
from pathlib import Path

import httpx
import pytest
from flask import Flask
from flask.ctx import AppContext
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.services.films import make_due
from kiosk.services.publishing import add_target, publish_all, take_down, write_bundle
from publish.posts.model import gathering_facts
from reporter.annotations import recording_captions
from reporter.films.arrangement import film_takeaway, set_options
from reporter.models import EventSession, Takeaway
from reporter.models.outbox import Takedown
from reporter.moderation import decisions
from tests.support.browsers.pages import make_ready, press, send
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.media.films import Rgb, most_of
from tests.support.media.recordings import record
from tests.support.servers.script import script_server
from tests.support.servers.wordpress import WordPress, missing_programs

COLOURS: dict[str, Rgb] = {
    "stays": (20, 160, 60),
    "leaves": (230, 20, 220),
    "unsure": (20, 220, 230),
}


class Evening:
    """A gathering with a photo of each colour and a video note, all starred; what the test does with its film."""

    def __init__(
        self, app: Flask, client: FlaskClient, session: Session, clock: TurnableClock
    ) -> None:
        self.app, self.client, self.session, self.clock = app, client, session, clock
        self.kiosk = app.extensions["kiosk"]

    def fill(self, event: EventSession, folder: Path) -> None:
        """Send, star and approve everything."""
        for name, colour in COLOURS.items():
            Image.new("RGB", (640, 480), colour).save(folder / f"{name}.jpg", quality=95)
        record(folder / "spoken.mp4", format="mp4", video="libx264", audio="aac", seconds=4)
        for path in (*(folder / f"{name}.jpg" for name in COLOURS), folder / "spoken.mp4"):
            consent = "unsure" if path.stem == "unsure" else "agreed"
            sent = send(
                self.client, event.code, path, text=path.stem, author="Ana", consent=consent
            )
            row = decisions.by_receipt(self.session, sent["receipt"])
            decisions.change(self.session, row, actor(self.clock), {"starred": True})
            decisions.approve(self.session, row, actor(self.clock))
        make_ready(self.app)
        self.session.expire_all()
        (attachment,) = self.row("spoken").attachments
        recording_captions.keep(
            self.session, attachment.media, "0:01 Compost stays warm", actor(self.clock)
        )
        set_options(self.session, audience="public", shape="square", seconds=24)

    def row(self, text: str) -> Takeaway:
        """One of the takeaways."""
        return self.session.scalars(select(Takeaway).where(Takeaway.text == text)).one()

    def film(self) -> Takeaway:
        """The takeaway that the film is."""
        self.session.expire_all()
        row = film_takeaway(self.session)
        assert row is not None
        return row

    def make(self) -> None:
        """The worker's turns: film, then its renditions."""
        with self.at_work():
            assert make_due(self.kiosk) == 1
        make_ready(self.app)

    def at_work(self) -> AppContext:
        """A context as the workers have it."""
        return self.app.app_context()

    def publish(self) -> None:
        """All that is due, until nothing is."""
        with self.at_work():
            publish_all(self.kiosk, wait=True)


@pytest.fixture
def evening(
    tmp_path: Path,
    app: Flask,
    client: FlaskClient,
    session: Session,
    event: EventSession,
    clock: TurnableClock,
) -> Evening:
    made = Evening(app, client, session, clock)
    made.fill(event, tmp_path)
    return made


def films_in(folder: Path, length: float = 10) -> list[Path]:
    """Videos in a folder that are longer than any video note."""
    import av

    found = []
    for path in sorted(folder.rglob("*.mp4")):
        with av.open(str(path)) as film:
            if (film.duration or 0) / 1e6 > length:
                found.append(path)
    return found


def colours_of(path: Path) -> set[str]:
    """The colours that fill a good part of a frame; of no other is anything at all seen."""
    shares = most_of(path, COLOURS)
    seen = {name for name, share in shares.items() if share > 0.2}
    assert seen == {name for name, share in shares.items() if share > 0.01}
    return seen


@pytest.mark.wordpress
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("wordpress")
def test_every_place_has_the_film_and_loses_it_with_its_part(
    evening: Evening, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    places = Places(evening, request, tmp_path)
    press(evening.client, "/desk/film/make")
    evening.make()
    # Nobody has looked at it yet.
    evening.publish()
    assert places.films() == []
    press(evening.client, "/desk/film/publish", do="yes")
    evening.publish()
    places.check({"stays", "leaves"})
    # It is no session and no takeaway of anybody's.
    index = (places.stick / "index.html").read_text("utf-8")
    assert "3 takeaways from 1 session" in " ".join(index.split())
    page = page_of_film(places.stick)
    assert 'poster="media/' in page
    assert "Compost stays warm" in urllib.parse.unquote(page)
    assert_in_bundle(evening, tmp_path / "one", {"stays", "leaves"})
    (film,) = films_in(places.stick)
    former = film.read_bytes()

    # Other captions reach it without rendering it anew.
    (spoken,) = evening.row("spoken").attachments
    recording_captions.keep(
        evening.session, spoken.media, "0:01 Compost stays hot", actor(evening.clock)
    )
    evening.make()
    evening.publish()
    assert films_in(places.stick) == [film]
    assert film.read_bytes() == former
    assert "Compost stays hot" in urllib.parse.unquote(page_of_film(places.stick))
    with evening.at_work():
        assert make_due(evening.kiosk) == 0

    decisions.withdraw(
        evening.session, evening.row("leaves"), actor(evening.clock), evening.kiosk.store
    )
    # Before any worker has turned: the gate refuses the film as a whole.
    with evening.at_work():
        take_down(evening.kiosk)
        made = write_bundle(evening.kiosk, tmp_path / "two")
    assert places.films() == films_in(made.path) == []
    assert places.posts() in ([], None)
    gone = evening.session.scalars(select(Takedown)).all()
    assert {one.done_at is not None for one in gone} == {True}

    evening.make()
    evening.publish()
    places.check({"stays"})
    (film,) = films_in(places.stick)
    assert film.read_bytes() != former
    assert_in_bundle(evening, tmp_path / "three", {"stays"})
    assert {one.takeaway.text for one in evening.film().parts} == {"stays", "spoken"}


class Places:
    """A folder, a collection of WebDAV and, where one can be installed, a blog: what each of them has of the film."""

    def __init__(self, evening: Evening, request: pytest.FixtureRequest, folder: Path) -> None:
        self.folder, self.stick = folder, folder / "stick"
        self.stick.mkdir()
        server = script_server("webdav", request)
        self.collection = Path(server.details["FOLDER"]) / "film"
        shutil.rmtree(self.collection, ignore_errors=True)
        self.blog: WordPress | None = (
            None if missing_programs() else request.getfixturevalue("wordpress")
        )
        with evening.at_work():
            kiosk, web = evening.kiosk, f"webdav://127.0.0.1:{server.port}/film"
            add_target(kiosk, "folder", "stick", {"url": self.stick.as_uri()}, ask=lambda _: "")
            secret = server.details["PASSWORD"]
            add_target(kiosk, "folder", "web", {"url": web, "user": "kit"}, ask=lambda _: secret)
            if (blog := self.blog) is not None:
                given = {"url": blog.url, "user": blog.user}
                add_target(kiosk, "wordpress", "blog", given, ask=lambda _: blog.app_password)
            self.mark = gathering_facts(evening.session, kiosk.settings).mark

    def films(self) -> list[Path]:
        """The films at all places."""
        fetched = self.folder / "fetched"
        shutil.rmtree(fetched, ignore_errors=True)
        at_blog = films_at_blog(self.blog, self.mark, fetched) if self.blog is not None else []
        return [*films_in(self.stick), *films_in(self.collection), *at_blog]

    def posts(self) -> list[str] | None:
        """The film's posts that everybody reads at the blog."""
        return None if self.blog is None else posts_at_blog(self.blog)

    def check(self, colours: set[str]) -> None:
        """Each place has one film, in which just these colours are seen."""
        films = self.films()
        assert len(films) == (2 if self.blog is None else 3)
        # The same everywhere, except where a place makes something of its own of it.
        for film in {film.read_bytes(): film for film in films}.values():
            assert colours_of(film) == colours
        posts = self.posts()
        assert posts is None or ["<video" in post for post in posts] == [True]


def page_of_film(folder: Path) -> str:
    pages = [path.read_text("utf-8") for path in folder.glob("*.html")]
    (page,) = [one for one in pages if "<h1" in one and "Film of the evening</h1>" in one]
    return page


def assert_in_bundle(evening: Evening, goal: Path, colours: set[str]) -> None:
    with evening.at_work():
        write_bundle(evening.kiosk, goal)
    (film,) = films_in(goal)
    assert colours_of(film) == colours
    records = json.loads((goal / "data" / "takeaways.json").read_text("utf-8"))["takeaways"]
    (record,) = [one for one in records if one["parts"]]
    assert len(record["parts"]) == len(colours) + 1
    assert "Compost stays" in record["media"][0]["captions"]
    assert record["media"][0]["renditions"].keys() >= {"play", "poster"}


def films_at_blog(server: WordPress, mark: str, folder: Path) -> list[Path]:
    """Every film in the blog's library, fetched by a client of the test's own."""
    folder.mkdir(exist_ok=True)
    found = []
    with httpx.Client(auth=(server.user, server.app_password), timeout=60) as client:
        query = {"per_page": "100", "media_type": "video", "context": "edit"}
        library = client.get(f"{server.url}/wp-json/wp/v2/media", params=query).raise_for_status()
        for row in library.json():
            if f"sr-{mark}" in row["slug"]:
                path = folder / f"{row['id']}.mp4"
                path.write_bytes(client.get(row["source_url"]).raise_for_status().content)
                found.append(path)
    return films_in(folder) if found else []


def posts_at_blog(server: WordPress) -> list[str]:
    """What everybody reads of films there."""
    response = httpx.get(
        f"{server.url}/wp-json/wp/v2/posts", params={"search": "Film of the evening"}
    )
    return [row["content"]["rendered"] for row in response.raise_for_status().json()]
