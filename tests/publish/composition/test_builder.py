"""From rows to a post: an organizer's words between, headings over nothing, drafts, copies."""

from __future__ import annotations

from publish.composition.builder import build_post
from publish.posts.model import Post
from publish.rendering.html import blog_html
from publish.site.pages import story_page, summarize
from reporter import models
from reporter.moderation.visibility import Scope
from reporter.stories import editing
from reporter.stories.queries import session_story
from tests.support.publish.fakes import Kit


def composed(kit: Kit, *pieces: models.Takeaway | str) -> models.Story:
    """A composed story, out of its draft."""
    story = editing.new_story(kit.session, kit.actor, "What stays")
    for piece in pieces:
        if isinstance(piece, str):
            editing.add_words(kit.session, story, kit.actor, piece)
        else:
            editing.add(kit.session, story, [piece])
    editing.set_switches(kit.session, story, draft=False, rest=True)
    return story


def post_of(kit: Kit, story: models.Story, place: Scope = Scope.PUBLIC) -> Post | None:
    return build_post(kit.session, story, place, store=kit.store, facts=kit.facts)


def test_words_stand_between_takeaways_on_pages_and_at_blogs(kit: Kit) -> None:
    event = kit.event()
    note = kit.takeaway(event, "Compost stays warm")
    post = post_of(kit, composed(kit, "## In *short*", note, "Come again: [here](https://x.org)"))
    assert post is not None
    assert [block.kind for block in post.blocks] == ["words", "note", "words"]
    assert post.takeaways == [str(note.id)]
    # Its head describes it, too.
    page = story_page(post, kit.facts, {}).partition("<main")[2]
    assert (
        page.index("In <em>short</em>")
        < page.index("Compost stays warm")
        < page.index("https://x.org")
    )
    blog = blog_html(post, {})
    assert '<h2 class="wp-block-heading">In <em>short</em></h2>' in blog
    summary = summarize(post, {})
    assert (summary["kinds"], summary["quote"]) == (["note"], "Compost stays warm")


def test_a_heading_over_what_may_not_be_shown_is_left_out(kit: Kit) -> None:
    event = kit.event()
    ours = kit.takeaway(event, "for us", audience="community")
    every = kit.takeaway(event, "for all")
    story = composed(kit, "# One", "## Ours", ours, "## All", every, "## Nothing below")
    public, community = post_of(kit, story), post_of(kit, story, Scope.COMMUNITY)
    assert public is not None
    assert community is not None
    assert [b.text for b in public.blocks] == ["# One", "## All", "for all"]
    assert [b.text for b in community.blocks] == ["# One", "## Ours", "for us", "## All", "for all"]


def test_a_draft_is_for_its_preview_alone(kit: Kit) -> None:
    story = composed(kit, kit.takeaway(kit.event(), "Not yet"))
    editing.set_switches(kit.session, story, draft=True, rest=True)
    assert post_of(kit, story) is None
    shown = build_post(
        kit.session, story, Scope.PUBLIC, store=kit.store, facts=kit.facts, drafts=True
    )
    assert shown is not None


def test_words_alone_are_no_session_story(kit: Kit) -> None:
    story = session_story(kit.session, kit.event(), now=kit.clock(), rng=kit.rng)
    editing.add_words(kit.session, story, kit.actor, "Nothing came of it")
    assert post_of(kit, story) is None
    report = post_of(kit, composed(kit, "Thank you all."))
    assert report is not None
    assert report.date is not None
