"""The desk's publish pages: places, pause, budget, preview, what a person does by hand."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.publishing import deliver_once, dry_run, publish_all
from publish import targets
from publish.errors import AuthRefused
from reporter import secret_store
from reporter.clock import new_id
from reporter.config import load_settings
from reporter.gathering.session_editing import SessionFields, create_session
from reporter.models import Delivery, EventSession, Takeaway, Target
from reporter.models.conversation import Reply
from reporter.moderation import decisions
from reporter.stories.takeaway_json import published_places
from tests.support.browsers.pages import press
from tests.support.kiosk_process import add_takeaway
from tests.support.publish.fakes import AssistedTarget, FakePlace, FakeTarget


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> FakePlace:
    place = FakePlace()
    monkeypatch.setattr(FakeTarget, "place", place, raising=False)
    monkeypatch.setitem(targets.KINDS, "fake", FakeTarget)
    monkeypatch.setitem(targets.KINDS, "assisted", AssistedTarget)
    return place


def rows() -> list[Delivery]:
    return list(db.session.scalars(select(Delivery)))


def target(name: str, kind: str = "fake", **options: str) -> Target:
    kiosk = current_kiosk()
    row = Target(
        id=new_id(kiosk.now(), kiosk.rng),
        kind=kind,
        name=name,
        options=options,
        created_at=kiosk.now(),
    )
    db.session.add(row)
    db.session.commit()
    return row


def approved(event: EventSession, text: str) -> Takeaway:
    row = add_takeaway(db.session(), event, current_kiosk().rng, text=text)
    decisions.approve(db.session(), row, current_kiosk().actor("desk"))
    return row


def test_what_waits_for_consent_is_said_where_nothing_was_sent(
    app: Flask, client: FlaskClient, event: EventSession, place: FakePlace
) -> None:
    """As photos of a camera's card, of which nobody has said yet whether everyone in them agreed."""
    with app.app_context():
        target("blog")
        row = approved(db.session.merge(event), "Leeks stand the frost")
        for consent in ("unanswered", "unsure", "child"):
            row.consent = consent
            db.session.commit()
            press(client, "/desk/publish/now")
            for page in ("/desk/publish", "/desk/publish/preview"):
                words = client.get(page).text
                assert "1 approved takeaway stays in this room until you have set" in words
                assert "everything that is approved is where it belongs" not in words
            link = "/desk/review?state=approved&no_consent=1"
            assert row.receipt in client.get(link).text
        # What was said only for this room waits for nothing.
        row.audience = "room"
        db.session.commit()
        assert "stays in this room" not in client.get("/desk/publish").text
        row.audience, row.consent = "public", "agreed"
        db.session.commit()
        assert "stays in this room" not in client.get("/desk/publish").text
        assert row.receipt not in client.get(link).text


def test_pausing_stops_everything_until_it_goes_on(
    app: Flask, client: FlaskClient, event: EventSession, place: FakePlace
) -> None:
    with app.app_context():
        target("blog")
        approved(db.session.merge(event), "Leeks stand the frost")
        press(client, "/desk/publish/pause", on="1")
        press(client, "/desk/publish/now")
        assert deliver_once(current_kiosk()) == 0
        assert place.posts == {}
        page = client.get("/desk/publish").text
        assert "Paused. Nothing is sent until you go on." in page
        assert "1 waiting to be sent" in page
        press(client, "/desk/publish/pause")
        while deliver_once(current_kiosk()):
            pass
        assert [post["texts"] for post in place.posts.values()] == [["Leeks stand the frost"]]
        assert "1 sent" in client.get("/desk/publish").text


def test_one_place_is_paused_while_others_go_on(
    app: Flask, client: FlaskClient, event: EventSession, place: FakePlace
) -> None:
    with app.app_context():
        held, free = target("held"), target("free")
        approved(db.session.merge(event), "Words")
        press(client, "/desk/publish/pause", on="1", target="held")
        press(client, "/desk/publish/now")
        while deliver_once(current_kiosk()):
            pass
        found = {row.target_id: row.state for row in rows()}
        assert found == {held.id: "due", free.id: "sent"}
        progress = client.get("/desk/publish/state").get_json()
        assert progress["targets"]["held"]["sentence"] == "1 waiting to be sent"
        assert progress["whole"]["items"] - progress["whole"]["done"] == 1


def test_takedowns_go_by_themselves_where_nothing_else_does(
    app: Flask, event: EventSession, place: FakePlace
) -> None:
    with app.app_context():
        kiosk = current_kiosk()
        target("blog")
        words = approved(db.session.merge(event), "Taken back later")
        publish_all(kiosk)
        other = dataclasses.replace(kiosk.settings.publish, automatic=False)
        kiosk.settings = dataclasses.replace(kiosk.settings, publish=other)
        approved(words.session, "Not let out yet")
        while deliver_once(kiosk):
            pass
        assert [post["texts"] for post in place.posts.values()] == [["Taken back later"]]
        decisions.withdraw(db.session(), words, kiosk.actor("desk"), kiosk.store)
        while deliver_once(kiosk):
            pass
        assert [post["texts"] for post in place.posts.values()] == [["Not let out yet"]]
        [published] = published_places(db.session(), words)
        assert (published["target"], published["state"]) == ("blog", "withdrawn")


