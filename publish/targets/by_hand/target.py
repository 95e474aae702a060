"""Groups where no program may post: a person posts text and files from the desk, and the ledger tracks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from publish.i18n import page_text
from publish.posts.model import Post, PostMedia, Remote
from publish.rendering.thread import PostLimits, ThreadPost, plan
from publish.targets.base import Draft, Limits, TargetOption
from publish.targets.capabilities import ManualPosting
from reporter.messages import Message

# Nobody pastes more messages than this; the last one ends with "…".
MOST_PARTS = 12


@dataclass(frozen=True)
class Group:
    """A kind of group and the limits of one message; sizes in bytes, None: unlimited.

    ``address`` is the URL pattern of such a group.
    """

    kind: str
    title: str
    about: str
    characters: int
    files: int
    image_bytes: int | None
    video_bytes: int | None
    address: str
    is_address_needed: bool = False


class GroupTarget(ManualPosting):
    """A group by hand."""

    group: ClassVar[Group]
    copies_shown = 1
    copies_remain = Message("A person has to delete the post in the group.")
    # What does not fit one message goes into the next.
    threads = True

    @classmethod
    def posting_url(cls, options: Mapping[str, str]) -> str:
        """URL of the group, or '' if it has none."""
        return options["url"]

    def parts(self, post: Post) -> list[ThreadPost]:
        """The messages to post, in order, each with its files."""
        shape = PostLimits(self.group.characters, self.group.files, MOST_PARTS, _as_it_is)
        return plan(post, shape, marked=False)

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """Text to copy, without our key: only the person who posted it needs to find it."""
        return Draft(post.title, "\n\n".join(part.text for part in self.parts(post)))

    def limits(self) -> Limits:
        """Limits published by the service."""
        group = self.group
        return Limits(
            group.image_bytes, group.video_bytes, files=group.files, characters=group.characters
        )

    def test(self) -> str:
        """Nothing can be tested."""
        return Message(
            "%(name)s is posted to by hand: the desk has words and files ready.", name=self.name
        )


def _as_it_is(media: PostMedia) -> PostMedia:
    """Keep the file: files that are too large were replaced by their still before."""
    return media


def target_of(group: Group) -> type[GroupTarget]:
    """Build the target class for a kind of group."""
    option = TargetOption(
        "url",
        group.address,
        label=page_text("Address"),
        required=group.is_address_needed,
        common=True,
    )
    attributes = {
        "kind": group.kind,
        "title": group.title,
        "about": group.about,
        "options": (option,),
    }
    name = "".join(word.title() for word in group.kind.split("-"))
    return type(
        f"{name}Target", (GroupTarget,), {"__doc__": group.title, "group": group, **attributes}
    )
