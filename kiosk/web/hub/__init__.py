"""The hub's own pages: signing in, organizations and their members, and what kiosks and machines ask."""

from __future__ import annotations

from kiosk.web.hub import accounts, health, organization, push

PAGES = (accounts, organization, push, health)
