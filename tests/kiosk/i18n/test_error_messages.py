"""What errors say to volunteers is known to the translators: read off the sources, not off a list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.i18n.desk_messages import SENTENCES as DESK
from kiosk.i18n.error_messages import SENTENCES, recognize, translated
from kiosk.i18n.publish_messages import SENTENCES as PUBLISH_SENTENCES
from publish.composition.constraints import refusal, said_cut, said_instead, shrunk_notice
from publish.errors import PublishError
from publish.net.reachability import say_ahead
from publish.posts.model import PostMedia
from publish.targets import KINDS, Target
from publish.targets.base import Limits
from reporter.models import EventSession
from tests.kiosk.i18n.test_catalogues import PAGES, catalogue
from tests.support.browsers.pages import JSON, PHONE

ROOT = Path(__file__).parents[3]
SOURCES = (
    "capture/intake/receive.py",
    "capture/intake/repetition.py",
    "capture/intake/submission.py",
    "capture/intake/resumable.py",
    "capture/decoding/truncation.py",
    "capture/decoding/safe_open.py",
    "capture/decoding/process_pool.py",
    "capture/decoding/probe.py",
    "capture/renditions/worker.py",
    "kiosk/web/shared/streaming_forms.py",
    "reporter/media/store.py",
    "reporter/config.py",
    "reporter/follow_up/action_items.py",
    "reporter/annotations/captions.py",
    "reporter/stories/editing.py",
    "reporter/media/webvtt.py",
    "reporter/moderation/decisions.py",
    "reporter/media/edits.py",
    "reporter/gathering/admission.py",
    "reporter/follow_up/next_gathering.py",
    "reporter/conversation/inbox.py",
    "reporter/annotations/edit_history.py",
    "reporter/gathering/sessions.py",
    "reporter/conversation/replies.py",
    "reporter/review/undo.py",
    "reporter/gathering/wall_settings.py",
    "reporter/secret_store.py",
    "capture/cards/manual_cuts.py",
    "capture/imaging/document_scan.py",
    "capture/printing/canvas.py",
    "capture/codes/qr_writer.py",
    "kiosk/web/screens/station.py",
    "capture/cards/importer.py",
    "capture/cards/deduplication.py",
    "capture/cards/verified_copy.py",
    "capture/cards/sidecars.py",
    "capture/decoding/format_names.py",
)
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
    "[x] in x must be a section.",
    "There is no section [x]",
    "There is no setting x.",
    "There is no gathering in x.",
    "A takeaway has no x that can be changed.",
    "The wall can show x.",
    "A QR code needs some text",
    "“x” is not a session code.",
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


# Where sentences of publishing are made; the rest of ``publish`` tells its troubles on the command line only.
PUBLISHING = [
    path
    for path in sorted((ROOT / "publish").rglob("*.py"))
    # The last one holds words of mail programs, which nobody is told.
    if path.parent.name != "bundle" and path.name not in ("__init__.py", "client_phrases.py")
]
# What only whoever types commands gets to read, and halves of sentences.
NOT_FOR_ORGANIZERS = ("audience can be x, not x.", "From the gathering, with Social Reporter")


def every_kind(cls: type[Exception]) -> Iterator[type[Exception]]:
    """A class and all that are made of it."""
    yield cls
    for one in cls.__subclasses__():
        yield from every_kind(one)


ERRORS = {cls.__name__ for cls in every_kind(PublishError)} | {"Conflict", "BadInput", "NotFound"}


def told(path: Path) -> Iterator[str]:
    """What a module makes errors of, says after a test, or keeps in capitals or as what a takedown leaves."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args and getattr(node.func, "id", "") in ERRORS:
            yield said(node.args[0])
        if isinstance(node, ast.FunctionDef) and node.name == "test":
            yield from (
                said(r.value) for r in ast.walk(node) if isinstance(r, ast.Return) and r.value
            )
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            yield said(node.value) if name.isupper() or name == "copies_remain" else ""


def composed() -> Iterator[str]:
    """Sentences that are put together of pieces, as the program does it."""
    yield from (say_ahead(7200), say_ahead(-7200))
    yield "blog answers at x.org/mp. Whether the token may write shows with the first post."
    for kind, mime in (("video", "video/mp4"), ("audio", "audio/mp4"), ("photo", "image/jpeg")):
        media = PostMedia(
            key="sr-1",
            sha256="0" * 64,
            kind=kind,
            path=Path("x"),
            mime=mime,
            ext=".mp4",
            bytes=9_000_000,
            width=None,
            height=None,
            duration=9.0,
            alt="",
            caption="",
            credit="",
        )
        yield said_cut(media, 3, "blog")
        yield from (shrunk_notice(media, media, "blog", cut=cut) for cut in (True, False))
        for limits in (Limits(video_bytes=2_000_000), Limits(types=frozenset({"image/png"}))):
            yield (why := refusal(media, limits, "blog") or said_cut(media, 3, "blog"))
            for poster in (None, media):
                for linked in (True, False):
                    yield said_instead(why, replace(media, poster=poster), linked=linked)


