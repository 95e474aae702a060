"""A whole merge, in the one order in which each part finds what it refers to."""

from __future__ import annotations

from reporter.merge.context import MergeContext, MergeReport
from reporter.merge.conversation import merge_said
from reporter.merge.follow_up import merge_open
from reporter.merge.publishing import merge_sent
from reporter.merge.takeaways import merge_takeaways
from reporter.merge.themes import merge_themes


def merge_gathering(merge: MergeContext) -> MergeReport:
    """Take in everything that the other side has. Commits as it goes; broken off, the next merge does the rest."""
    merge_takeaways(merge)
    merge_sent(merge)
    merge_said(merge)
    merge_open(merge)
    merge_themes(merge)
    return merge.done
