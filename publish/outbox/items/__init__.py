"""The kinds of items that the ledger delivers, one module each."""

from __future__ import annotations

from publish.outbox.items import answer, front_page, media, message, story
from publish.outbox.items.base import Item

# By the stored ``item_kind``. Files before the stories that show them.
ITEMS: dict[str, Item] = {one.KIND: one for one in (media, story, front_page, answer, message)}