def test_every_sentence_of_publishing_is_listed() -> None:
    found = {
        sentence: path.name
        for path in PUBLISHING
        for sentence in told(path)
        if " " in sentence.strip("x ") and sentence not in NOT_FOR_ORGANIZERS
    }
    assert len(found) > 100
    assert {s: where for s, where in found.items() if recognize(s) is None} == {}


def test_no_listed_sentence_of_publishing_is_made_up() -> None:
    """Each is told somewhere, or put together of pieces (``composed``)."""
    words = [
        said(node)
        for path in (ROOT / "publish").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant | ast.JoinedStr)
    ]
    known = {found[0] for told in (*words, *composed()) if (found := recognize(told))}
    assert [sentence for sentence in PUBLISH_SENTENCES if sentence not in known] == []


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
        p for folder in ("capture", "reporter", "kiosk") for p in (ROOT / folder).rglob("*.py")
    ]
    said_somewhere = {
        m for path in sources if path.name != "error_messages.py" for m in messages(path)
    }
    known = {found[0] for m in said_somewhere if (found := recognize(m))}
    # Of two, the source says "The {name} has": the catalogue needs both words.
    assert {s for s in (*SENTENCES, *DESK) if s not in known} <= {
        "The text has %(count)s characters; %(most)s fit. Please make it shorter.",
        "The name has %(count)s characters; %(most)s fit. Please make it shorter.",
    }


@pytest.mark.parametrize(("lang", "words"), [("de", "ist leer"), ("es", "vac"), ("ar", "فارغ")])
def test_a_phone_reads_the_reason_in_its_language(
    client: FlaskClient, event: EventSession, lang: str, words: str
) -> None:
    answer = client.post(
        f"/s/{event.code}/takeaways",
        data={"text": ""},
        headers={**JSON, "Accept-Language": lang},
        **PHONE,
    )
    assert answer.status_code == 422
    assert words in answer.get_json()["detail"]


def test_blanks_are_filled_and_strangers_left_alone(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "de"}):
        told = translated("100 % %(x)s.jpg is empty. Choose it once more.")
        assert told.startswith("100 % %(x)s.jpg ")
        assert "is empty" not in told
        assert translated("Nobody has listed this.") == "Nobody has listed this."


def words_of(cls: type[Target]) -> set[str]:
    """What the desk's form says of a kind of place."""
    defaults = {option.name: option.default for option in cls.options}
    logins = [{"user": "x", "url": f"{scheme}://x"} for scheme in ("sftp", "s3", "https")]
    secrets = {cls.secret_prompt({**defaults, **login}) for login in logins}
    fields = {word for o in cls.options for word in (o.label, o.help, *o.choices.values())}
    return ({cls.title, cls.about} | secrets | fields) - {""} - OWN_NAMES


OWN_NAMES = {
    *("WordPress", "MediaWiki", "DokuWiki", "Mastodon", "Bluesky"),
    *("Hugo", "Jekyll", "Eleventy", "Pelican"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_of_a_kind_of_place_is_in_the_catalogues(app: Flask, kind: str) -> None:
    cls = KINDS[kind]
    assert all(o.label and o.help and all(o.choices.values()) for o in cls.options)
    known = {message.id: message.string for message in catalogue("de", PAGES)}
    assert {word for word in words_of(cls) if not known.get(word)} == set()


def test_sentences_in_a_row_and_reasons_are_translated_each(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "de"}):
        told = translated(
            "blog answers at x.org/mp. Not every blog knows drafts: look at the first one. "
            "Whether the token may write shows with the first post."
        )
        assert "blog antwortet unter x.org/mp." in told
        assert "Nicht jedes Blog" in told
        assert "beim ersten Beitrag" in told
        film = translated(
            "The video (9.0 MB) is larger than blog takes (2.0 MB); sent a still with a link."
        )
        assert film.startswith("Das Video (9.0 MB) ist")
        assert film.endswith("ein Standbild mit einem Link.")
        late = translated(
            "The video (9.0 MB) waits for a better line: the one to blog broke 3 times before all of it was there; "
            "sent the words instead."
        )
        assert late.endswith("bevor alles dort war; gesendet wurden stattdessen die Worte.")
        page = "A web page came back where blog should have answered: the Wi-Fi may want you to sign in. "
        told = translated(
            f"{page}Open a browser, sign in, and it goes on by itself. There is no Micropub at x.org: no page there "
            "names an endpoint. Check the address of blog."
        )
        assert "blog should have answered" not in told
        assert "no page there" not in told
        assert "abgelehnt." in translated("blog refused user name or password. Set them again.")
