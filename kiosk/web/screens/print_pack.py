"""Print pack in the browser: posters as HTML pages, and everything as a PDF."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask_babel import get_locale
from markupsafe import Markup

from capture.codes.qr_writer import qr_svg, wifi_text
from kiosk.i18n.locale_selector import catalogue, text_direction
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.print_pack import facts, lacking_fonts, make_notice, make_pack, sheets
from kiosk.web.middleware.auth import require_desk
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.template_context import base_url
from reporter.gathering.sessions import all_sessions, by_code
from reporter.languages import spoken_language

bp = Blueprint("printing", __name__, url_prefix="/desk/posters")
bp.before_request(require_desk)

PAPERS = ("A4", "Letter")


@bp.get("")
@describe(query="session")
def posters() -> str:
    """Show one printable poster per session; ``?session=CODE`` for one."""
    kiosk, code = current_kiosk(), request.args.get("session", "")
    rows = [by_code(db.session(), code)] if code else all_sessions(db.session())
    wifi = facts(kiosk.settings).wifi
    language = spoken_language(kiosk.settings.gathering.language) or "en"
    return render_template(
        "print/posters.html",
        sheets=sheets(kiosk.settings, rows, base_url()),
        lacking_fonts=lacking_fonts(kiosk.settings, rows),
        wifi=wifi,
        wifi_qr=_picture(wifi_text(wifi)) if wifi else "",
        picture=_picture,
        poster_words=catalogue(language).gettext,
        poster_lang=language.replace("_", "-"),
        poster_dir=text_direction(language),
    )


def _picture(text: str) -> Markup:
    return Markup(qr_svg(text))  # noqa: S704  # drawn by us


@bp.get("/pack.pdf")
@describe(query="paper=A4|Letter", produces="application/pdf")
def pack() -> Response:
    """Send posters, marker cards, the brief and the rest as one PDF."""
    document = make_pack(current_kiosk(), base_url=base_url(), port=0, paper=_paper())
    headers = {"Content-Disposition": 'attachment; filename="posters.pdf"'}
    return Response(document.pdf, mimetype="application/pdf", headers=headers)


@bp.get("/notice.pdf")
@describe(query="paper=A4|Letter", produces="application/pdf")
def notice() -> Response:
    """Send the printable privacy notice, in the language of the page that it is printed from."""
    document = make_notice(current_kiosk(), paper=_paper(), language=str(get_locale()))
    return Response(document, mimetype="application/pdf")


def _paper() -> str:
    asked = request.args.get("paper", "")
    return asked if asked in PAPERS else PAPERS[0]
