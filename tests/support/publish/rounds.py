"""A whole round of publishing, and what the ledger says afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from publish.outbox import runner
from publish.outbox.context import PublishContext
from publish.status.progress import ledger_rows


def publish(
    session: Session, context: PublishContext, *, names: Sequence[str] = (), **options: Any
) -> list[dict[str, Any]]:
    """Run ``publish.outbox.runner.publish``; return the ledger's rows."""
    runner.publish(session, context, names=names, **options)
    return ledger_rows(session, context, names)
