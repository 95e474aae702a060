"""Blueprints that are loaded after the first page. Importing this module loads most of the program."""

from __future__ import annotations

from flask import Blueprint

from kiosk.web import desk
from kiosk.web.middleware import login
from kiosk.web.openapi import document
from kiosk.web.peers import routes as peers
from kiosk.web.phone import capture, conversation, my_takeaways, privacy_notice
from kiosk.web.screens import outcomes, print_pack, screen_markers, search, slides, station, wall
from kiosk.web.shared import media, trial, tus_uploads


def blueprints() -> list[Blueprint]:
    """All blueprints but those of the first page."""
    modules = (
        login,
        outcomes,
        desk,
        screen_markers,
        media,
        capture,
        my_takeaways,
        print_pack,
        privacy_notice,
        document,
        search,
        station,
        conversation,
        trial,
        tus_uploads,
        slides,
        wall,
        peers,
    )
    return [module.bp for module in modules]
