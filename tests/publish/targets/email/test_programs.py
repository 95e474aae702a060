"""Answers of programs in forty languages: above, below and between what they answer; wrapped; with phones' lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from publish.targets.email.automatic import automatic_reason
from publish.targets.email.body import header_text, mail_body, parse_mail, sender_of
from publish.targets.email.quotations import SentMail, own_words
from tests.support.publish.mail_answers import DIGEST, is_clean
from tests.support.publish.mail_programs import DEVICES, INTRODUCTIONS, MARKUP

NAME, ADDRESS = "Frühlings-Reporter", "news@example.org"
WHO = f"{NAME} <{ADDRESS}>"
SENT = SentMail(NAME, ADDRESS, "Spring gathering: 2 new stories")
QUOTED = "\n".join(f"> {line}".rstrip() for line in DIGEST)
# Plain text of these marks its quotations always.
MARKED = ("gnus", "gnus2", "horde", "horde en", "horde fr", "orange")


def plain_answers() -> Iterator[tuple[str, str, str]]:
    """(which, what the person wrote, the whole text)."""
    for program, (own, pattern) in INTRODUCTIONS.items():
        line = pattern.format(who=WHO, name=NAME)
        yield f"{program}, above", own, f"{own}\n\n{line}\n\n{QUOTED}\n"
        yield f"{program}, tight", own, f"{own}\n{line}\n{QUOTED}\n"
        if program not in MARKED:
            yield f"{program}, unmarked", own, f"{own}\n\n{line}\n\n" + "\n".join(DIGEST)
        if "\n" in line:
            continue
        yield f"{program}, below", own, f"{line}\n{QUOTED}\n\n{own}\n"
        inline = f"{line}\n> Gardens\n\n{own}\n\n> Sat 14 Mar\n\nYes, at 17:00.\n"
        yield f"{program}, between", f"{own}Yes, at 17:00.", inline
        # A line that ends with an abbreviation's dot looks like the person's own.
        if program != "gmail lv":
            wrapped = "\n".join(textwrap.wrap(line, 40))
            yield f"{program}, wrapped", own, f"{own}\n\n{wrapped}\n{QUOTED}\n"


def test_of_a_thousand_plain_answers_only_the_persons_words_stay() -> None:
    found = [
        (which, said)
        for which, own, text in plain_answers()
        if not is_clean(said := own_words(text, SENT, "Robin Example"), own)
    ]
    assert found == []


@pytest.mark.parametrize("line", DEVICES)
def test_what_phones_put_below_is_left_out(line: str) -> None:
    introduced = f"On Thu, Dec 24, 2026 at 5:00 PM {WHO} wrote:\n{QUOTED}"
    for text in (f"Seeds!\n\n{line}\n", f"Seeds!\n\n{line}\n\n{introduced}\n"):
        assert own_words(text, SENT) == "Seeds!"


@pytest.mark.parametrize(("program", "own", "markup"), MARKUP, ids=[one[0] for one in MARKUP])
def test_html_of_programs(program: str, own: str, markup: str) -> None:
    mail = EmailMessage()
    filled = markup.replace("{digest}", "<br>".join(DIGEST)).replace("{name}", NAME)
    mail.set_content(filled, subtype="html")
    assert is_clean(mail_body(parse_mail(mail.as_bytes())).own(SENT, "Robin Example"), own)


@pytest.mark.parametrize(
    "own",
    [
        "Sent the seeds from my phone garden: are they there?",
        "I wrote:\nseeds are good",
        "From: shed\nthe tools",
        "Am 24.12.2026 um 17:00 treffen wir uns:\nbitte kommen",
        "I got an iPhone for sale",
        "Our plan:\n1. dig\n2. water\n\nWho comes at 17:00?",
        "As Ada wrote: seeds need light.",
        "12:30: lunch\n14:00: digging",
    ],
)
def test_own_words_that_look_like_a_programs_stay(own: str) -> None:
    introduced = f"On Thu, Dec 24, 2026 at 5:00 PM {WHO} wrote:\n{QUOTED}"
    assert own_words(own, SENT) == own
    assert own_words(f"{own}\n\n{introduced}", SENT) == own


NOTICE = (
    "This e-mail and any attachments are confidential and may be privileged. If you are not the intended\nrecipient, "
    "please delete it."
)
VERTRAULICH = (
    "Diese Nachricht ist vertraulich. Wenn Sie nicht der Empfänger sind, löschen Sie sie bitte."
)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Seeds!\n\n[cid:image001.png@01DB4F]\n", "Seeds!"),
        ("[image: photo.jpg]\nSeeds!", "Seeds!"),
        ("Seeds!\n\ufffc\n", "Seeds!"),
        (
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nSeeds!\n- - dashes\n"
            "-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n",
            "Seeds!\n- dashes",
        ),
        (f"Seeds!\n\n{NOTICE}\n\n{VERTRAULICH}\n", "Seeds!"),
        ("Seeds!\n\nVirus-free.www.avast.com\n", "Seeds!"),
        # A person's own words about secrets, and nothing else.
        ("Is it confidential who the recipient is?", "Is it confidential who the recipient is?"),
        ("Look [here] and [image of a seed] there", "Look [here] and [image of a seed] there"),
    ],
)
def test_frames_and_notices_of_programs_are_left_out(text: str, own: str) -> None:
    assert own_words(text, SENT) == own


AUTOMATIC = [
    "From: a@outlook.com\nSubject: מענה אוטומטי: Spring",
    "From: a@outlook.com\nSubject: स्वत: जवाब: Spring",
    "From: a@x.org\nSubject: Re: Spring [Out of office]",
    "From: a@x.org\nSubject: Out of Office Re: Spring",
    "From: a@x.org\nSubject: Abwesend: Spring gathering",
    "From: a@x.org\nSubject: Abwesenheitsbenachrichtigung",
    "From: a@x.org\nSubject: Away\nX-Mailer: autorespond",
    "From: a@x.org\nSubject: Robin is out of the office",
    "From: a@x.org\nSubject: Robin ist außer Haus",
    "From: MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.org\nSubject: Unzustellbar: Spring",
    "From: a@x.org\nSubject: Unzustellbar: Spring\nX-MS-Exchange-Message-Is-Ndr: ",
    "From: l@x.org\nSubject: Garden Digest\nList-Unsubscribe: <x>",
]
PERSONAL = [
    "From: a@x.org\nSubject: Re: Out of office hours gardening",
    "From: a@x.org\nSubject: Automatic watering of seeds",
    "From: a@x.org\nSubject: Re: Abwesenheit der Bienen",
    # Google Groups and Mailman add it to what a member answers.
    "From: a@x.org\nSubject: Re: Spring\nIn-Reply-To: <d@x>\nPrecedence: list\nList-Unsubscribe: <mailto:x>",
]


@pytest.mark.parametrize("head", [*AUTOMATIC, *PERSONAL])
def test_automatic_answers_are_told_apart(head: str) -> None:
    mail = parse_mail(f"{head}\n\nAway.".encode())
    reason = automatic_reason(mail, header_text(mail, "Subject"), sender_of(mail)[1])
    assert bool(reason) == (head in AUTOMATIC)


@pytest.mark.parametrize(
    ("label", "charset", "words"),
    [
        (None, "cp1255", "הזרעים נבטו! תודה רבה"),
        (None, "koi8_r", "Семена взошли! Спасибо большое"),
        ("iso-8859-1", "cp1251", "Семена взошли! Спасибо большое"),
        ("iso-8859-15", "cp1252", "Grüße, die Samen sind da – „schön“!"),
        ("us-ascii", "iso2022_jp", "種が芽を出しました！"),
        (None, "iso2022_jp", "種が芽を出しました！"),
        ("iso-2022-jp-ms", "iso2022_jp", "種が芽を出しました！"),
        ("iso-2022-kr", "iso2022_kr", "씨앗이 싹텄어요! 감사합니다"),
        ("x-big5", "big5", "種子發芽了！謝謝大家"),
    ],
)
def test_charsets_that_are_not_said_or_wrong(label: str | None, charset: str, words: str) -> None:
    parameter = f"; charset={label}" if label else ""
    head = f"Subject: Re\nContent-Type: text/plain{parameter}\nContent-Transfer-Encoding: 8bit\n\n"
    assert mail_body(parse_mail(head.encode() + words.encode(charset))).plain == words


UNMARKED = "The seeds come up in March."


@pytest.mark.parametrize(
    ("text", "own"),
    [
        # Nothing but a name, an address and the verb, and nothing marked.
        (f"Seeds!\n\nAnn Gray <ann@example.net> wrote:\n\n{UNMARKED}\n", "Seeds!"),
        (f'Seeds!\n\n"Gray, Ann" <ann@example.net> schrieb:\n\n{UNMARKED}\n', "Seeds!"),
        # At the very top, with the answer somewhere below.
        (f"On 8 May 2026 17:34, Ann Gray <ann@example.net> wrote:\n\n{UNMARKED}\n", UNMARKED),
        (f"On Sat, 14 Mar 2026 at 17:00, Ann\n<ann@example.net> wrote:\n\n{UNMARKED}\n", UNMARKED),
        # What programs that count readings leave of their picture.
        ("Seeds!\n\n\u1427\n", "Seeds!"),
        # A list's footer below two underscores.
        ("Seeds!\n\n__\ngarden mailing list\ngarden@lists.example.net\n", "Seeds!"),
        # Said by a person.
        ("As ann@example.net wrote: water it.", "As ann@example.net wrote: water it."),
        ("Ann wrote:\nwater it.", "Ann wrote:\nwater it."),
    ],
)
def test_introductions_and_footers_of_others(text: str, own: str) -> None:
    assert own_words(text, SENT) == own
