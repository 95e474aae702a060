"""Makes the report for shell and desk: one page of HTML, or the same as a PDF."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

from markupsafe import Markup

from capture.printing.text_runs import isolate
from capture.reports.report_page import ReportEntry, ReportSection, ReportSheet, make_report
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.runtime.static_files import static_dir
from kiosk.services.summaries.theme_views import group_all, refresh_themes
from publish.composition.report import Quote, Report, build_report
from publish.i18n import takeaway_phrase, translations
from publish.posts.model import ThemeDigest, gathering_facts
from publish.rendering.html import render
from publish.site.pages import sheets
from reporter.errors import BadInput, Busy
from reporter.moderation.visibility import Scope

FORMATS = (".html", ".pdf")


def gather_report(kiosk: KioskContext, place: Scope) -> Report:
    """Collect the report's contents for an audience, after updating the themes. Commits.

    Raises Busy while very many takeaways are being grouped.
    """
    if refresh_themes(kiosk):
        # The report would miss what is in no theme yet.
        raise Busy(
            "Many takeaways are still being grouped into themes. Load this page again in a minute."
        )
    facts = gathering_facts(db.session(), kiosk.settings)
    return build_report(db.session(), place, store=kiosk.store, facts=facts)


def report_html(kiosk: KioskContext, report: Report) -> str:
    """Render the report as a single HTML file with embedded style and pictures."""
    facts = gathering_facts(db.session(), kiosk.settings)
    css = b"\n".join(data for name, data in sheets(static_dir()) if name.endswith(".css"))
    return render(
        "site/report.html",
        facts.language,
        site=facts,
        report=report,
        pictures={one.file.key: _data_url(one.file.path, one.file.mime) for one in report.pictures},
        css=Markup(css.decode("utf-8")),  # noqa: S704 - our own style sheets
        about={"description": "", "canonical": "", "kind": "article", "image": "", "data": ""},
    )


def _data_url(path: Path, mime: str) -> str:
    return f"data:{mime};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


def report_pdf(
    kiosk: KioskContext,
    report: Report,
    *,
    paper: str = "A4",
    warn: Callable[[str], None] = lambda sentence: None,
) -> bytes:
    """Render one page to print. Raises BadInput for a paper other than A4 and Letter."""
    language = kiosk.settings.gathering.language
    return make_report(
        _sheet(report, language), language=language, now=kiosk.now(), paper=paper, warn=warn
    )


def _sheet(report: Report, language: str) -> ReportSheet:
    headings = report.headings
    following = tuple(ReportEntry(line, bold=not at) for at, line in enumerate(report.following))
    left = (
        ReportSection(
            headings["themes"],
            tuple(one for theme in report.themes for one in _theme(theme, language)),
        ),
        ReportSection(headings["following"], following),
    )
    quotes = ReportSection(headings["quotes"], _entries(report.quotes))
    questions = ReportSection(headings["questions"], _entries(report.questions))
    # Without themes the columns would be unbalanced.
    columns = (left, (quotes, questions)) if report.themes else ((quotes, left[1]), (questions,))
    return ReportSheet(
        title=report.title,
        above=" · ".join(filter(None, (report.heading, report.when))),
        numbers=tuple((str(count), label) for count, label in report.numbers),
        pictures=tuple((one.file.path, one.words) for one in report.pictures),
        left=columns[0],
        right=columns[1],
    )


def _theme(theme: ThemeDigest, language: str) -> Iterator[ReportEntry]:
    """A theme's name, how many people mentioned it and where, and the most significant quote."""
    comma = translations(language).gettext(", ")
    sessions = comma.join(map(isolate, theme.sessions))
    count = takeaway_phrase(language, theme.count)
    yield ReportEntry(isolate(theme.name), f"{count} · {sessions}", bold=True)
    yield from (ReportEntry(words) for _id, words in theme.quotes[:1])


def _entries(rows: tuple[Quote, ...]) -> tuple[ReportEntry, ...]:
    return tuple(ReportEntry(row.text, row.by) for row in rows)


def write_report(
    kiosk: KioskContext, output: Path, place: Scope, warn: Callable[[str], None]
) -> Report:
    """Write the report atomically: as HTML or PDF, by the file name's extension. Raises
    BadInput."""
    kind = output.suffix.lower()
    if kind not in FORMATS:
        raise BadInput("The report is a page or a PDF: let its file end in .html or .pdf.")
    group_all(kiosk)
    report = gather_report(kiosk, place)
    document = (
        report_html(kiosk, report).encode()
        if kind == ".html"
        else report_pdf(kiosk, report, warn=warn)
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    temporary = output.with_name(f".{output.name}.new")
    temporary.write_bytes(document)
    temporary.replace(output)
    return report
