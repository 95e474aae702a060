"""The hub's own pages: signing in, organizations and their members, and what kiosks and machines ask."""

from __future__ import annotations

from kiosk.web.hub import (
    account,
    accounts,
    health,
    openid,
    organization,
    passkeys,
    public_series,
    push,
    series,
)

PAGES = (
    accounts,
    account,
    passkeys,
    openid,
    organization,
    series,
    public_series,
    push,
    health,
)
