"""A complete merge, in the order of dependencies."""

from __future__ import annotations

from sqlalchemy import select

from reporter.merge.context import MergeContext, MergeReport
from reporter.merge.conversation import merge_conversation
from reporter.merge.follow_up import merge_open
from reporter.merge.publishing.ledger import merge_deliveries
from reporter.merge.publishing.stories import MOST_EDITS, merge_stories
from reporter.merge.publishing.targets import merge_targets
from reporter.merge.takeaways import merge_takeaways
from reporter.merge.themes import merge_themes
from reporter.models import Deletion
from reporter.moderation.deletions import Deleted


def merge_gathering(merge: MergeContext) -> MergeReport:
    """Merge everything from the other side. Commits as it goes; after an interruption, the next merge continues."""
    _merge_deletions(merge)
    merge_takeaways(merge)
    merge_stories(merge)
    merge_targets(merge)
    merge_deliveries(merge)
    merge.session.commit()
    merge_conversation(merge)
    merge_open(merge)
    merge_themes(merge)
    return merge.done


def _merge_deletions(merge: MergeContext) -> None:
    """Take over what was deleted or restored there later than here; the rows themselves follow with their kind."""
    for theirs in merge.other.scalars(select(Deletion).where(Deletion.kind != Deleted.TARGET)):
        ours = merge.session.get(Deletion, (theirs.kind, theirs.id))
        if ours is None:
            ours = Deletion(kind=theirs.kind, id=theirs.id, deleted_at=theirs.deleted_at, edits=0)
            merge.session.add(ours)
        ours.deleted_at = max(ours.deleted_at, theirs.deleted_at)
        ours.edits = max(ours.edits, min(theirs.edits, MOST_EDITS))
        restored = [at for at in (ours.restored_at, theirs.restored_at) if at is not None]
        ours.restored_at = max(restored, default=None)
    merge.session.commit()
