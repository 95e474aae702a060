"""The printed report: its small print can be read."""

from __future__ import annotations

from datetime import UTC, datetime

import pypdfium2
import pytest

from capture.reports.report_page import LEAST, ReportEntry, ReportSection, ReportSheet, make_report

SESSIONS = (
    "A kitchen for everyone, Community gardens in winter, Solar roofs for schools, Repair café"
)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_many_sessions_below_a_theme_stay_whole_and_readable(language: str) -> None:
    entry = ReportEntry("repair · label", f"10 · {SESSIONS}", bold=True)
    sheet = ReportSheet("Spring", "What happened", (), (), (ReportSection("Themes", (entry,)),), ())
    warnings: list[str] = []
    pdf = make_report(
        sheet, language=language, now=datetime(2026, 3, 14, tzinfo=UTC), warn=warnings.append
    )
    page = pypdfium2.PdfDocument(pdf)[0]
    texts = [thing for thing in page.get_objects() if thing.type == pypdfium2.raw.FPDF_PAGEOBJ_TEXT]
    assert texts
    text = page.get_textpage().get_text_range()
    assert "…" not in text
    for title in SESSIONS.split(", "):
        assert title.split()[0] in text
    assert min(thing.get_font_size() for thing in texts) >= LEAST
    assert not warnings
