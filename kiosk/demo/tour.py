"""The guided tour of the sample gathering: nine steps over the real pages, left at any time. Nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as later

from kiosk.demo.sample_folder import SITE, shown_takeaway
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.middleware.auth import at_laptop
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.template_context import agenda
from reporter.errors import NotFound
from reporter.models import Takeaway

bp = Blueprint("tour", __name__, url_prefix="/tour")

COOKIE = "tour"
LEFT = "left"
# The site's pages bring their captions as data, and style nothing inline.
SITE_POLICY = (
    "default-src 'self'; img-src 'self' data:; media-src 'self' data:; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class TourStep:
    """One step: the endpoint of its page, its heading and its words."""

    endpoint: str
    title: Any
    words: Any


STEPS = (
    TourStep(
        "start.page",
        later("The laptop at the door"),
        later("People scan this code with their phone. It always leads to what runs now."),
    ),
    TourStep(
        "phone.capture",
        later("What a phone shows"),
        later(
            "A photo, a video or a line of text. No account and no app; it works without internet."
        ),
    ),
    TourStep(
        "phone.receipt",
        later("What became of it"),
        later("Everybody gets a receipt: it says where something is shown, and takes it back."),
    ),
    TourStep(
        "wall.wall",
        later("The wall"),
        later("A big screen for the room: what was approved, with the code of the session."),
    ),
    TourStep(
        "desk.review.sheet",
        later("Review at the desk"),
        later("Approve with A, hide with H, give a star with S. Nothing leaves before that."),
    ),
    TourStep(
        "desk.stories.overview",
        later("Stories"),
        later("Each session is a story by itself. The report begins with what has a star."),
    ),
    TourStep(
        "desk.publish.overview",
        later("Places to publish to"),
        later(
            "This sample was sent to a folder and to a site on this laptop. Each place says how far it is."
        ),
    ),
    TourStep(
        "desk.conversation.overview",
        later("What people answer"),
        later("Answers from the room and from elsewhere come here. You decide what is shown."),
    ),
    TourStep(
        "became.slide",
        later("What came of it all"),
        later("Questions and promises, and what became of them: a page for everybody."),
    ),
)


@bp.before_request
def only_in_a_sample() -> None:
    """Other gatherings have no tour."""
    if shown_takeaway(current_kiosk().settings.folder) is None:
        raise NotFound("The tour has no such step.")


def tour_state() -> dict[str, Any] | None:
    """What the page in front of us says of the tour: an invitation, a step, or nothing."""
    cookie = request.cookies.get(COOKIE, "")
    if cookie == LEFT or not at_laptop() or request.endpoint is None:
        return None
    if not cookie.isdecimal() or not 1 <= int(cookie) <= len(STEPS):
        return {"number": 0, "of": len(STEPS)} if request.endpoint == "start.page" else None
    step = STEPS[int(cookie) - 1]
    # Whoever walks off by other links is shown the way back, not the words of another page.
    here = request.endpoint == step.endpoint
    return {"number": int(cookie), "of": len(STEPS), "step": step, "here": here}


@bp.get("/<int:number>")
@describe(statuses=(303,))
def go(number: int) -> ResponseReturnValue:
    """To a step: remember it, and show its page."""
    if not 1 <= number <= len(STEPS):
        raise NotFound("The tour has no such step.")
    response = redirect(_page(STEPS[number - 1].endpoint), code=303)
    response.set_cookie(COOKIE, str(number), httponly=True, samesite="Lax")
    return response


@bp.get("/leave")
@describe(statuses=(303,))
def leave() -> ResponseReturnValue:
    """End it for this browser; the start page stays where it is."""
    response = redirect(url_for("start.page"), code=303)
    response.set_cookie(COOKIE, LEFT, httponly=True, samesite="Lax")
    return response


def _page(endpoint: str) -> str:
    if endpoint == "phone.capture":
        running = agenda().running
        return url_for(endpoint, code=running[0].code) if running else url_for("start.page")
    if endpoint == "phone.receipt":
        shown = db.session.get(Takeaway, shown_takeaway(current_kiosk().settings.folder))
        # It may have been erased since.
        return url_for(endpoint, receipt=shown.receipt) if shown else url_for("start.page")
    return url_for(endpoint)


@bp.get("/site/")
@bp.get("/site/<path:name>")
def site(name: str = "index.html") -> ResponseReturnValue:
    """The site that the sample gathering was published to."""
    response = send_from_directory(current_kiosk().settings.folder.resolve() / SITE, name)
    response.headers["Content-Security-Policy"] = SITE_POLICY
    return response
