"""Item kinds delivered by the ledger, one module each."""

from __future__ import annotations

from publish.outbox.items import answer, front_page, media, message, story
from publish.outbox.items.base import ItemModule

# Keyed by the stored ``item_kind``. Files come before the stories that show them.
ITEMS: dict[str, ItemModule] = {
    one.KIND: one for one in (media, story, front_page, answer, message)
}
