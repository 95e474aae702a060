"""A Facebook Group by hand: the API of groups was taken away in 2024.

https://developers.facebook.com/blog/post/2024/01/23/introducing-facebook-graph-and-marketing-api-v19/
"""

from __future__ import annotations

from collections.abc import Mapping

from publish.i18n import page_text
from publish.posts.model import Post, PostMedia, Remote
from publish.rendering.thread import Shape, plan, still_of
from publish.targets.base import Draft, address_option
from publish.targets.capabilities import ManualPosting
from publish.targets.facebook.page import CHARACTERS, IMAGES
from reporter.messages import Message


class FacebookGroupTarget(ManualPosting):
    """A group: a person posts there by hand, with words and files from the desk; the ledger remembers it."""

    kind = "facebook-group"
    title = page_text("Facebook Group (by hand)")
    copies_shown = 1
    copies_remain = Message("A person has to delete the post in the group.")
    options = (
        address_option(page_text("the group's address, as https://www.facebook.com/groups/garden")),
    )

    @classmethod
    def posting_url(cls, options: Mapping[str, str]) -> str:
        """The group."""
        return options["url"]

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """Words to copy: no marks, for nobody looks for it but the person who posted it."""
        part = plan(post, Shape(CHARACTERS, IMAGES, 1, still_of), marked=False)[0]
        return Draft(post.title, part.text)

    def files(self, post: Post) -> tuple[PostMedia, ...]:
        """The pictures to take along, in the order of the story."""
        return plan(post, Shape(CHARACTERS, IMAGES, 1, still_of), marked=False)[0].files

    def test(self) -> str:
        """There is nothing to try."""
        return Message(
            "%(name)s is posted to by hand: the desk has words and files ready.", name=self.name
        )
