"""Kinds of groups with manual posting. A new kind needs one entry here and its section in the docs.

Limits are those of a free account, the smallest where sources differ;
docs/targets/groups-by-hand.md names the sources.
"""

from __future__ import annotations

from publish.i18n import page_text
from publish.targets.by_hand.target import Group, GroupTarget, target_of

_MEGABYTE = 1_000_000

GROUPS = (
    Group(
        "whatsapp-group",
        page_text("WhatsApp group (by hand)"),
        page_text("A group or community at WhatsApp. The page By hand has words and files ready."),
        # Caption of a picture; a message without one may hold 65,536.
        characters=1_024,
        files=30,
        image_bytes=16 * _MEGABYTE,
        video_bytes=16 * _MEGABYTE,
        address=page_text("the group's invitation link, as https://chat.whatsapp.com/…"),
    ),
    Group(
        "signal-group",
        page_text("Signal group (by hand)"),
        page_text("A group at Signal. The page By hand has words and files ready."),
        characters=2_000,
        files=32,
        image_bytes=6 * _MEGABYTE,
        video_bytes=100 * _MEGABYTE,
        address=page_text("the group's link, as https://signal.group/#…"),
    ),
    Group(
        "telegram-group",
        page_text("Telegram group (by hand)"),
        page_text("A group or channel at Telegram. The page By hand has words and files ready."),
        # Caption of pictures; a message without one may hold 4,096.
        characters=1_024,
        files=10,
        image_bytes=10 * _MEGABYTE,
        video_bytes=2_000 * _MEGABYTE,
        address=page_text("the group's link, as https://t.me/…"),
    ),
    Group(
        "discord-channel",
        page_text("Discord channel (by hand)"),
        page_text("A channel of a Discord server. The page By hand has words and files ready."),
        characters=2_000,
        files=10,
        image_bytes=10 * _MEGABYTE,
        video_bytes=10 * _MEGABYTE,
        address=page_text("the channel's link, as https://discord.com/channels/…"),
    ),
    Group(
        "facebook-group",
        page_text("Facebook Group (by hand)"),
        # https://developers.facebook.com/blog/post/2024/01/23/introducing-facebook-graph-and-marketing-api-v19/
        page_text("A group at Facebook, which takes nothing from programs since 2024."),
        characters=63_206,
        files=10,
        image_bytes=4 * _MEGABYTE,
        video_bytes=1_000 * _MEGABYTE,
        address=page_text("the group's address, as https://www.facebook.com/groups/garden"),
        is_address_needed=True,
    ),
    Group(
        "mailing-list",
        page_text("Mailing list (by hand)"),
        page_text(
            "A list that you write to with your own mail program: words to paste, pictures to attach."
        ),
        characters=40_000,
        files=5,
        image_bytes=2 * _MEGABYTE,
        video_bytes=5 * _MEGABYTE,
        address=page_text("a link that opens a mail to the list, as mailto:list@example.org"),
    ),
)
TARGETS: tuple[type[GroupTarget], ...] = tuple(map(target_of, GROUPS))
