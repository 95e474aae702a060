"""Which of a story's copies is the canonical one, and where people find all of them."""

from __future__ import annotations

import random
import uuid

from sqlalchemy.orm import Session

from publish.composition.cross_links import RANK, online_home
from publish.status.target_registry import add_target
from publish.targets import KINDS
from reporter.enums import DeliveryState, ItemKind
from reporter.models import Delivery, Target
from reporter.moderation.visibility import Scope
from tests.support.kiosk_process import TurnableClock

BLOG = {"url": "https://garden.example.org/blog/wp-admin/", "user": "ana"}


def test_every_kind_with_a_rank_is_a_kind() -> None:
    assert set(RANK) - set(KINDS) == set()
    assert RANK["wordpress"] < RANK["folder"] < RANK["mediawiki"] < RANK["facebook-group"]


def place(session: Session, clock: TurnableClock, kind: str, name: str, **options: str) -> Target:
    return add_target(session, kind, name, options, now=clock(), rng=random.Random(name))


def sent(target: Target, kind: ItemKind, url: str, clock: TurnableClock) -> Delivery:
    return Delivery(
        id=uuid.uuid4(),
        target_id=target.id,
        item_kind=kind,
        item_id=uuid.uuid4(),
        key=url,
        state=DeliveryState.SENT,
        wanted="a",
        sent="a",
        url=url,
        due_at=clock(),
        created_at=clock(),
    )


def test_people_find_what_is_published_at_the_widest_place_they_can_open(
    session: Session, clock: TurnableClock
) -> None:
    assert online_home(session, Scope.PUBLIC) == ""
    place(session, clock, "folder", "stick", url="file:///media/stick")
    place(session, clock, "wordpress", "inside", audience="community", **BLOG)
    drafts = place(session, clock, "wordpress", "drafts", status="draft", **BLOG)
    # A stick, a place for members and drafts lead nobody of the public anywhere.
    assert online_home(session, Scope.PUBLIC) == ""
    assert online_home(session, Scope.COMMUNITY) == "https://garden.example.org/blog"
    drafts.options = {**drafts.options, "status": "publish"}
    assert online_home(session, Scope.PUBLIC) == "https://garden.example.org/blog"
    assert online_home(session, Scope.ROOM) == ""
    drafts.paused = "refused the password"
    site = place(
        session,
        clock,
        "folder",
        "site",
        url="file:///srv/web",
        web="https://site.example.org/spring/",
    )
    assert online_home(session, Scope.PUBLIC) == "https://site.example.org/spring/"
    page = "https://site.example.org/spring/index.html"
    session.add(sent(site, ItemKind.FRONT_PAGE, page, clock))
    assert online_home(session, Scope.PUBLIC) == page


def test_a_chat_room_is_found_by_the_first_story_in_it(
    session: Session, clock: TurnableClock
) -> None:
    room = place(session, clock, "mastodon", "toots", url="https://social.example.org")
    assert online_home(session, Scope.PUBLIC) == ""
    for number in (1, 2):
        url = f"https://social.example.org/@garden/{number}"
        session.add(sent(room, ItemKind.STORY, url, clock))
        clock.turn(minutes=1)
    assert online_home(session, Scope.PUBLIC) == "https://social.example.org/@garden/1"