def test_preview_shows_the_words_and_what_changes(
    app: Flask, client: FlaskClient, event: EventSession, place: FakePlace
) -> None:
    with app.app_context():
        target("blog")
        row = approved(db.session.merge(event), "Leeks stand the frost")
        [preview] = dry_run(current_kiosk())
        assert (preview["action"], preview["draft"]["body"], preview["changes"]) == (
            "create",
            "Leeks stand the frost",
            [],
        )
        assert rows() == []
        publish_all(current_kiosk())
        decisions.change(db.session(), row, current_kiosk().actor("desk"), {"caption": "In winter"})
        [preview] = dry_run(current_kiosk())
        assert preview["action"] == "update"
        assert "+In winter" in preview["changes"]
        page = client.get("/desk/publish/preview").text
        assert "<ins>+In winter</ins>" in page
        decisions.hide(db.session(), row, current_kiosk().actor("desk"))
        page = client.get("/desk/publish/preview").text
        assert re.search(r"blog</bdi> · taken down", page)


def test_the_posts_of_a_group_are_one_row_and_what_is_to_be_taken_down_has_its_own(
    app: Flask, client: FlaskClient, event: EventSession, place: FakePlace
) -> None:
    with app.app_context():
        group, _list = [target(name, "assisted") for name in ("group", "list")]
        kiosk = current_kiosk()
        kiosk_events = [
            db.session.merge(event),
            create_session(db.session(), SessionFields("Seeds"), now=kiosk.now(), rng=kiosk.rng),
        ]
        shown = [approved(one, f"Leeks {one.title}") for one in kiosk_events]
        press(client, "/desk/publish/now")
        deliver_once(kiosk)
        page = client.get("/desk/publish").text
        assert len(re.findall("<strong[^>]*>group</strong>: 2 to do by hand", page)) == 1
        assert page.count("/desk/publish/by-hand#post-") == 2
        assert "Please post this at" not in page
        [first, *_] = [row for row in rows() if row.target_id == group.id]
        press(client, f"/desk/publish/by-hand/{first.id}", url="https://group.example/p/7")
        for row in shown:
            decisions.hide(db.session(), row, kiosk.actor("desk"))
        press(client, "/desk/publish/now")
        deliver_once(kiosk)
        page = client.get("/desk/publish").text
        assert page.count("Please take this down at group") == 1


def test_what_a_person_does_by_hand_is_remembered(
    app: Flask, client: FlaskClient, event: EventSession, place: FakePlace
) -> None:
    with app.app_context():
        target("group", "assisted")
        row = approved(db.session.merge(event), "Leeks stand the frost")
        press(client, "/desk/publish/now")
        assert deliver_once(current_kiosk()) == 0
        [delivery] = rows()
        assert delivery.state == "manual"
        assert "Please post this at group" in client.get("/desk/publish").text
        page = client.get("/desk/publish/by-hand").text
        assert "Leeks stand the frost" in page
        assert "https://group.example/new" in page
        for typed in ("javascript:alert(1)", "http://["):
            bad = press(client, f"/desk/publish/by-hand/{delivery.id}", url=typed)
            assert bad.status_code == 422
        press(client, f"/desk/publish/by-hand/{delivery.id}", url="https://group.example/p/7")
        db.session.expire_all()
        [delivery] = rows()
        assert (delivery.state, delivery.url) == ("sent", "https://group.example/p/7")
        assert published_places(db.session(), row)[0]["url"] == "https://group.example/p/7"
        for _ in range(2):
            pasted = "Ana: In March too?\nWe have seeds"
            press(client, f"/desk/publish/by-hand/{delivery.id}/replies", text=pasted)
        replies = db.session.query(Reply).order_by(Reply.author).all()
        assert [(r.author, r.text, r.state) for r in replies] == [
            ("", "We have seeds", "held"),
            ("Ana", "In March too?", "held"),
        ]
        assert {r.takeaway_id for r in replies} == {row.id}
        decisions.withdraw(db.session(), row, current_kiosk().actor("desk"), current_kiosk().store)
        press(client, "/desk/publish/now")
        assert "Please take this down at group" in client.get("/desk/publish").text
        press(client, f"/desk/publish/by-hand/{delivery.id}")
        db.session.expire_all()
        assert rows()[0].state == "withdrawn"
    assert place.calls == []


