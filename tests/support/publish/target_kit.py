"""What the tests of one target share: a gathering, the target in it, and sending on the clock of the test."""

from __future__ import annotations

from typing import Any

from publish.composition.builder import build_post
from publish.posts.model import Post
from publish.status import target_registry
from publish.targets import Target
from reporter import secret_store
from reporter.moderation.visibility import Scope as Readers
from reporter.stories.queries import all_stories
from tests.publish.conformance.contract import Place
from tests.support.publish.fakes import Kit
from tests.support.publish.rounds import publish

NAME = "there"


def add(kit: Kit, place: Place, url: str = "", **options: str) -> None:
    """Add the place as a target."""
    given = {**place.options(url or place.url), **options}
    target_registry.add_target(kit.session, place.kind, NAME, given, now=kit.clock(), rng=kit.rng)
    secret_store.set_secret(str(kit.facts.id), target_registry.secret_name(NAME), place.secret)


def send(kit: Kit) -> list[dict[str, Any]]:
    """Publish until nothing is open, on the clock of the test."""
    return publish(
        kit.session,
        kit.context,
        wait=True,
        pause=lambda seconds: kit.clock.forward(seconds=seconds),
    )


def opened(kit: Kit) -> Target:
    """The working target."""
    return kit.context.connect(target_registry.find_target(kit.session, NAME))


def post_of(kit: Kit) -> Post:
    """The first story's post."""
    story = all_stories(kit.session, now=kit.clock(), rng=kit.rng)[0]
    post = build_post(kit.session, story, Readers.PUBLIC, store=kit.store, facts=kit.facts)
    assert post is not None
    return post
