"""Detect where a page is shown: a browser, the captive-portal window of a Wi-Fi, or an app's embedded browser.

A sheet can't pick files, and closing it may drop the Wi-Fi; an app's browser forgets what a page keeps. Both are told
by their User-Agent, and Android's by the package name that it sends with each request (X-Requested-With).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from kiosk.web.shared.template_context import base_url

SHEET = "sheet"
APP = "app"
COOKIE = "here"

_SHEETS = re.compile(r"CaptiveNetworkSupport|CaptivePortal", re.IGNORECASE)
# Facebook and Messenger, Instagram, Line, WeChat, X, Snapchat, TikTok, LinkedIn, Pinterest, KakaoTalk.
_APPS = re.compile(
    r"FBA[NV]/|FB_IAB|Instagram|\bLine/|MicroMessenger|Twitter|Snapchat|musical_ly|Bytedance|TikTok|LinkedInApp|"
    r"Pinterest/|KAKAOTALK"
)
_APPLE = re.compile(r"\((iPhone|iPad|iPod|Macintosh)\b.*AppleWebKit/")


def window(headers: Mapping[str, str]) -> str:
    """Return SHEET, APP, or '' for a regular browser."""
    agent = headers.get("User-Agent", "")
    if _SHEETS.search(agent) or headers.get("X-Requested-With", "").endswith("captiveportallogin"):
        return SHEET
    if _APPS.search(agent) or "; wv)" in agent:
        return APP
    # Every browser on Apple's systems calls itself Safari as well; the sheet does not.
    if _APPLE.search(agent) and not re.search(r"Safari/|Firefox/", agent):
        return SHEET
    return ""


def point_outside() -> ResponseReturnValue | None:
    """Before a page with a form, show the page "open in your browser" where that is needed.

    ``?outside`` asks for it: a browser that noticed itself that it can't pick files. ``?here=1`` goes on all the same
    and is remembered; a page installed on an iPhone starts with it, because it looks like a sheet.
    """
    kind = SHEET if "outside" in request.args else window(dict(request.headers))
    if not kind or request.cookies.get(COOKIE) or "here" in request.args:
        return None
    return render_template(
        "phone/outside.html",
        kind=kind,
        address=base_url() + request.path,
        android="Android" in request.headers.get("User-Agent", ""),
    )


def remember(response: Response) -> Response:
    """Remember the choice "go on here"."""
    if "here" in request.args:
        response.set_cookie(
            COOKIE, "1", max_age=90 * 86400, samesite="Lax", httponly=True, secure=request.is_secure
        )
    return response
