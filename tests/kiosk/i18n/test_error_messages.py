"""What errors say reaches people in the language of their page, whatever way it took."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.i18n.error_messages import translated
from publish.composition.constraints import cut_note, instead_note, refusal
from publish.errors import redact
from publish.posts.model import PostMedia
from publish.targets import KINDS, Target
from publish.targets.base import Limits
from reporter.database.message_column import MessageText
from reporter.errors import BadInput
from reporter.messages import Message
from reporter.models import EventSession, Media
from tests.guards.repository import PACKAGES, ROOT
from tests.kiosk.i18n.test_catalogues import PAGES, catalogue
from tests.support.browsers.pages import JSON, PHONE
from tests.tools.collect_messages import error_classes, templates

GERMAN = {"Accept-Language": "de"}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_message_is_in_the_catalogues(package: str) -> None:
    known = {message.id for message in catalogue("de", PAGES)}
    asked = set(templates(package))
    assert len(asked) > 20
    assert sorted(asked - known) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_error_is_made_of_an_f_string(package: str) -> None:
    """It could not be translated: a template and parameters can."""
    names = error_classes()
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in names
        and node.args
        and isinstance(node.args[0], ast.JoinedStr)
    ]
    assert wrong == []


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


def test_parameters_are_filled_and_other_text_is_left_alone(app: Flask) -> None:
    error = BadInput("%(name)s is empty. Choose it once more.", name="100 % %(x)s.jpg")
    with app.test_request_context(headers=GERMAN):
        text = translated(error.message)
        assert text.startswith("100 % %(x)s.jpg ")
        assert "is empty" not in text
        assert (
            translated("Nobody has translated 100 % this.") == "Nobody has translated 100 % this."
        )


def film(*, mime: str = "video/mp4") -> PostMedia:
    return PostMedia(
        key="sr-1",
        sha256="0" * 64,
        kind="video",
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


def test_a_reason_inside_a_sentence_is_translated_too(app: Flask) -> None:
    limits = Limits(video_bytes=2_000_000)
    large = instead_note(refusal(film(), limits, "blog"), film(), linked=True)
    late = instead_note(cut_note(film(), 3, "blog"), film(), linked=False)
    assert large == (
        "The video (9.0 MB) is larger than blog takes (2.0 MB); sent the words with a link."
    )
    with app.test_request_context(headers=GERMAN):
        assert translated(large).startswith("Das Video (9.0 MB) ist")
        assert translated(late).endswith(
            "bevor alles dort war (Versuche: 3); gesendet wurden stattdessen die Worte."
        )


def test_sentences_in_a_row_are_translated_each(app: Flask) -> None:
    message = Message.join(
        [
            Message("Not every blog knows drafts: look at the first one."),
            Message("Whether the token may write shows with the first post."),
        ]
    )
    with app.test_request_context(headers=GERMAN):
        assert "Nicht jedes Blog" in translated(message)
        assert "beim ersten Post" in translated(message)


def test_a_message_without_secrets_is_still_translated(app: Flask) -> None:
    error = BadInput("%(name)s is empty. Choose it once more.", name="https://me:hush@x.org/a")
    message = redact(error.message, ["hush"])
    assert "hush" not in message
    with app.test_request_context(headers=GERMAN):
        assert "is empty" not in translated(message)


def test_what_was_stored_is_translated_when_it_is_read(app: Flask) -> None:
    message = Message("%(name)s is empty. Choose it once more.", name="a.jpg")
    column = MessageText()
    again = column.process_result_value(column.process_bind_param(message, None), None)
    assert again is not None
    assert isinstance(Media.__table__.c.error.type, MessageText)
    assert again == "a.jpg is empty. Choose it once more."
    with app.test_request_context(headers=GERMAN):
        assert "is empty" not in translated(again)


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
