"""A whole round of publishing, and what the ledger says afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
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


def seeds(count: int) -> list[Any]:
    """So many seeds for ``parametrize``: the first in every run, the others with ``make test-long``."""
    return [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, count))]
