"""A complete merge, in the order of dependencies."""

from __future__ import annotations

from reporter.merge.context import MergeContext, MergeReport
from reporter.merge.conversation import merge_said
from reporter.merge.follow_up import merge_open
from reporter.merge.publishing import merge_sent
from reporter.merge.takeaways import merge_takeaways
from reporter.merge.themes import merge_themes


def merge_gathering(merge: MergeContext) -> MergeReport:
    """Merge everything from the other side. Commits as it goes; after an interruption, the next merge continues."""
    merge_takeaways(merge)
    merge_sent(merge)
    merge_said(merge)
    merge_open(merge)
    merge_themes(merge)
    return merge.done
