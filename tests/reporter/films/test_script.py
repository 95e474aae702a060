"""A film made by an earlier version keeps its fingerprints: they are literal values of that version."""

from __future__ import annotations

from dataclasses import replace

from reporter.films.arrangement import looks_of
from reporter.films.script import AspectRatio, Piece, PieceKind, Script

TITLE = Piece(PieceKind.TITLE, 3.0, "Spring", "1 May")
PHOTO = Piece(
    PieceKind.PHOTO,
    4.5,
    words='Leeks’ "stand" it\'s',
    credit="Ana",
    receipt="r1",
    path="/g/view.jpg",
    is_whole=True,
    media="aa",
    rendition="bb",
    edits_fingerprint="cc",
)


def test_looks_are_those_of_earlier_versions() -> None:
    looks = "8a5a3d13e8f1714920d7f6e9e2a7ab3a9475e18facd800dae7c87952b7f5051a"
    assert looks_of([TITLE, PHOTO]) == {"r1": looks}
    assert looks_of([replace(PHOTO, edits_fingerprint="dd")]) != {"r1": looks}


def test_fingerprints_are_those_of_earlier_versions() -> None:
    assert (
        Script((TITLE, PHOTO), AspectRatio.SQUARE, "/g/m.mp3", "de").fingerprint
        == "c296148c6007cea80b81dc604b5eb9a2ba6328a11bdddc44fbde508f6d5031bd"
    )
    one = "715f8218850a2c99d77dccedf65d25ea44a94168f2d0ebfd736691690a1acf4d"
    assert Script((PHOTO,)).fingerprint == one
