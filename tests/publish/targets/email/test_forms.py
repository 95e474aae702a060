"""Mails in rare forms: enriched text, parts that are announced and missing, reactions, winmail.dat."""

from __future__ import annotations

from base64 import b64encode

import pytest

from publish.targets.email.body import mail_body, parse_mail, unreadable_form
from publish.targets.email.quotations import SentMail

WORDS = "Die Bohnen sind aufgegangen!"
ENCODED = b64encode(WORDS.encode()).decode()
REACTION = (
    '--b\nContent-Type: text/vnd.google.email-reaction+json\n\n{"emoji":"\U0001f44d","version":1}\n'
)

FORMS = {
    "enriched": (
        "Content-Type: text/enriched\n\n<bold>Die Bohnen</bold>\n<color><param>red</param>sind</color>"
        " aufgegangen!",
        WORDS,
    ),
    "enriched, with paragraphs": (
        "Content-Type: text/enriched\n\nWenn 2 << 3,\ndann bleibt.\n\nBis Montag!",
        "Wenn 2 < 3, dann bleibt.\nBis Montag!",
    ),
    "a list's words below base64": (
        f"Content-Transfer-Encoding: base64\n\n{ENCODED}\n-- Footer of a list --\n",
        WORDS,
    ),
    "base64 without its padding": (
        f"Content-Transfer-Encoding: base64\n\n{ENCODED.rstrip('=')}\n",
        WORDS,
    ),
    "parts that are not there": (
        f"Content-Type: multipart/alternative; boundary=b\n\n{WORDS}\n",
        WORDS,
    ),
    "a file within the text": (f"\n{WORDS}\n\nbegin 644 a.txt\n#0V%T\n`\nend\n", WORDS),
    "begin and end as words": ("\nbegin 644 soon\nwe end\nend\n", "begin 644 soon\nwe end\nend"),
    "a reaction of Gmail": (
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n"
        f"\U0001f44d\n\nJo hat über Gmail reagiert\n{REACTION}--b--\n",
        "\U0001f44d",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_words_in_rare_forms_are_read(form: str) -> None:
    mail, words = FORMS[form]
    assert mail_body(parse_mail(f"From: jo@mail.example\n{mail}".encode())).own(SentMail()) == words


@pytest.mark.parametrize(
    "kind", ["application/ms-tnef", "application/rtf", "application/pkcs7-mime"]
)
def test_a_form_that_cant_be_read_is_named(kind: str) -> None:
    mail = parse_mail(f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\n\neJ8+\n".encode())
    assert mail_body(mail).own(SentMail()) == ""
    assert unreadable_form(mail) == kind
