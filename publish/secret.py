"""Secrets of targets, for whoever has to keep them out of what is written down."""

from __future__ import annotations

from publish.means import Outbox
from reporter import secrets
from reporter.models import Target


def secret_name(name: str) -> str:
    """How ``reporter.secrets`` calls the secret of a target."""
    return f"target:{name}"


def secrets_of(outbox: Outbox, target: Target) -> list[str]:
    """The target's secrets, never to be shown."""
    found = secrets.get_secret(str(outbox.facts.id), secret_name(target.name))
    return [found] if found else []
