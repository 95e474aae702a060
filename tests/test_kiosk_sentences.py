"""What errors say to volunteers is known to the translators: read off the sources, not off a list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.sentences import SENTENCES, recognize, translated
from reporter.models import EventSession
from tests.screens import JSON, PHONE

ROOT = Path(__file__).parent.parent
SOURCES = (
    "capture/intake.py", "capture/offer.py", "capture/upload.py", "capture/decoding.py", "capture/pool.py",
    "capture/probe.py", "capture/process.py", "kiosk/request.py", "reporter/store.py",
)  # fmt: skip
# What only programs and the desk get to read.
NOT_FOR_VOLUNTEERS = (
    "An upload needs the code of its session.",
    "client_id must be a UUID.",
    "sha256 must be",
    "This upload is complete.",
    "This upload is at",
    "Only ",
    "This is more than the whole upload.",
    "The connection broke off; a piece",
    "These bytes were damaged",
    "x is x; it can be",
    "There is no such file.",
    "The laptop's disk is full. Make room",
    "The kiosk is being switched off",
)


def said(node: ast.expr) -> str:
    """The words of a string in the source; its blanks filled with x."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(said(v) if isinstance(v, ast.Constant) else "x" for v in node.values)
    return ""


def messages(path: Path) -> Iterator[str]:
    """What a module raises, or names in capitals to be raised elsewhere."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            yield said(node.exc.args[0])
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield said(node.value) if node.targets[0].id.isupper() else ""


@pytest.mark.parametrize("source", SOURCES)
def test_every_sentence_of_an_error_is_listed(source: str) -> None:
    found = [
        m.replace("The x has", "The text has") for m in messages(ROOT / source) if m.endswith(".")
    ]
    missing = [m for m in found if recognize(m) is None and not m.startswith(NOT_FOR_VOLUNTEERS)]
    assert missing == []


def test_no_listed_sentence_is_made_up() -> None:
    """Each of them is still said somewhere in the program."""
    sources = [
        p for folder in ("capture", "reporter", "kiosk") for p in (ROOT / folder).glob("*.py")
    ]
    said_somewhere = {m for path in sources if path.name != "sentences.py" for m in messages(path)}
    known = {found[0] for m in said_somewhere if (found := recognize(m))}
    # Of two, the source says "The {name} has": the catalogue needs both words.
    assert {s for s in SENTENCES if s not in known} <= {
        "The text has %(count)s characters; %(most)s fit. Please make it shorter.",
        "The name has %(count)s characters; %(most)s fit. Please make it shorter.",
    }


@pytest.mark.parametrize(("lang", "words"), [("de", "ist leer"), ("es", "vac"), ("ar", "فارغ")])
def test_a_phone_reads_the_reason_in_its_language(
    client: FlaskClient, event: EventSession, lang: str, words: str
) -> None:
    answer = client.post(
        f"/s/{event.code}/takeaways", data={"text": ""}, headers={**JSON, "Accept-Language": lang}, **PHONE
    )  # fmt: skip
    assert answer.status_code == 422
    assert words in answer.get_json()["detail"]


def test_blanks_are_filled_and_strangers_left_alone(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "de"}):
        told = translated("100 % %(x)s.jpg is empty. Choose it once more.")
        assert told.startswith("100 % %(x)s.jpg ")
        assert "is empty" not in told
        assert translated("Nobody has listed this.") == "Nobody has listed this."
