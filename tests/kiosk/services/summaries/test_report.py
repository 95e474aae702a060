"""The report: what may be shown to its readers and nothing else, as a page and as one printed page."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from kiosk.cli import main
from reporter.config import Settings
from reporter.models import EventSession, Takeaway
from tests.support.kiosk_process import add_takeaway
from tests.support.themes.labelled import labelled


def run(settings: Settings, *arguments: str | Path) -> Result:
    words = ["--gathering", str(settings.folder), "report", *(str(one) for one in arguments)]
    return CliRunner().invoke(main, words)


@pytest.fixture
def evening(session: Session, event: EventSession, rng: random.Random) -> list[Takeaway]:
    """Two themes, an open question, and one of each kind that stays away."""
    rows = [
        add_takeaway(session, event, rng, text=one.text, state="approved", author="Ana")
        for one in labelled()
        if one.label in ("bicycles", "shared food") and one.language == "en"
    ]
    asked = {"state": "approved", "intent": "question", "author": "Ben"}
    rows.append(add_takeaway(session, event, rng, text="Who has seeds?", **asked))
    for state, audience in (("new", "public"), ("hidden", "public"), ("approved", "room")):
        words = f"Quetzal {state} {audience}"
        add_takeaway(session, event, rng, text=words, state=state, audience=audience, starred=True)
    session.commit()
    return rows


def test_the_page_tells_what_this_audience_may_see(
    gathering: Settings, evening: list[Takeaway], tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    result = run(gathering, "-o", page)
    assert result.exit_code == 0, result.output
    html = page.read_text(encoding="utf-8")
    assert "Quetzal" not in html
    assert f"<strong>{len(evening)}</strong> takeaways" in html
    assert "What the room said" in html
    assert "Who has seeds?" in html
    assert "<link" not in html.replace('<link rel="icon" href="data:,">', "")
    assert run(gathering, "-o", page, "--audience", "room").exit_code == 0
    assert "Quetzal approved room" in page.read_text(encoding="utf-8")


def test_the_pdf_is_one_page_of_the_same(
    gathering: Settings, evening: list[Takeaway], tmp_path: Path
) -> None:
    pdf = tmp_path / "report.pdf"
    assert run(gathering, "-o", pdf).exit_code == 0
    words = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True)
    assert words.stdout.count("\f") == 1
    assert "Who has seeds?" in words.stdout
    assert "Quetzal" not in words.stdout
    # A number without its noun says nothing.
    assert len(re.findall(r"^ *\d+ takeaways · ", words.stdout, re.MULTILINE)) >= 2


def test_another_ending_is_refused(gathering: Settings, tmp_path: Path) -> None:
    result = run(gathering, "-o", tmp_path / "report.docx")
    assert result.exit_code == 1
    assert "let its file end in .html or .pdf" in result.output


def test_the_desk_shows_and_saves_it(client: FlaskClient, evening: list[Takeaway]) -> None:
    page = client.get("/desk/report/report.html?save=1")
    assert "style-src 'unsafe-inline'" in page.headers["Content-Security-Policy"]
    assert "Who has seeds?" in page.text
    assert client.get("/desk/report/report.pdf").data.startswith(b"%PDF-")
    # One form asks for whom it is and opens it: nothing opens for others than those that are chosen.
    text = client.get("/desk/report?audience=room").text
    assert re.findall(r'value="(\w+)" checked', text) == ["room"]
    assert re.findall(r'(?:form)?action="(/desk/report/[^"]+)"', text) == [
        "/desk/report/report.html",
        *["/desk/report/report.pdf"] * 2,
    ]
    assert "report.pdf?" not in text


@pytest.mark.parametrize(
    ("approved", "count"),
    [(0, "<strong>0</strong> takeaways"), (1, "<strong>1</strong> takeaway<")],
)
def test_an_evening_with_little_says_how_much_there_is(
    client: FlaskClient,
    session: Session,
    event: EventSession,
    rng: random.Random,
    approved: int,
    count: str,
) -> None:
    add_takeaway(session, event, rng, text="Waiting")
    for number in range(approved):
        add_takeaway(session, event, rng, text=f"Approved {number}", state="approved")
    assert count in client.get("/desk/report/report.html").text
    assert client.get("/desk/report/report.pdf").data.startswith(b"%PDF-")
    page = client.get("/desk/report").text
    assert ("Nothing is approved yet." in page) == (not approved)
