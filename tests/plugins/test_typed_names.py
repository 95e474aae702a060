"""Names that mypy alone would let pass are found: in templates, rows, statements and constructors."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from reporter.models import Film
from tests.guards.repository import ROOT

SAMPLE = """
from dataclasses import dataclass
from typing import Any

from flask import render_template
from sqlalchemy import Select, insert, select, update
from sqlalchemy.orm import Session

from publish.rendering.html import render
from reporter.models import Contact, Film, Peer


@dataclass
class Almost:
    audience: str
    shape: str


@dataclass
class Block:
    intent: str


@dataclass
class Post:
    blocks: tuple[Block, ...]


def page(film: Film, almost: Almost) -> None:
    render_template("desk/film.html", film=film)
    render_template("desk/film.html", film=almost)  # template


def loop(post: Post) -> None:
    render("micropub.html", "en", post=post)  # loop


def waiting() -> Any:
    return select(Contact)


def typed() -> Select[Contact]:
    return select(Contact)


def rows(session: Session) -> None:
    for row in session.execute(select(Contact.id, Contact.address.label("where"))):
        print(row.address)
        print(row.adress)  # row
    for contact in session.scalars(waiting()):  # untyped
        contact.adress = ""
    for contact in session.scalars(typed()):
        contact.adress = ""  # typed


def written(session: Session) -> None:
    session.add(Peer(name="x", url="y"))
    session.add(Peer(name="x", address="y"))  # constructor
    session.execute(update(Peer).where(Peer.name == "x").values(url="y"))
    session.execute(update(Peer).where(Peer.name == "x").values(address="y"))  # update
    session.execute(insert(Peer).values(address="y"))  # insert
"""
WANTED = {
    "template": r'desk/film.html:\d+: sample.Almost has no "music"',
    "loop": r'micropub.html:\d+: sample.Block has no "caption"',
    "row": r'No model has the attribute "adress"',
    "untyped": r"does not say what it selects",
    "typed": r'"Contact" has no attribute "adress"',
    "constructor": r'"Peer" has no attribute "address"',
    "update": r'"Peer" has no attribute "address"',
    "insert": r'"Peer" has no attribute "address"',
}


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """What mypy says of the sample, by line."""
    sample = tmp_path_factory.mktemp("sample") / "sample.py"
    sample.write_text(SAMPLE, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--hide-error-context"]
    done = subprocess.run(
        [*command, str(sample)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    found: dict[int, str] = {}
    for line in done.stdout.splitlines():
        if match := re.match(r".*sample\.py:(\d+): error: (.*)", line):
            found[int(match[1])] = f"{found.get(int(match[1]), '')}{match[2]}\n"
    assert found, done.stdout + done.stderr
    return found


@pytest.mark.slow
def test_each_is_found_where_it_stands_and_nothing_else(problems: dict[int, str]) -> None:
    lines = dict(enumerate(SAMPLE.splitlines(), 1))
    marked = {number: line.partition("  # ")[2] for number, line in lines.items() if "  # " in line}
    assert set(problems) == set(marked)
    for number, kind in marked.items():
        assert re.search(WANTED[kind], problems[number]), (kind, problems[number])


def test_no_model_takes_an_attribute_that_it_does_not_have() -> None:
    film = Film(shape="square")
    film.shape = "upright"
    with pytest.raises(AttributeError, match="Film has no attribute 'form'"):
        film.form = "square"  # type: ignore[attr-defined]
