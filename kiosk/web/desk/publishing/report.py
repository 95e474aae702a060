"""Desk page of the report: view, save or print it."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy import exists, select

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.summaries.report import gather_report, report_html, report_pdf
from kiosk.web.openapi.describe import describe
from reporter.enums import TakeawayState
from reporter.models import Takeaway
from reporter.moderation.visibility import Scope

bp = Blueprint("report", __name__, url_prefix="/report")

PAPERS = ("A4", "Letter")
# A self-contained page with inline styles and pictures and without scripts.
OWN_STYLE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"


@bp.get("")
@describe(query="audience=public|community|room")
def overview() -> str:
    """Show the report's contents per audience, and how to get it."""
    approved = select(exists().where(Takeaway.state == TakeawayState.APPROVED))
    return render_template(
        "desk/report.html", place=_place().value, approved=db.session.scalar(approved)
    )


@bp.get("/report.html")
@describe(query="audience=public|community|room save")
def page() -> Response:
    """Send the report as one HTML page; ``?save`` downloads it."""
    kiosk = current_kiosk()
    response = make_response(report_html(kiosk, gather_report(kiosk, _place())))
    response.headers["Content-Security-Policy"] = OWN_STYLE
    response.headers["Cache-Control"] = "no-store"
    if "save" in request.args:
        response.headers["Content-Disposition"] = 'attachment; filename="report.html"'
    return response


@bp.get("/report.pdf")
@describe(query="audience=public|community|room paper=A4|Letter", produces="application/pdf")
def pdf() -> Response:
    """Send the report as a PDF to print."""
    kiosk, paper = current_kiosk(), request.args.get("paper", "")
    wanted = paper if paper in PAPERS else PAPERS[0]
    document = report_pdf(kiosk, gather_report(kiosk, _place()), paper=wanted)
    headers = {"Content-Disposition": 'inline; filename="report.pdf"', "Cache-Control": "no-store"}
    return Response(document, mimetype="application/pdf", headers=headers)


def _place() -> Scope:
    asked = request.args.get("audience", "")
    return Scope(asked) if asked in list(Scope) else Scope.PUBLIC