def test_places_are_added_tried_and_removed_at_the_desk(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    answer = press(
        client, "/desk/publish/places/add/folder", name="stick", url=folder.as_uri(), check="size"
    )
    assert answer.status_code == 303
    page = client.get("/desk/publish").text
    assert "stick can be written to." in page
    assert list(folder.iterdir()) == []
    refused = press(client, "/desk/publish/places/add/folder", name="", url=folder.as_uri())
    assert (refused.status_code, "short name" in refused.text) == (422, True)
    press(client, "/desk/publish/places/stick/remove")
    with app.app_context():
        assert db.session.scalars(select(Target)).all() == []


def test_a_folder_on_a_stick_is_chosen_and_a_place_that_fails_its_test_is_not_kept(
    app: Flask, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = "/desk/publish/places/add/folder"
    monkeypatch.setenv("REPORTER_CARDS", str(tmp_path / "mounts"))
    stick = tmp_path / "mounts" / "BLUE"
    stick.mkdir(parents=True)
    assert "BLUE" in client.get(add).text
    press(client, add, name="stick", stick=str(stick), folder="web pages", check="size")
    with app.app_context():
        [row] = db.session.scalars(select(Target)).all()
        assert row.options["url"] == (stick / "web pages").as_uri()
    away = (tmp_path / "nothing" / "there").as_uri()
    failed = press(client, add, name="away", stick="", url=away, check="size")
    assert failed.status_code == 422
    assert "Keep it untested" in failed.text
    with app.app_context():
        assert len(db.session.scalars(select(Target)).all()) == 1
    kept = press(client, add, name="away", stick="", url=away, check="size", anyway="1")
    assert kept.status_code == 303


def test_password_in_an_address_is_refused_and_shown_nowhere(
    app: Flask, client: FlaskClient
) -> None:
    url = "sftp://ada:hush-hush@web.example/site"
    answer = press(client, "/desk/publish/places/add/folder", name="web", url=url, check="size")
    assert answer.status_code == 422
    assert "Leave the password out of url" in answer.text
    with app.app_context():
        assert db.session.scalars(select(Target)).all() == []


def test_budget_is_set_and_counted_anew(app: Flask, client: FlaskClient, place: FakePlace) -> None:
    with app.app_context():
        target("blog")
        press(client, "/desk/publish/budget", mb="50", anew="1")
        assert load_settings(current_kiosk().settings.folder).publish.budget_mb == 50
        assert "0 MB of 50 MB are used" in client.get("/desk/publish").text
        assert press(client, "/desk/publish/budget", mb="many").status_code == 422


def test_a_new_password_lets_a_paused_place_go_on(
    app: Flask, client: FlaskClient, place: FakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeTarget, "secret_prompt", classmethod(lambda cls, options: "Password"))
    with app.app_context():
        target("blog").paused = "blog refused user name or password."
        db.session.commit()
        assert "refused user name" in client.get("/desk/publish").text
        assert press(client, "/desk/publish/places/blog/password", secret="").status_code == 422
        press(client, "/desk/publish/places/blog/password", secret="hush-hush")
        db.session.expire_all()
        assert db.session.scalars(select(Target.paused)).all() == [""]
        kept = secret_store.get_secret(str(current_kiosk().gathering_id), "target:blog")
        page = client.get("/desk/publish").text
    assert kept == "hush-hush"
    assert "hush-hush" not in page


def test_an_organizer_reads_forms_and_troubles_in_their_language(
    app: Flask, client: FlaskClient, event: EventSession, place: FakePlace
) -> None:
    with app.app_context():
        approved(db.session.merge(event), "Words")
        target("there")
        place.before[("find", "*")] = [
            AuthRefused(
                "%(name)s refused user name or password%(what)s. Set them again.",
                name="there",
                what="",
            )
        ]
        publish_all(current_kiosk())
    page = client.get("/desk/publish/places/add/wordpress?lang=de").text
    assert "Benutzername" in page
    assert "ein Entwurf, für einen letzten Blick dort" in page
    assert ">user<" not in page
    assert "the blog" not in page
    status_page = client.get("/desk/publish?lang=de").text
    assert "there hat Benutzername oder Passwort abgelehnt." in status_page
    assert "refused" not in status_page


def test_kind_of_a_place_is_said_in_the_language_of_the_desk(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    with app.app_context():
        target("stick", kind="folder", url=tmp_path.as_uri())
    assert ">USB-Stick oder Webspace</span>" in client.get("/desk/publish?lang=de").text


def test_what_was_written_to_a_folder_names_the_file_to_open(
    app: Flask, client: FlaskClient, event: EventSession, tmp_path: Path
) -> None:
    folder = tmp_path / "our site"
    folder.mkdir()
    press(
        client, "/desk/publish/places/add/folder", name="stick", url=folder.as_uri(), check="size"
    )
    assert "open this file" not in client.get("/desk/publish").text
    with app.app_context():
        approved(db.session.merge(event), "Leeks stand the frost")
        db.session.commit()
        publish_all(current_kiosk())
    assert (folder / "index.html").is_file()
    page = client.get("/desk/publish").text
    assert f"{folder / 'index.html'}</span>" in page
